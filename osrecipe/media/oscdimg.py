"""Writing the tree with the deployment kit's `oscdimg`, and looking at what came of it.

An exit code of 0 alone is no success: the disc is opened by our own reader and must hold every file of the tree, the
boot entries that were asked for and their images. Nothing appears under its name before that.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final

from osrecipe.adapters import oscdimg
from osrecipe.adapters.dism.output import encoding
from osrecipe.adapters.process import run, shown
from osrecipe.engine.files import remove
from osrecipe.formats.errors import FormatError
from osrecipe.formats.iso import IsoReader, Platform, check_label
from osrecipe.media.tree import walk_tree
from osrecipe.model.adapter import CancelledError, TaskError
from osrecipe.model.codes import Slug

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osrecipe.formats.iso import BootEntry
    from osrecipe.model.adapter import Context
    from osrecipe.model.tasks import WriteIso

_SECONDS: Final = 4 * 3600.0
"""Wall time of one disc: DVDs are written in minutes, slow network disks take longer."""
_PERCENT: Final = re.compile(r"\b(\d{1,3})% complete")
_LAST_LINES: Final = 3
_FIRMWARE: Final = {"bios": Platform.BIOS, "efi": Platform.EFI}
_REMEDY: Final = "see the task's log, or leave `output.writer` out"


def write(op: WriteIso, tree: Path, to: Path, boot_files: Mapping[str, Path], ctx: Context) -> str:
    """Write the tree as an ISO at `to`, which does not exist yet.

    Args:
        op: what to write.
        tree: the media's tree.
        to: where it goes, when it is whole.
        boot_files: the host path, below the tree, of each firmware's boot image.
        ctx: of the task.

    Returns:
        Who wrote it: `oscdimg` and its version.

    Raises:
        TaskError: oscdimg failed, or what it wrote is not what was asked for.
        CancelledError: the run is to stop; what was written is removed.
        FormatError: the label can't be written.
        OsrecipeError: there is no oscdimg.
    """
    check_label(op.label)
    tool = oscdimg.find()
    ctx.log(f"oscdimg {tool.version} ({tool.origin})")
    part = to.with_name(f"{to.name}.part.iso")
    named = {firmware: str(path.relative_to(tree)) for firmware, path in boot_files.items()}
    try:
        _run(oscdimg.argv(tool, oscdimg.options(op, named), tree, part), tree, ctx)
        _require_whole(op, tree, part, boot_files)
        part.replace(to)
    finally:
        remove(part)  # whatever it made there, so that what went wrong is said rather than this
    return f"oscdimg {tool.version}"


def _run(argv: list[str], tree: Path, ctx: Context) -> None:
    ctx.log(shown(argv))
    last: deque[str] = deque(maxlen=_LAST_LINES)
    share = [0.0]

    def take(line: str) -> None:
        if found := _PERCENT.findall(line):
            share[0] = min(int(found[-1]) / 100, 1.0)
        elif line.strip():
            ctx.log(line.rstrip())
            last.append(line.strip())

    def is_cancelled() -> bool:
        try:
            ctx.progress(share[0], "")
        except CancelledError:
            return True
        return False

    finished = run(argv, take, encoding=encoding(), timeout=_SECONDS, cancelled=is_cancelled, cwd=tree)
    if finished.code != 0:
        said = f": {'; '.join(last)}" if last else ""
        raise TaskError(
            Slug.RUN_TASK_FAILED, f"oscdimg could not write the ISO ({finished}){said}", remedy=_REMEDY
        )


def _require_whole(op: WriteIso, tree: Path, iso: Path, boot_files: Mapping[str, Path]) -> None:
    """The disc can be read, has the tree's files at their sizes, the label, and the boot entries with their images.

    Contents are compared by the run's verification, from what was promised; here nothing as large is read.
    """
    if not iso.is_file() or iso.stat().st_size == 0:
        raise _not_whole("it wrote no file")
    try:
        with IsoReader(iso) as disc:
            _require_files(disc, tree)
            if disc.label.upper() != op.label.upper():  # ISO9660 knows capitals only
                raise _not_whole(f"the label is another one: `{disc.label}`")
            _require_boot(disc, op, boot_files)
    except FormatError as cause:
        raise _not_whole(f"the ISO can't be read: {cause.reason}") from cause


def _require_files(disc: IsoReader, tree: Path) -> None:
    for path, host in walk_tree(tree):
        if host.is_dir():
            continue
        entry = disc.entry(path)
        if entry is None or entry.is_dir:
            raise _not_whole(f"a file is not on the ISO: `{path}`")
        if entry.size != host.stat().st_size:
            raise _not_whole(f"a file has another size on the ISO: `{path}`")


def _require_boot(disc: IsoReader, op: WriteIso, boot_files: Mapping[str, Path]) -> None:
    entries = {entry.platform: entry for entry in disc.boot_entries() if entry.bootable}
    if {_FIRMWARE[one] for one in op.firmware} != entries.keys():
        found = ", ".join(sorted(one.name for one in entries)) or "none"
        raise _not_whole(f"the ISO has other boot entries than the source: {found}")
    for firmware, path in boot_files.items():
        if not _loads(disc, entries[_FIRMWARE[firmware]], path):
            raise _not_whole(f"its boot entry loads something else: `{path.name}`")


def _loads(disc: IsoReader, entry: BootEntry, path: Path) -> bool:
    """Whether an entry's image is this file; an entry may state less than the whole file, and retail ones do."""
    image, wanted = disc.boot_image(entry), path.read_bytes()
    length = min(len(image), len(wanted))
    return length > 0 and image[:length] == wanted[:length]


def _not_whole(what: str) -> TaskError:
    reason = f"oscdimg says that all went well, but {what}"
    return TaskError(Slug.RUN_CHECK_FAILED, reason, remedy=_REMEDY)
