"""Locks for lint cases: each input of a recipe is what its id says, so that a case needs no files beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.plans import drivers, folder, media, update

from osrecipe.inputs.lock import Lock, LockedInput, LockedRegFile, dump, lock_path
from osrecipe.inputs.reg_files import reg_file_facts
from osrecipe.lint.subject import Subject
from osrecipe.model.facts import UpdateKind
from osrecipe.recipe import load

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.model.facts import InputFacts

_KINDS = {
    "ssu": (UpdateKind.SERVICING_STACK, "17134.226.1.0"),
    "lcu": (UpdateKind.CUMULATIVE, "17134.228.1.0"),
    "flash": (UpdateKind.FLASH, "10.0.1.1"),
    "extra": (UpdateKind.OPTIONAL, "10.0.1.2"),
}


def facts_of(name: str) -> InputFacts:
    """What an input of this id holds."""
    if name == "media":
        return media().model_copy(update={"features_read": True})
    if name in _KINDS:
        kind, version = _KINDS[name]
        return update(kind, str(4340000 + list(_KINDS).index(name)), version)
    return drivers(name) if name.startswith("drv") else folder(name)


def write_lock(recipe: Path) -> None:
    """Write the lock of a recipe beside it."""
    loaded = load(recipe)
    inputs = {
        name: LockedInput(input=name, path=stated.path, facts=facts_of(name))
        for name, stated in loaded.recipe.inputs.items()
    }
    reg_files = {
        path: LockedRegFile.model_validate(
            {"reg-file": path, "facts": reg_file_facts(loaded.folder / path, path)}
        )
        for at in Subject(loaded).tweaks()
        if (path := at.tweak.reg_file) is not None
    }
    lock = Lock(loaded.recipe.name, inputs, reg_files)
    lock_path(recipe).write_text(dump(lock), encoding="utf-8", newline="\n")
