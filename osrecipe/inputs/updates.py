"""Facts of an update file: its kind, KB and identity, from its content."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from osrecipe.formats.msu import Container, open_package
from osrecipe.inputs.base_manifest import NO_BASE
from osrecipe.inputs.loose import loose_facts
from osrecipe.inputs.packages import described, read_contents
from osrecipe.model.facts import UpdateFacts

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.formats.msu import OpenedPackage
    from osrecipe.inputs.base_manifest import BaseManifest

_KB = re.compile(r"KB(\d{6,8})", re.IGNORECASE)


def update_facts(path: Path, sha256: str, base: BaseManifest = NO_BASE) -> UpdateFacts:
    """Read an update's facts, whatever its kind: whether that can be applied is for a plan to say.

    Args:
        path: the update.
        sha256: its hash, computed by the caller.
        base: of the source media, for compressed manifests.

    Raises:
        FormatError: the file is damaged.
        OsrecipeError: it is no update (`input/not-update`).
    """
    with open_package(path) as opened:
        return opened_facts(opened, path.stat().st_size, sha256, base)


def opened_facts(opened: OpenedPackage, size: int, sha256: str, base: BaseManifest = NO_BASE) -> UpdateFacts:
    """As `update_facts`, of a file that is open; `size` in bytes."""
    container = container_of(opened)
    loose = None if described(opened) else loose_facts(opened)
    if loose is not None:
        kind, facts = loose
        builds = (facts.version.build,) if facts.version.build else ()
        return UpdateFacts(
            sha256=sha256, size=size, container=container, update_kind=kind, builds=builds, package=facts
        )
    contents = read_contents(opened, base)
    properties = opened.msu.properties if opened.msu else None
    return UpdateFacts(
        sha256=sha256,
        size=size,
        container=container,
        update_kind=contents.kind,
        kb=_kb(contents.main.identifier, contents.main.identity.name, properties.kb if properties else ""),
        builds=contents.builds,
        stack=contents.stack,
        package=contents.facts,
    )


def container_of(opened: OpenedPackage) -> Literal["cab", "msu-cab", "msu-wim"]:
    """What holds the update, by its first bytes."""
    if opened.msu is None:
        return "cab"
    return "msu-wim" if opened.msu.container is Container.WIM else "msu-cab"


def _kb(*texts: str) -> str:
    """The KB number, from the first text that has one."""
    return next((found[1] for text in texts if (found := _KB.search(text))), "")
