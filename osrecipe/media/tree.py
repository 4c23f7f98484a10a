"""The working tree of the media on the host: copied from the ISO, changed file by file, found whatever the case."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from osrecipe.formats.iso import IsoReader
from osrecipe.model.adapter import Outcome
from osrecipe.model.winpath import WinPath, upcase
from osrecipe.model.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osrecipe.formats.iso import IsoEntry
    from osrecipe.model.adapter import Context
    from osrecipe.model.tasks import CopyMedia, PlaceFile, PlaceSetup, SyncSources

SOURCES = WinPath("sources")


def copy_media(op: CopyMedia, tree: Path, ctx: Context) -> Outcome:
    """Copy the ISO's files to the tree, without those that are replaced; what an earlier run left there is removed."""
    if tree.exists():
        shutil.rmtree(tree)
    tree.mkdir(parents=True)
    without = set(op.without)

    def wanted(entry: IsoEntry) -> bool:
        return WinPath(entry.path) not in without

    def progress(done: int, total: int) -> None:
        ctx.progress(done / total if total else 1.0, "")

    with IsoReader(ctx.resolve(op.media)) as iso:
        copied = iso.extract(wanted, tree, progress=progress)
    files = [entry for entry in copied if not entry.is_dir]
    size = sum(entry.size for entry in files)
    return Outcome(detail=count(len(files), "file"), figures=(("files", len(files)), ("bytes", size)))


def place_file(op: PlaceFile, tree: Path, ctx: Context) -> Outcome:
    """Put an artifact into the tree: as another name for the same bytes where the disk allows it, else as a copy."""
    source = ctx.resolve(op.source)
    target = locate(tree, op.to)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    # Whatever time the store's file has by now (a copied store has new ones), the media gets the plan's.
    os.utime(target, (ctx.now, ctx.now))
    return Outcome(detail=f"{op.to.posix()}", figures=(("bytes", target.stat().st_size),))


def sync_sources(op: SyncSources, tree: Path, ctx: Context) -> Outcome:
    """Copy harvested files over those of the same relative path in the tree's `sources`; never a name that is new."""
    harvest = ctx.resolve(op.harvest)
    copied = size = 0
    for path in _files(harvest):
        target = locate(tree, SOURCES / path.relative_to(harvest).as_posix())
        if not target.is_file():
            ctx.log(f"not on the media, left out: {path.relative_to(harvest).as_posix()}")
            continue
        replace_file(path, target)
        ctx.log(f"newer: sources/{path.relative_to(harvest).as_posix()}")
        copied += 1
        size += path.stat().st_size
    return Outcome(
        status="done" if copied else "nothing-to-do",
        detail=count(copied, "newer file"),
        figures=(("files", copied), ("bytes", size)),
    )


def place_setup(op: PlaceSetup, tree: Path, ctx: Context) -> Outcome:
    """Make the tree's `sources\\setup.exe` (and `setuphost.exe`) those taken out of the setup image."""  # noqa: D301 - a path
    harvest = ctx.resolve(op.harvest)
    names: list[str] = []
    for path in _files(harvest):
        replace_file(path, locate(tree, SOURCES / path.name))
        names.append(path.name)
    return Outcome(detail=", ".join(names), figures=(("files", len(names)),))


def replace_file(source: Path, target: Path) -> None:
    """Replace a file of the tree by a copy, times kept; the old one stays whole until the new one is complete."""
    part = target.with_name(target.name + ".osrecipe-part")
    shutil.copy2(source, part)
    part.replace(target)


def locate(tree: Path, path: WinPath) -> Path:
    """The host path of a media path, whatever the case on the disk; names that are not there keep their own."""
    here = tree
    for part in path.parts:
        here = _child(here, part)
    return here


def _child(folder: Path, name: str) -> Path:
    exact = folder / name
    if exact.exists() or not folder.is_dir():
        return exact
    wanted = upcase(name)
    return next((path for path in sorted(folder.iterdir()) if upcase(path.name) == wanted), exact)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def walk_tree(tree: Path) -> Iterator[tuple[str, Path]]:
    """Every file and folder below the tree as (path with backslashes, host path), sorted without regard to case."""
    paths = sorted(tree.rglob("*"), key=lambda path: upcase(path.relative_to(tree).as_posix()))
    return ((path.relative_to(tree).as_posix().replace("/", "\\"), path) for path in paths)
