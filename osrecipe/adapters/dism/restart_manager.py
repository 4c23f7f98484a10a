"""Which processes have files open, by Windows' Restart Manager (`rstrtmgr.dll`).

It only asks: nothing is ever shut down or restarted, and whatever goes wrong is an answer that is not there. Structures
follow `restartmanager.h`, and a test compares them with that header. Written from Microsoft's documentation and NOT
tried on Windows by its authors. Folders can't be asked about, so that a program that merely stands in one is not seen.
"""

from __future__ import annotations

import ctypes
import sys
import time
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

SESSION_KEY: Final = 32  # CCH_RM_SESSION_KEY
APP_NAME: Final = 255  # CCH_RM_MAX_APP_NAME
SERVICE_NAME: Final = 63  # CCH_RM_MAX_SVC_NAME
BATCH: Final = 256
"""Files of one question: enough to be quick, few enough to stop between two."""
MORE_DATA: Final = 234  # ERROR_MORE_DATA
_TRIES: Final = 4
_MOST: Final = 1024
"""Processes of one answer; more would be nonsense."""


class UniqueProcess(ctypes.Structure):
    """RM_UNIQUE_PROCESS."""

    _fields_ = (
        ("pid", ctypes.c_uint32),
        ("started_low", ctypes.c_uint32),  # a FILETIME, whose halves ask for no alignment of eight
        ("started_high", ctypes.c_uint32),
    )


class ProcessInfo(ctypes.Structure):
    """RM_PROCESS_INFO; its texts are UTF-16 on every host, so that the layout can be tested anywhere."""

    _fields_ = (
        ("process", UniqueProcess),
        ("app_name", ctypes.c_uint16 * (APP_NAME + 1)),
        ("service_name", ctypes.c_uint16 * (SERVICE_NAME + 1)),
        ("app_type", ctypes.c_int32),
        ("status", ctypes.c_uint32),
        ("session", ctypes.c_uint32),
        ("restartable", ctypes.c_int32),
    )


class Library(Protocol):
    """The four functions; each gives 0 or a Windows error code."""

    # The names and the order of arguments are Windows'.
    def RmStartSession(self, handle: object, flags: int, key: object, /) -> int:  # noqa: N802 - as above
        """Begin a session."""

    def RmRegisterResources(  # noqa: N802 - as above
        self,
        handle: object,
        file_count: int,
        files: object,
        process_count: int,
        processes: object,
        service_count: int,
        services: object,
        /,
    ) -> int:
        """Say which files are asked about."""

    def RmGetList(  # noqa: N802 - as above
        self, handle: object, needed: object, count: object, found: object, reasons: object, /
    ) -> int:
        """Who uses them."""

    def RmEndSession(self, handle: object, /) -> int:  # noqa: N802 - as above
        """End the session."""


if sys.platform == "win32":

    def library() -> Library | None:
        """Windows' own; None where there is none."""
        try:
            found = ctypes.WinDLL("rstrtmgr")
        except OSError:
            return None
        word, count, pointer = ctypes.c_uint32, ctypes.c_uint, ctypes.c_void_p
        found.RmStartSession.argtypes = (pointer, word, pointer)
        found.RmRegisterResources.argtypes = (word, count, pointer, count, pointer, count, pointer)
        found.RmGetList.argtypes = (word, pointer, pointer, pointer, pointer)
        found.RmEndSession.argtypes = (word,)
        for function in (
            found.RmStartSession,
            found.RmRegisterResources,
            found.RmGetList,
            found.RmEndSession,
        ):
            function.restype = word
        return found

else:

    def library() -> Library | None:
        """Windows' own; None where there is none."""
        return None


def users(
    files: Iterable[str],
    manager: Library,
    *,
    most: int,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> dict[int, str]:
    """The names of processes that have any of the files open, by their numbers.

    Args:
        files: full paths, the likeliest first; taken one by one, so that they may be found on the way.
        manager: see `library`.
        most: processes after which no more is asked.
        seconds: after which no more is asked; one question under way is not interrupted.
        clock: seconds of any start.
    """
    until = clock() + seconds
    found: dict[int, str] = {}
    rest = iter(files)
    while len(found) < most and clock() < until and (batch := list(islice(rest, BATCH))):
        pieces = [batch]
        while pieces and clock() < until:
            piece = pieces.pop()
            answer = _ask(piece, manager)
            if answer is not None:
                found |= answer
            elif len(piece) > 1:  # one file it may not look at hides all others of a question
                half = len(piece) // 2
                pieces += [piece[half:], piece[:half]]
    return found


def _ask(files: Sequence[str], manager: Library) -> dict[int, str] | None:
    """One question; None where there is no answer."""
    handle = ctypes.c_uint32()
    key = (ctypes.c_uint16 * (SESSION_KEY + 1))()
    if manager.RmStartSession(ctypes.byref(handle), 0, ctypes.byref(key)):
        return None
    try:
        names = (ctypes.c_wchar_p * len(files))(*files)
        if manager.RmRegisterResources(handle, len(files), ctypes.byref(names), 0, None, 0, None):
            return None
        return _listed(handle, manager)
    finally:
        manager.RmEndSession(handle)


def _listed(handle: ctypes.c_uint32, manager: Library) -> dict[int, str] | None:
    """The answer, asked for again while it grows."""
    room = 16
    for _ in range(_TRIES):
        needed, count, reasons = ctypes.c_uint(), ctypes.c_uint(room), ctypes.c_uint32()
        rows = (ProcessInfo * room)()
        code = manager.RmGetList(
            handle, ctypes.byref(needed), ctypes.byref(count), ctypes.byref(rows), ctypes.byref(reasons)
        )
        if code == 0:
            return {row.process.pid: _name(row) for row in rows[: min(count.value, room)]}
        if code != MORE_DATA or needed.value > _MOST:
            return None
        room = max(needed.value, room) + 4
    return None


def _name(row: ProcessInfo) -> str:
    """What people call a process; of a service it is the service's name, which says more than its host's."""
    return _text(row.app_name) or _text(row.service_name) or "a process without a name"


def _text(units: ctypes.Array[ctypes.c_uint16]) -> str:
    return bytes(units).decode("utf-16-le", "replace").partition("\0")[0]
