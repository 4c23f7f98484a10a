"""Rules about drivers and the images they go to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.lint.rule import Facts, Hit, Severity, rule
from osrecipe.model.facts import DriversFacts
from osrecipe.windows.ordering import PRACTICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.lint.subject import Subject
    from osrecipe.model.names import InputId
    from osrecipe.model.recipe import TargetName

_EARLY: Final = {
    "scsiadapter": "storage",
    "{4d36e97b-e325-11ce-bfc1-08002be10318}": "storage",
    "hdc": "storage",
    "{4d36e96a-e325-11ce-bfc1-08002be10318}": "storage",
    "net": "network",
    "{4d36e972-e325-11ce-bfc1-08002be10318}": "network",
}
"""Classes of devices that Setup and recovery need before the installed system runs; by name or GUID, lower case."""
_OUTSIDE: Final[tuple[TargetName, ...]] = ("setup", "winpe", "winre")


@rule(
    "drivers-in-some-images",
    Severity.WARNING,
    Facts.NEEDED,
    says="storage or network drivers go to `winpe` but not to `setup`, or to the install images alone",
    why="The media starts the Setup image, so drivers that are only in the Windows PE image beside it are never loaded there. "
    "Drivers that only the installed system has come too late for a disk or a network that Setup or recovery must reach. "
    "Waive this rule for machines that start without them.",
    source=PRACTICE,
)
def drivers_in_some_images(subject: Subject) -> Iterator[Hit]:
    """Folders of drivers that are missing where the machine starts first."""
    for name, use in subject.recipe.drivers.items():
        kinds = _early(subject, name)
        there = {target for target in use.targets if subject.images(target)}
        outside = [target for target in _OUTSIDE if subject.images(target)]
        if not kinds:
            continue
        what = f"`{name}` has {' and '.join(kinds)} drivers"
        if "winpe" in there and "setup" in outside and "setup" not in there:
            reason = f"{what}, which go to `winpe`, but not to `setup`"
            yield Hit(("drivers", name), reason, "add `setup`: it is what the media starts")
        elif "install" in there and outside and not there & set(outside):
            shown = ", ".join(f"`{target}`" for target in outside)
            yield Hit(("drivers", name), f"{what}, which go to `install` alone", f"add those of: {shown}")


def _early(subject: Subject, name: InputId) -> list[str]:
    """What drivers in a folder are for that is needed early, in words; empty when there are none."""
    facts = subject.facts.inputs.get(name) if subject.facts else None
    found = facts.drivers if isinstance(facts, DriversFacts) else ()
    return sorted({_EARLY[d.device_class.lower()] for d in found if d.device_class.lower() in _EARLY})
