"""What DISM lists of capabilities, apps, drivers and settings, taken apart. Labels are English; no date or size is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.adapters.dism.output import blocks, package_word

if TYPE_CHECKING:
    from collections.abc import Iterable

SETTING_LABELS: Final = {
    "Default system UI language": "ui-language",
    "System locale": "system-locale",
    "Default time zone": "time-zone",
    "User locale for default user": "user-locale",
    "Active keyboard(s)": "keyboards",
}
"""Labels of `/Get-Intl` and what the recipe calls them."""


def capabilities(lines: Iterable[str]) -> dict[str, str]:
    """States by lower-case name, from `/Get-Capabilities`."""
    return {
        row["Capability Identity"].lower(): row.get("State", "")
        for row in blocks(lines, "Capability Identity")
    }


def capability_word(state: str | None) -> str | None:
    """A capability's state in the model's words: `installed` or None."""
    return "installed" if package_word(state) == "installed" else None


def apps(lines: Iterable[str]) -> frozenset[str]:
    """Whole names in lower case, from `/Get-ProvisionedAppxPackages`."""
    rows = blocks(lines, "DisplayName")
    return frozenset(row["PackageName"].lower() for row in rows if row.get("PackageName"))


def drivers(lines: Iterable[str]) -> list[str]:
    """Names of INFs in lower case, from `/Get-Drivers`; a name is there as often as a package has it.

    Some builds print the INF's whole path in the driver store.
    """
    rows = blocks(lines, "Published Name")
    paths = [row["Original File Name"] for row in rows if row.get("Original File Name")]
    return [path.rpartition("\\")[2].lower() for path in paths]


def settings(lines: Iterable[str]) -> dict[str, str]:
    """Values by the recipe's names, from `/Get-Intl`."""
    found: dict[str, str] = {}
    for line in lines:
        label, mark, value = line.strip().partition(" : ")
        if mark and label in SETTING_LABELS:
            found.setdefault(SETTING_LABELS[label], value.strip())
    return found
