"""libwim's own operations on whole files: capturing folders and volumes, splitting.

Used where reading a foreign file system or following an established rule is worth more than our own bytes.
What is captured is libwim's; everything after that is done by the other modules.
"""

from __future__ import annotations

import ctypes as c
import os
import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim.libwim import check, library
from osrecipe.formats.wim.progress import Stage, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osrecipe.formats.wim.layout import Codec

_WRITE_ACCESS: Final = 0x4
_ADD_NTFS: Final = 0x1
_ADD_NORPFIX: Final = 0x200
_CHECK_INTEGRITY: Final = 0x1
_BOOT_INDEX: Final = 0x4
_TEXT: Final = c.c_wchar_p if sys.platform == "win32" else c.c_char_p

_WRITE_STREAMS: Final = 12
_SCAN: Final = (9, 10, 11)
_SPLIT: Final = (19, 20)


class _WriteStreams(c.Structure):
    _fields_ = (("total", c.c_uint64), ("streams", c.c_uint64), ("done", c.c_uint64))


class _Info(c.Structure):
    """`struct wimlib_wim_info`, as far as it is set here."""

    _fields_ = (
        ("guid", c.c_uint8 * 16),
        ("images", c.c_uint32),
        ("boot", c.c_uint32),
        ("rest", c.c_uint8 * 128),
    )


_CALLBACK: Final = c.CFUNCTYPE(c.c_int, c.c_int, c.c_void_p, c.c_void_p)


@cache
def _declared() -> c.CDLL:
    lib = library()
    pointer = c.c_void_p
    lib.wimlib_create_new_wim.argtypes = [c.c_int, c.POINTER(pointer)]
    lib.wimlib_open_wim_with_progress.argtypes = [_TEXT, c.c_int, c.POINTER(pointer), _CALLBACK, pointer]
    lib.wimlib_register_progress_function.argtypes = [pointer, _CALLBACK, pointer]
    lib.wimlib_register_progress_function.restype = None
    lib.wimlib_free.argtypes = [pointer]
    lib.wimlib_free.restype = None
    lib.wimlib_add_image.argtypes = [pointer, _TEXT, _TEXT, _TEXT, c.c_int]
    lib.wimlib_set_image_property.argtypes = [pointer, c.c_int, _TEXT, _TEXT]
    lib.wimlib_set_output_chunk_size.argtypes = [pointer, c.c_uint32]
    lib.wimlib_get_wim_info.argtypes = [pointer, c.POINTER(_Info)]
    lib.wimlib_set_wim_info.argtypes = [pointer, c.POINTER(_Info), c.c_int]
    lib.wimlib_write.argtypes = [pointer, _TEXT, c.c_int, c.c_int, c.c_uint]
    lib.wimlib_overwrite.argtypes = [pointer, c.c_int, c.c_uint]
    lib.wimlib_split.argtypes = [pointer, _TEXT, c.c_uint64, c.c_int]
    return lib


def _text(value: str | Path) -> Any:  # noqa: ANN401 - str on Windows, bytes elsewhere
    return str(value) if sys.platform == "win32" else os.fsencode(value)


class _Reporter:
    """Turns libwim's progress calls into ours and keeps what a callback raised."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self.raised: BaseException | None = None
        self.function = _CALLBACK(self._called)

    def _called(self, message: int, info: int | None, _: int | None) -> int:
        try:
            return 0 if self._go_on(message, info) else 1
        except BaseException as error:  # noqa: BLE001 - nothing may pass through the C frames; raised again outside
            self.raised = error
            return 1

    def _go_on(self, message: int, info: int | None) -> bool:
        if message == _WRITE_STREAMS and info:
            streams = _WriteStreams.from_address(info)
            return self._watch.wanted(Stage.COMPRESS, int(streams.done), int(streams.total))
        return self._watch.wanted(Stage.SPLIT if message in _SPLIT else Stage.SCAN, 0, 0)

    def check(self, code: int, doing: str) -> None:
        """As `libwim.check`, after what a callback raised."""
        if self.raised is not None:
            raised, self.raised = self.raised, None
            raise raised
        check(code, doing)


@contextmanager
def _handle(wim: Path | None, codec: Codec, watch: Watch) -> Iterator[tuple[c.CDLL, c.c_void_p, _Reporter]]:
    """A new WIM in memory, or an existing one opened for writing."""
    lib, pointer, reporter = _declared(), c.c_void_p(), _Reporter(watch)
    if wim is None:
        reporter.check(lib.wimlib_create_new_wim(int(codec), c.byref(pointer)), "making a WIM")
        lib.wimlib_register_progress_function(pointer, reporter.function, None)
    else:
        code = lib.wimlib_open_wim_with_progress(
            _text(wim), _WRITE_ACCESS, c.byref(pointer), reporter.function, None
        )
        reporter.check(code, f"opening `{wim.name}`")
    try:
        yield lib, pointer, reporter
    finally:
        lib.wimlib_free(pointer)


def capture(
    source: Path,
    wim: Path,
    name: str,
    *,
    properties: dict[str, str],
    codec: Codec,
    chunk: int | None = None,
    boot: bool = False,
    append: bool = False,
    ntfs_volume: bool = False,
    integrity: bool = False,
    threads: int = 0,
    watch: Watch | None = None,
) -> int:
    """Captures a folder, or with `ntfs_volume` an NTFS volume or image file, as a new image.

    Args:
        source: what to capture.
        wim: where to; made, or with `append` added to.
        name: the image's name, unique in the file.
        properties: XML paths and values, such as `DESCRIPTION`.
        codec: compression of a new file.
        chunk: bytes, or libwim's usual size.
        boot: make it the image that boots.
        append: add to an existing file.
        ntfs_volume: needs a libwim with NTFS-3G.
        integrity: write an integrity table.
        threads: 0 means one for each CPU.
        watch: told of the progress.

    Returns:
        The new image's index.

    Raises:
        FormatError: libwim refuses.
        Aborted: the watcher asked to stop.
    """
    with _handle(wim if append else None, codec, watch or Watch()) as (lib, pointer, reporter):
        if chunk and not append:
            reporter.check(
                lib.wimlib_set_output_chunk_size(pointer, chunk), f"setting chunks of {chunk} bytes"
            )
        flags = _ADD_NORPFIX | (_ADD_NTFS if ntfs_volume else 0)
        doing = f"capturing `{source.name}`"
        reporter.check(lib.wimlib_add_image(pointer, _text(source), _text(name), None, flags), doing)
        info = _Info()
        reporter.check(lib.wimlib_get_wim_info(pointer, c.byref(info)), doing)
        index = int(info.images)
        for key, value in properties.items():
            reporter.check(
                lib.wimlib_set_image_property(pointer, index, _text(key), _text(value)), f"setting `{key}`"
            )
        if boot:
            info.boot = index
            reporter.check(
                lib.wimlib_set_wim_info(pointer, c.byref(info), _BOOT_INDEX), "setting the boot index"
            )
        write_flags = _CHECK_INTEGRITY if integrity else 0
        if append:
            reporter.check(lib.wimlib_overwrite(pointer, write_flags, threads), doing)
        else:
            reporter.check(lib.wimlib_write(pointer, _text(wim), -1, write_flags, threads), doing)
    return index


def split(wim: Path, first: Path, part_size: int, *, watch: Watch | None = None) -> list[Path]:
    """Splits a WIM into parts of about `part_size` bytes: `x.swm`, `x2.swm`, ….

    Raises:
        FormatError: libwim refuses, as it does for solid files.
        Aborted: the watcher asked to stop.
    """
    if first.suffix.lower() != ".swm":
        raise FormatError("wim", Fault.UNSUPPORTED, f"the parts of a split WIM end in `.swm`: `{first.name}`")
    lib, pointer, reporter = _declared(), c.c_void_p(), _Reporter(watch or Watch())
    code = lib.wimlib_open_wim_with_progress(_text(wim), 0, c.byref(pointer), reporter.function, None)
    reporter.check(code, f"opening `{wim.name}`")
    try:
        reporter.check(lib.wimlib_split(pointer, _text(first), part_size, 0), f"splitting `{wim.name}`")
    finally:
        lib.wimlib_free(pointer)
    parts = [first]
    while (following := first.with_name(f"{first.stem}{len(parts) + 1}{first.suffix}")).exists():
        parts.append(following)
    return parts
