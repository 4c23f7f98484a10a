"""Which adapter carries a plan out: the one that is asked for, or the one this host is made for.

`plan` and `explain` need no DISM: they speak of one. `apply` and `clean` find it first.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osrecipe.adapters.dism.tool import Tool
    from osrecipe.engine.janitor import Undoer
    from osrecipe.model.adapter import Adapter


class AdapterName(StrEnum):
    """What carries the work out."""

    AUTO = "auto"
    EMBEDDED = "embedded"
    DISM = "dism"


AdapterOption = Annotated[
    AdapterName,
    typer.Option("--adapter", help="What services the images; auto: DISM on Windows, else what needs none."),
]
DismOption = Annotated[
    str,
    typer.Option(
        "--dism",
        metavar="PATH|system|adk",
        help="Which DISM; else what OSRECIPE_DISM names, else the system's.",
    ),
]


def is_dism(name: AdapterName) -> bool:
    """Whether a choice means DISM here."""
    return name is AdapterName.DISM or (name is AdapterName.AUTO and sys.platform == "win32")


def planning_adapter(name: AdapterName, dism: str) -> Adapter:
    """The adapter to plan with; where there is no DISM, one without it, that can only speak.

    Raises:
        OsrecipeError: a DISM is named that is not there.
    """
    if not is_dism(name):
        return _embedded()
    from osrecipe.adapters.dism import DismAdapter
    from osrecipe.adapters.dism.tool import find, is_there

    return DismAdapter(find(dism) if dism or is_there() else None)


def running_adapter(name: AdapterName, dism: str) -> Adapter:
    """The adapter to work with.

    Raises:
        OsrecipeError: there is no DISM, or it says no version.
    """
    if not is_dism(name):
        return _embedded()
    from osrecipe.adapters.dism import DismAdapter

    return DismAdapter(tool_of(dism))


def tool_of(dism: str) -> Tool:
    """The DISM to work with.

    Raises:
        OsrecipeError: there is none, or it says no version (`run/tool-missing`).
    """
    from osrecipe.adapters.dism.tool import find
    from osrecipe.model.codes import ExitCode, Slug
    from osrecipe.model.problems import error

    tool = find(dism)
    if tool.version is None:
        raise error(
            Slug.RUN_TOOL_MISSING,
            f"this is no DISM, or it can't run here: `{tool.path}` prints no banner",
            hint="run as administrator, or name another with `--dism PATH`",
            exit_code=ExitCode.TASK,
        )
    return tool


def undoers(dism: str) -> Mapping[str, Undoer]:
    """Who undoes what dead runs left, by kind. DISM is looked for only when there is a mount to undo."""
    from osrecipe.adapters.dism.janitor import MountUndoer
    from osrecipe.adapters.dism.mounting import MOUNT
    from osrecipe.adapters.dism.tool import find

    return {MOUNT: MountUndoer(lambda: find(dism))}


def worker_command(name: str, dism: str) -> list[str]:
    """The command that starts a worker for an adapter."""
    start = [sys.executable, "-m", "osrecipe.cli.worker"]
    return [*start, dism] if name == "dism" and dism else start


def worker_adapter(name: str, arguments: Sequence[str]) -> Adapter:
    """The adapter a request names, in a worker; its only argument is the DISM.

    Raises:
        ValueError: there is no such adapter.
        OsrecipeError: as `tool_of`.
    """
    if name not in {AdapterName.EMBEDDED, AdapterName.DISM}:
        msg = f"no such adapter: {name}"
        raise ValueError(msg)
    return running_adapter(AdapterName(name), arguments[0] if arguments else "")


def _embedded() -> Adapter:
    from osrecipe.adapters.embedded import EmbeddedAdapter

    return EmbeddedAdapter()
