"""What several answer keys together say of an image: later ones override earlier ones where they name the same thing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from support.registry import values
from support.samples.spec import ValueType

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from support.images import Seen

LEDGER = "windows\\servicing\\osrecipe\\ledger.json"
HIVES = "windows\\system32\\config\\"


@dataclass
class Expected:
    """Paths in lower case.

    Attributes:
        files: SHA-256 by path, manifests and descriptions of packages too.
        values: type number and data in hexadecimal by hive path, key and name.
        links: paths that are one file, by the path that is projected.
        kept: SHA-256 by path of what the store keeps of earlier versions.
        others: paths that may differ too, without a statement of their content.
    """

    files: dict[str, str] = field(default_factory=dict)
    values: dict[tuple[str, str, str], tuple[int, bytes]] = field(default_factory=dict)
    links: dict[str, frozenset[str]] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)

    def add(self, answer: dict[str, Any]) -> Expected:
        """Enter what one update, or one feature, leaves in the image."""
        for row in (*answer["files"], *answer.get("mums", ())):
            self.files[row["path"].lower()] = row["sha256"]
        for row in answer["components"]:
            self.files[row["manifest"].lower()] = row["manifest_sha256"]
        for row in answer["registry"]:
            place = (row["hive"].lower(), row["key"].lower(), row["name"].lower())
            self.values[place] = (ValueType(row["type"]).number, bytes.fromhex(row["data"]))
        for group in answer["links"]:
            self.links[group[-1].lower()] = frozenset(path.lower() for path in group)
        self.kept |= {row["path"].lower(): row["sha256"] for row in answer.get("kept", ())}
        return self

    def value(self, hive: str, key: str, name: str, kind: ValueType, data: bytes) -> Expected:
        """Enter a value of a tweak."""
        self.values[hive.lower(), key.lower(), name.lower()] = (kind.number, data)
        return self

    @property
    def named(self) -> set[str]:
        """Every path that may differ: files, descriptions with their catalogues, hives with values, the ledger."""
        mums = {path for path in self.files if path.endswith(".mum")}
        hives = {hive for hive, _, _ in self.values}
        return (
            set(self.files)
            | {f"{path.removesuffix('.mum')}.cat" for path in mums}
            | hives
            | {LEDGER}
            | self.others
        )


def wrong_files(expected: Expected, folder: Path) -> list[str]:
    """Files of an extracted image that are not there, or not with the content stated; nothing may be left out."""
    found = {"\\".join(p.relative_to(folder).parts).lower(): p for p in folder.rglob("*") if p.is_file()}
    stated = expected.kept | expected.files
    return sorted(
        f"{path}: {'not there' if path not in found else 'otherwise'}"
        for path, digest in stated.items()
        if path not in found or hashlib.sha256(found[path].read_bytes()).hexdigest() != digest
    )


def wrong_links(expected: Expected, seen: dict[str, Seen]) -> list[str]:
    """Paths that are not exactly the group stated."""
    return sorted(path for path, group in expected.links.items() if seen[path].group != group)


def hive_of(folder: Path, hive: str) -> Path:
    """A hive in an extracted image, whatever the case of its path."""
    at = folder
    for name in hive.split("\\"):
        at = next(p for p in at.iterdir() if p.name.lower() == name.lower())
    return at


def wrong_values(expected: Expected, folder: Path) -> list[str]:
    """Values of an extracted image's hives that are not as stated."""
    hives = {hive: values(hive_of(folder, hive)) for hive in {h for h, _, _ in expected.values}}
    return sorted(
        f"{hive}: {key}: {name}: {hives[hive].get((key, name))}"
        for (hive, key, name), wanted in expected.values.items()
        if hives[hive].get((key, name)) != wanted
    )


def unnamed_values(expected: Expected, before: Path, after: Path) -> list[str]:
    """Values of hives that changed although nothing names them."""
    from support.registry import changes

    found = []
    for hive in {h for h, _, _ in expected.values}:
        changed = changes(values(hive_of(before, hive)), values(hive_of(after, hive)))
        found += [f"{hive}: {place}" for place in changed if (hive, *place) not in expected.values]
    return sorted(found)


def together(answers: Iterable[dict[str, Any]]) -> Expected:
    """Several answers, in the order they were carried out."""
    made = Expected()
    for answer in answers:
        made.add(answer)
    return made
