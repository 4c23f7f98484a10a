"""Facts of a folder of drivers: its content, and what every INF in it describes."""

from __future__ import annotations

from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, get_args

from osrecipe.formats.errors import FormatError
from osrecipe.formats.inf import MAX_BYTES, read_inf
from osrecipe.inputs.hashing import MAX_FILES, tree_digest
from osrecipe.model.codes import Slug
from osrecipe.model.facts import CatalogFacts, DriverFacts, DriversFacts, MissingFile
from osrecipe.model.problems import OsrecipeError, Problem
from osrecipe.model.version import Architecture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osrecipe.formats.inf import Inf

_KNOWN: tuple[Architecture, ...] = get_args(Architecture)
_KEPT = 2
"""Letters that stay of a compressed file's ending."""
_MOST = 20
"""Missing files noted of a driver; a package that was copied without its files has hundreds."""


def drivers_facts(folder: Path) -> DriversFacts:
    """Read a folder of drivers.

    Raises:
        OsrecipeError: there is no driver in it (`input/not-drivers`), it holds what no image would get
            (`input/unsafe`), or an INF can't be read (`inf/…`).
        OSError: something in it can't be read.
    """
    tree = tree_digest(folder)
    drivers: list[DriverFacts] = []
    others: list[str] = []
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    names = {name.lower() for name in there}
    for relative in sorted(name for name in there if PurePosixPath(name).suffix.lower() == ".inf"):
        try:
            found = read_inf(_bytes(folder / relative))
            driver = None if found is None else _driver(relative, found, names)
        except FormatError as cause:
            raise OsrecipeError(
                Problem(cause.slug, f"`{relative}`: {cause.reason}", hint=cause.hint)
            ) from cause
        if driver is None:
            others.append(relative)
        else:
            drivers.append(driver)
    if not drivers:
        reason = (
            "there is no driver in the folder: no INF with a `[Version]` section that names a device class"
        )
        hint = "unpack the vendor's installer first: DISM takes INF files and what they name, no programs"
        raise OsrecipeError(Problem(Slug.INPUT_NOT_DRIVERS, reason, hint=hint))
    return DriversFacts(
        tree=tree.digest, files=tree.files, size=tree.size, drivers=tuple(drivers), others=tuple(others)
    )


def inf_facts(path: Path) -> DriverFacts | None:
    """What one INF describes, with what lies beside it; None when it is no driver for any image.

    Raises:
        FormatError: it can't be read.
        OSError: it, or its folder, can't be read.
    """
    found = read_inf(_bytes(path))
    beside = islice(path.parent.rglob("*"), MAX_FILES)
    names = {each.relative_to(path.parent).as_posix().lower() for each in beside if each.is_file()}
    return None if found is None else _driver(path.name, found, names)


def _bytes(path: Path) -> bytes:
    """An INF's bytes, no more than are needed to say that there are too many."""
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _driver(relative: str, inf: Inf, names: set[str]) -> DriverFacts | None:
    """None for a driver of machines that no image is for; an empty list would say that it is for all."""
    architectures = tuple(name for name in _KNOWN if name in inf.architectures)
    if inf.architectures and not architectures:
        return None
    parent = relative.rpartition("/")[0].lower()
    below = f"{parent}/" if parent else ""
    return DriverFacts(
        inf=relative,
        provider=inf.provider,
        device_class=inf.device_class,
        version=inf.version,
        architectures=architectures,
        catalogs=tuple(_catalogs(inf, architectures, below, names)),
        missing=tuple(islice(_missing(inf, architectures or _KNOWN, below, names), _MOST)),
    )


def _catalogs(
    inf: Inf, architectures: tuple[Architecture, ...], below: str, names: set[str]
) -> Iterator[CatalogFacts]:
    """Those for the driver's architectures; they lie beside the INF and are never compressed."""
    for architecture in (None, *(architectures or _KNOWN)):
        if name := inf.catalogs.get(architecture or ""):
            there = below + name.lower() in names
            yield CatalogFacts(name=name, architecture=architecture, there=there)


def _missing(
    inf: Inf, architectures: tuple[Architecture, ...], below: str, names: set[str]
) -> Iterator[MissingFile]:
    """Files that are there under neither their names nor those of compressed files, each once."""
    listed: dict[str, list[Architecture]] = {}
    copied: dict[str, list[Architecture]] = {}
    for architecture in architectures:
        lacking = [
            path
            for path in inf.sources.get(architecture, ())
            if below + path not in names and below + _compressed(path) not in names
        ]
        everywhere = inf.copied(architecture) if lacking else set()
        for path in lacking:
            listed.setdefault(path, []).append(architecture)
            if path.rpartition("/")[2] in everywhere:
                copied.setdefault(path, []).append(architecture)
    for path, those in listed.items():
        yield MissingFile(path=path, listed=tuple(those), copied=tuple(copied.get(path, ())))


def _compressed(path: str) -> str:
    """A file's name when it is compressed: the last of three letters after the dot is an underscore."""
    front, dot, ending = path.rpartition(".")
    if not dot or "/" in ending:
        return f"{path}._"
    return f"{front}.{ending[:_KEPT]}_" if len(ending) > _KEPT else f"{path}_"
