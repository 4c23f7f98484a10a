"""Files of a mounted image opened as a backup program opens them, whoever owns them.

Most files of a Windows image belong to TrustedInstaller and refuse administrators. With the privileges to back up
and to restore, and `FILE_FLAG_BACKUP_SEMANTICS`, an elevated process may still read and write them, and what it
writes into keeps its owner and descriptor. On other systems files are simply opened.
The Windows half follows Microsoft's documentation; its authors tried it under Wine, where every file may be opened,
NOT on Windows.
"""

from __future__ import annotations

import stat
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LINK_TAGS = frozenset({0xA000_000C, 0xA000_0003})
"""IO_REPARSE_TAG_SYMLINK and IO_REPARSE_TAG_MOUNT_POINT: what leads elsewhere."""


def leads_elsewhere(path: Path) -> bool:
    """Whether a path is a symbolic link or a junction. Following one could leave the image for the host."""
    found = path.lstat()
    return stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) in _LINK_TAGS


@contextmanager
def writable(path: Path) -> Iterator[None]:
    """An existing file without its read-only attribute, which it has again afterwards."""
    mode = path.lstat().st_mode
    locked = not mode & stat.S_IWUSR
    if locked:
        path.chmod(stat.S_IMODE(mode) | stat.S_IWUSR)
    try:
        yield
    finally:
        if locked and path.exists():
            path.chmod(stat.S_IMODE(mode))


if sys.platform == "win32":
    import ctypes
    import msvcrt
    import os
    from ctypes import wintypes
    from functools import cache

    _READ, _WRITE = 0x8000_0000, 0x4000_0000  # GENERIC_READ, GENERIC_WRITE
    _OPEN_EXISTING, _CREATE_NEW = 3, 1
    _BACKUP = 0x0200_0000  # FILE_FLAG_BACKUP_SEMANTICS
    _SHARE_READ = 1
    _ADJUST, _QUERY = 0x20, 0x8  # TOKEN_ADJUST_PRIVILEGES, TOKEN_QUERY
    _ENABLED = 2  # SE_PRIVILEGE_ENABLED

    class _Privilege(ctypes.Structure):
        """TOKEN_PRIVILEGES with one entry."""

        _fields_ = (
            ("count", wintypes.DWORD),
            ("low", wintypes.DWORD),
            ("high", wintypes.LONG),
            ("attributes", wintypes.DWORD),
        )

    def open_to_read(path: Path) -> BinaryIO:
        """Open a file for reading."""
        return os.fdopen(_open(path, _READ, _OPEN_EXISTING, os.O_RDONLY), "rb")

    def open_to_write(path: Path) -> BinaryIO:
        """Open a file, made when it is not there, for writing at its beginning; its old content is still there."""
        how = _OPEN_EXISTING if path.exists() else _CREATE_NEW
        return os.fdopen(_open(path, _READ | _WRITE, how, os.O_RDWR), "r+b")

    def _open(path: Path, access: int, how: int, flags: int) -> int:
        kernel = _kernel()
        handle = kernel.CreateFileW(str(path), access, _SHARE_READ, None, how, _BACKUP, None)
        if handle is None or handle == wintypes.HANDLE(-1).value:
            raise ctypes.WinError(ctypes.get_last_error())
        return msvcrt.open_osfhandle(handle, flags | os.O_BINARY)

    @cache
    def _kernel() -> ctypes.WinDLL:
        """kernel32 with CreateFileW declared, once the privileges are on."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateFileW.restype = wintypes.HANDLE
        kernel.CreateFileW.argtypes = (
            wintypes.LPCWSTR,
            wintypes.DWORD,
            wintypes.DWORD,
            ctypes.c_void_p,
            wintypes.DWORD,
            wintypes.DWORD,
            wintypes.HANDLE,
        )
        for name in ("SeBackupPrivilege", "SeRestorePrivilege"):
            _enable(kernel, name)
        return kernel

    def _enable(kernel: ctypes.WinDLL, name: str) -> None:
        """Switch a privilege on that an elevated process has; without it, files are opened as usual."""
        security = ctypes.WinDLL("advapi32", use_last_error=True)
        kernel.GetCurrentProcess.restype = wintypes.HANDLE
        token = wintypes.HANDLE()
        process = wintypes.HANDLE(kernel.GetCurrentProcess())
        if not security.OpenProcessToken(process, _ADJUST | _QUERY, ctypes.byref(token)):
            return
        wanted = _Privilege(1, 0, 0, _ENABLED)
        luid = ctypes.byref(wanted, _Privilege.low.offset)
        if security.LookupPrivilegeValueW(None, name, luid):
            security.AdjustTokenPrivileges(token, 0, ctypes.byref(wanted), 0, None, None)
        kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
        kernel.CloseHandle(token)

else:

    def open_to_read(path: Path) -> BinaryIO:
        """Open a file for reading."""
        return path.open("rb")

    def open_to_write(path: Path) -> BinaryIO:
        """Open a file, made when it is not there, for writing at its beginning; its old content is still there."""
        return path.open("r+b" if path.exists() else "w+b")
