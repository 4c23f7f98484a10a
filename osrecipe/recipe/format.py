"""One way to lay out a recipe: the models' key order, two columns for each level, short flow maps, every comment kept.

Values are copied as they are written: quotes, numbers, anchors and the words of comments never change. The text is laid
out from its own tokens, not through ruamel.yaml's round trip: that one ties a comment to the token before it, so that a
comment above a key stays behind when the key moves. What was written is read again and compared before it is given out;
a layout that would change a value or lose a comment is never seen by anyone.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final, cast

from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.problems import Place, error
from osrecipe.recipe import schema as schemas
from osrecipe.recipe.comments import comments
from osrecipe.recipe.layout import Item, Layout, Note, Part, lay_out
from osrecipe.recipe.nodes import Map, Scalar, Seq
from osrecipe.recipe.parse import parse
from osrecipe.recipe.sink import Sink
from osrecipe.recipe.source import from_text

if TYPE_CHECKING:
    from osrecipe.recipe.nodes import Node
    from osrecipe.recipe.schema import Object

WIDTH: Final = 110
"""Columns a flow map or list may reach; a longer one is written as a block."""
_STEP: Final = 2
_HEAD: Final = re.compile(r"([|>])([+-]?)([1-9]?)([+-]?)(.*)")


def format_text(text: str, shown: str) -> str:
    """Lay a recipe or fragment out.

    Args:
        text: the file's content; a byte order mark is dropped, line breaks stay what the first one is.
        shown: the file's name in messages.

    Raises:
        OsrecipeError: the text is no YAML map (`recipe/…`), or holds something that can't be laid out without a change
            (`recipe/syntax`).
    """
    source = from_text(text.replace("\r\n", "\n"), shown)
    tree = _tree(source.text, shown)
    for in_order in (True, False):  # an alias may have to stay behind its anchor
        made = _Writer(lay_out(source), in_order=in_order).text()
        if _is_same(source.text, tree, made, shown):
            return made.replace("\n", "\r\n") if _first_break(text) == "\r\n" else made
    raise error(
        Slug.RECIPE_SYNTAX,
        "the file can't be laid out anew without changing it",
        place=Place(shown),
        hint="write keys on one line each, and values without special forms of YAML",
        exit_code=ExitCode.INVALID,
    )


def _first_break(text: str) -> str:
    found = re.search(r"\r\n|\n", text)
    return found[0] if found else "\n"


def _tree(text: str, shown: str) -> Map:
    """The values of a text.

    Raises:
        OsrecipeError: it is no YAML map.
    """
    sink = Sink()
    tree = parse(from_text(text, shown), sink)
    sink.raise_any()
    if tree is None:
        raise sink.error()
    return tree


def _is_same(text: str, tree: Map, made: str, shown: str) -> bool:
    """Whether two texts hold the same values and comments."""
    sink = Sink()
    again = parse(from_text(made, shown), sink)
    if again is None or sink or not _alike(tree, again):
        return False
    return Counter(c.text for c in comments(text)) == Counter(c.text for c in comments(made))


def _alike(one: Node, two: Node) -> bool:
    """Whether two trees hold the same values; depth is bounded by the parser, which has shared branches."""
    queue: list[tuple[Node, Node]] = [(one, two)]
    while queue:
        a, b = queue.pop()
        if isinstance(a, Map) and isinstance(b, Map) and a.entries.keys() == b.entries.keys():
            queue += [(e.value, b.entries[k].value) for k, e in a.entries.items()]
        elif (
            isinstance(a, Seq) and isinstance(b, Seq) and (len(a.items), a.append) == (len(b.items), b.append)
        ):
            queue += list(zip(a.items, b.items, strict=True))
        elif not (isinstance(a, Scalar) and isinstance(b, Scalar) and (a.value, a.text) == (b.value, b.text)):
            return False
    return True


class _Writer:
    """Writes one layout; `lines` is what came so far."""

    def __init__(self, layout: Layout, *, in_order: bool) -> None:
        self.layout = layout
        self.in_order = in_order
        self.lines: list[str] = []
        self.is_sealed = False
        self.is_after_block = False

    def text(self) -> str:
        root, header = self.layout.root, self.layout.header
        if self.layout.prefix:
            self.lines += self.layout.prefix.splitlines()
        entries = root.entries or []
        self.notes(header, 0)
        if entries:
            has_blank = bool(header) and (entries[0].blank or bool(entries[0].lead))
            entries[0].blank = False
            _set_blank(self.ordered(root, schemas.core())[0], blank=has_blank)
            self.collection(root, 0, schemas.core())
        else:
            self.lines.append((root.props + " {}").strip())
            self.notes(root.tail, 0)
        return "\n".join(self.lines) + "\n"

    def line(self, text: str, *, blank: bool = False) -> None:
        if blank and self.lines and self.lines[-1] and not self.is_sealed:
            self.lines.append("")
        self.is_sealed = self.is_after_block = False
        self.lines.append(text)

    def notes(self, notes: list[Note], indent: int) -> None:
        for note in notes:
            extra = (
                0 if self.is_after_block else note.extra
            )  # or it would be read as one more line of the text
            self.line(" " * (indent + extra) + note.text, blank=note.blank)

    def ordered(self, part: Part, schema: Object | None) -> list[Item]:
        """The entries of a map in the models' order; those of maps by id and of lists as written."""
        entries = part.entries or []
        if not part.is_map or not self.in_order:
            return entries
        known = {key: n for n, key in enumerate(_keys(schema))}
        return sorted(entries, key=lambda item: known.get(_plain(item.key), len(known)))

    def collection(self, part: Part, indent: int, schema: Object | None, first: str = "") -> None:
        """A block map or list; `first` is put before the first entry, on its line."""
        for item in self.ordered(part, schema):
            if first:  # what stands above the first entry of a map in a list stands above the dash
                self.notes(item.lead, indent - len(first.lstrip()))
            else:
                self.notes(item.lead, indent)
            start = first or " " * indent
            if item.key is None:
                self.value(item, f"{start}-", indent, _below(schema, None))
            else:
                self.value(item, f"{start}{item.key}:", indent, _below(schema, _plain(item.key)))
            first = ""
        self.notes(part.tail, indent)

    def value(self, item: Item, start: str, indent: int, schema: Object | None) -> None:
        value = item.value
        start += f" {value.props}" if value.props else ""
        for note in item.trail[1:]:
            self.line(" " * indent + note.text)
        trail = f"{' ' * item.trail[0].gap}{item.trail[0].text}" if item.trail else ""
        blank = item.blank
        if value.entries is None:
            self.scalar(value, start, indent, trail, blank=blank)
            return
        flow = None if value.is_block else self.flow(value, len(start) + 1, schema)
        if flow is not None:
            self.line(f"{start} {flow}{trail}", blank=blank)
            self.notes(value.tail, indent)
        elif item.key is None and value.is_map and not value.props and not trail:
            if blank:  # it comes before what stands above the entry's first key
                _set_blank(self.ordered(value, schema)[0], blank=True)
            self.collection(value, indent + _STEP, schema, f"{start} ")
        else:
            self.line(start + trail, blank=blank)
            self.collection(value, indent + _STEP, schema)

    def flow(self, part: Part, column: int, schema: Object | None) -> str | None:
        """A flow collection on one line; None when it is too long for that or holds comments."""
        written = self.one_line(part, schema)
        if part.entries and (written is None or column + len(written) > WIDTH):
            return None
        if written is None:  # an empty one with a comment inside
            return "{}" if part.is_map else "[]"
        return written

    def one_line(self, part: Part, schema: Object | None) -> str | None:
        """A value inside a flow collection, or a whole one; None when it can't stand on one line."""
        if part.entries is None:
            return _scalar_line(part)
        if part.tail or part.is_block:
            return None
        words: list[str] = []
        for item in self.ordered(part, schema):
            value = self.one_line(item.value, _below(schema, item.key and _plain(item.key)))
            if value is None or item.lead or item.trail or (item.key is not None and "\n" in item.key):
                return None
            props = item.value.props if item.value.entries is not None else ""
            value = f"{props} {value}".strip()
            words.append(
                value if item.key is None else f"{item.key}: {value}".rstrip() if value else item.key
            )
        inside = ", ".join(words)
        return f"{{{inside}}}" if part.is_map else f"[{inside}]"

    def scalar(self, value: Part, start: str, indent: int, trail: str, *, blank: bool) -> None:
        first, *rest = value.raw.split("\n")
        if not value.is_block:
            lines = [" " * (indent + _STEP) + line.strip() if line.strip() else "" for line in rest]
            if rest and value.raw.startswith('"'):
                lines = [" " * (indent + _STEP) + line.lstrip() if line.strip() else "" for line in rest]
            whole = [f"{start} {first.rstrip() if not rest else first}".rstrip(), *lines]
            whole[-1] += trail
            self.line(whole[0], blank=blank)
            self.lines += whole[1:]
            return
        head = _HEAD.match(first)
        stated = head[3] if head else ""
        cut = value.column + int(stated) if stated else _indent(rest)
        if head and stated:
            first = f"{head[1]}{head[2]}{_STEP}{head[4]}{head[5]}"
        keeps = bool(head and "+" in head[2] + head[4])
        while rest and not rest[-1].strip() and not keeps:
            rest.pop()
        if keeps and rest and not rest[-1]:
            rest.pop()  # what follows the last line break
        self.line(f"{start} {first}".rstrip(), blank=blank)
        self.lines += [(" " * (indent + _STEP) + line[cut:]) if line[cut:] else "" for line in rest]
        self.is_sealed, self.is_after_block = keeps, True


def _set_blank(item: Item, *, blank: bool) -> None:
    """Have an empty line, or none, before an entry and what stands above it."""
    if item.lead:
        item.lead[0].blank = blank
    else:
        item.blank = blank


def _indent(lines: list[str]) -> int:
    """Columns before the first line that holds something."""
    return next((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), 0)


def _scalar_line(part: Part) -> str | None:
    lines = part.raw.split("\n")
    if len(lines) > 1 and (
        any(not line.strip() for line in lines) or any(line.endswith("\\") for line in lines)
    ):
        return None
    return " ".join([part.props] * bool(part.props) + [line.strip() for line in lines])


def _plain(key: str | None) -> str:
    """A key's text without quotes; keys of the language need no escapes."""
    return (key or "").strip().strip("\"'")


def _keys(schema: Object | None) -> list[str]:
    """The keys of a map in the models' order; none for a map by id."""
    return list(dict.fromkeys(key for form in _forms(schema) for key in _part(form, "properties")))


def _below(schema: Object | None, key: str | None) -> Object | None:
    """The schema of an entry, of a list's entries when `key` is None; None where nothing is known of it."""
    for form in _forms(schema):
        found = (
            form.get("items")
            if key is None
            else _part(form, "properties").get(key, form.get("additionalProperties"))
        )
        if isinstance(found, dict):
            return found
    return None


def _forms(schema: Object | None) -> list[Object]:
    """The alternatives a schema allows, references followed."""
    if schema is None:
        return []
    whole = schemas.resolve(schema)
    options = whole.get("anyOf")
    if not isinstance(options, list):
        return [whole]
    return [form for option in options for form in _forms(cast("Object", option))]


def _part(schema: Object, key: str) -> Object:
    return cast("Object", schema.get(key, {}))
