"""Taking files out of an image onto this machine.

Plain files, directories and hard links; every blob is verified. Reparse points and encrypted files are left out
and named, descriptors and streams stay behind. Nothing is written outside the folder that was asked for.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim.export import replacing
from osrecipe.formats.wim.layout import ZERO_HASH, Attribute
from osrecipe.formats.wim.names import check_windows_name
from osrecipe.formats.wim.progress import CancelFunction, ProgressFunction, Stage, Watch
from osrecipe.formats.wim.reader import WimReader

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.formats.wim.tree import Entry

_EPOCH: Final = 116_444_736_000_000_000  # 1970 in 100 ns steps since 1601
_LAST: Final = 1 << 62
_LONGEST: Final = 255  # bytes of one name on POSIX file systems


@dataclass(frozen=True, slots=True)
class ExtractReport:
    """What was taken out; `left_out` names reparse points and encrypted files."""

    files: int
    directories: int
    size: int
    left_out: tuple[str, ...]


def extract_file(wim: Path, index: int, path: str, to: Path) -> None:
    """Takes one file out; `to` appears only whole and verified.

    Raises:
        FormatError: no such plain file, or it is damaged.
    """
    with WimReader.open(wim) as reader:
        _write(reader, reader.file_entry(index, path), to)


def extract_tree(
    wim: Path,
    index: int,
    path: str,
    to: Path,
    *,
    progress: ProgressFunction | None = None,
    cancel: CancelFunction | None = None,
) -> ExtractReport:
    """Takes a directory's content out into the folder `to`, which is made.

    Raises:
        FormatError: a name or an existing link would lead elsewhere (UNSAFE), or something is damaged.
        OSError: the disk is full or `to` can't be written.
        Aborted: it was stopped; what is there already stays.
    """
    watch = Watch(progress, cancel)
    with WimReader.open(wim) as reader:
        tree = reader.tree(index)
        prefix = len(tree.get(path).path)
        entries = [(entry, _target(to, entry.path[prefix:])) for entry in tree.walk(path)]
        left_out = [entry.path for entry, _ in entries if _is_left_out(entry)]
        behind = tuple(f"{gone}\\" for gone in left_out)
        kept = [
            (entry, target)
            for entry, target in entries
            if not _is_left_out(entry) and not entry.path.startswith(behind)
        ]
        to.mkdir(parents=True, exist_ok=True)
        folders = [(entry, target) for entry, target in kept if entry.is_directory]
        for _, target in folders:
            _make_folder(target)
        files = [(entry, target) for entry, target in kept if not entry.is_directory]
        size = _extract_files(reader, files, watch)
        for entry, target in reversed(folders):
            _set_time(target, entry.written)
        return ExtractReport(len(files), len(folders), size, tuple(left_out))


def _is_left_out(entry: Entry) -> bool:
    return bool(entry.attributes & (Attribute.REPARSE_POINT | Attribute.ENCRYPTED))


def _extract_files(reader: WimReader, files: list[tuple[Entry, Path]], watch: Watch) -> int:
    """Writes the files in the order their blobs lie in the WIM, which solid ones need to be quick."""
    done = 0
    first_names: dict[tuple[int, bytes], Path] = {}
    for entry, target in sorted(files, key=lambda pair: reader.table.place(pair[0].sha1)):
        known = first_names.get((entry.hard_link_group, entry.sha1)) if entry.hard_link_group else None
        if known is None:
            _write(reader, entry, target)
            first_names[entry.hard_link_group, entry.sha1] = target
        else:
            target.unlink(missing_ok=True)
            os.link(known, target)
        done += entry.size or 0
        watch(Stage.EXTRACT, done)
    return done


def _write(reader: WimReader, entry: Entry, target: Path) -> None:
    with replacing(target) as out:
        if entry.sha1 != ZERO_HASH:
            reader.read_blob(entry.sha1, out)
    _set_time(target, entry.written)


def _set_time(target: Path, filetime: int) -> None:
    if _EPOCH <= filetime < _LAST:
        at = (filetime - _EPOCH) * 100
        os.utime(target, ns=(at, at))


def _make_folder(target: Path) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise FormatError("wim", Fault.UNSAFE, f"something else is in the place of a folder: `{target}`")
    target.mkdir(exist_ok=True)


def _target(to: Path, relative: str) -> Path:
    """Where an entry goes; its names were checked when the image was read."""
    names = [name for name in relative.split("\\") if name]
    for name in names:
        if sys.platform == "win32":
            check_windows_name(name)
        _check_host_name(name)
    return to.joinpath(*names)


def _check_host_name(name: str) -> None:
    """Refuses a name this machine's file systems can't have."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError as error:  # half a surrogate pair: legal on NTFS, no text anywhere else
        raise FormatError("wim", Fault.UNSAFE, f"a name is no valid Unicode: {name!r}") from error
    if sys.platform != "win32" and size > _LONGEST:
        raise FormatError("wim", Fault.UNSUPPORTED, f"a name is too long for this machine: `{name[:40]}…`")
