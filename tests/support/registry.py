"""Registry hives as an independent reader sees them: python-registry, never our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from Registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from Registry.Registry import RegistryKey

Values = dict[tuple[str, str], tuple[int, bytes]]
"""Type number and data by key and value name, both in lower case; `("key", "\\0")` says that the key is there."""
KEY = "\0"


def values(hive: Path) -> Values:
    """Every key and value of a hive."""
    return dict(_walk(Registry.Registry(str(hive)).root(), ""))


def _walk(key: RegistryKey, path: str) -> Iterator[tuple[tuple[str, str], tuple[int, bytes]]]:
    yield (path, KEY), (0, b"")
    for value in key.values():
        name = "" if value.name() == "(default)" else value.name().lower()
        yield (path, name), (value.value_type(), bytes(value.raw_data()))
    for below in key.subkeys():
        yield from _walk(below, f"{path}\\{below.name()}".strip("\\").lower())


def changes(before: Values, after: Values) -> Values:
    """What is new or otherwise in `after`; what is gone has type -1. New keys count only where they hold nothing."""
    made = {place: data for place, data in after.items() if before.get(place) != data and place[1] != KEY}
    gone = dict.fromkeys(before.keys() - after.keys(), (-1, b""))
    bare = {
        (path, name): data
        for (path, name), data in after.items()
        if name == KEY
        and (path, name) not in before
        and not any(p == path or p.startswith(f"{path}\\") for p, n in after if n != KEY)
    }
    return made | gone | bare
