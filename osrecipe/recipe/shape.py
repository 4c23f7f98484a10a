"""Checks a recipe's structure against the schema, with places and in words: keys, types, choices, patterns.

Every problem is reported, one per mistake; where a value could have several forms, the one that was meant is judged.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from osrecipe.model.codes import Slug
from osrecipe.model.names import ID_PATTERN
from osrecipe.recipe import schema as schemas
from osrecipe.recipe.nodes import Entry, Map, Node, Scalar, Seq, Span
from osrecipe.recipe.patterns import PATTERNS
from osrecipe.recipe.words import LATER, choice, clip, dotted, kind, near

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osrecipe.model.origins import Loc
    from osrecipe.recipe.schema import Object
    from osrecipe.recipe.sink import Sink

_YAML_1_1 = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_SWITCHED = {True: "enabled", False: "disabled"}
_TYPES = {"object": Map, "array": Seq, "string": str, "integer": int, "boolean": bool, "null": type(None)}
_TYPE_WORDS = {
    "object": "a map",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "boolean": "`true` or `false`",
    "null": "`null`",
}


def check(root: Map, sink: Sink) -> None:
    """Compare a merged, rendered recipe with the schema; all that differs is in `sink`."""
    _Checker(sink).node(root, schemas.core(), (), root.span)


class _Checker:
    def __init__(self, sink: Sink) -> None:
        self.sink = sink

    def node(self, node: Node, schema: Object, loc: Loc, at: Span) -> None:
        """Check one value.

        Args:
            node: the value.
            schema: what it should be.
            loc: where it is in the recipe.
            at: what to point at when it is a map or a list: its key.
        """
        if isinstance(node, Scalar) and node.failed:
            return
        ref = str(schema.get("$ref", "")).rpartition("/")[2]
        if ref in schemas.REGISTRY_MAPS and isinstance(node, Map):
            return
        schema = schemas.resolve(schema)
        if "anyOf" in schema:
            meant = self.choose(node, schema, loc, at)
            if meant is not None:
                self.node(node, meant, loc, at)
            return
        if not _has_type(node, schema):
            self.wrong_type(node, [schema], loc, at)
        elif isinstance(node, Map):
            self.map(node, schema, loc, at)
        elif isinstance(node, Seq):
            for i, item in enumerate(node.items):
                self.node(item, _sub(schema, "items"), (*loc, i), item.span)
        else:
            self.scalar(node, schema, loc)

    def map(self, node: Map, schema: Object, loc: Loc, at: Span) -> None:
        properties = _part(schema, "properties")
        if not properties:
            self.entries_by_id(node, schema, loc)
            return
        for key, entry in node.entries.items():
            if key in properties:
                self.node(entry.value, _sub(properties, key), (*loc, key), _point(entry))
            else:
                self.unknown(entry, properties, loc)
        for key in _words(schema, "required"):
            if key not in node.entries:
                self.missing(key, properties, node, loc, at)

    def entries_by_id(self, node: Map, schema: Object, loc: Loc) -> None:
        names = _part(schema, "propertyNames")
        for key, entry in node.entries.items():
            pattern = names.get("pattern")
            if isinstance(pattern, str) and not _matches(pattern, key):
                reason = f"`{clip(key)}` can't be a key of `{dotted(loc)}`"
                self.sink.add(Slug.RECIPE_BAD_VALUE, reason, entry.span, f"it must be {PATTERNS[pattern]}")
                continue
            if not key:
                self.sink.add(Slug.RECIPE_BAD_VALUE, f"an empty key in `{dotted(loc)}`", entry.span)
                continue
            self.node(entry.value, _sub(schema, "additionalProperties"), (*loc, key), _point(entry))

    def unknown(self, entry: Entry, properties: Object, loc: Loc) -> None:
        where = f"`{dotted(loc)}`" if loc else "a recipe"
        reason = f"`{clip(entry.key)}` is not a key of {where}"
        self.sink.add(Slug.RECIPE_UNKNOWN_KEY, reason, entry.span, self.hint_for(entry.key, properties, loc))

    def hint_for(self, key: str, properties: Iterable[str], loc: Loc) -> str:
        meant = near(key, properties)
        if key in LATER:
            return "this version can't do that yet"
        if meant:
            return f"did you mean `{meant}`?"
        homes = [h for h in _homes().get(key, ()) if h != loc]
        if homes:
            return f"it belongs in {choice(dict.fromkeys(dotted(h) or 'the recipe itself' for h in homes))}"
        return f"the keys here: {', '.join(properties)}"

    def missing(self, key: str, properties: Object, node: Map, loc: Loc, at: Span) -> None:
        if any(near(k, [key]) for k in node.entries if k not in properties):
            return  # misspelled; said already
        where = f"in `{dotted(loc)}`" if loc else "in the recipe"
        about = str(schemas.resolve(_sub(properties, key)).get("description", ""))
        self.sink.add(Slug.RECIPE_MISSING_KEY, f"`{key}` is missing {where}", at, _first_sentence(about))

    def scalar(self, node: Scalar, schema: Object, loc: Loc) -> None:
        wrong = _wrong(node, schema)
        if wrong is None:
            return
        words = _allowed(schema)
        meant = near(str(node.value), words)
        slug = Slug.RECIPE_SCHEMA if loc == ("schema",) else Slug.RECIPE_BAD_VALUE
        hint = f"did you mean `{meant}`?" if meant else ""
        if not hint and str(node.value) in LATER:
            hint = "this version can't do that yet"
        self.sink.add(slug, f"`{dotted(loc)}` must be {wrong}: {clip(str(node.value))}", node.span, hint)

    def choose(self, node: Node, schema: Object, loc: Loc, at: Span) -> Object | None:
        """The alternative that was meant, or None when none fits, which is reported."""
        options = [schemas.resolve(cast("Object", o)) for o in cast("list[object]", schema["anyOf"])]
        typed = [o for o in options if _has_type(node, o)]
        if not typed:
            self.wrong_type(node, options, loc, at)
        elif isinstance(node, Scalar):
            if all(_wrong(node, o) is not None for o in typed):
                self.bad_choice(node, options, loc)
        elif len(typed) == 1:
            return typed[0]
        elif isinstance(node, Map):
            return self.choose_map(node, typed, loc, at)
        return None

    def bad_choice(self, node: Scalar, options: list[Object], loc: Loc) -> None:
        reason = f"`{dotted(loc)}` must be {_expected(options)}: {clip(str(node.value))}"
        meant = near(str(node.value), [w for o in options for w in _allowed(o)])
        items = [_allowed(_part(o, "items")) for o in options if o.get("type") == "array"]
        hint = f"did you mean `{meant}`?" if meant else ""
        if any(node.value in words for words in items):
            hint = f"write `[{node.value}]`"
        elif str(node.value) in LATER:
            hint = "this version can't do that yet"
        self.sink.add(Slug.RECIPE_BAD_VALUE, reason, node.span, hint)

    def choose_map(self, node: Map, options: list[Object], loc: Loc, at: Span) -> Object | None:
        heads = {_words(o, "required")[0]: o for o in options}
        given = [h for h in heads if h in node.entries]
        if len(given) == 1:
            return heads[given[0]]
        if given:
            span = node.entries[given[1]].span
            reason = (
                f"`{dotted(loc)}` is one thing: {' and '.join(f'`{g}`' for g in given)} can't stand together"
            )
            self.sink.add(Slug.RECIPE_BAD_VALUE, reason, span)
            return None
        for entry in node.entries.values():
            if (meant := near(entry.key, heads)) is not None or entry.key in LATER:
                hint = "this version can't do that yet" if meant is None else f"did you mean `{meant}`?"
                reason = f"`{clip(entry.key)}` is not a key of `{dotted(loc)}`"
                self.sink.add(Slug.RECIPE_UNKNOWN_KEY, reason, entry.span, hint)
                return None
        self.sink.add(Slug.RECIPE_MISSING_KEY, f"`{dotted(loc)}` needs {choice(heads)}", at)
        return None

    def wrong_type(self, node: Node, options: list[Object], loc: Loc, at: Span) -> None:
        expected = _expected(options)
        span = node.span if isinstance(node, Scalar) else at
        where = dotted(loc) or "the recipe"
        free = [o for o in options if o.get("type") == "string" and not _allowed(o)]
        if free and isinstance(node, Scalar) and isinstance(node.value, float):
            text = clip(node.text)
            reason = f"`{where}` must be {expected}, and {text} without quotes is the number {node.value}"
            self.sink.add(Slug.RECIPE_UNQUOTED_BUILD, reason, span, _quote_hint(node, free))
            return
        reason = f"`{where}` must be {expected}, not {kind(node)}"
        self.sink.add(Slug.RECIPE_WRONG_TYPE, reason, span, _type_hint(node, options, free))


def _type_hint(node: Node, options: list[Object], free: list[Object]) -> str:
    types = {str(o.get("type", "string")) for o in options}
    if not isinstance(node, Scalar):
        return ""
    if node.value is None:
        return "write `{}` for an empty map, or remove the line" if "object" in types else ""
    if "boolean" in types and (word := _YAML_1_1.get(node.text.lower())):
        return f"write `{word}`; YAML 1.2 has no `{node.text}`"
    if free:
        return _quote_hint(node, free)
    items = [word for o in options if o.get("type") == "array" for word in _allowed(_part(o, "items"))]
    if items or types == {"array"}:
        meant = ", ".join(items) if items and node.text not in items else clip(node.text)
        return f"write `[{meant}]`"
    return _switch_hint(node, options)


def _switch_hint(node: Scalar, options: list[Object]) -> str:
    """Where words say on and off, which one was meant by `true` or `false`."""
    word = _SWITCHED[node.value] if isinstance(node.value, bool) else ""
    return f"write `{word}`" if any(word in _allowed(option) for option in options) else ""


def _quote_hint(node: Scalar, free: list[Object]) -> str:
    """How to make text of a number, if that is all that is wrong."""
    fits = any(_wrong_text(node.text, o) is None for o in free)
    return f'write "{clip(node.text)}"' if fits else "text that looks like a number needs quotes"


def _point(entry: Entry) -> Span:
    return entry.value.span if isinstance(entry.value, Scalar) else entry.span


def _sub(schema: Object, key: str) -> Object:
    return cast("Object", schema[key])


def _part(schema: Object, key: str) -> Object:
    return cast("Object", schema.get(key, {}))


def _words(schema: Object, key: str) -> list[str]:
    return [str(w) for w in cast("list[object]", schema.get(key, []))]


def _allowed(schema: Object) -> list[str]:
    return [str(schema["const"])] if "const" in schema else _words(schema, "enum")


def _has_type(node: Node, schema: Object) -> bool:
    wanted = _TYPES[str(schema.get("type", "string"))]
    value = node.value if isinstance(node, Scalar) else node
    if isinstance(value, bool):
        return wanted is bool
    return isinstance(value, wanted)


def _wrong(node: Scalar, schema: Object) -> str | None:
    """What a scalar of the right type should be, when it is something else."""
    value = node.value
    if allowed := _allowed(schema):
        return None if value in allowed else choice(allowed)
    if isinstance(value, str):
        return _wrong_text(value, schema)
    if isinstance(value, int):
        low, high = schema.get("minimum"), schema.get("maximum")
        if isinstance(low, int) and isinstance(high, int) and not low <= value <= high:
            return f"from {low} to {high}"
    return None


def _wrong_text(value: str, schema: Object) -> str | None:
    pattern, least, most = schema.get("pattern"), schema.get("minLength", 0), schema.get("maxLength")
    if isinstance(pattern, str) and not _matches(pattern, value):
        return PATTERNS[pattern]
    if isinstance(least, int) and len(value) < least:
        return "text that is not empty"
    if isinstance(most, int) and len(value) > most:
        return f"at most {most} characters, not {len(value)}"
    return None


def _matches(pattern: str, text: str) -> bool:
    """Whether a pattern of the schema matches; `$` is the very end and digits are ASCII, as in JavaScript."""
    return re.search(re.sub(r"\$$", r"\\Z", pattern), text, re.ASCII) is not None


def _expected(options: list[Object]) -> str:
    words: list[str] = []
    for option in options:
        if "anyOf" in option:
            words.append(_expected(cast("list[Object]", option["anyOf"])))
        elif allowed := _allowed(option):
            words += [f"`{w}`" for w in allowed]
        elif isinstance(pattern := option.get("pattern"), str) and pattern != ID_PATTERN:
            words.append(PATTERNS[pattern])
        else:
            words.append(_TYPE_WORDS[str(option.get("type", "string"))])
    words = list(dict.fromkeys(words))
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _first_sentence(text: str) -> str:
    sentence = re.split(r"(?<=[.;])\s", text)[0].rstrip(".;")
    return f"{sentence[:1].lower()}{sentence[1:]}" if sentence else ""


@lru_cache(maxsize=1)
def _homes() -> dict[str, list[Loc]]:
    """Where each key of the language belongs, for keys at the wrong place."""
    homes: dict[str, list[Loc]] = {}
    stack: list[tuple[Loc, Object]] = [((), schemas.core())]
    while stack:
        loc, schema = stack.pop(0)
        for key, part in _part(schema, "properties").items():
            homes.setdefault(key, []).append(loc)
            below = schemas.resolve(cast("Object", part))
            if below.get("type") == "object" and "RegistryChanges" not in str(part):
                stack.append(((*loc, key), below))
    return homes
