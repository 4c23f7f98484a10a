"""Which of a session's checks hold at its end: a later task may undo, on purpose, what an earlier one left.

Checks are read back once, right before the image is saved. A check is dropped when a later task states something else
about the same thing, or about what holds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.checks import (
    CapabilityIs,
    Check,
    FeatureIs,
    FileIs,
    RegistryKeyAbsent,
    RegistryValueIs,
    SettingIs,
)
from osrecipe.model.winpath import upcase

if TYPE_CHECKING:
    from osrecipe.model.plan import Job, Session


def in_force(unit: Session | Job) -> tuple[tuple[Check, ...], ...]:
    """The checks of each task, in order, without those that a later task of the unit replaces."""
    later: list[Check] = []
    kept: list[tuple[Check, ...]] = []
    for task in reversed(unit.tasks):
        kept.append(tuple(c for c in task.checks if not any(_replaces(new, c) for new in later)))
        later.extend(task.checks)
    return tuple(reversed(kept))


def _replaces(new: Check, old: Check) -> bool:
    match new, old:
        case FeatureIs() | CapabilityIs() | SettingIs(), FeatureIs() | CapabilityIs() | SettingIs():
            return type(new) is type(old) and upcase(new.name) == upcase(old.name)
        case FileIs(), FileIs():
            return _file_replaces(new, old)
        case RegistryValueIs(), RegistryValueIs():
            return _key(new) == _key(old) and upcase(new.name) == upcase(old.name)
        case RegistryValueIs(), RegistryKeyAbsent():
            return new.data is not None and _below(_key(new), _key(old))
        case RegistryKeyAbsent(), RegistryValueIs():
            return _below(_key(old), _key(new))
    return False


def _file_replaces(new: FileIs, old: FileIs) -> bool:
    """A file that is there again has its folders again; a folder that is gone takes its files along."""
    if new.path == old.path:
        return True
    if new.state == "absent":
        return old.path.within(new.path)
    return old.state == "absent" and new.path.within(old.path)


def _key(check: RegistryValueIs | RegistryKeyAbsent) -> str:
    return upcase(str(check.key))


def _below(key: str, above: str) -> bool:
    return key == above or key.startswith(above + "\\")
