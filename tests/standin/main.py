"""The program: elevation, then the command line, then the banner, then the work (dism fact sheet fact 6, §4.1).

Returns the exit code and never raises for what a command line can say.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from standin import commands, help_text
from standin.codes import CompletedWithErrorsError, DismError, shown
from standin.console import Console
from standin.faults import Do, ordered
from standin.grammar import Option, conflict, parse, unknown
from standin.hostpaths import existing_folder
from standin.imageroot import image_root
from standin.imageversion import check_family, image_version
from standin.job import Job
from standin.settings import Settings, settings_of
from standin.state import MountRegistry, servicing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO

    from standin.commands import Command
    from standin.faults import Fault

_ELEVATION = 740


def main(arguments: Sequence[str], environment: Mapping[str, str], stream: BinaryIO | None = None) -> int:
    """Carry a command line out.

    Args:
        arguments: the command line without the program.
        environment: see the package's docstring.
        stream: what stands for standard output; the real one by default.

    Returns:
        What the process is to exit with: all 32 bits on Windows, on POSIX the lowest 8.
    """
    code = exit_code(arguments, environment, stream or sys.stdout.buffer)
    return code if os.name == "nt" else code & 0xFF or int(code != 0)


def exit_code(arguments: Sequence[str], environment: Mapping[str, str], stream: BinaryIO) -> int:
    """Carry a command line out and return its code as DISM has it, all 32 bits."""
    settings = settings_of(environment)
    _note(settings, {"event": "start", "pid": os.getpid(), "argv": list(arguments)})
    try:
        code = _run(arguments, settings, stream)
    except BrokenPipeError:  # nobody reads on; the interpreter must not try again when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        code = 1
    _note(settings, {"event": "end", "pid": os.getpid(), "code": code, "shown": shown(code)})
    return code


def _run(arguments: Sequence[str], settings: Settings, stream: BinaryIO) -> int:
    console = Console(stream, settings.locale, settings.code_page)
    if not settings.elevated:
        console.elevation_error()
        return _ELEVATION
    names = {argument.lower() for argument in arguments}
    console.english = "/english" in names
    console.quiet = "/quiet" in names
    with tempfile.TemporaryDirectory(prefix="dism-standin-") as scratch:
        job = Job(settings, console, MountRegistry(settings.state), Path(scratch))
        try:
            return _carry_out(job, arguments)
        except CompletedWithErrorsError as problem:
            console.line("The command completed with errors.")
            console.line("For more information, refer to the log file.")
            return problem.code
        except DismError as problem:
            job.log(f"failed: {shown(problem.code)}: {problem.text}")
            console.error(problem, job.log_path())
            return problem.code


def _carry_out(job: Job, arguments: Sequence[str]) -> int:
    """Everything after elevation; the banner comes first, even before a mistake in the command line is found."""
    options, mistake = _options(arguments)
    command = next((known for option in options if (known := commands.find(option.name))), None)
    fault = None
    if command is not None:
        fault = job.fault = ordered(
            job.settings.faults, job.settings.state, command.name.lower(), list(arguments)
        )
    if fault is not None and fault.do is Do.SILENT:
        return 0
    if fault is not None and fault.do is Do.TRUNCATE:
        job.console.limit = fault.bytes
    job.console.banner(job.settings.version)
    if mistake is not None:
        raise mistake
    if not options or any(option.name == "?" for option in options):
        help_text.show(job.console, options)
        return 0
    if command is None:
        raise unknown(_first_unknown(options))
    _fill(job, command, options)
    return _work(job, command, fault)


def _options(arguments: Sequence[str]) -> tuple[list[Option], DismError | None]:
    try:
        return parse(arguments), None
    except DismError as mistake:
        return [], mistake


def _first_unknown(options: Sequence[Option]) -> str:
    return next(
        (option.written for option in options if option.name not in commands.GLOBALS), options[0].written
    )


def _fill(job: Job, command: Command, options: Sequence[Option]) -> None:
    """Check every option and give them to the job."""
    seen = False
    for option in options:
        found = commands.find(option.name)
        if found is not None:
            if seen:
                raise conflict("Only one servicing command may be on a command line.")
            seen = True
            if command.takes_value == (option.value is None):
                raise conflict(f"The {option.name} option is used wrongly.")
            job.value = option.value or ""
            continue
        name = commands.ALIASES.get(option.name, option.name)
        if name not in commands.GLOBALS and name not in command.options:
            raise unknown(option.written)
        job.options.setdefault(name, []).append(option.value or "")
    for name in ("loglevel",):
        if job.get(name) not in {None, "1", "2", "3", "4"}:
            raise conflict("The log level is a number from 1 to 4.")
    if scratch := job.get("scratchdir"):
        existing_folder(scratch)


def _work(job: Job, command: Command, fault: Fault | None) -> int:
    job.log(f"command: {command.name}")
    if job.has("online"):
        raise DismError(50, "This stand-in has no running Windows to service.")
    if command.on_image:
        job.image = image_root(job, writes=command.writes)
        version = image_version(job.image)
        job.console.image_version(version)
        check_family(job.settings.version, version)
    elif job.has("image"):
        raise unknown("image")
    if fault is not None and fault.do is Do.NOTHING:
        job.console.success()
        return 0
    with (
        servicing(job.settings.state, job.root)
        if command.writes
        else contextlib.nullcontext(enter_result=True) as alone
    ):
        if not alone:
            raise DismError(0xC15101FD)
        job.reach(0)
        command.run(job)
        job.reach(100)
    if fault is not None and fault.do is Do.PENDING:
        _leave_pending(job)
    job.console.success()
    return fault.code if fault is not None and fault.do is Do.EXIT else 0


def _leave_pending(job: Job) -> None:
    from standin.pending import add_pending

    add_pending(job.root, "ordered", "package")


def _note(settings: Settings, event: dict[str, object]) -> None:
    if settings.calls is not None:
        with contextlib.suppress(OSError), settings.calls.open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")
