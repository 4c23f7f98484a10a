"""Windows Job Objects: everything a program starts ends with it, and all of it ends with us. And the console's Ctrl-Break.

The job is made with kill-on-close, and its only handle is ours: when this process ends, however it ends, Windows
closes the handle and ends every process in the job. Called through ctypes; structures follow `winnt.h`.
Written from Microsoft's documentation and tried under Wine, NOT on Windows, by its authors. A child that the program
starts in the instant between its own start and `assign` stays outside the job.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_KILL_ON_JOB_CLOSE: Final = 0x2000  # JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
_EXTENDED_LIMITS: Final = 9  # JobObjectExtendedLimitInformation


class _BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION."""

    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("minimum_working_set", ctypes.c_size_t),
        ("maximum_working_set", ctypes.c_size_t),
        ("active_processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
    )


class _Counters(ctypes.Structure):
    """IO_COUNTERS."""

    _fields_ = tuple(
        (name, ctypes.c_uint64) for name in ("reads", "writes", "others", "read", "written", "other")
    )


class ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION: 144 bytes on 64-bit Windows, 112 on 32-bit."""

    _fields_ = (
        ("basic", _BasicLimits),
        ("io", _Counters),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


if sys.platform == "win32":
    _CTRL_BREAK: Final = 1  # CTRL_BREAK_EVENT

    def has_console() -> bool:
        """Whether this process has a console, which what it starts then shares."""
        return bool(ctypes.WinDLL("kernel32").GetConsoleCP())

    def press_break(group: int) -> bool:
        """Press Ctrl-Break for a process group that shares our console; False where that can't be done.

        Not by `os.kill`: where it can't, CPython 3.11 ends the process all the same and raises SystemError.
        """
        return bool(ctypes.WinDLL("kernel32").GenerateConsoleCtrlEvent(_CTRL_BREAK, group))

    class JobObject:
        """A job whose processes end when it is closed."""

        def __init__(self) -> None:
            self._kernel = ctypes.WinDLL("kernel32", use_last_error=True)
            self._declare()
            self._handle = self._kernel.CreateJobObjectW(None, None)
            if not self._handle:
                raise ctypes.WinError(ctypes.get_last_error())
            limits = ExtendedLimits()
            limits.basic.flags = _KILL_ON_JOB_CLOSE
            size = ctypes.sizeof(limits)
            if not self._kernel.SetInformationJobObject(
                self._handle, _EXTENDED_LIMITS, ctypes.byref(limits), size
            ):
                error = ctypes.get_last_error()
                self.close()
                raise ctypes.WinError(error)

        def _declare(self) -> None:
            handle = ctypes.c_void_p
            kernel = self._kernel
            kernel.CreateJobObjectW.argtypes = (ctypes.c_void_p, ctypes.c_wchar_p)
            kernel.CreateJobObjectW.restype = handle
            kernel.SetInformationJobObject.argtypes = (handle, ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32)
            kernel.SetInformationJobObject.restype = ctypes.c_int
            kernel.AssignProcessToJobObject.argtypes = (handle, handle)
            kernel.AssignProcessToJobObject.restype = ctypes.c_int
            kernel.TerminateJobObject.argtypes = (handle, ctypes.c_uint32)
            kernel.TerminateJobObject.restype = ctypes.c_int
            kernel.CloseHandle.argtypes = (handle,)
            kernel.CloseHandle.restype = ctypes.c_int

        def assign(self, process: int) -> None:
            """Put a process, by its handle, into the job; what it starts from now on is in it too."""
            if not self._kernel.AssignProcessToJobObject(self._handle, process):
                raise ctypes.WinError(ctypes.get_last_error())

        def terminate(self) -> None:
            """End every process in the job with exit code 1."""
            self._kernel.TerminateJobObject(self._handle, 1)

        def close(self) -> None:
            """Close the only handle, which ends what is still running."""
            if self._handle:
                self._kernel.CloseHandle(self._handle)
                self._handle = None
