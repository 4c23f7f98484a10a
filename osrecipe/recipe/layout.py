"""A recipe's text as it is laid out: values as written, with the comments and blank lines that belong to each entry.

What `format` works on. Positions are characters of the text; nothing is resolved, quoted anew or judged here.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from osrecipe.recipe.comments import comments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.recipe.comments import Comment
    from osrecipe.recipe.source import Source

_BLOCK_STYLES = {"|", ">"}


@dataclass
class Note:
    """A comment on its way to its new place.

    Attributes:
        extra: columns it is indented more than what it belongs to.
        gap: blanks before it, behind other text.
        blank: an empty line comes before it.
    """

    text: str
    extra: int = 0
    gap: int = 1
    blank: bool = False


@dataclass(eq=False)
class Part:
    """One value.

    Attributes:
        props: anchor and tag, as written.
        raw: a scalar or alias as written; for `|` and `>` with its lines' indentation.
        is_block: a scalar in `|` or `>` style, or a collection without brackets.
        is_map: for collections.
        entries: of a collection; None for a scalar.
        tail: comments behind the last entry.
        column: from 0, of a collection's entries, or of the entry that holds a scalar.
    """

    start: int
    end: int
    props: str = ""
    raw: str = ""
    is_block: bool = False
    is_map: bool = False
    entries: list[Item] | None = None
    tail: list[Note] = field(default_factory=list)
    column: int = 0
    owner: Item | None = None


@dataclass(eq=False)
class Item:
    """One entry of a map or list.

    Attributes:
        key: as written; None in lists.
        lead: comments above it.
        trail: comments behind it on its line.
        blank: an empty line comes before it.
    """

    start: int
    value: Part
    key: str | None = None
    lead: list[Note] = field(default_factory=list)
    trail: list[Note] = field(default_factory=list)
    blank: bool = False
    container: Part | None = None


@dataclass
class Layout:
    """A whole text.

    Attributes:
        prefix: all up to and with `---`, as written; empty without one.
        header: comments at the top, which stay there.
    """

    root: Part
    prefix: str = ""
    header: list[Note] = field(default_factory=list)


def lay_out(source: Source) -> Layout:
    """Read a text that parses as one map."""
    return _Reader(source).read()


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.items: list[Item] = []
        self.stack: list[Part] = []
        self.key: tuple[str, int] | None = None
        self.root: Part | None = None
        self.last = 0
        self.prefix = 0
        self.notes = comments(self.text)
        self.gap: tuple[int, int] | None = None
        self.home: Part | None = None

    def read(self) -> Layout:
        for event in YAML(typ="safe", pure=True).parse(self.text):
            self.take(event)
        if self.root is None:
            msg = "a text without a value has no layout"
            raise ValueError(msg)
        layout = Layout(self.root, self.text[: self.prefix].rstrip())
        self.items.sort(key=lambda item: item.start)
        for item in self.items:
            item.blank = self.is_blank_above(item.start)
        for comment in self.notes:
            if comment.start >= self.prefix and not self.is_in_block_scalar(comment):
                self.place(comment)
        if self.root.entries:
            first = self.root.entries[0]
            layout.header, first.lead = _split_top(first)
        return layout

    def take(self, event: object) -> None:
        match event:
            case DocumentStartEvent():
                self.prefix = event.end_mark.index if event.explicit else 0
            case MappingStartEvent() | SequenceStartEvent():
                self.open(event)
            case MappingEndEvent() | SequenceEndEvent():
                part = self.stack.pop()
                part.end = max(event.end_mark.index if not part.is_block else self.last, part.start)
                self.last = part.end
            case ScalarEvent() | AliasEvent():
                self.leaf(event)

    def open(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        is_block = not event.flow_style
        start, end = event.start_mark.index, event.end_mark.index
        # a block's event may take in its first `-`, a flow's takes in its bracket
        has_props = bool(event.anchor or event.tag)
        props = " ".join(self.text[start:end].rstrip("{[ -\n").split()) if has_props else ""
        part = Part(
            start, end, props, is_block=is_block, is_map=isinstance(event, MappingStartEvent), entries=[]
        )
        self.attach(part)
        self.stack.append(part)

    def leaf(self, event: ScalarEvent | AliasEvent) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        written = self.text[start:end]
        if isinstance(event, AliasEvent):
            self.attach(Part(start, end, raw=written))
            self.last = end
            return
        props, raw = _split_props(written, has_props=bool(event.anchor or event.tag))
        parent = self.stack[-1] if self.stack else None
        if parent is not None and parent.is_map and self.key is None:
            self.key = (written, start)
        else:
            is_block = event.style in _BLOCK_STYLES
            self.attach(Part(start, end, props, raw if is_block else raw.rstrip(), is_block=is_block))
        self.last = max(self.last, start + len(written.rstrip()))

    def attach(self, part: Part) -> None:
        if not self.stack:
            self.root = part
            return
        parent = self.stack[-1]
        key, start = self.key or (None, part.start)
        if key is None and parent.is_block:
            start = self.dash(part.start)
        self.key = None
        item = Item(start, part, key, container=parent)
        part.owner = item
        self.items.append(item)
        if parent.entries is not None:
            if not parent.entries:
                parent.column = self.column(start)
            parent.entries.append(item)
        part.column = self.column(start)

    def dash(self, start: int) -> int:
        """Where the `-` of a list entry is whose value starts here."""
        at = start
        while (at := self.text.rfind("-", self.last, at)) >= 0:
            if not any(c.start <= at < c.start + len(c.text) for c in self.notes_between(self.last, start)):
                return at
        return start

    def notes_between(self, start: int, end: int) -> Iterator[Comment]:
        begin = bisect_right(self.notes, start - 1, key=lambda c: c.start)
        for comment in self.notes[begin:]:
            if comment.start >= end:
                return
            yield comment

    def column(self, index: int) -> int:
        return self.source.span(index, index).place.column - 1

    def is_blank_above(self, index: int) -> bool:
        line = self.source.span(index, index).place.line
        return line > 1 and not self.source.lines[line - 2].strip()

    def is_in_block_scalar(self, comment: Comment) -> bool:
        """Whether a comment stands behind a `|` or `>`, where it is part of what is copied."""
        item = self.before(comment.start)
        value = item.value if item else None
        is_header = value is not None and value.entries is None and value.is_block
        return is_header and value is not None and value.start < comment.start < value.end

    def before(self, index: int) -> Item | None:
        """The last entry that starts before a character."""
        number = bisect_right(self.items, index, key=lambda item: item.start)
        return self.items[number - 1] if number else None

    def place(self, comment: Comment) -> None:
        """Give a comment to the entry or collection it belongs to."""
        before = self.before(comment.start)
        begin = self.source.starts[comment.line - 1]
        gap = comment.start - begin - len(self.text[begin : comment.start].rstrip())
        note = Note(comment.text, gap=max(gap, 1), blank=comment.alone and self.is_blank_above(comment.start))
        if not comment.alone and before is not None:
            while (home := before.container) is not None and not home.is_block and home.end <= comment.start:
                if home.owner is None:
                    break
                before = home.owner
            before.trail.append(note)
            return
        number = bisect_right(self.items, comment.start, key=lambda item: item.start)
        after = self.items[number] if number < len(self.items) else None
        self.place_alone(comment.column - 1, note, before, after, comment.start)

    def place_alone(self, column: int, note: Note, before: Item | None, after: Item | None, at: int) -> None:
        opened = list(_around(before))
        if self.gap == (id(before), id(after)):  # comments in one gap keep their order: none goes back inside
            opened = opened[opened.index(self.home) :] if self.home in opened else []
        self.gap, self.home = (id(before), id(after)), None
        flow = next((p for p in opened if not p.is_block and p.end > at), None)
        if flow is not None and (after is None or after.start >= flow.end):
            flow.tail.append(note)
            self.home = flow
            return
        edge = self.column(after.start) if after is not None else -1
        home = next((p for p in opened if p.is_block and edge < p.column <= column), None)
        if flow is None and home is not None:
            note.extra = column - home.column
            home.tail.append(note)
            self.home = home
        elif after is not None:
            after.lead.append(note)
        elif self.root is not None:
            self.root.tail.append(note)


def _split_top(first: Item) -> tuple[list[Note], list[Note]]:
    """The comments at the top of a file, and those of its first entry: a last paragraph that touches the entry."""
    breaks = [n for n, note in enumerate(first.lead) if n and note.blank]
    cut = breaks[-1] if breaks and not first.blank else len(first.lead)
    return first.lead[:cut], first.lead[cut:]


def _around(item: Item | None) -> Iterator[Part]:
    """The collections around an entry, from the inside; its own value first, if that is one."""
    if item is None:
        return
    if item.value.entries is not None:
        yield item.value
    while item is not None and item.container is not None:
        yield item.container
        item = item.container.owner


def _split_props(written: str, *, has_props: bool) -> tuple[str, str]:
    """Anchor and tag of a scalar, and the rest."""
    rest = written
    props: list[str] = []
    while has_props and rest[:1] in {"&", "!"}:
        word, _, rest = rest.partition(" ") if " " in rest.split("\n", 1)[0] else rest.partition("\n")
        props.append(word)
        rest = rest.lstrip(" ")
    return " ".join(props), rest
