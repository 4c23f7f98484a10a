"""Only the rooms that people see write to the terminal."""

from __future__ import annotations

from support.house import at, imports, modules, uses

SPEAKING = {"render", "cli"}
STREAMS = ("sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__", "sys.displayhook")
GIVEN = {
    "osrecipe/adapters/guard.py": "a program of its own, started beside each tool; it speaks to nobody but its parent",
}
"""Modules that run in a process of their own, whose streams are not the user's."""

SILENCING = {"osrecipe/formats/iso/library.py": "keeps pycdlib's own log from the terminal"}
"""Modules that import `logging` to silence another's."""


def _silent() -> list[str]:
    return [m.path for m in modules() if m.room not in SPEAKING and m.path not in GIVEN]


def test_nothing_else_prints() -> None:
    """Neither `print` nor the streams, nor a logger that would find its way there."""
    silent = set(_silent())
    wrong = [
        at(m, line, f"uses `{name}`")
        for m in modules()
        if m.path in silent
        for line, name in uses(m)
        if name in {"print", "breakpoint"} or name.startswith(STREAMS)
    ]
    assert [] == wrong


def test_nothing_else_imports_a_way_to_print() -> None:
    """Journal, monitor and log are the project's own three channels."""
    silent = set(_silent()) - set(SILENCING)
    wrong = [
        at(m, line, f"imports `{name}`")
        for m in modules()
        if m.path in silent
        for line, name in imports(m)
        if name.split(".")[0] in {"logging", "rich", "warnings", "pprint"} or name.startswith(STREAMS)
    ]
    assert [] == wrong
