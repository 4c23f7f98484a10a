"""Faults ordered by a file: what goes wrong, at which call of which command.

STANDIN_FAULTS names a JSON list of objects:

========  ====================================================================================================
command   canonical name in any case (`Add-Package`), or `*`
match     only command lines that have this text somewhere; counted apart
call      the first call of these it concerns, from 1 (the default)
times     how many calls from there; 1 by default
do        `error`        fail with `code`
          `crash`        the process is gone, as by kill -9: nothing is cleaned up
          `hang`         stand still for `seconds`, then go on
          `nothing`      banner and success, exit code 0, nothing done
          `silent`       exit code 0 and not one byte, as Wine's own dism.exe
          `truncate`     the output ends after `bytes`; the work is done
          `exit`         the work is done, then exit code `code` with the text of success
          `open-handle`  unmounting finds open files: saved when asked for, then 0xc1420117
          `pending`      the work is done and leaves pending actions in the image
at        percent of the work after which `error`, `crash` and `hang` strike; 0 by default, before anything is done
code      a code, `0x800f0922` or `1726`
printed   for `error`: how the `Error:` line spells the code; "" for no error block, so that only the exit code tells
========  ====================================================================================================

Calls are counted in the state folder, so that they are counted over processes. Nothing here comes from DISM.
"""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn

from standin.codes import DismError
from standin.state import locked, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Do(StrEnum):
    """What a fault does."""

    ERROR = "error"
    CRASH = "crash"
    HANG = "hang"
    NOTHING = "nothing"
    SILENT = "silent"
    TRUNCATE = "truncate"
    EXIT = "exit"
    OPEN_HANDLE = "open-handle"
    PENDING = "pending"


@dataclass(frozen=True)
class Fault:
    """One ordered fault."""

    command: str
    do: Do
    match: str = ""
    call: int = 1
    times: int = 1
    at: float = 0
    code: int = 0
    printed: str | None = None
    seconds: float = 86_400
    bytes: int = 0

    def concerns(self, command: str, arguments: Sequence[str]) -> bool:
        """Whether a call counts for this fault."""
        return self.command.lower() in {"*", command} and self.match in " ".join(arguments)

    def strike(self) -> None:
        """Do what is to be done in the middle of the work; the other faults are the caller's."""
        match self.do:
            case Do.ERROR:
                raise DismError(self.code, printed=self.printed)
            case Do.CRASH:
                crash()
            case Do.HANG:
                time.sleep(self.seconds)
            case _:
                pass


def ordered(file: Path | None, state: Path, command: str, arguments: Sequence[str]) -> Fault | None:
    """The fault for this very call, which is counted."""
    if file is None:
        return None
    faults = [_fault(row) for row in json.loads(file.read_text(encoding="utf-8"))]
    counts = state / "fault-counts.json"
    struck = None
    with locked(state):
        seen: dict[str, int] = read_json(counts) or {}
        for number, fault in enumerate(faults):
            if not fault.concerns(command, arguments):
                continue
            calls = seen[str(number)] = seen.get(str(number), 0) + 1
            if struck is None and fault.call <= calls < fault.call + fault.times:
                struck = fault
        write_json(counts, seen)
    return struck


def crash() -> NoReturn:
    """End as if killed."""
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    raise SystemExit(1)  # not reached where signals are


def _fault(row: dict[str, Any]) -> Fault:
    code = row.get("code", 0)
    number = int(code, 0) if isinstance(code, str) else int(code)
    return Fault(**{**row, "do": Do(row["do"]), "code": number})
