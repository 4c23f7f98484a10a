"""Reading INF files: what a driver package says of itself. Nothing is installed, no file it names is looked for.

Source: Microsoft, "General syntax rules for INF files", "INF Version section", "INF Manufacturer section".
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osrecipe.formats.errors import Fault, FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES: Final = 16 << 20
"""Of an INF; the largest of common printer packages have some MiB."""
_MAX_LINES: Final = 500_000
_SIGNATURES: Final = frozenset({"$windows nt$", "$chicago$", "$windows 95$"})
_ARCHITECTURES: Final = {"amd64": "amd64", "x86": "x86", "arm64": "arm64", "arm": "arm"}
_DECORATION: Final = re.compile(r"nt(amd64|x86|arm64|arm|ia64)?(\.|$)", re.IGNORECASE)
_INSTALL: Final = re.compile(r"defaultinstall(?:\.(nt[a-z0-9]*))?$", re.IGNORECASE)
_TOKEN: Final = re.compile(r"%([^%]*)%")
_LINE_END: Final = re.compile("\r\n|\n|\r")


@dataclass(frozen=True)
class Inf:
    """What an INF says of the driver package it describes.

    Attributes:
        device_class: `Class`, or its GUID where it has no name.
        provider: with strings filled in.
        date: `DriverVer`'s date as written, `mm/dd/yyyy`, or empty.
        version: `DriverVer`'s number as written, or empty.
        architectures: those it has models or an install section for, sorted; empty where it says none.
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
        FormatError: it is too large, or not text.
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
        date=date.strip(),
        version=_filled(number.strip(), strings),
        architectures=tuple(sorted(_architectures(sections))),
        catalog=tuple(
            _filled(value, strings)
            for name, value in version.items()
            if name == "catalogfile" or name.startswith("catalogfile.")
        ),
    )


def _text(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise FormatError("inf", Fault.TOO_LARGE, f"the file is too large: {len(data)} bytes")
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
    for number, line in enumerate(_lines(text)):
        if number > _MAX_LINES:
            raise FormatError("inf", Fault.TOO_LARGE, f"the file has more than {_MAX_LINES} lines")
        if line.startswith("[") and "]" in line:
            current = sections.setdefault(line[1 : line.index("]")].strip().lower(), [])
        elif line:
            current.append(line)
    return sections


def _lines(text: str) -> Iterator[str]:
    """Logical lines: a backslash at the end takes the next one along."""
    pending = ""
    for raw in _LINE_END.split(text):
        line = pending + _without_comment(raw).strip()
        if line.endswith("\\") and not line.endswith('"\\'):
            pending = line[:-1]
            continue
        pending = ""
        yield line
    if pending:
        yield pending


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
            found.setdefault(name.strip().strip('"').lower(), value.strip().strip('"'))
    return found


def _filled(text: str, strings: dict[str, str]) -> str:
    """A value with `%name%` replaced by its string; `%%` is a percent sign, an unknown name stays."""

    def string(match: re.Match[str]) -> str:
        return "%" if not match[1] else strings.get(match[1].lower(), match[0])

    return _TOKEN.sub(string, text)


def _architectures(sections: dict[str, list[str]]) -> set[str]:
    """From the decorations of `[Manufacturer]`'s models, and from the names of install sections without models.

    Models without a decoration are for x86: all other systems want one.
    """
    found: set[str] = set()
    for line in sections.get("manufacturer", []):
        _, mark, value = line.partition("=")
        models, *decorations = (part.strip() for part in (value if mark else line).split(","))
        named = [match for one in decorations if (match := _DECORATION.match(one))]
        for match in named:
            found |= _known(match[1])
        if not named and models:
            found.add("x86")
    for name in sections:
        if match := _INSTALL.match(name):
            decoration = _DECORATION.match(match[1] or "")
            found |= _known(decoration[1]) if decoration else {"x86"}
    return found


def _known(word: str | None) -> set[str]:
    """`nt` alone is for every architecture."""
    if word is None:
        return set(_ARCHITECTURES.values())
    return {_ARCHITECTURES[word.lower()]} if word.lower() in _ARCHITECTURES else set()
