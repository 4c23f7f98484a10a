"""Names in the component store."""

from __future__ import annotations

from pathlib import Path

import pytest

from osrecipe.formats.delta import decode_manifest
from osrecipe.formats.mum import Identity, read_manifest
from osrecipe.windows.component_store import key_form, winners_key

MANIFESTS = Path(__file__).resolve().parents[4] / "shared" / "data" / "manifests"
GENUINE = sorted(MANIFESTS.glob("*.manifest"))
CORE = Identity("Microsoft-Windows-Core", "10.0.26100.1", "amd64", "neutral", "31bf3856ad364e35", "nonSxS")


@pytest.mark.skipif(
    not GENUINE, reason="the genuine manifests are not beside the checkout: ../shared/data/manifests"
)
def test_genuine_manifests_are_named_as_microsoft_named_them() -> None:
    """The name of each genuine manifest follows from the identity inside it, cut names and languages included."""
    base = (MANIFESTS / "base_manifest.bin").read_bytes()
    names = [key_form(read_manifest(decode_manifest(path.read_bytes(), base)).identity) for path in GENUINE]
    assert [path.name.removesuffix(".manifest") for path in GENUINE] == names
    assert len(names) == 7


def test_a_name_is_known() -> None:
    """A component's name is stable; this one is genuine."""
    assert key_form(CORE) == (
        "amd64_microsoft-windows-core_31bf3856ad364e35_10.0.26100.1_none_a943f5e781a44c5c"
    )


def test_all_versions_share_their_winners_key() -> None:
    """The Winners key has no version in its text and none in its hash."""
    later = Identity(
        "Microsoft-Windows-Core", "10.0.26100.99", "amd64", "neutral", "31bf3856ad364e35", "nonSxS"
    )
    assert winners_key(CORE) == winners_key(later)
    assert winners_key(CORE).startswith("amd64_microsoft-windows-core_31bf3856ad364e35_none_")
    assert key_form(CORE) != key_form(later)


@pytest.mark.parametrize("language", ["neutral", "*", "none", "", "Neutral"])
def test_every_spelling_of_neutral_is_none(language: str) -> None:
    """How a manifest says that it has no language does not change its name."""
    identity = Identity(
        "Microsoft-Windows-Core", "10.0.26100.1", "amd64", language, "31bf3856ad364e35", "nonSxS"
    )
    assert key_form(CORE) == key_form(identity)


def test_case_does_not_matter() -> None:
    """Two spellings of a name are the same component."""
    identity = Identity(
        "MICROSOFT-WINDOWS-CORE", "10.0.26100.1", "AMD64", "neutral", "31BF3856AD364E35", "nonSxS"
    )
    assert key_form(CORE) == key_form(identity)


def test_long_names_are_cut_in_the_middle() -> None:
    """A name of more than 40 characters keeps 19 at each end; what was cut still counts."""
    one = key_form(Identity("A" * 30 + "x" + "B" * 30, "1.0.0.0", "amd64"))
    other = key_form(Identity("A" * 30 + "y" + "B" * 30, "1.0.0.0", "amd64"))
    assert one.split("_")[1] == "a" * 19 + ".." + "b" * 19
    assert one != other


def test_characters_outside_the_set_are_dropped() -> None:
    """Spaces, brackets and separators do not occur in the text of the name."""
    assert key_form(Identity("A (b)_c\\..", "1.0.0.0", "x86")).startswith("x86_ab_c.._none_1.0.0.0_none_")
