"""YAML text to a tree, within bounds: depth, nodes, aliases, tags, duplicate keys.

ruamel.yaml finds the tokens; the tree is built here from its events, so that every value and key keeps its place and
its text, and nothing ever recurses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from osrecipe.model.codes import Slug
from osrecipe.model.problems import Place
from osrecipe.recipe.escapes import HINT, meaning, swallowed
from osrecipe.recipe.nodes import Entry, Map, Node, Scalar, Seq, Span
from osrecipe.recipe.scalars import resolve
from osrecipe.recipe.syntax import problem_of

if TYPE_CHECKING:
    from osrecipe.recipe.sink import Sink
    from osrecipe.recipe.source import Source

MAX_DEPTH = 64
MAX_NODES = 100_000
MAX_EXPANDED = 10_000
"""Nodes of a file that uses aliases, each alias counted as often as it is used."""


class _Mark(Protocol):
    index: int


class _Event(Protocol):
    start_mark: _Mark
    end_mark: _Mark


class _StopError(Exception):
    """Reading this file makes no further sense; the problem is in the sink."""


@dataclass
class _Frame:
    """A map or list that is still open."""

    event: MappingStartEvent | SequenceStartEvent
    span: Span
    entries: dict[str, Entry] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)
    key: tuple[str | None, Span] | None = None
    size: int = 1


def parse(source: Source, sink: Sink) -> Map | None:
    """Read one document; None when the text is no map or too broken to go on, with the problems in `sink`."""
    sink.lines[source.shown] = source.lines
    return _Builder(source, sink).build()


class _Builder:
    def __init__(self, source: Source, sink: Sink) -> None:
        self.source = source
        self.sink = sink
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Node, int] | None] = {}
        self.root: Node | None = None
        self.documents = 0
        self.nodes = 0
        self.aliased = False

    def build(self) -> Map | None:
        try:
            for event in YAML(typ="safe", pure=True).parse(self.source.text):
                self.take(event)
        except _StopError:
            return None
        except YAMLError as e:
            self.sink.add(*problem_of(e, self.source))
            return None
        except (ValueError, ArithmeticError, LookupError, AttributeError, TypeError, RecursionError) as e:
            # ruamel.yaml meets some broken texts (an escape beyond Unicode, say) with an exception of its insides
            span = Span(Place(self.source.shown))
            self.sink.add(Slug.RECIPE_SYNTAX, f"not valid YAML: {type(e).__name__}", span)
            return None
        return self.finish()

    def finish(self) -> Map | None:
        if isinstance(self.root, Map):
            return self.root
        if self.root is None or (isinstance(self.root, Scalar) and self.root.value is None):
            self.sink.add(
                Slug.RECIPE_EMPTY,
                "the file holds no recipe",
                Span(Place(self.source.shown)),
                "`osrecipe init` writes one to start from",
            )
            return None
        self.sink.add(Slug.RECIPE_WRONG_TYPE, "a recipe is a map of `key: value` lines", self.root.span)
        return None

    def span(self, event: _Event) -> Span:
        return self.source.span(event.start_mark.index, event.end_mark.index)

    def stop(self, slug: Slug, reason: str, span: Span, hint: str = "") -> _StopError:
        self.sink.add(slug, reason, span, hint)
        return _StopError(reason)

    def take(self, event: object) -> None:
        match event:
            case DocumentStartEvent():
                self.document(event)
            case MappingStartEvent() | SequenceStartEvent():
                self.open(event)
            case MappingEndEvent() | SequenceEndEvent():
                self.close()
            case ScalarEvent():
                self.scalar(event)
            case AliasEvent():
                self.alias(event)

    def document(self, event: DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            raise self.stop(
                Slug.RECIPE_SYNTAX, "a second document starts here; a recipe is one", self.span(event)
            )
        if event.version not in (None, (1, 2)):
            span = self.source.span(0, len(self.source.text))
            reason = "a recipe is YAML 1.2, not {}.{}".format(*event.version)
            raise self.stop(Slug.RECIPE_SYNTAX, reason, span, "remove the `%YAML` line")

    def open(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        span = self.span(event)
        if len(self.stack) >= MAX_DEPTH:
            raise self.stop(Slug.RECIPE_TOO_DEEP, f"nested deeper than {MAX_DEPTH} levels", span)
        if event.anchor:
            self.anchors[event.anchor] = None
        parent = self.stack[-1] if self.stack else None
        if parent and isinstance(parent.event, MappingStartEvent) and parent.key is None:
            raise self.complex_key(span)
        self.check_tag(event, span)
        self.stack.append(_Frame(event, span))

    def close(self) -> None:
        frame = self.stack.pop()
        node: Node
        if isinstance(frame.event, MappingStartEvent):
            node = Map(frame.entries, frame.span)
        else:
            node = Seq(tuple(frame.items), frame.span, append=_tag(frame.event) == "!append")
        if frame.event.anchor:
            self.anchors[frame.event.anchor] = (node, frame.size)
        self.attach(node, frame.size)

    def scalar(self, event: ScalarEvent) -> None:
        span = self.span(event)
        text: str = event.value
        if any("\ud800" <= c <= "\udfff" for c in text):
            reason = "half of a surrogate pair is not a character"
            raise self.stop(Slug.RECIPE_ENCODING, reason, span, r"write `\U0001f600`, not `\ud83d\ude00`")
        self.check_tag(event, span)
        plain = event.implicit[0] and not event.style
        if event.style == '"' and self.swallows(event):
            text = "".join(c if c.isprintable() else "\\" for c in text)  # one problem is enough
        if self.stack and isinstance(self.stack[-1].event, MappingStartEvent) and self.stack[-1].key is None:
            self.key(text, span, plain=plain)
            return
        node = Scalar(resolve(text) if plain else text, text, span, plain)
        if event.anchor:
            self.anchors[event.anchor] = (node, 1)
        self.attach(node, 1)

    def swallows(self, event: ScalarEvent) -> bool:
        """Whether escapes eat the backslashes of a path; each is refused where it stands."""
        start = event.start_mark.index
        written = self.source.text[start : event.end_mark.index]
        keys = [frame.key[0] or "" for frame in self.stack if frame.key]
        last = self.stack[-1].key if self.stack else None
        found = swallowed(written, keys, (last and last[0]) or "")
        for offset in found:
            span = self.source.span(start + offset, start + offset + 2)
            self.sink.add(Slug.RECIPE_SYNTAX, meaning(written[offset + 1]), span, HINT)
        return bool(found)

    def key(self, text: str, span: Span, *, plain: bool) -> None:
        refused = plain and text in {"", "<<"}
        self.stack[-1].key = (None if refused else text, span)
        if plain and text == "<<":
            self.sink.add(
                Slug.RECIPE_ALIAS,
                "`<<` does not merge in a recipe",
                span,
                "put what is shared in a fragment and name it in `extends`",
            )
        elif plain and not text:
            self.sink.add(Slug.RECIPE_SYNTAX, "a key is missing before `:`", span)

    def alias(self, event: AliasEvent) -> None:
        span = self.span(event)
        name: str = event.anchor
        found = self.anchors.get(name)
        self.aliased = True
        if self.stack and isinstance(self.stack[-1].event, MappingStartEvent) and self.stack[-1].key is None:
            raise self.complex_key(span)
        if found:
            self.attach(*found)
        elif name in self.anchors:
            raise self.stop(Slug.RECIPE_ALIAS, f"`*{name}` stands inside the value it names", span)
        else:
            raise self.stop(Slug.RECIPE_ALIAS, f"no anchor `&{name}` comes before this", span)

    def attach(self, node: Node, size: int) -> None:
        if not self.stack:
            self.root = node
            self.count(size, node.span)
            return
        frame = self.stack[-1]
        frame.size += size
        self.count(frame.size if self.aliased else 1, node.span)
        if isinstance(frame.event, SequenceStartEvent):
            frame.items.append(node)
            return
        key, span = frame.key or (None, node.span)
        frame.key = None
        if key is None:  # a key that was refused
            return
        if (first := frame.entries.get(key)) is not None:
            self.sink.add(
                Slug.RECIPE_DUPLICATE_KEY,
                f"`{key}` is written twice in one map",
                span,
                f"the first is at {first.span.place}",
            )
        else:
            frame.entries[key] = Entry(key, span, node)

    def count(self, size: int, span: Span) -> None:
        self.nodes += 1
        if self.aliased and size > MAX_EXPANDED:
            raise self.stop(Slug.RECIPE_ALIAS, f"aliases make this larger than {MAX_EXPANDED} values", span)
        if self.nodes > MAX_NODES:
            raise self.stop(Slug.RECIPE_TOO_LARGE, f"more than {MAX_NODES} values", span)

    def complex_key(self, span: Span) -> _StopError:
        before = self.source.text[: self.source.starts[span.place.line - 1] + span.place.column - 1]
        template = before.endswith("{")
        return self.stop(
            Slug.RECIPE_SYNTAX,
            "`{{` opens two maps here, not a template" if template else "a key is plain text",
            span,
            'quote the whole value: "{{ vars.name }}"' if template else "",
        )

    def check_tag(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent, span: Span) -> None:
        tag = _tag(event)
        if tag is None or (tag == "!append" and isinstance(event, SequenceStartEvent)):
            return
        if tag == "!append":
            reason, hint = "`!append` belongs before a list", "write `!append [ … ]`"
        else:
            short = tag.replace("tag:yaml.org,2002:", "!!")
            reason = f"the tag `{short}` means nothing in a recipe"
            hint = "quote the value to make it text" if short == "!!str" else "the only tag is `!append`"
        self.sink.add(Slug.RECIPE_TAG, reason, span, hint)


def _tag(event: ScalarEvent | MappingStartEvent | SequenceStartEvent) -> str | None:
    return None if event.tag is None else str(event.tag)
