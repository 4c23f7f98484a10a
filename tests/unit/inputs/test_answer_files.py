"""Facts of answer files: what they are about, nothing of what they set."""

from __future__ import annotations

from pathlib import Path

import pytest

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.unattend import MAX_BYTES
from osrecipe.inputs.answer_files import answer_file_facts
from osrecipe.model.facts import OfflineSetting

DESK = Path(__file__).parents[3] / "recipes" / "unattend" / "desk.xml"
HASH = "0" * 64
LUA = "Microsoft-Windows-LUA-Settings"
SECRET = "hunter2-Pa$$w0rd"  # noqa: S105 - what must not come out again
PASSWORD = (
    f"<AdministratorPassword><Value>{SECRET}</Value><PlainText>true</PlainText></AdministratorPassword>"
)


def written(folder: Path, *components: tuple[str, str, str], name: str = "offlineServicing") -> Path:
    """An answer file with components, each as name, architecture and body, in one pass."""
    inside = "".join(
        f'<component name="{component}" processorArchitecture="{architecture}">{body}</component>'
        for component, architecture, body in components
    )
    path = folder / "answers.xml"
    path.write_text(
        f'<unattend xmlns="urn:schemas-microsoft-com:unattend"><settings pass="{name}">{inside}</settings></unattend>'
    )
    return path


def test_the_example_s_facts() -> None:
    """Passes in order, the one offline setting with its value, no packages; hash and size as they are."""
    found = answer_file_facts(DESK, HASH)

    assert ("offlineServicing", "specialize", "oobeSystem") == found.passes
    assert (OfflineSetting(path=f"{LUA}/EnableLUA", architecture="amd64", value="true"),) == found.offline
    assert (HASH, DESK.stat().st_size, False) == (found.sha256, found.size, found.packages)


def test_architectures_are_told_in_our_letters(tmp_path: Path) -> None:
    """Whatever letters the file has; components of machines that no image is for are left out."""
    parts = [(LUA, "AMD64", "<EnableLUA>false</EnableLUA>"), ("X", "wow64", "<A/>"), ("X", "", "<A/>")]
    found = answer_file_facts(written(tmp_path, *parts, ("X", "arm64", "<B/>")), HASH)

    assert [("amd64", "false"), ("arm64", None)] == [(o.architecture, o.value) for o in found.offline]


def test_the_architectures_of_a_pass_are_told_when_all_are_known(tmp_path: Path) -> None:
    """One that no image is for, or none, may be read by any."""
    known = answer_file_facts(written(tmp_path, ("X", "X86", "<A/>"), name="oobeSystem"), HASH)
    mixed = answer_file_facts(
        written(tmp_path, ("X", "x86", "<A/>"), ("X", "wow64", "<A/>"), name="oobeSystem"), HASH
    )

    assert ({"oobeSystem": ("x86",)}, {}) == (dict(known.architectures), dict(mixed.architectures))


@pytest.mark.parametrize("name", ["offlineServicing", "oobeSystem", "windowsPE"])
def test_no_secret_is_in_the_facts(tmp_path: Path, name: str) -> None:
    """Neither as they are shown nor as they are written into a lock."""
    path = written(tmp_path, ("Microsoft-Windows-Shell-Setup", "amd64", PASSWORD), name=name)
    found = answer_file_facts(path, HASH)

    assert SECRET in path.read_text()
    assert SECRET not in repr(found)
    assert SECRET not in found.model_dump_json()


def test_a_readable_setting_is_noted_only_when_it_is_true_or_false(tmp_path: Path) -> None:
    """Whatever else stands there by mistake stays in the file."""
    found = answer_file_facts(written(tmp_path, (LUA, "amd64", f"<EnableLUA>{SECRET}</EnableLUA>")), HASH)

    assert [(f"{LUA}/EnableLUA", None)] == [(one.path, one.value) for one in found.offline]
    assert SECRET not in found.model_dump_json()


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    """Its size alone says that it is no answer file."""
    path = tmp_path / "huge.xml"
    with path.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(FormatError) as caught:
        answer_file_facts(path, HASH)
    assert Fault.TOO_LARGE == caught.value.fault
