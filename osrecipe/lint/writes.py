"""The registry changes of a recipe, each with its place: those written in it and those of its `.reg` files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.lint.keys import key_form
from osrecipe.model.registry import CreateKey, DeleteKey
from osrecipe.model.winpath import upcase
from osrecipe.windows.hives import hive_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.lint.subject import Subject, TweakAt
    from osrecipe.model.origins import Loc
    from osrecipe.model.registry import RegistryChange


@dataclass(frozen=True)
class Write:
    """One registry change.

    Attributes:
        at: the tweak it belongs to.
        loc: where it is written; the `reg-file` line for one that comes from a `.reg` file.
    """

    at: TweakAt
    change: RegistryChange
    loc: Loc

    @property
    def name(self) -> str:
        """The value's name; empty for changes of a whole key."""
        return "" if isinstance(self.change, CreateKey | DeleteKey) else self.change.name

    @property
    def what(self) -> str:
        """What is written, in words."""
        value = f"`{self.name}`" if self.name else "the default value"
        return f"{value} of `{self.change.key}`"

    @property
    def key_id(self) -> tuple[str, str]:
        """The hive's file and the key in it, equal for all ways to write one key."""
        key = self.change.key
        place = hive_place(key.root, self.at.target)
        path = "\\".join(part for part in (place.below, key.path) if part)
        return str(place.file), upcase(path)


def writes(subject: Subject) -> Iterator[Write]:
    """All changes in the order in which they are made; those of `.reg` files need facts."""
    for at in subject.tweaks():
        yield from _of_file(subject, at)
        yield from _of_map(subject, at)


def _of_file(subject: Subject, at: TweakAt) -> Iterator[Write]:
    if at.tweak.reg_file is None or subject.facts is None:
        return
    read = subject.facts.reg_files.get(at.tweak.reg_file)
    for change in read.changes if read else ():
        yield Write(at, change, (*at.loc, "reg-file"))


def _of_map(subject: Subject, at: TweakAt) -> Iterator[Write]:
    base = (*at.loc, "registry")
    written = subject.key_texts(base)
    for change in at.tweak.registry:
        loc: Loc = (*base, written.get(key_form(change.key), str(change.key)))
        yield Write(at, change, loc if isinstance(change, CreateKey | DeleteKey) else (*loc, change.name))
