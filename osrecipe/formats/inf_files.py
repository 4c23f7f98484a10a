"""Which files an INF has to bring along: those it lists as its own, and whether every system it knows gets them.

Only what the INF itself lists counts (`SourceDisksFiles`); what a layout file or an included INF lists is not there
to be read, and nobody says that it lies in the folder.

Source: Microsoft, "INF SourceDisksFiles section", "INF SourceDisksNames section", "INF CopyFiles directive".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.inf_text import fields_of, filled, lists_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MAX_FILES: Final = 50_000
"""Files of one INF for one architecture; the largest printer packages have some thousands."""
_MAX_SYSTEMS: Final = 16
"""Lists of models for one architecture; with more nothing is said of what all of them get."""
_MAX_NAMES: Final = 500_000
"""Names of lists and files that are put together for one architecture."""
_CAB, _PATH, _SUBDIR = 1, 3, 1
_SLASHES: Final = re.compile(r"[\\/]+")


def sources_of(
    sections: Mapping[str, list[str]], strings: Mapping[str, str], architecture: str
) -> tuple[str, ...]:
    """The files that an INF lists as its own for an architecture, in its order: paths below its folder, lower case.

    Left out: what lies in a cabinet of its own or outside the INF's folder, and what no name can be told of.

    Raises:
        FormatError: there are more than any driver has, or a name is too long.
    """
    listed = {
        **lists_of(sections.get("sourcedisksfiles", [])),
        **lists_of(sections.get(f"sourcedisksfiles.{architecture}", [])),
    }
    if len(listed) > _MAX_FILES:
        raise FormatError("inf", Fault.TOO_LARGE, f"the file lists more than {_MAX_FILES} files")
    if not listed:
        return ()
    disks = {
        **lists_of(sections.get("sourcedisksnames", [])),
        **lists_of(sections.get(f"sourcedisksnames.{architecture}", [])),
    }
    roots = {number: _root(fields_of(text, strings)) for number, text in disks.items()}
    found: list[str] = []
    for name, text in listed.items():
        disk, *more = fields_of(text, strings)
        path = _joined(roots.get(disk, ""), (more[0] if more else ""), filled(name, strings))
        if path:
            found.append(path)
    return tuple(found)


def _root(fields: list[str]) -> str | None:
    """Where a disk's files lie; None where they are in a cabinet."""
    if len(fields) > _CAB and fields[_CAB].lower().endswith(".cab"):
        return None
    return fields[_PATH] if len(fields) > _PATH else ""


def _joined(*parts: str | None) -> str:
    """A path from folders and a name; empty where it is none that lies in the INF's folder."""
    if None in parts:
        return ""
    steps = [step for part in parts if part for step in _SLASHES.split(part) if step not in {"", "."}]
    is_odd = any(step == ".." or "%" in step or ":" in step for step in steps)
    return "" if is_odd else "/".join(steps).lower()


def copied_of(sections: Mapping[str, list[str]], strings: Mapping[str, str], architecture: str) -> set[str]:
    """Lower-case names of the files that every list of models for an architecture copies; none where that is too much."""
    systems: dict[str, set[str]] = {}
    for line in sections.get("manufacturer", []):
        _, mark, value = line.partition("=")
        models, *decorations = fields_of(value if mark else line, strings)
        for one in [each.lower() for each in decorations] or [""]:
            if _is_for(one, architecture):
                systems.setdefault(one, set()).add(f"{models}.{one}".lower().rstrip("."))
        if len(systems) > _MAX_SYSTEMS:
            return set()
    reading = _Copying(sections, strings, architecture)
    try:
        found = [reading.of_models(names) for names in systems.values()]
    except _TooMuchError:
        return set()
    return set.intersection(*found) if found else set()


def _is_for(decoration: str, architecture: str) -> bool:
    """Whether models with a decoration are for an architecture; those without are for x86."""
    words = decoration.partition(".")[0]
    return words in {"nt", f"nt{architecture}"} or (not words and architecture == "x86")


class _TooMuchError(Exception):
    """What is copied is not looked into any further."""


class _Copying:
    """What models copy; each section is read once, however many name it."""

    def __init__(
        self, sections: Mapping[str, list[str]], strings: Mapping[str, str], architecture: str
    ) -> None:
        self.sections = sections
        self.strings = strings
        self.endings = (f".nt{architecture}", ".nt", "")
        versioned = re.compile(rf"(.*)\.nt(?:{architecture})?\.[0-9.]*")
        self.versioned = {match[1] for name in sections if (match := versioned.fullmatch(name))}
        self.left = _MAX_NAMES
        self.lists: dict[str, set[str]] = {}
        self.files: dict[str, set[str]] = {}

    def of_models(self, names: set[str]) -> set[str]:
        """Files that the models of some sections copy."""
        installs = {
            fields_of(line.partition("=")[2], self.strings)[0].lower()
            for name in names
            for line in self.sections.get(name, [])
        }
        lists = self._union(self._lists(install) for install in installs)
        return self._union(self._files(name) for name in lists)

    def _union(self, parts: Iterable[set[str]]) -> set[str]:
        found: set[str] = set()
        for part in parts:
            self.left -= len(part)
            if self.left < 0:
                raise _TooMuchError
            found |= part
        return found

    def _lists(self, install: str) -> set[str]:
        """What `CopyFiles` of an install section names: sections, and files with an `@` before them.

        Nothing where there is a section of its own for some version of Windows: which one counts is not known here.
        """
        if install in self.versioned:
            return set()
        if install not in self.lists:
            names = (install + ending for ending in self.endings)
            chosen: list[str] = next((self.sections[name] for name in names if name in self.sections), [])
            self.lists[install] = {
                each.lower()
                for key, _, value in (line.partition("=") for line in chosen)
                if key.strip().lower() == "copyfiles"
                for each in fields_of(value, self.strings)
            }
        return self.lists[install]

    def _files(self, name: str) -> set[str]:
        """The files of a list: the name at the source, where it has another at the target."""
        if name.startswith("@"):
            return {name[1:].strip()}
        if name not in self.files:
            rows = (fields_of(line, self.strings) for line in self.sections.get(name, []))
            self.files[name] = {(row[1] if len(row) > 1 and row[1] else row[0]).lower() for row in rows}
        return self.files[name]
