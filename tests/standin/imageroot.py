"""The `/Image` of a servicing command, and whether its mount is in a state to be serviced (dism fact sheet §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standin.codes import DismError
from standin.grammar import missing
from standin.mounts import Status, status_of
from standin.state import Phase

if TYPE_CHECKING:
    from pathlib import Path

    from standin.job import Job

_PROBLEMS = {Status.INVALID: 0xC1510115, Status.NEEDS_REMOUNT: 0xC1510114}


def image_root(job: Job, *, writes: bool) -> Path:
    """The folder of the image to service; one that is no mount at all is as good as a mount.

    Raises:
        DismError: 87 without `/Image`, 3 where there is no folder, or what is wrong with its mount.
    """
    if not job.has("image"):
        raise missing("image")
    root = job.folder("image")
    mount = job.registry.around(root)
    if mount is None:
        return root
    status = status_of(mount, job.settings)
    if status in _PROBLEMS:
        raise DismError(_PROBLEMS[status])
    if mount.phase is not Phase.MOUNTED:
        raise DismError(0xC15101FD)
    if writes and mount.read_only:
        raise DismError(5)
    return root
