"""The text of INF files: encodings, comments, continued lines, sections, values and strings.

Source: Microsoft, "General syntax rules for INF files", "INF Strings section".
"""

from __future__ import annotations

import codecs
import io
import re
from typing import TYPE_CHECKING, Final

from osrecipe.formats.errors import Fault, FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_BYTES: Final = 16 << 20
"""Of an INF; the largest of common printer packages have some MiB."""
_MAX_LINES: Final = 500_000
_MAX_VALUE: Final = 4096
"""Characters of a value with its strings filled in: what Windows takes of a field (`MAX_INF_STRING_LENGTH`)."""
_TOKEN: Final = re.compile(r"%([^%]*)%")


def text_of(data: bytes) -> str:
    """The text of an INF, by its mark, or else in the western code page.

    Raises:
        FormatError: it is too large, or no text.
    """
    if len(data) > MAX_BYTES:
        raise FormatError("inf", Fault.TOO_LARGE, f"the file is larger than {MAX_BYTES >> 20} MiB")
    if data.startswith(codecs.BOM_UTF16_LE):
        text = data[2 : len(data) & ~1].decode("utf-16-le", "replace")
    elif data.startswith(codecs.BOM_UTF16_BE):
        text = data[2 : len(data) & ~1].decode("utf-16-be", "replace")
    elif data.startswith(codecs.BOM_UTF8):
        text = data[3:].decode("utf-8", "replace")
    else:
        text = data.decode("cp1252", "replace")
    if "\0" in text:
        raise FormatError("inf", Fault.CORRUPT, "the file is not text: it holds null characters")
    return text


def sections_of(text: str) -> dict[str, list[str]]:
    """Lines by lower-case section, without comments; a section that comes twice goes on."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in _lines(text):
        if line.startswith("[") and "]" in line:
            current = found.setdefault(line[1 : line.index("]")].strip().lower(), [])
        elif line:
            current.append(line)
    return found


def _lines(text: str) -> Iterator[str]:
    """Logical lines: a backslash at the end, outside quotes, takes the next one along."""
    pending: list[str] = []
    for number, raw in enumerate(io.StringIO(text, newline=None)):
        if number >= _MAX_LINES:
            raise FormatError("inf", Fault.TOO_LARGE, f"the file has more than {_MAX_LINES} lines")
        line = _without_comment(raw).strip()
        if line.endswith("\\") and not line.count('"') % 2:
            pending.append(line[:-1])
        else:
            yield "".join([*pending, line])
            pending = []
    if pending:
        yield "".join(pending)


def _without_comment(line: str) -> str:
    """What stands before a `;` that is not quoted."""
    if ";" not in line:
        return line
    quoted = False
    for at, character in enumerate(line):
        if character == '"':
            quoted = not quoted
        elif character == ";" and not quoted:
            return line[:at]
    return line


def pairs_of(lines: list[str]) -> dict[str, str]:
    """`name = value` lines by lower-case name; the first of a name counts, as in Windows."""
    return {name: unquoted(value) for name, value in lists_of(lines).items()}


def lists_of(lines: list[str]) -> dict[str, str]:
    """The same where values are lists, whose parts have quotes of their own: values as written."""
    found: dict[str, str] = {}
    for line in lines:
        name, mark, value = line.partition("=")
        if mark:
            found.setdefault(unquoted(name.strip()).lower(), value.strip())
    return found


def unquoted(text: str) -> str:
    """A value without the quotes around it; two quotes inside are one."""
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return text[1:-1].replace('""', '"')
    return text.strip('"')


def filled(text: str, strings: Mapping[str, str]) -> str:
    """A value with `%name%` replaced by its string; `%%` is a percent sign, an unknown name stays.

    Raises:
        FormatError: it is too long then. A few characters can stand for any number of them.
    """
    parts: list[str] = []
    length = at = 0
    for match in _TOKEN.finditer(text):
        string = "%" if not match[1] else strings.get(match[1].lower(), match[0])
        parts += [text[at : match.start()], string]
        length += match.start() - at + len(string)
        at = match.end()
        if length > _MAX_VALUE:
            break
    if length + len(text) - at > _MAX_VALUE:
        raise FormatError("inf", Fault.TOO_LARGE, f"a value has more than {_MAX_VALUE} characters")
    return "".join([*parts, text[at:]])


def fields_of(text: str, strings: Mapping[str, str]) -> list[str]:
    """The parts of a list, without quotes and with strings filled in; a comma inside quotes parts nothing."""
    pieces = text.split('"')
    pieces[1::2] = [piece.replace(",", "\0") for piece in pieces[1::2]]
    parts = [part.strip().replace("\0", ",") for part in "".join(pieces).split(",")]
    return [filled(part, strings) if "%" in part else part for part in parts]
