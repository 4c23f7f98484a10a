"""Registry data as recipes write it: `1`, `text`, `[a, b]`, `{qword: 1}`, `{hex: "01 02"}`, `{secret: name}`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.registry import RegistryData
from osrecipe.recipe.nodes import Map, Node, Scalar, Seq, Span, text_of
from osrecipe.recipe.words import choice, clip, kind, near

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_DWORD = 0xFFFF_FFFF
MAX_QWORD = 0xFFFF_FFFF_FFFF_FFFF
MAX_NAME = 16_383
"""Characters in a value's name; the registry's own limit."""

FORMS: dict[str, str] = {
    "sz": "text (REG_SZ)",
    "expand": "text with `%variables%` (REG_EXPAND_SZ)",
    "multi": "a list of texts (REG_MULTI_SZ)",
    "dword": "a number up to 4294967295 (REG_DWORD)",
    "qword": "a number up to 18446744073709551615 (REG_QWORD)",
    "hex": "bytes in hexadecimal (REG_BINARY, or the type `type` gives)",
    "secret": "the name of a secret; its text is written when the recipe is applied (REG_SZ)",
}
"""The written-out forms and what each holds."""

_NAMED_TYPES = {1: "sz", 2: "expand", 4: "dword", 7: "multi", 11: "qword"}
_NONE, _BINARY, _BIG_ENDIAN, _LINK = 0, 3, 5, 6
_NUMBER = re.compile(r"[0-9]{1,20}|0x[0-9a-fA-F]{1,16}")
_CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
"""Characters that no text needs; tabs and line breaks are not among them."""
_HEX = re.compile(r"([0-9a-fA-F]{2}([ ,\s]*[0-9a-fA-F]{2})*)?")


class DataError(Exception):
    """Data that can't be written to a registry.

    Attributes:
        slug: its kind.
        span: the part that is wrong.
        hint: what to write.
    """

    def __init__(self, reason: str, span: Span, hint: str = "", slug: Slug = Slug.RECIPE_BAD_VALUE) -> None:
        super().__init__(reason)
        self.slug = slug
        self.span = span
        self.hint = hint


def parse_data(node: Node, secrets: Iterable[str] | None) -> RegistryData:
    """The data a node stands for; `secrets` are the declared names, None where a secret can't stand.

    Raises:
        DataError: with a reason, a place and a hint.
    """
    if isinstance(node, Seq):
        return RegistryData(kind="multi-sz", lines=_lines(node))
    if isinstance(node, Map):
        return _form(node, secrets)
    value = node.value
    if isinstance(value, bool):
        raise DataError(
            f"the registry has no true and false: {node.text}",
            node.span,
            f"write {int(value)} for a dword, or quote it for text",
        )
    if isinstance(value, float):
        raise DataError(
            f"`{clip(node.text)}` is a number with a fraction, which no registry type holds",
            node.span,
            f'write "{clip(node.text)}" for text',
        )
    if isinstance(value, int):
        return RegistryData(kind="dword", number=_number(node, MAX_DWORD))
    return RegistryData(kind="sz", text=_text(node))


def _form(node: Map, secrets: Iterable[str] | None) -> RegistryData:
    found = [k for k in node.entries if k in FORMS]
    for key, entry in node.entries.items():
        if key not in FORMS and key != "type":
            meant = near(key, [*FORMS, "type"])
            hint = f"did you mean `{meant}`?" if meant else f"one of {choice(FORMS)}"
            raise DataError(
                f"`{clip(key)}` is no form of registry data", entry.span, hint, Slug.RECIPE_UNKNOWN_KEY
            )
    if len(found) != 1:
        raise DataError(f"registry data is one of {choice(FORMS)}", node.span)
    form = found[0]
    if "type" in node.entries and form != "hex":
        raise DataError(f"`type` belongs to `hex`, not to `{form}`", node.entries["type"].span)
    return _READERS[form](node, secrets)


def _read_text(form: str, data_kind: str) -> Callable[[Map, Iterable[str] | None], RegistryData]:
    def read(node: Map, _secrets: Iterable[str] | None) -> RegistryData:
        return RegistryData.model_validate({"kind": data_kind, "text": _text(node.entries[form].value)})

    return read


def _read_number(form: str, most: int) -> Callable[[Map, Iterable[str] | None], RegistryData]:
    def read(node: Map, _secrets: Iterable[str] | None) -> RegistryData:
        return RegistryData.model_validate({"kind": form, "number": _number(node.entries[form].value, most)})

    return read


def _read_multi(node: Map, _secrets: Iterable[str] | None) -> RegistryData:
    value = node.entries["multi"].value
    if not isinstance(value, Seq):
        raise DataError(f"`multi` must be a list, not {kind(value)}", value.span, slug=Slug.RECIPE_WRONG_TYPE)
    return RegistryData(kind="multi-sz", lines=_lines(value))


def _read_secret(node: Map, secrets: Iterable[str] | None) -> RegistryData:
    value = node.entries["secret"].value
    name = _text(value)
    if secrets is None:
        hint = "a check prints what it compares; a secret is never printed"
        raise DataError("a secret can't be expected", value.span, hint, Slug.RECIPE_SECRET)
    declared = list(secrets)
    if name not in declared and text_of(value) is not None:
        meant = near(name, declared)
        hint = f"did you mean `{meant}`?" if meant else f"declare it: `secrets: {{{clip(name)}: {{env: …}}}}`"
        raise DataError(f"no secret is called `{clip(name)}`", value.span, hint, Slug.RECIPE_SECRET)
    return RegistryData(kind="secret", text=name)


def _read_hex(node: Map, _secrets: Iterable[str] | None) -> RegistryData:
    value = node.entries["hex"].value
    if isinstance(value, Scalar) and isinstance(value.value, int) and not isinstance(value.value, bool):
        hint = f'quote it: "{clip(value.text)}"'
        raise DataError(f"`hex` is text, not {kind(value)}", value.span, hint, Slug.RECIPE_WRONG_TYPE)
    text = _text(value)
    if isinstance(value, Scalar) and value.failed:
        return RegistryData(kind="binary", hex="")
    if not _HEX.fullmatch(text):
        raise DataError(
            f"`hex` is not pairs of hexadecimal digits: {clip(text)}", value.span, 'write "01 0a ff"'
        )
    digits = re.sub(r"[,\s]", "", text).lower()
    number = _number(node.entries["type"].value, MAX_DWORD) if "type" in node.entries else _BINARY
    return _typed(number, digits, node)


def _typed(number: int, digits: str, node: Map) -> RegistryData:
    if number in {_NONE, _BINARY}:
        return RegistryData(kind="none" if number == _NONE else "binary", hex=digits)
    span = node.entries["type"].value.span
    if number in _NAMED_TYPES:
        raise DataError(
            f"the type {number} has a form of its own", span, f"write `{{{_NAMED_TYPES[number]}: …}}`"
        )
    if number == _LINK:
        raise DataError("a registry link can't be written", span)
    if number != _BIG_ENDIAN:
        return RegistryData(kind="raw", hex=digits, type=number)
    if len(digits) != len("00000000"):
        raise DataError("a big-endian dword (type 5) has four bytes", node.entries["hex"].value.span)
    return RegistryData(kind="dword-be", number=int(digits, 16))


_READERS: dict[str, Callable[[Map, Iterable[str] | None], RegistryData]] = {
    "sz": _read_text("sz", "sz"),
    "expand": _read_text("expand", "expand-sz"),
    "multi": _read_multi,
    "dword": _read_number("dword", MAX_DWORD),
    "qword": _read_number("qword", MAX_QWORD),
    "hex": _read_hex,
    "secret": _read_secret,
}


def _number(node: Node, most: int) -> int:
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(node, Scalar) and node.failed:
        return 0
    if isinstance(value, str) and _NUMBER.fullmatch(value):  # what a template gives
        value = int(value, 0) if value.startswith("0x") else int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise DataError(
            f"a whole number belongs here, not {kind(node)}", node.span, slug=Slug.RECIPE_WRONG_TYPE
        )
    if value < 0:
        wrapped = value & most
        hint = f"write {wrapped} (0x{wrapped:x})" if value >= -(most // 2) - 1 else ""
        raise DataError(f"registry numbers have no sign: {clip(str(value))}", node.span, hint)
    if value > most:
        hint = f"write `{{qword: {value}}}`" if most == MAX_DWORD and value <= MAX_QWORD else ""
        raise DataError(f"the number is larger than {most}: {clip(str(value))}", node.span, hint)
    return value


def _text(node: Node) -> str:
    value = node.value if isinstance(node, Scalar) else None
    if not isinstance(value, str):
        quotable = isinstance(node, Scalar) and value is not None
        hint = f'quote it: "{clip(node.text)}"' if quotable and isinstance(node, Scalar) else ""
        raise DataError(f"text belongs here, not {kind(node)}", node.span, hint, Slug.RECIPE_WRONG_TYPE)
    if "\0" in value:
        raise DataError("registry text may not hold a NUL", node.span)
    if found := _CONTROL.search(value):
        reason = f"registry text may not hold the control character U+{ord(found[0]):04X}"
        raise DataError(reason, node.span, "bytes are written as `{hex: …}`")
    return value


def _lines(node: Seq) -> tuple[str, ...]:
    lines = tuple(_text(item) for item in node.items)
    for item, line in zip(node.items, lines, strict=True):
        if not line:
            raise DataError("an empty text would end the list in the registry", item.span)
    return lines
