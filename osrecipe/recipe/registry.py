"""`registry:` maps to registry changes: key path → value name → data, `null` deletes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.registry import CreateKey, DeleteKey, DeleteValue, RegistryChange, RegistryKey, SetValue
from osrecipe.model.winpath import upcase
from osrecipe.recipe.hives import HiveError, parse_key
from osrecipe.recipe.nodes import Entry, Map, Node, Span, entries, is_null
from osrecipe.recipe.regdata import MAX_NAME, DataError, parse_data
from osrecipe.recipe.words import clip, kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osrecipe.recipe.sink import Sink


@dataclass
class _Reader:
    sink: Sink
    secrets: Iterable[str] | None
    seen: dict[str, Span] = field(default_factory=dict)

    def key(self, entry: Entry) -> list[RegistryChange]:
        try:
            key = parse_key(entry.key)
        except HiveError as e:
            self.sink.add(Slug.RECIPE_BAD_HIVE, str(e), entry.span, e.hint)
            return []
        if self.repeated(f"{key.root}\\{key.path}", f"the key `{clip(str(key), 120)}`", entry.span):
            return []
        if is_null(entry.value):
            return self.delete(key, entry)
        if not isinstance(entry.value, Map):
            reason = f"a key holds a map of value names, not {kind(entry.value)}"
            self.sink.add(
                Slug.RECIPE_WRONG_TYPE, reason, entry.value.span, "write `Name: data` below the key"
            )
            return []
        if not entry.value.entries:
            return [CreateKey(key=key)]
        names: list[RegistryChange] = []
        for value in entry.value.entries.values():
            names += self.value(key, value)
        return names

    def delete(self, key: RegistryKey, entry: Entry) -> list[RegistryChange]:
        if not key.path:
            self.sink.add(Slug.RECIPE_BAD_HIVE, f"`{key}` is a whole hive and can't be deleted", entry.span)
            return []
        return [DeleteKey(key=key)]

    def value(self, key: RegistryKey, entry: Entry) -> list[RegistryChange]:
        name = entry.key
        if name == "@":
            hint = 'write `"": …` for the key\'s default value'
            self.sink.add(Slug.RECIPE_BAD_VALUE, "`@` is a notation of `.reg` files", entry.span, hint)
            return []
        if len(name.encode("utf-16-le")) // 2 > MAX_NAME or "\0" in name:
            reason = f"a value's name has at most {MAX_NAME} characters, none of them NUL: {clip(name)}"
            self.sink.add(Slug.RECIPE_BAD_VALUE, reason, entry.span)
            return []
        if self.repeated(f"{key.root}\\{key.path}\0{name}", f"the value `{clip(name)}`", entry.span):
            return []
        if is_null(entry.value):
            return [DeleteValue(key=key, name=name)]
        try:
            return [SetValue(key=key, name=name, data=parse_data(entry.value, self.secrets))]
        except DataError as e:
            self.sink.add(e.slug, str(e), e.span, e.hint)
            return []

    def repeated(self, identity: str, what: str, span: Span) -> bool:
        """Whether the same key or value came before in other letters; the registry ignores case."""
        first = self.seen.setdefault(upcase(identity), span)
        if first is not span:
            hint = f"the first is at {first.place}; the registry ignores case"
            self.sink.add(Slug.RECIPE_DUPLICATE_KEY, f"{what} is written twice", span, hint)
        return first is not span


def changes(node: Node | None, secrets: Iterable[str] | None, sink: Sink) -> tuple[RegistryChange, ...]:
    """The changes of one `registry:` map, in the order written; what is wrong is in `sink`.

    Args:
        node: the map; anything else gives nothing, the structure check reports it.
        secrets: declared secrets, or None where none can stand (`expect`).
        sink: takes the problems.
    """
    reader = _Reader(sink, secrets)
    return tuple(change for entry in entries(node) for change in reader.key(entry))
