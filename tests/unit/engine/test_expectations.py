"""`osrecipe.engine.expectations`: which checks hold at a session's end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.engine_sessions import DIGEST, dword, key

from osrecipe.engine.expectations import in_force
from osrecipe.model.checks import Check, FeatureIs, FileIs, NothingPending, RegistryKeyAbsent, RegistryValueIs
from osrecipe.model.names import LaneId, TaskId, UnitId
from osrecipe.model.plan import Job, Task
from osrecipe.model.registry import RegistryRoot
from osrecipe.model.tasks import ApplyTweak
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from typing import Literal


def _unit(*checks: tuple[Check, ...]) -> Job:
    tasks = tuple(
        Task(id=TaskId(f"a/{n}"), op=ApplyTweak(tweak="t"), title="t", checks=c, digest=DIGEST)
        for n, c in enumerate(checks)
    )
    return Job(id=UnitId("a.b"), lane=LaneId("a"), tasks=tasks, cacheable=True, digest=DIGEST)


def _value(path: str, name: str, number: int | None) -> RegistryValueIs:
    data = None if number is None else dword(number)
    return RegistryValueIs(key=key(RegistryRoot.SOFTWARE, path), name=name, data=data)


def _gone(path: str) -> RegistryKeyAbsent:
    return RegistryKeyAbsent(key=key(RegistryRoot.SOFTWARE, path))


def _file(path: str, state: Literal["present", "absent"]) -> FileIs:
    return FileIs(path=WinPath(path), state=state)


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        (_value("A", "v", 1), _value("a", "V", 2), False),
        (_value("A", "v", 1), _value("A", "w", 2), True),
        (_value("A", "v", 1), _gone("A"), False),
        (_value("A\\B", "v", 1), _gone("A"), False),
        (_value("AB", "v", 1), _gone("A"), True),
        (_gone("A"), _value("A\\B", "v", 1), False),
        (_gone("A\\B"), _value("A", "v", 1), True),
        (_gone("A"), _value("A\\B", "v", None), True),
        (_file("A\\b", "present"), _file("a\\B", "absent"), False),
        (_file("A\\b", "present"), _file("A", "absent"), False),
        (_file("A", "present"), _file("A\\b", "absent"), True),
        (_file("A", "absent"), _file("A\\b", "present"), False),
        (_file("A\\b", "absent"), _file("A", "present"), True),
        (FeatureIs(name="F", state="enabled"), FeatureIs(name="f", state="disabled"), False),
        (FeatureIs(name="F", state="enabled"), FeatureIs(name="G", state="disabled"), True),
        (NothingPending(), NothingPending(), True),
    ],
)
def test_replaced(old: Check, new: Check, kept: bool) -> None:
    """An earlier check is dropped exactly when a later task states otherwise about the same thing or what holds it."""
    assert (((old,) if kept else ()), (new,)) == in_force(_unit((old,), (new,)))


def test_one_tasks_own_checks_stay() -> None:
    """Checks of one task don't replace each other, and earlier tasks replace nothing."""
    one, two = _value("A", "v", 1), _value("A", "v", 2)

    assert ((one, two),) == in_force(_unit((one, two)))
    assert ((), (two,), ()) == in_force(_unit((one,), (two,), ()))
