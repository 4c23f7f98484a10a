"""The images of a WIM as `osrecipe inspect` shows them: what the XML says, what the images say, and who ran them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.inspection import InspectedTable
from osrecipe.windows.image_files import WimFiles
from osrecipe.windows.image_state import image_state

if TYPE_CHECKING:
    from osrecipe.formats.wim.reader import WimReader
    from osrecipe.formats.wim.xmlinfo import ImageInfo
    from osrecipe.model.inspection import Cell
    from osrecipe.windows.image_state import ImageState

_HEADERS = (
    "index",
    "name",
    "edition",
    "installation",
    "architecture",
    "build",
    "languages",
    "files",
    "size",
)
_STATE_HEADERS = ("index", "by XML", "by registry", "by packages", "captured", "traces of use")
_PE = "windowspe"


def image_tables(wim: WimReader, title: str) -> list[InspectedTable]:
    """A table of the images by their XML, and one of what those that can be installed say of themselves."""
    infos = wim.infos()
    tables = [InspectedTable(title=title, headers=_HEADERS, rows=tuple(_row(info) for info in infos))]
    # Windows PE runs from memory: nobody captures it, and its traces say nothing.
    states = [
        (info, image_state(WimFiles(wim, info.index))) for info in infos if info.installation.lower() != _PE
    ]
    if states:
        rows = tuple(_state(info, state) for info, state in states)
        tables.append(InspectedTable(title=f"builds and use: {title}", headers=_STATE_HEADERS, rows=rows))
    return tables


def _row(info: ImageInfo) -> tuple[Cell, ...]:
    return (
        info.index,
        info.name,
        info.edition,
        info.installation,
        info.architecture,
        _build(info),
        ", ".join(info.languages),
        info.files,
        info.total_bytes,
    )


def _build(info: ImageInfo) -> str:
    numbers = (info.major, info.minor, info.build, info.spbuild)
    return ".".join(str(n) for n in numbers if n is not None)


def _state(info: ImageInfo, state: ImageState) -> tuple[Cell, ...]:
    return (
        info.index,
        _build(info) or None,
        str(state.registry) if state.registry else None,
        str(state.packages) if state.packages else None,
        {"captured": "yes", "uncaptured": "no"}.get(state.capture, "unknown"),
        "; ".join(f"{trace.cause}: {trace.what}" for trace in state.traces) or "none",
    )
