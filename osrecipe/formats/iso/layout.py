"""What is going to be on a new disc, checked before anything is written. Opens no file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.iso.labels import check_label
from osrecipe.formats.iso.names import check_component, check_depth, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_NAME_BYTES_MAX = 253  # UDF 1.02 2.3.4.2 leaves 254 for the name and its compression id
_SECONDS_MAX = 5_869_583_999  # 2155-12-31: ISO9660 counts years in one byte from 1900
_FILE_MAX = 200 << 30  # 1 GiB for each of the allocation descriptors that fit in one block


@dataclass(frozen=True, slots=True)
class IsoFile:
    r"""A file to put on a disc.

    Attributes:
        path: where on the disc, relative, backslashes: `sources\install.wim`.
        source: the host file that has the bytes.
        modified: nanoseconds since 1970-01-01 UTC, or None for the disc's own timestamp.
    """

    path: str
    source: Path
    modified: int | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """A checked disc: every folder once and after the one that holds it; boot files apart.

    Attributes:
        label: the volume label.
        timestamp: seconds since 1970-01-01 UTC, for all that has no time of its own.
        folders: all folders, stated or implied, spelled as first seen.
        files: files in the order in which their data is wanted, boot files first.
        bios: the BIOS boot image among the files, or None.
        efi: the UEFI boot image among the files, or None.
    """

    label: str
    timestamp: int
    folders: tuple[str, ...]
    files: tuple[IsoFile, ...]
    bios: IsoFile | None
    efi: IsoFile | None


def plan_layout(
    files: Iterable[IsoFile],
    directories: Iterable[str],
    *,
    label: str,
    bios_boot: str | None,
    efi_boot: str | None,
    timestamp: int,
) -> Layout:
    """Check and order what `write_iso` was given; see there for the arguments.

    Raises:
        FormatError: `iso/unsafe` and `iso/unsupported` for names, `iso/missing` for a boot file that is not among
            the files, `iso/unsupported` for labels and times.
    """
    check_label(label)
    _check_time(timestamp)
    names = _Names()
    for directory in directories:
        names.add_folder(directory)
    placed = [_place(file, names) for file in files]
    bios, efi = _find(placed, bios_boot), _find(placed, efi_boot)
    if bios is not None and bios is efi:
        raise FormatError(
            "iso", Fault.UNSUPPORTED, f"BIOS and UEFI can't load the same boot image: `{bios.path}`"
        )
    boot = [file for file in (bios, efi) if file is not None]
    rest = [file for file in placed if file is not bios and file is not efi]
    return Layout(label, timestamp, tuple(names.folders), (*boot, *rest), bios, efi)


def check_size(file: IsoFile, size: int, layout: Layout) -> None:
    """Refuse a size that can't be recorded.

    Raises:
        FormatError: `iso/too-large`, or `iso/unsupported` for an empty boot image.
    """
    if size > _FILE_MAX:
        raise FormatError("iso", Fault.TOO_LARGE, f"The file is too large for a disc: `{file.path}`")
    if not size and (file is layout.bios or file is layout.efi):
        raise FormatError("iso", Fault.UNSUPPORTED, f"The boot image is empty: `{file.path}`")


def _place(file: IsoFile, names: _Names) -> IsoFile:
    if file.modified is not None:
        _check_time(file.modified // 1_000_000_000)
    return IsoFile(names.add_file(file.path), file.source, file.modified)


def _find(files: Sequence[IsoFile], path: str | None) -> IsoFile | None:
    if path is None:
        return None
    for file in files:
        if fold(file.path) == fold(path):
            return file
    raise FormatError("iso", Fault.MISSING, f"The boot image is not among the files: `{path}`")


def _check_time(seconds: int) -> None:
    if not 0 <= seconds <= _SECONDS_MAX:
        raise FormatError(
            "iso", Fault.UNSUPPORTED, f"The time can't be recorded on a disc: {seconds} seconds"
        )


class _Names:
    """The names taken so far. Folders keep the spelling they were first given."""

    def __init__(self) -> None:
        self.folders: list[str] = []
        self._taken: dict[str, str | None] = {}
        self._recorded: set[tuple[str, bytes]] = set()

    def add_folder(self, path: str) -> str:
        """Take a folder and those above it; return its spelling."""
        above = ""
        parts = path.replace("/", "\\").split("\\")
        check_depth(len(parts))
        for part in parts:
            check_component(part)
            spelled = f"{above}\\{part}" if above else part
            key = fold(spelled)
            if key not in self._taken:
                self._record(above, part)
                self._taken[key] = spelled
                self.folders.append(spelled)
            known = self._taken[key]
            if known is None:
                raise FormatError(
                    "iso", Fault.UNSUPPORTED, f"A name is both a file and a folder: `{spelled}`"
                )
            above = known
        return above

    def add_file(self, path: str) -> str:
        """Take a file's name; return it with the spelling of its folder."""
        folder, _, name = path.replace("/", "\\").rpartition("\\")
        above = self.add_folder(folder) if folder else ""
        spelled = f"{above}\\{check_component(name)}" if above else check_component(path)
        if fold(spelled) in self._taken:
            raise FormatError("iso", Fault.UNSUPPORTED, f"The name is taken already: `{path}`")
        self._record(above, name)
        self._taken[fold(spelled)] = None
        return spelled

    def _record(self, folder: str, name: str) -> None:
        if any(char < " " for char in name):
            raise FormatError("iso", Fault.UNSUPPORTED, f"The name holds a control character: {name!r}")
        raw = encode_name(name)
        # pycdlib finds names by their bytes alone, so that the Latin `ab` and the one character U+6162 are one to it.
        if (folder, raw) in self._recorded:
            raise FormatError(
                "iso", Fault.UNSUPPORTED, f"Two names in a folder have the same bytes: `{name}`"
            )
        self._recorded.add((folder, raw))


def encode_name(name: str) -> bytes:
    """Encode a name as UDF records it, in one byte a character where they fit, else two.

    Raises:
        FormatError: `iso/unsupported` when it is too long or no Unicode text.
    """
    try:
        raw = name.encode("latin-1")
    except UnicodeEncodeError:
        raw = _wide(name)
    if len(raw) > _NAME_BYTES_MAX:
        raise FormatError("iso", Fault.UNSUPPORTED, f"The name is too long for a disc: `{name}`")
    return raw


def _wide(name: str) -> bytes:
    try:
        return name.encode("utf-16-be")
    except UnicodeEncodeError as error:
        raise FormatError("iso", Fault.UNSUPPORTED, f"The name is no Unicode text: {name!r}") from error
