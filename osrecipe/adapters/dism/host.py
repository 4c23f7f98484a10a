"""What this host is like, as far as DISM cares: probed here, judged in `preflight`.

Asks the system and DISM's list of mounts; changes nothing but a folder it makes and removes to see whether mounting
can work there. What can't be found out stays None. The Windows half follows Microsoft's documentation; its authors
tried it under Wine, NOT on Windows.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osrecipe.adapters.dism.calls import Dism, Watch
from osrecipe.adapters.dism.mounting import listed
from osrecipe.adapters.dism.output import encoding
from osrecipe.adapters.dism.tool import find
from osrecipe.formats.cab import mspack
from osrecipe.formats.errors import FormatError
from osrecipe.formats.wim import libwim
from osrecipe.model.adapter import TaskError
from osrecipe.model.problems import OsrecipeError

if TYPE_CHECKING:
    from osrecipe.adapters.dism.output import Mount
    from osrecipe.adapters.dism.tool import Tool

_FIXED: Final = 3  # DRIVE_FIXED
_REPARSE: Final = 0x80  # FILE_SUPPORTS_REPARSE_POINTS


@dataclass(frozen=True)
class Volume:
    """The volume of the work folder.

    Attributes:
        folder: the nearest folder that is there.
        free: bytes.
        file_system: such as `NTFS`; None where it is not known.
        is_fixed: whether it is a local disk that stays.
        has_reparse_points: whether a mount can lie on it.
    """

    folder: Path
    free: int
    file_system: str | None = None
    is_fixed: bool | None = None
    has_reparse_points: bool | None = None


@dataclass(frozen=True)
class Host:
    """What was found.

    Attributes:
        system: as Python names it: `Windows`, `Linux`, `Darwin`.
        tool: the DISM; None where there is none.
        trouble: why there is none, or why it does not answer; empty when all is well.
        mounts: what is mounted; None where DISM does not say.
        scanner: whether a scanner that is known to slow DISM down is running; None where it is not known.
        libwim, libmspack: the native libraries of the embedded adapter; empty where they are missing.
        encoding: what DISM's output is taken to be in.
    """

    system: str
    is_elevated: bool
    tool: Tool | None
    trouble: str
    volume: Volume
    mounts: tuple[Mount, ...] | None
    long_paths: bool | None
    scanner: bool | None
    libwim: str
    libmspack: str
    encoding: str = "utf-8"


def probe(folder: Path, dism: str = "") -> Host:
    """Look at this host.

    Args:
        folder: where the work will be; it need not be there yet.
        dism: the DISM that is wished, as `tool.find` takes it.
    """
    tool, trouble = _tool(dism)
    mounts: tuple[Mount, ...] | None = None
    if tool is not None:
        try:
            mounts = listed(Dism(tool, ()), Watch())
        except (TaskError, OsrecipeError) as cause:
            trouble = str(cause)
    return Host(
        system=platform.system(),
        is_elevated=is_elevated(),
        tool=tool,
        trouble=trouble,
        volume=_volume(folder),
        mounts=mounts,
        long_paths=_long_paths(),
        scanner=_scanner(),
        libwim=_libwim(),
        libmspack="present" if mspack.available() else "",
        encoding=encoding(),
    )


def _tool(dism: str) -> tuple[Tool | None, str]:
    try:
        return find(dism), ""
    except OsrecipeError as cause:
        return None, cause.problems[0].reason


def is_elevated() -> bool:
    """Whether this process may service images."""
    if sys.platform == "win32":
        import ctypes

        return bool(ctypes.windll.shell32.IsUserAnAdmin())
    return os.geteuid() == 0


def _libwim() -> str:
    try:
        return ".".join(map(str, libwim.version()))
    except FormatError:
        return ""


def _volume(folder: Path) -> Volume:
    there = next((one for one in (folder.absolute(), *folder.absolute().parents) if one.is_dir()), Path.cwd())
    free = shutil.disk_usage(there).free
    if sys.platform == "win32":
        system, fixed, reparse = _windows_volume(there)
        return Volume(there, free, system, fixed, reparse)
    return Volume(there, free, has_reparse_points=_can_link(there))


def _can_link(folder: Path) -> bool | None:
    """Whether links can be made in a folder: what a reparse point is elsewhere."""
    with suppress(OSError), tempfile.TemporaryDirectory(prefix=".osrecipe-", dir=folder) as made:
        try:
            Path(made, "link").symlink_to("nowhere")
        except OSError:
            return False
        return True
    return None


if sys.platform == "win32":
    import ctypes
    import winreg

    def _windows_volume(folder: Path) -> tuple[str | None, bool | None, bool | None]:
        """File system, whether the drive is fixed, whether it has reparse points."""
        kernel = ctypes.windll.kernel32
        root = ctypes.create_unicode_buffer(261)
        if not kernel.GetVolumePathNameW(str(folder), root, 261):
            return None, None, None
        fixed = kernel.GetDriveTypeW(root) == _FIXED
        name, flags = ctypes.create_unicode_buffer(261), ctypes.c_uint32()
        if not kernel.GetVolumeInformationW(root, None, 0, None, None, ctypes.byref(flags), name, 261):
            return None, fixed, None
        return name.value, fixed, bool(flags.value & _REPARSE)

    def _value(path: str, name: str) -> int | None:
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path) as key:
                return int(winreg.QueryValueEx(key, name)[0])
        except (OSError, ValueError):
            return None

    def _long_paths() -> bool | None:
        return _value("SYSTEM\\CurrentControlSet\\Control\\FileSystem", "LongPathsEnabled") == 1

    def _scanner() -> bool | None:
        """Whether Defender scans what is opened. Its exclusions can't be read without its own module."""
        policy = "SOFTWARE\\Microsoft\\Windows Defender\\Real-Time Protection"
        return _value(policy, "DisableRealtimeMonitoring") != 1

else:

    def _long_paths() -> bool | None:
        return None

    def _scanner() -> bool | None:
        return None
