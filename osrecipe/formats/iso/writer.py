"""Writing installation media in the layout of retail discs.

All files are in the UDF 1.02 file system; the ISO9660 side holds a readme and the El Torito catalogue. The same files,
label and timestamp give the same bytes. The disc is written to the path given: naming, fsync and renaming are the
caller's business.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from pycdlib.pycdlibexception import PyCdlibException

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.iso.clock import set_modification_date, set_times, set_volume_set
from osrecipe.formats.iso.entries import BOOT_SECTOR, Platform
from osrecipe.formats.iso.layout import check_size, plan_layout
from osrecipe.formats.iso.library import Disc
from osrecipe.formats.iso.source import LateFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from osrecipe.formats.iso.extract import Cancel, Progress
    from osrecipe.formats.iso.layout import IsoFile, Layout

_README = (
    b"The files of this disc are in its UDF file system, which the program that shows\r\n"
    b"this text can't read. Windows, Linux, macOS and current firmware can.\r\n"
)
_CATALOGUE = "/BOOT.CAT;1"
_HIDDEN = "/\x01"  # the catalogue's name in UDF, removed at once: no file can have it
_BIOS_LOAD = 8  # 512-byte sectors, as for Microsoft's etfsboot.com: 4 KiB
_LOAD_MAX = 0xFFFF  # the field has 16 bits
_TO_THE_END = 1  # UEFI 2.10, 13.3.2.1: up to the end of the medium
_BLOCK = 1 << 20


def write_iso(
    files: Iterable[IsoFile],
    directories: Iterable[str],
    to: Path,
    *,
    label: str,
    bios_boot: str | None,
    efi_boot: str | None,
    timestamp: int,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> None:
    r"""Write an ISO.

    The data of boot files comes first on the disc, then that of the others as given.

    Args:
        files: what to put on the disc; folders on the way are made.
        directories: further folders, such as empty ones.
        to: the host file to write; replaced when it is there, left incomplete when this raises.
        label: see `check_label`.
        bios_boot: the path on the disc of the BIOS boot image, such as `boot\etfsboot.com`; None for no BIOS boot.
        efi_boot: the path on the disc of the EFI system partition's image, such as `efi\microsoft\boot\efisys.bin`.
        timestamp: seconds since 1970-01-01 UTC, for everything that has no time of its own.
        progress: called with bytes done and bytes in all.
        cancel: called often; raises, with an exception of the caller's own, to stop.

    Raises:
        FormatError: for names, labels, times and sizes that can't be written, before `to` is touched;
            `iso/truncated` when a source became shorter while it was read.
        OSError: when the host can't read a source or write `to`.
    """
    layout = plan_layout(
        files, directories, label=label, bios_boot=bios_boot, efi_boot=efi_boot, timestamp=timestamp
    )
    disc, sources = Disc(), [LateFile(file.source, file.source.stat().st_size) for file in layout.files]
    try:
        with _writing_faults():
            _fill(disc, layout, sources)
        with to.open("w+b") as output:
            with _writing_faults():
                disc.write_fp(output, blocksize=_BLOCK, progress_cb=_watcher(progress, cancel))
            set_modification_date(output, timestamp)
        disc.close()
    finally:
        for source in sources:
            source.close()


@contextmanager
def _writing_faults() -> Iterator[None]:
    """Name what pycdlib refuses; the layout was checked, so that nothing is expected here."""
    try:
        yield
    except PyCdlibException as error:
        raise FormatError("iso", Fault.UNSUPPORTED, f"The disc can't be written: {error}") from error


def _fill(disc: Disc, layout: Layout, sources: Sequence[LateFile]) -> None:
    disc.new(interchange_level=3, vol_ident=layout.label, app_ident_str="OSRECIPE", udf="2.60")
    for folder in layout.folders:
        disc.add_directory(udf_path=_udf_path(folder))
    modified: dict[int, int] = {}
    for number, (file, source) in enumerate(zip(layout.files, sources, strict=True)):
        entry = _add_file(disc, layout, number, file, source)
        if file.modified is not None:
            modified[id(entry)] = file.modified
    _add_boot(disc, layout, sources)
    disc.add_fp(io.BytesIO(_README), len(_README), iso_path="/README.TXT;1")
    disc.keep_data_order()
    set_volume_set(disc, layout.label, layout.timestamp)
    set_times(disc, layout.timestamp, modified)


def _add_file(disc: Disc, layout: Layout, number: int, file: IsoFile, source: LateFile) -> object:
    check_size(file, source.size, layout)
    path = _udf_path(file.path)
    # pycdlib finds boot images by their ISO9660 name, which `_add_boot` takes away again.
    boot = _boot_path(number) if file is layout.bios or file is layout.efi else None
    stream = cast("BinaryIO", source)  # all of a file that pycdlib uses
    disc.add_fp(stream, source.size, udf_path=path, iso_path=boot)
    return disc.get_record(udf_path=path)


def _add_boot(disc: Disc, layout: Layout, sources: Sequence[LateFile]) -> None:
    for number, (file, source) in enumerate(zip(layout.files, sources, strict=True)):
        if file is layout.bios:
            _add_entry(disc, number, Platform.BIOS, _BIOS_LOAD)
        elif file is layout.efi:
            _add_entry(disc, number, Platform.EFI, _efi_sectors(source.size))


def _add_entry(disc: Disc, number: int, platform: Platform, load_sectors: int) -> None:
    path = _boot_path(number)
    first = disc.eltorito_boot_catalog is None
    disc.add_eltorito(
        path,
        bootcatfile=_CATALOGUE,
        udf_bootcatfile=_HIDDEN,
        boot_load_size=load_sectors,
        platform_id=platform.value,
        efi=platform is Platform.EFI,
    )
    if first:
        disc.rm_hard_link(udf_path=_HIDDEN)
    disc.rm_hard_link(iso_path=path)


def _efi_sectors(size: int) -> int:
    sectors = -(-size // BOOT_SECTOR)
    return sectors if sectors <= _LOAD_MAX else _TO_THE_END


def _boot_path(number: int) -> str:
    return f"/BOOT{number}.IMG;1"


def _udf_path(path: str) -> str:
    return "/" + path.replace("\\", "/")


def _watcher(progress: Progress | None, cancel: Cancel | None) -> Callable[[int, int, object], None]:
    def watch(done: int, total: int, _context: object) -> None:
        if cancel is not None:
            cancel()
        if progress is not None:
            progress(done, total)

    return watch
