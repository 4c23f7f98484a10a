"""Rules about what tweaks write to registries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.lint.rule import Facts, Hit, Severity, rule
from osrecipe.lint.writes import Write, writes
from osrecipe.model.registry import CreateKey, DeleteKey, DeleteValue, RegistryRoot, SetValue
from osrecipe.model.winpath import upcase
from osrecipe.plan.selection import holds
from osrecipe.windows.registry_owners import owned_by_windows, shared_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.lint.subject import Subject
    from osrecipe.model.facts import ImageFacts

_MOST_DELETIONS: Final = 1000
"""Deleted keys, each held against all that was written before; more come from exports, not from authors."""
Value = tuple[str, str, str, str]
"""Target, hive file, key, value name; all in one case."""


@rule(
    "registry-owned-by-windows",
    Severity.WARNING,
    Facts.HELPFUL,
    says="a tweak writes a value that Windows rewrites or ignores",
    why="The write is in the image and passes every check, and on the machine it is gone or not obeyed. Some policies are "
    "heeded by some editions only: that is judged when a lock or the inputs tell the editions, and only if none heeds it.",
    source="the table in `osrecipe/windows/registry_owners.py`, each row with its own source",
)
def registry_owned_by_windows(subject: Subject) -> Iterator[Hit]:
    """Writes that do not last or are not heeded."""
    for write in writes(subject):
        change = write.change
        if write.at.target != "install" or not isinstance(change, SetValue):
            continue
        images = _images_of(subject, write)
        build = min((i.version.build for i in images), default=None)
        row = owned_by_windows(
            change.key, change.name, change.data, editions=[i.edition for i in images], build=build
        )
        if row is not None:
            yield Hit(write.loc, f"writing {write.what} is in vain: {row.reason}", row.instead)


def _images_of(subject: Subject, write: Write) -> tuple[ImageFacts, ...]:
    return tuple(i for i in subject.images(write.at.target) if holds(write.at.tweak.when, i))


@rule(
    "registry-never-read",
    Severity.WARNING,
    Facts.HELPFUL,
    says=r"a tweak writes below `WOW6432Node` what Windows keeps in one place for 32- and 64-bit programs",
    why="Some keys are not redirected: 32-bit programs read the same key as all others, and a copy below `WOW6432Node` is "
    "read by nobody.",
    source="Microsoft Learn, `Registry Keys Affected by WOW64`",
)
def registry_never_read(subject: Subject) -> Iterator[Hit]:
    """Writes to a copy that has no reader."""
    for write in writes(subject):
        meant = shared_key(write.change.key)
        if meant is not None and isinstance(write.change, SetValue):
            reason = f"nobody reads `{write.change.key}`: this key is one for 32- and 64-bit programs"
            yield Hit(write.loc, reason, f"write to `{meant}`")


@rule(
    "registry-written-twice",
    Severity.WARNING,
    Facts.HELPFUL,
    says="two tweaks leave different things in one registry value, and the later one wins",
    why="Each of them looks as if it had an effect, and only one has; which one depends on their order. Tweaks whose "
    "conditions hold for no image in common are not counted, as far as a lock or the inputs tell.",
    source="this tool's plan: tweaks follow the recipe's order, and a later one wins",
)
def registry_written_twice(subject: Subject) -> Iterator[Hit]:
    """Values whose first write is lost."""
    last: dict[Value, Write] = {}
    deletions = 0
    for write in writes(subject):
        deletions += isinstance(write.change, DeleteKey)
        if deletions > _MOST_DELETIONS:
            return
        for value, first in _meets(write, last):
            if not _alike(first, write) and _may_meet(subject, first, write):
                later = "another line of it" if first.at == write.at else f"the tweak `{write.at.name}`"
                reason = f"what the tweak `{first.at.name}` does to {first.what} is lost: {later} comes later"
                hint = f"the first is at {subject.origins.key(*first.loc)}; keep one of them"
                yield Hit(write.loc, reason, hint)
                last.pop(value, None)
        if not isinstance(write.change, CreateKey | DeleteKey):
            last[_value(write)] = write


def _value(write: Write) -> Value:
    return (write.at.target, *write.key_id, upcase(write.name))


def _meets(write: Write, last: dict[Value, Write]) -> list[tuple[Value, Write]]:
    """Earlier writes that this one undoes."""
    if isinstance(write.change, CreateKey):
        return []
    if isinstance(write.change, DeleteKey):
        hive, key = write.key_id
        return [
            (value, first)
            for value, first in last.items()
            if value[:2] == (write.at.target, hive) and f"{value[2]}\\".startswith(f"{key}\\")
        ]
    value = _value(write)
    return [(value, last[value])] if value in last else []


def _alike(first: Write, second: Write) -> bool:
    one, two = first.change, second.change
    if isinstance(one, SetValue) and isinstance(two, SetValue):
        return one.data == two.data
    return not isinstance(one, SetValue) and isinstance(two, DeleteValue | DeleteKey)


def _may_meet(subject: Subject, first: Write, second: Write) -> bool:
    """Whether both may happen to one image; without facts only when neither, or both alike, has a condition."""
    conditions = [w.at.tweak.when for w in (first, second)]
    if conditions[0] == conditions[1]:
        return True
    images = subject.images(first.at.target)
    if not images:
        return False
    return any(all(holds(when, image) for when in conditions) for image in images)


@rule(
    "hkcu-in-pe",
    Severity.NOTE,
    Facts.HELPFUL,
    says="a tweak of a PE image writes to `HKCU`",
    why=r"Windows PE, Setup and the recovery environment run as LocalSystem, so `HKCU` there is LocalSystem's own hive and "
    r"no user's. Write `HKU\.DEFAULT`, which says so.",
    source="Microsoft Learn, `LocalSystem Account`",
)
def hkcu_in_pe(subject: Subject) -> Iterator[Hit]:
    """Users' settings where there are no users."""
    said: set[tuple[object, ...]] = set()
    for write in writes(subject):
        key = write.change.key
        loc = write.loc if write.loc[-1] == "reg-file" else write.loc[:6]
        if key.root is RegistryRoot.CURRENT_USER and write.at.target != "install" and loc not in said:
            said.add(loc)
            reason = f"in `{write.at.target}` `HKCU` is LocalSystem's hive: no user has it"
            yield Hit(loc, reason, r"write `HKU\.DEFAULT`")
