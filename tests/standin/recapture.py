"""Saves a mount: brings the image in the WIM up to what its folder holds.

Only what changed is written, by `wimlib-imagex update`; every other entry keeps its descriptor, streams, short name
and times. Files that are hard links of each other in the folder are one file in the image.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from standin import snapshot
from standin.descriptors import restored
from standin.imageversion import registry_version
from standin.programs import wimlib
from standin.wimresources import read_metadata, write_metadata

if TYPE_CHECKING:
    from pathlib import Path

    from standin.snapshot import Difference, Snapshot


def recapture(folder: Path, before: Snapshot, wim: Path, index: int, scratch: Path) -> Snapshot:
    """Write the folder's changes since `before` into an image and return what it holds now."""
    now = snapshot.take(folder, before)
    changes = snapshot.difference(before, now)
    if changes.gone or changes.put:
        overlay = scratch / "overlay"
        _lay_out(folder, overlay, changes, now)
        metadata = read_metadata(wim, index)
        wimlib("update", wim, str(index), commands=_commands(changes, overlay))
        shutil.rmtree(overlay)
        write_metadata(wim, index, restored(metadata, read_metadata(wim, index), changes.put))
    _refresh_version(folder, wim, index)
    return now


def _commands(changes: Difference, overlay: Path) -> str:
    lines = [f'delete --recursive --force "/{path}"' for path in changes.gone]
    return "\n".join([*lines, f'add "{overlay}" "/"', ""])


def _lay_out(folder: Path, overlay: Path, changes: Difference, now: Snapshot) -> None:
    """Copy what has to go in into a folder of its own; one `add` of it keeps the links between files."""
    overlay.mkdir(parents=True)
    copied: dict[int, Path] = {}
    for path in changes.put:
        source, target = folder / path, overlay / path
        entry = now[path]
        if entry.kind == "folder":
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry.kind == "link":
            target.symlink_to(entry.digest)
        elif entry.inode in copied:
            os.link(copied[entry.inode], target)
        else:
            copied[entry.inode] = target
            shutil.copy2(source, target)


def _refresh_version(folder: Path, wim: Path, index: int) -> None:
    """Say in the WIM's XML which revision the image is at, as DISM does for a serviced image."""
    version = registry_version(folder)
    if version is not None:
        revision = version.rpartition(".")[2]
        wimlib("info", wim, str(index), "--image-property", f"WINDOWS/VERSION/SPBUILD={revision}")
