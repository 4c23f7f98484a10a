"""Copying entries of an ISO to a host folder, and never outside it.

All names are checked before the first byte is written. Memory stays at one block, whatever the files' size.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.iso.entries import IsoEntry, Node
from osrecipe.formats.iso.names import check_host_path, fold

if TYPE_CHECKING:
    from pathlib import Path

Progress = Callable[[int, int], None]
Cancel = Callable[[], None]
Select = Iterable[str] | Callable[[IsoEntry], bool]

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Job:
    """One entry to write, and the node that has its bytes (another one for a link)."""

    entry: IsoEntry
    size: int
    source: Node


def select_nodes(nodes: Sequence[Node], index: Mapping[str, Node], select: Select | None) -> list[Node]:
    """Pick what `select` names, in the disc's order.

    Raises:
        FormatError: `iso/missing` for a path that is not on the disc.
    """
    if select is None:
        return list(nodes)
    if callable(select):
        return [node for node in nodes if select(node.entry)]
    wanted = set()
    for path in select:
        if fold(path) not in index:
            raise FormatError("iso", Fault.MISSING, f"The ISO has no `{path}`")
        wanted.add(fold(path))
    return [node for node in nodes if _chosen(fold(node.entry.path), wanted)]


def _chosen(key: str, wanted: set[str]) -> bool:
    """Whether the path or a folder above it is wanted."""
    parts = key.split("\\")
    return any("\\".join(parts[:count]) in wanted for count in range(1, len(parts) + 1))


def extract_jobs(
    jobs: Sequence[Job],
    to: Path,
    open_node: Callable[[Node], BinaryIO],
    progress: Progress | None,
    cancel: Cancel | None,
) -> None:
    """Write the jobs below `to`; see `IsoReader.extract`."""
    targets = _targets(jobs, to)
    to.mkdir(parents=True, exist_ok=True)
    root = to.resolve()
    copier = _Copier(sum(job.size for job in jobs), progress, cancel)
    for job, target in zip(jobs, targets, strict=True):
        copier.pause()
        if job.entry.is_dir:
            _folder(target, root)
            continue
        _folder(target.parent, root)
        with open_node(job.source) as source:
            copier.copy(source, target)
        _set_time(target, job.entry)
    # Writing into a folder touches its time, so that folders come last, the deepest first.
    for job, target in reversed(list(zip(jobs, targets, strict=True))):
        if job.entry.is_dir:
            _set_time(target, job.entry)


def _targets(jobs: Sequence[Job], to: Path) -> list[Path]:
    seen: dict[str, str] = {}
    targets = []
    for job in jobs:
        path = job.entry.path
        targets.append(to.joinpath(*check_host_path(path)))
        other = seen.setdefault(fold(path), path)
        if other is not path:
            raise FormatError(
                "iso", Fault.UNSAFE, f"Two names on the disc are one on Windows: `{other}`, `{path}`"
            )
    return targets


def _folder(folder: Path, root: Path) -> None:
    """Make a folder; a link that is in the way already may not lead out of `root`."""
    if not folder.resolve().is_relative_to(root):
        raise FormatError("iso", Fault.UNSAFE, f"A link leads out of the folder that is written: `{folder}`")
    folder.mkdir(parents=True, exist_ok=True)


class _Copier:
    """Copies files block by block, telling progress and asking whether to go on."""

    def __init__(self, total: int, progress: Progress | None, cancel: Cancel | None) -> None:
        self._done = 0
        self._total = total
        self._progress = progress
        self._cancel = cancel

    def pause(self) -> None:
        """Let the caller stop."""
        if self._cancel is not None:
            self._cancel()

    def copy(self, source: BinaryIO, target: Path) -> None:
        """Write one file, or nothing of it."""
        target.unlink(missing_ok=True)
        try:
            with target.open("xb") as output:
                while block := source.read(_BLOCK):
                    self.pause()
                    output.write(block)
                    self._tell(len(block))
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def _tell(self, count: int) -> None:
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self._total)


def _set_time(target: Path, entry: IsoEntry) -> None:
    if entry.modified is not None:
        os.utime(target, ns=(entry.modified, entry.modified))
