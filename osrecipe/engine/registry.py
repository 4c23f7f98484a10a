"""Registry changes become edits of hive files, the same for every adapter. Each hive is loaded and saved once a task.

What is so already is left alone, so that a hive in which nothing changes is not written at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.engine.clock import filetime
from osrecipe.engine.hivefiles import HiveFiles, damaged, encode
from osrecipe.formats.errors import FormatError
from osrecipe.model.adapter import TaskError
from osrecipe.model.changes import PutFile
from osrecipe.model.codes import Slug
from osrecipe.model.registry import CreateKey, DeleteKey, DeleteValue, SetValue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osrecipe.engine.hivefiles import Readable
    from osrecipe.formats.hive import Hive
    from osrecipe.model.registry import RegistryChange
    from osrecipe.windows.hives import HivePlace, Target


@dataclass(frozen=True)
class Edited:
    """The hive files to write, and how many of the changes were not so already."""

    files: tuple[PutFile, ...]
    changed: int


def edit_hives(
    changes: Sequence[RegistryChange], image: Readable, target: Target, secrets: Mapping[str, str], now: int
) -> Edited:
    """Make the changes, in order, in copies of the image's hives.

    Args:
        changes: what to do.
        image: where the hives are read.
        target: the kind of image, for what `HKCU` means.
        secrets: values of secrets by name.
        now: Unix seconds for keys that change.

    Raises:
        TaskError: a hive is not there or damaged, a value can't be stored, or a root key is to be deleted.
    """
    hives = HiveFiles(image, target)
    touched: dict[HivePlace, Hive] = {}
    changed = 0
    for change in changes:
        place, hive, path = hives.locate(change.key)
        if hive is None:
            if isinstance(change, DeleteKey | DeleteValue):
                continue  # nothing to delete where there is no hive
            raise TaskError(Slug.RUN_TASK_FAILED, f"the image has no hive for `{change.key}`: `{place.file}`")
        hive.now = filetime(now)
        try:
            if _apply(change, hive, path, secrets):
                touched[place] = hive
                changed += 1
        except FormatError as cause:
            raise damaged(place, cause) from cause
    files = {place.file: hive for place, hive in touched.items()}  # two roots may share one file
    return Edited(tuple(PutFile(file, _save(hive, now), None) for file, hive in files.items()), changed)


def _save(hive: Hive, now: int) -> bytes:
    return hive.save(timestamp=filetime(now))


def _apply(change: RegistryChange, hive: Hive, path: str, secrets: Mapping[str, str]) -> bool:
    """Make one change; says whether it was one."""
    match change:
        case SetValue():
            type_, data = encode(change.data, secrets)
            key = hive.create_key(path)
            known = key.value(change.name)
            if known is not None and (known.type, known.data) == (type_, data):
                return False
            key.set(change.name, type_, data)
            return True
        case CreateKey():
            missing = hive.key(path) is None
            hive.create_key(path)
            return missing
        case DeleteValue():
            key_there = hive.key(path)
            return key_there is not None and key_there.delete_value(change.name)
        case DeleteKey():
            return hive.delete_key(path)
