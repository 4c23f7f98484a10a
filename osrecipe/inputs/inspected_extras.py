"""Folders of drivers, INFs and answer files for `osrecipe inspect`: what a plan would see of them."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osrecipe.inputs.answer_files import answer_file_facts
from osrecipe.inputs.drivers import drivers_facts, inf_facts
from osrecipe.model.codes import Slug
from osrecipe.model.inspection import InspectedTable
from osrecipe.model.problems import OsrecipeError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from osrecipe.model.facts import CatalogFacts, DriverFacts
    from osrecipe.model.inspection import Cell

MAX_ROWS: Final = 200
"""Rows shown of a table; a note says how many were left off."""
_MARKS: Final = (
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)
_UNATTEND: Final = "urn:schemas-microsoft-com:unattend"
_HEADERS: Final = ("inf", "class", "provider", "version", "architectures", "catalogues", "files not there")


@dataclass(frozen=True)
class Seen:
    """What is shown of a file: facts by name, tables and notes."""

    facts: dict[str, Cell]
    tables: tuple[InspectedTable, ...]
    notes: tuple[str, ...] = ()


def looks_like_inf(head: bytes) -> bool:
    """Whether a file begins as an INF does: text with a section `[Version]` somewhere."""
    return "\0" not in (text := _text(head)) and "[version]" in text.lower()


def looks_like_answer_file(head: bytes) -> bool:
    """Whether a file begins as an answer file does: XML that names its namespace."""
    text = _text(head)
    return text.lstrip().startswith("<") and _UNATTEND in text


def _text(head: bytes) -> str:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "replace")
    return head.decode("cp1252", "replace")


def drivers_seen(folder: Path) -> Seen:
    """A folder of drivers.

    Raises:
        OsrecipeError: it is none, or something in it can't be read.
        OSError: likewise.
    """
    found = drivers_facts(folder)
    facts: dict[str, Cell] = {
        "size": found.size,
        "files": found.files,
        "drivers": len(found.drivers),
        "digest": found.tree,
    }
    notes = tuple(f"`{inf}` describes no driver for any image" for inf in found.others[:MAX_ROWS])
    return Seen(facts, (_drivers(found.drivers),), (*notes, *left_off(len(found.drivers))))


def inf_seen(path: Path) -> Seen:
    """One INF, with what lies beside it.

    Raises:
        OsrecipeError: it describes no driver.
        FormatError: it can't be read.
        OSError: likewise.
    """
    found = inf_facts(path)
    if found is None:
        reason = "it is an INF that describes no driver for any image"
        raise OsrecipeError(Problem(Slug.INPUT_NOT_DRIVERS, reason))
    return Seen({"size": path.stat().st_size}, (_drivers((found,)),))


def _drivers(drivers: Sequence[DriverFacts]) -> InspectedTable:
    rows = tuple(_row(each) for each in drivers[:MAX_ROWS])
    return InspectedTable(title="drivers", headers=_HEADERS, rows=rows)


def _row(driver: DriverFacts) -> tuple[Cell, ...]:
    return (
        driver.inf,
        driver.device_class,
        driver.provider or None,
        driver.version or None,
        ", ".join(driver.architectures) or "all",
        ", ".join(_catalog(each) for each in driver.catalogs) or None,
        ", ".join(each.path for each in driver.missing) or None,
    )


def _catalog(catalog: CatalogFacts) -> str:
    there = "" if catalog.there else " (not there)"
    return f"{catalog.architecture}: {catalog.name}{there}" if catalog.architecture else catalog.name + there


def answer_file_seen(path: Path) -> Seen:
    """An answer file: its passes, and what it sets in `offlineServicing`; values only where they are no secret.

    Raises:
        FormatError: it is none.
        OSError: it can't be read.
    """
    found = answer_file_facts(path, "0" * 64)
    facts: dict[str, Cell] = {
        "size": found.size,
        "passes": ", ".join(found.passes) or None,
        "names packages or drivers": found.packages,
    }
    rows = tuple((one.path, one.architecture, one.value) for one in found.offline[:MAX_ROWS])
    table = InspectedTable(
        title="settings of offlineServicing", headers=("setting", "architecture", "value"), rows=rows
    )
    return Seen(facts, (table,), left_off(len(found.offline)))


def left_off(count: int) -> tuple[str, ...]:
    """The note about rows that were left off, if some were."""
    return (f"{count - MAX_ROWS} more rows were left off",) if count > MAX_ROWS else ()
