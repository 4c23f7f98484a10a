"""Reading INF files: what a driver package says of itself. Nothing is installed, no file it names is looked for.

Source: Microsoft, "General syntax rules for INF files", "INF Version section", "INF Manufacturer section".
"""

from __future__ import annotations

import codecs
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osrecipe.formats.errors import Fault, FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES: Final = 16 << 20
"""Of an INF; the largest of common printer packages have some MiB."""
_MAX_LINES: Final = 500_000
_MAX_VALUE: Final = 4096
"""Characters of a value with its strings filled in: what Windows takes of a field (`MAX_INF_STRING_LENGTH`)."""
_SIGNATURES: Final = frozenset({"$windows nt$", "$chicago$", "$windows 95$"})
_ARCHITECTURES: Final = frozenset({"amd64", "x86", "arm64", "arm", "ia64"})
_DECORATION: Final = re.compile(r"nt([a-z0-9]*)(\.|$)", re.IGNORECASE)
_INSTALL: Final = re.compile(r"defaultinstall(?:\.(nt[a-z0-9]*)(?:\.[0-9.]*)?)?$", re.IGNORECASE)
_CATALOGS: Final = (
    "catalogfile",
    "catalogfile.nt",
    *sorted(f"catalogfile.nt{name}" for name in _ARCHITECTURES),
)
_TOKEN: Final = re.compile(r"%([^%]*)%")


@dataclass(frozen=True)
class Inf:
    """What an INF says of the driver package it describes.

    Attributes:
        device_class: `Class`, or its GUID where it has no name.
        provider: with strings filled in.
        date: `DriverVer`'s date as written, `mm/dd/yyyy`, or empty.
        version: `DriverVer`'s number as written, or empty.
        architectures: those it has models or, without models, an install section for, sorted; `other` stands for
            those that are not known here. Empty where it says none.
        catalog: names of its signature catalogues, or empty.
    """

    device_class: str
    provider: str
    date: str
    version: str
    architectures: tuple[str, ...]
    catalog: tuple[str, ...]


def read_inf(data: bytes) -> Inf | None:
    """Read an INF.

    Returns:
        What it says; None for a file that is no driver package's: without a `[Version]` section that has a Windows
        signature and a class (`autorun.inf`, settings of other programs).

    Raises:
        FormatError: it is too large, or not text, or a value of it is too long.
    """
    sections = _sections(_text(data))
    version = _pairs(sections.get("version", []))
    signature = version.get("signature", "").strip('"').lower()
    device_class = version.get("class", "") or version.get("classguid", "")
    if signature not in _SIGNATURES or not device_class:
        return None
    strings = _pairs(sections.get("strings", []))
    date, _, number = version.get("driverver", "").partition(",")
    return Inf(
        device_class=_filled(device_class, strings),
        provider=_filled(version.get("provider", ""), strings),
        date=_filled(date.strip(), strings),
        version=_filled(number.strip(), strings),
        architectures=tuple(sorted(_architectures(sections))),
        catalog=tuple(_filled(version[name], strings) for name in _CATALOGS if name in version),
    )


def _text(data: bytes) -> str:
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


def _sections(text: str) -> dict[str, list[str]]:
    """Lines by lower-case section, without comments; a section that comes twice goes on."""
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in _lines(text):
        if line.startswith("[") and "]" in line:
            current = sections.setdefault(line[1 : line.index("]")].strip().lower(), [])
        elif line:
            current.append(line)
    return sections


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


def _pairs(lines: list[str]) -> dict[str, str]:
    """`name = value` lines by lower-case name; the first of a name counts, as in Windows."""
    found: dict[str, str] = {}
    for line in lines:
        name, mark, value = line.partition("=")
        if mark:
            found.setdefault(_unquoted(name.strip()).lower(), _unquoted(value.strip()))
    return found


def _unquoted(text: str) -> str:
    """A value without the quotes around it; two quotes inside are one."""
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return text[1:-1].replace('""', '"')
    return text.strip('"')


def _filled(text: str, strings: dict[str, str]) -> str:
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


def _architectures(sections: dict[str, list[str]]) -> set[str]:
    """From the decorations of `[Manufacturer]`'s models, and from the names of install sections without models.

    Models without a decoration are for x86: all other systems want one.
    """
    found: set[str] = set()
    models = sections.get("manufacturer", [])
    for line in models:
        _, mark, value = line.partition("=")
        _, *decorations = (part.strip() for part in (value if mark else line).split(","))
        is_named = False
        for one in decorations:
            if match := _DECORATION.match(one):
                is_named = True
                found |= _known(match[1])
        if not is_named:
            found.add("x86")
    for name in [] if models else sections:
        if match := _INSTALL.match(name):
            decoration = _DECORATION.match(match[1] or "")
            found |= _known(decoration[1]) if decoration else {"x86"}
    return found


def _known(word: str) -> set[str]:
    """`nt` alone is for every architecture."""
    if not word:
        return set(_ARCHITECTURES)
    return {word.lower() if word.lower() in _ARCHITECTURES else "other"}
