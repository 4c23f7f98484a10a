"""Writing the finished tree as a bootable ISO."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osrecipe.formats.iso import IsoFile, write_iso
from osrecipe.media.tree import locate, walk_tree
from osrecipe.model.adapter import Outcome, TaskError
from osrecipe.model.codes import Slug
from osrecipe.model.winpath import WinPath
from osrecipe.model.words import count

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.model.adapter import Context
    from osrecipe.model.tasks import WriteIso

BIOS_BOOT = WinPath("boot\\etfsboot.com")
EFI_BOOT = WinPath("efi\\microsoft\\boot\\efisys.bin")


def write_media(op: WriteIso, tree: Path, artifacts: Path, ctx: Context) -> Outcome:
    """Write the tree as the artifact `iso`, with the boot entries the source had.

    Raises:
        TaskError: a boot image the source's firmware entries need is not in the tree.
    """
    target = artifacts / "iso"
    files, folders = [], []
    for path, host in walk_tree(tree):
        if host.is_dir():
            folders.append(path)
        else:
            files.append(IsoFile(path, host, host.stat().st_mtime_ns))

    def progress(done: int, total: int) -> None:
        ctx.progress(min(done / total, 1.0) if total else 1.0, "")

    write_iso(
        files,
        folders,
        target,
        label=op.label,
        bios_boot=_boot_file(tree, BIOS_BOOT) if "bios" in op.firmware else None,
        efi_boot=_boot_file(tree, EFI_BOOT) if "efi" in op.firmware else None,
        timestamp=op.timestamp,
        progress=progress,
    )
    with target.open("r+b") as stream:  # Windows flushes only what may be written
        os.fsync(stream.fileno())
    size = target.stat().st_size
    boots = " and ".join({"bios": "BIOS", "efi": "UEFI"}[each] for each in op.firmware) or "nothing"
    return Outcome(
        detail=f"{count(len(files), 'file')}, boots by {boots}",
        figures=(("files", len(files)), ("bytes", size)),
    )


def _boot_file(tree: Path, path: WinPath) -> str:
    host = locate(tree, path)
    if not host.is_file():
        reason = f"the media has no `{path.posix()}`, which its boot entry needs"
        raise TaskError(
            Slug.RUN_TASK_FAILED, reason, remedy="take media that carries its boot images as files"
        )
    return host.relative_to(tree).as_posix().replace("/", "\\")
