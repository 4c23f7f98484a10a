"""Writing the finished tree as a bootable ISO, with our own writer or with the one the recipe names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osrecipe.adapters.oscdimg import BOOT_FILES
from osrecipe.formats.iso import IsoFile, write_iso
from osrecipe.media import oscdimg
from osrecipe.media.tree import locate, walk_tree
from osrecipe.model.adapter import Outcome, TaskError
from osrecipe.model.codes import Slug
from osrecipe.model.winpath import WinPath
from osrecipe.model.words import count

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osrecipe.model.adapter import Context
    from osrecipe.model.tasks import WriteIso


def write_media(op: WriteIso, tree: Path, artifacts: Path, ctx: Context) -> Outcome:
    """Write the tree as the artifact `iso`, with the boot entries the source had.

    Raises:
        TaskError: a boot image the source's firmware entries need is not in the tree, or the writer failed.
        OsrecipeError: the recipe names a writer that is not on this host.
    """
    target = artifacts / "iso"
    boot_files: dict[str, Path] = {
        firmware: _boot_file(tree, WinPath(BOOT_FILES[firmware])) for firmware in op.firmware
    }
    if op.writer == "oscdimg":
        by = f", written by {oscdimg.write(op, tree, target, boot_files, ctx)}"
    else:
        by = ""
        _write(op, tree, target, boot_files, ctx)
    with target.open("rb+") as stream:  # Windows flushes only what is open for writing
        os.fsync(stream.fileno())
    files = sum(not host.is_dir() for _, host in walk_tree(tree))
    size = target.stat().st_size
    boots = " and ".join({"bios": "BIOS", "efi": "UEFI"}[each] for each in op.firmware) or "nothing"
    return Outcome(
        detail=f"{count(files, 'file')}, boots by {boots}{by}",
        figures=(("files", files), ("bytes", size)),
    )


def _write(op: WriteIso, tree: Path, target: Path, boot_files: Mapping[str, Path], ctx: Context) -> None:
    """With our own writer."""
    files, folders = [], []
    for path, host in walk_tree(tree):
        if host.is_dir():
            folders.append(path)
        else:
            files.append(IsoFile(path, host, host.stat().st_mtime_ns))

    def progress(done: int, total: int) -> None:
        ctx.progress(min(done / total, 1.0) if total else 1.0, "")

    names = {firmware: _on_disc(tree, path) for firmware, path in boot_files.items()}
    write_iso(
        files,
        folders,
        target,
        label=op.label,
        bios_boot=names.get("bios"),
        efi_boot=names.get("efi"),
        timestamp=op.timestamp,
        progress=progress,
    )


def _boot_file(tree: Path, path: WinPath) -> Path:
    host = locate(tree, path)
    if not host.is_file():
        reason = f"the media has no `{path.posix()}`, which its boot entry needs"
        raise TaskError(
            Slug.RUN_TASK_FAILED, reason, remedy="take media that carries its boot images as files"
        )
    return host


def _on_disc(tree: Path, host: Path) -> str:
    return host.relative_to(tree).as_posix().replace("/", "\\")
