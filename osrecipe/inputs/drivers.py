"""Facts of a folder of drivers: its content, and what every INF in it describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from osrecipe.formats.errors import FormatError
from osrecipe.formats.inf import MAX_BYTES, read_inf
from osrecipe.inputs.hashing import tree_digest
from osrecipe.model.codes import Slug
from osrecipe.model.facts import DriverFacts, DriversFacts
from osrecipe.model.problems import OsrecipeError, Problem
from osrecipe.model.version import Architecture

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.formats.inf import Inf

_KNOWN: tuple[Architecture, ...] = get_args(Architecture)


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
    for relative in _infs(folder):
        try:
            found = read_inf(_bytes(folder / relative))
        except FormatError as cause:
            raise OsrecipeError(
                Problem(cause.slug, f"`{relative}`: {cause.reason}", hint=cause.hint)
            ) from cause
        driver = None if found is None else _driver(relative, found)
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


def _infs(folder: Path) -> list[str]:
    """Paths below the folder, in an order that is the same on every host."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() == ".inf" and path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in found)


def _bytes(path: Path) -> bytes:
    """An INF's bytes, no more than are needed to say that there are too many."""
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _driver(relative: str, inf: Inf) -> DriverFacts | None:
    """None for a driver of machines that no image is for; an empty list would say that it is for all."""
    architectures = tuple(name for name in _KNOWN if name in inf.architectures)
    if inf.architectures and not architectures:
        return None
    return DriverFacts(
        inf=relative,
        provider=inf.provider,
        device_class=inf.device_class,
        version=inf.version,
        architectures=architectures,
    )
