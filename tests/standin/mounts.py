"""Mounting: mount, remount, save, unmount, list, clean up (dism fact sheet §2 and the 0xC142…/0xC151… rows of §3)."""

from __future__ import annotations

import os
import uuid
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from standin import snapshot
from standin.codes import DismError
from standin.faults import Do
from standin.grammar import conflict
from standin.handles import open_files_below
from standin.hostpaths import existing_file, shown_path
from standin.imagetree import empty_folder
from standin.programs import wimlib
from standin.recapture import recapture
from standin.state import Mount, Phase
from standin.wimfile import open_wim, stamp

if TYPE_CHECKING:
    from standin.job import Job
    from standin.settings import Settings

_WRITE_BITS = 0o222


class Status(StrEnum):
    """What `/Get-MountedImageInfo` says of a mount."""

    OK = "Ok"
    NEEDS_REMOUNT = "Needs Remount"
    INVALID = "Invalid"


def status_of(mount: Mount, settings: Settings) -> Status:
    """A mount's status: a folder or WIM that is gone, or a dead process's half work, is invalid."""
    lost = not Path(mount.folder).is_dir() or not Path(mount.wim).is_file()
    if lost or mount.is_abandoned or mount.phase is Phase.PARTIAL:
        return Status.INVALID
    return Status.OK if mount.boot == settings.boot else Status.NEEDS_REMOUNT


def mount_image(job: Job) -> None:
    """`/Mount-Image`: an image's files into an empty folder, and a record of it."""
    wim_path = existing_file(job.need("imagefile"))
    chosen = job.one_of("index", "name")
    folder = job.path("mountdir")
    read_only = job.has("readonly")
    wim = open_wim(wim_path)
    if wim.is_split:
        raise DismError(0xC1420130)
    if wim.compression == "recovery":
        raise DismError(0xC142013C)
    index = wim.index(job.get("index"), job.get("name") if chosen == "name" else None, 0xC1510113)
    if not read_only and wim.is_marked_read_only:
        raise DismError(0xC1420101)
    if not read_only and not wim_path.stat().st_mode & _WRITE_BITS:
        raise DismError(0xC1510111)
    _check_folder(job, folder)
    mount = Mount(
        id=uuid.uuid4().hex[:12],
        folder=str(folder),
        wim=str(wim_path),
        shown_folder=shown_path(job.need("mountdir")),
        shown_wim=shown_path(job.need("imagefile")),
        index=index,
        read_only=read_only,
        stamp=stamp(wim_path),
        boot=job.settings.boot,
        pid=os.getpid(),
    )
    if not job.registry.claim(mount):
        raise DismError(0xC1420127)
    job.console.say("Mounting image")
    job.progress(4.5)
    _fill(job, mount)
    job.progress(100)


def _check_folder(job: Job, folder: Path) -> None:
    if not folder.is_dir():
        raise DismError(0xC1420115)
    if folder == Path(folder.anchor):
        raise DismError(0xC1420131)
    if job.registry.at(folder) is not None:
        raise DismError(0xC1420113)
    if any(folder.iterdir()):
        raise DismError(0xC1420114)


def _fill(job: Job, mount: Mount) -> None:
    folder = Path(mount.folder)
    try:
        wimlib("apply", mount.wim, str(mount.index), folder)
        job.progress(71.0)
    except DismError:
        empty_folder(folder)
        job.registry.remove(mount)
        raise
    _in_step(job, mount, snapshot.take(folder))


def _in_step(job: Job, mount: Mount, held: snapshot.Snapshot) -> None:
    """Note that folder and image are the same now."""
    snapshot.save(held, job.registry.snapshot_file(mount))
    job.registry.put(replace(mount, phase=Phase.MOUNTED, pid=0, stamp=stamp(Path(mount.wim))))


def _mount_at(job: Job) -> Mount:
    mount = job.registry.at(job.path("mountdir"))
    if mount is None:
        raise DismError(0xC142011C if job.path("mountdir").is_dir() else 0xC142010B)
    if mount.phase in {Phase.SAVING, Phase.UNMOUNTING} and not mount.is_abandoned:
        raise DismError(0xC1420125)
    return mount


def remount_image(job: Job) -> None:
    """`/Remount-Image`: take a mount of an earlier start of the machine up again."""
    mount = _mount_at(job)
    status = status_of(mount, job.settings)
    if status is Status.INVALID:
        raise DismError(0xC1510115)
    if stamp(Path(mount.wim)) != mount.stamp:
        raise DismError(0xC1420124)
    job.registry.put(replace(mount, boot=job.settings.boot))
    job.progress(100)


def commit_image(job: Job) -> None:
    """`/Commit-Image`: save and stay mounted."""
    mount = _mount_at(job)
    _save(job, mount)


def unmount_image(job: Job) -> None:
    """`/Unmount-Image`: one of `/Commit` and `/Discard` is compulsory."""
    saves = job.one_of("commit", "discard") == "commit"
    if job.has("append") and not saves:
        raise conflict("The append option needs the commit option.")
    mount = _mount_at(job)
    if saves:
        _save(job, mount)
    job.console.say("Unmounting image")
    mount = job.registry.move(mount, Phase.UNMOUNTING)
    job.progress(50)
    folder = Path(mount.folder)
    ordered = job.fault is not None and job.fault.do is Do.OPEN_HANDLE
    if ordered or open_files_below(folder):
        job.registry.put(replace(mount, phase=Phase.PARTIAL, pid=0))
        raise DismError(0xC1420117)
    if folder.is_dir():
        empty_folder(folder)
    job.registry.remove(mount)
    job.progress(100)


def _save(job: Job, mount: Mount) -> None:
    """Write a mount's changes into its WIM."""
    if mount.phase in {Phase.PARTIAL, Phase.UNMOUNTING, Phase.MOUNTING}:
        raise DismError(0xC142011D)
    status = status_of(mount, job.settings)
    if status is Status.NEEDS_REMOUNT:
        raise DismError(0xC1510114)
    if mount.read_only:
        raise DismError(0xC142010C)
    wim, folder = Path(mount.wim), Path(mount.folder)
    if not (wim.is_file() and folder.is_dir()):
        raise DismError(0xC1510115)
    if stamp(wim) != mount.stamp:
        raise DismError(0xC1420122)
    job.console.say("Saving image")
    mount = job.registry.move(mount, Phase.SAVING)
    job.progress(8.0)
    index = _appended(wim, mount.index) if job.has("append") else mount.index
    before = snapshot.load(job.registry.snapshot_file(mount))
    held = recapture(folder, before, wim, index, job.scratch)
    job.progress(93.4)
    # After /Append the mount is one of the new image.
    _in_step(job, replace(mount, index=index), held)
    job.progress(100)


def _appended(wim: Path, index: int) -> int:
    """Add a copy of an image to its WIM; returns its number."""
    known = open_wim(wim)
    name = known.image(index).findtext("NAME") or f"image {index}"
    count = len(known.images)
    wimlib("export", wim, str(index), wim, f"{name} ({count + 1})")
    return count + 1


def list_mounts(job: Job) -> None:
    """`/Get-MountedImageInfo`."""
    console = job.console
    mounts = job.registry.all()
    if not mounts:
        console.line(console.word("No mounted images found."), "")
        return
    console.line(console.word("Mounted images:"), "")
    for mount in mounts:
        console.field("Mount Dir", mount.shown_folder)
        console.field("Image File", mount.shown_wim)
        console.field("Image Index", str(mount.index))
        console.field("Mounted Read/Write", console.word("No" if mount.read_only else "Yes"))
        console.field("Status", console.word(status_of(mount, job.settings)))
        console.line("")


def clean_up(job: Job) -> None:
    """`/Cleanup-Mountpoints`: what is invalid goes; what is good or can be remounted stays."""
    job.console.line("Scanning drives for stale files")
    for mount in job.registry.all():
        if status_of(mount, job.settings) is not Status.INVALID:
            continue
        folder = Path(mount.folder)
        if folder.is_dir() and open_files_below(folder):
            continue
        if folder.is_dir():
            empty_folder(folder)
        job.registry.remove(mount)
    job.progress(100)
