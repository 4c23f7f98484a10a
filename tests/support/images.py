"""Images and discs as independent programs see them: `wimlib-imagex` and `7z`, never our own readers.

What they print is parsed here into plain data that tests compare.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from support.witness import witness

if TYPE_CHECKING:
    from pathlib import Path

_RULE = "-" * 76 + "\n"
_FIELD = re.compile(r"^(\S[^=]*?)\s+= (.*)$")
_LEDGER = "windows\\servicing\\osrecipe"


@dataclass(frozen=True)
class Seen:
    """One name in an image; times as printed, to the second.

    Attributes:
        streams: SHA-1 by kind and name of stream.
        group: all lower-case paths of the same file, its own included.
    """

    path: str
    short_name: str
    attributes: str
    descriptor: str
    created: str
    written: str
    accessed: str
    reparse: str
    streams: tuple[tuple[str, str], ...]
    group: frozenset[str] = field(default=frozenset())


def unpack(disc: Path, to: Path) -> None:
    """Take everything out of an ISO."""
    witness("7z", "x", "-y", f"-o{to}", str(disc))


def files_of(folder: Path) -> dict[str, str]:
    r"""SHA-256 of every file below a folder, by its path with backslashes in lower case; links are not followed."""
    return {
        _name(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def _name(path: Path) -> str:
    return "\\".join(path.parts).lower()


def extract_image(wim: Path, index: int, to: Path) -> None:
    """Put all files of an image into a folder."""
    witness("wimlib-imagex", "apply", str(wim), str(index), str(to))


def extract_file(wim: Path, index: int, path: str, to: Path) -> Path:
    """Take one file out of an image into a folder; its path there."""
    inside = "/" + path.replace("\\", "/")
    witness(
        "wimlib-imagex",
        "extract",
        str(wim),
        str(index),
        inside,
        f"--dest-dir={to}",
        "--no-acls",
        "--no-attributes",
    )
    return to / inside.rpartition("/")[2]


def wim_info(wim: Path) -> tuple[dict[str, str], list[dict[str, str]]]:
    """What `info` says of a WIM, and of each of its images."""
    head, _, images = witness("wimlib-imagex", "info", str(wim)).partition("Available Images:")
    return _pairs(head), [_pairs(text) for text in images.split("\n\n") if "Index:" in text]


def _pairs(text: str) -> dict[str, str]:
    split = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, _, value in split}


def tree(wim: Path, index: int) -> dict[str, Seen]:
    """Everything in an image, by path with backslashes in lower case; the root's is empty."""
    found: dict[str, tuple[Seen, str]] = {}
    groups: dict[str, set[str]] = {}
    for block in witness("wimlib-imagex", "dir", str(wim), str(index), "--detailed").split(_RULE)[1:]:
        seen, link = _entry(block)
        key = seen.path.lower()
        found[key] = (seen, link)
        groups.setdefault(link, set()).add(key)
    return {
        key: replace(seen, group=frozenset(groups[link]) if int(link, 16) else frozenset({key}))
        for key, (seen, link) in found.items()
    }


def _entry(block: str) -> tuple[Seen, str]:
    fields: dict[str, str] = {}
    streams: list[tuple[str, str]] = []
    stream = ""
    for line in block.splitlines():
        if line.startswith("\t"):
            stream = line.strip()
        elif match := _FIELD.match(line):
            if stream and match[1] == "Hash":
                streams.append((stream, match[2]))
            elif not stream:
                fields[match[1]] = match[2]
    seen = Seen(
        path=fields["Full Path"].strip('"').strip("/").replace("/", "\\"),
        short_name=fields["Short Name"].strip('"'),
        attributes=fields["Attributes"],
        descriptor=fields.get("Security Descriptor", ""),
        created=fields["Creation Time"],
        written=fields["Last Write Time"],
        accessed=fields["Last Access Time"],
        reparse=fields.get("Reparse Tag", ""),
        streams=tuple(streams),
    )
    return seen, fields["Link Group ID"]


def entry_of(seen: Seen) -> tuple[str, str, str, str]:
    """What a file keeps although its content is replaced."""
    return seen.path, seen.short_name, seen.attributes, seen.descriptor


def surprises(before: dict[str, Seen], after: dict[str, Seen], named: set[str]) -> list[str]:
    """Where two states of an image differ although nothing named says so.

    Args:
        before: the image as it was.
        after: the image as it is.
        named: lower-case paths that were meant to change; folders above them may come and go.
    """
    above = {path.rsplit("\\", n)[0] for path in named for n in range(1, path.count("\\") + 1)}
    found = [f"gone: {path}" for path in before.keys() - after.keys() - named - above]
    found += [f"new: {path}" for path in after.keys() - before.keys() - named - above]
    for path in before.keys() & after.keys() - named:
        old, new = before[path], after[path]
        expected = replace(old, group=old.group - named)  # names that went to another file
        if expected != replace(new, group=new.group - named):
            found.append(f"changed: {expected} to {new}")
    for path in before.keys() & after.keys() & named:
        old, new = before[path], after[path]
        if entry_of(old) != entry_of(new):
            found.append(f"changed in more than its content: {old} to {new}")
    return sorted(found)
