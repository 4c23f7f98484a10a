"""Builds and traces of use, from files of an image alone."""

from __future__ import annotations

import pytest
from support import used
from support.image_files import Files

from osrecipe.windows.image_state import image_state

ROLLUP = "Windows\\servicing\\Packages\\Package_for_RollupFix~31bf3856ad364e35~amd64~~{}.1.10.mum"


def state_of(files: dict[str, bytes]) -> tuple[str, set[str]]:
    """The answer, and what caused the traces."""
    found = image_state(Files(files))
    return found.capture, {trace.cause for trace in found.traces}


def test_an_image_without_a_trace_is_uncaptured() -> None:
    """The default profile and empty keys are no traces."""
    assert ("uncaptured", set[str]()) == state_of(used.factory())


def test_traces_of_sysprep_alone_leave_it_unknown() -> None:
    """Three traces with one cause: Microsoft's own media can carry them."""
    found = image_state(Files(used.sealed()))

    assert "unknown" == found.capture
    expected = [
        "file Windows\\System32\\Sysprep\\Panther\\setupact.log",
        "ImageState IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE",
        "SysprepStatus GeneralizationState 7",
    ]
    assert expected == [trace.what for trace in found.traces]


def test_traces_of_several_causes_make_it_captured() -> None:
    """A machine that was set up, used and sealed leaves traces of each."""
    found = image_state(Files(used.captured()))

    assert "captured" == found.capture
    assert {"sysprep", "setup", "people", "devices"} == {trace.cause for trace in found.traces}
    assert "profile Users\\anna" in [trace.what for trace in found.traces]


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("Windows\\Panther\\setupact.log", "setup"),
        ("windows\\panther\\unattendgc\\SETUPACT.LOG", "setup"),
        ("Windows\\System32\\Sysprep\\Sysprep_succeeded.tag", "sysprep"),
        ("Users\\anna\\NTUSER.DAT", "people"),
    ],
)
def test_one_trace_is_not_enough(path: str, cause: str) -> None:
    """A single trace, of whatever cause, leaves the answer open."""
    assert ("unknown", {cause}) == state_of(used.factory() | {path: b""})


def test_an_installed_windows_says_that_setup_ended() -> None:
    """`IMAGE_STATE_COMPLETE` comes from Setup, not from sysprep."""
    software = used.hive({used.STATE: "IMAGE_STATE_COMPLETE"})
    files = used.factory() | {"Windows\\System32\\config\\SOFTWARE": software}

    assert ("unknown", {"setup"}) == state_of(files)


@pytest.mark.parametrize("data", [None, b"not a hive"])
def test_a_hive_that_answers_nothing_leaves_it_unknown(data: bytes | None) -> None:
    """Without its hives an image can't be said to be uncaptured, nor its build be known."""
    files = {path: held for path, held in used.factory().items() if not path.endswith("SOFTWARE")}
    if data is not None:
        files["Windows\\System32\\config\\SOFTWARE"] = data

    found = image_state(Files(files))

    assert ("unknown", None) == (found.capture, found.registry)


def test_the_newest_cumulative_update_says_the_build() -> None:
    """Of several in the image the highest counts, by number and not by text."""
    files = used.factory() | {ROLLUP.format(f"17134.{n}"): b"" for n in (81, 1304, 345)}

    assert "10.0.17134.1304" == str(image_state(Files(files)).packages)


def test_the_registry_says_the_build() -> None:
    """CurrentBuild and UBR; without them it says none."""
    found = image_state(Files(used.factory("19045", 2006)))
    empty = used.factory() | {"Windows\\System32\\config\\SOFTWARE": used.hive({})}

    assert "10.0.19045.2006" == str(found.registry)
    assert image_state(Files(empty)).registry is None
