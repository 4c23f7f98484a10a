"""Facts of an update file: its kind, KB and identity, from its content."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from osrecipe.formats.msu import Container, open_package
from osrecipe.inputs.packages import read_contents
from osrecipe.model.codes import Slug
from osrecipe.model.facts import UpdateFacts
from osrecipe.model.problems import OsrecipeError, Problem
from osrecipe.windows.update_kinds import classify

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.formats.msu import OpenedPackage

_KB = re.compile(r"KB(\d{6,8})", re.IGNORECASE)


def update_facts(path: Path, sha256: str) -> UpdateFacts:
    """Read an update's facts.

    Raises:
        FormatError: the file is damaged.
        OsrecipeError: it is no update, or of a kind that can't be applied yet (`input/not-update`).
    """
    with open_package(path) as opened:
        contents = read_contents(opened)
        kind = classify(contents.main, contents.manifests)
        if kind.kind is None:
            reason = f"it is a {kind.name} update, a kind that can't be applied yet"
            hint = f"its identity: `{contents.facts.identity}`"
            raise OsrecipeError(Problem(Slug.INPUT_NOT_UPDATE, reason, hint=hint))
        return UpdateFacts(
            sha256=sha256,
            size=path.stat().st_size,
            container=_container(opened),
            update_kind=kind.kind,
            kb=_kb(contents.main.identifier, contents.main.identity.name),
            package=contents.facts,
        )


def _container(opened: OpenedPackage) -> Literal["cab", "msu-cab", "msu-wim"]:
    if opened.msu is None:
        return "cab"
    return "msu-wim" if opened.msu.container is Container.WIM else "msu-cab"


def _kb(*texts: str) -> str:
    """The KB number, from the first text that has one."""
    return next((found[1] for text in texts if (found := _KB.search(text))), "")
