"""The plan room is pure: the same recipe and facts give the same plan on every machine, at every time."""

from __future__ import annotations

import builtins
import io
import os
import random
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, NoReturn

import pytest
from support.house import at, imports, modules, uses
from support.plans import compiled, facts, media, problems, recipe

PURE = [m for m in modules() if m.room == "plan"]
ALLOWED = {
    "__future__",
    "bisect",
    "collections",
    "dataclasses",
    "difflib",
    "enum",
    "fnmatch",
    "functools",
    "hashlib",
    "itertools",
    "networkx",
    "operator",
    "re",
    "typing",
}
ROOMS = (
    "osrecipe.model",
    "osrecipe.windows",
    "osrecipe.plan",
    "osrecipe.formats.errors",
    "osrecipe.formats.iso.labels",
)
"""What the plan is made of; of the formats only the rule of what an ISO may be called, which is text in, verdict out."""
FORBIDDEN = {"open", "input", "print", "exec", "eval", "compile", "__import__", "globals", "hash"}
"""Builtins that reach out of the program, or whose answer differs from run to run."""


def test_the_plan_room_imports_nothing_that_reaches_out() -> None:
    """A closed list: no files, clock, environment, chance, network or processes."""
    wrong = [
        at(m, line, f"imports `{name}`")
        for m in PURE
        for line, name in imports(m)
        if not name.startswith(ROOMS) and name.split(".")[0] not in ALLOWED
    ]
    assert PURE
    assert [] == wrong


def test_the_plan_room_calls_nothing_that_reaches_out() -> None:
    """Nor through a builtin."""
    wrong = [at(m, line, f"uses `{name}`") for m in PURE for line, name in uses(m) if name in FORBIDDEN]
    assert [] == wrong


class _Forbidden(dict[str, str]):
    """An environment that must not be looked at."""

    def __getitem__(self, key: str) -> NoReturn:
        raise AssertionError(f"the environment was read: {key}")

    def get(self, key: str, _default: object = None) -> NoReturn:
        self[key]
        raise AssertionError

    def __contains__(self, key: object) -> NoReturn:
        raise AssertionError(f"the environment was read: {key}")


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A world in which whatever is outside the program raises."""

    def refuse(*args: Any, **_named: Any) -> NoReturn:
        raise AssertionError(f"the plan room reached out: {args}")

    for place, names in (
        (builtins, ("open", "input")),
        (io, ("open",)),
        (os, ("open", "stat", "listdir", "scandir", "getenv", "urandom", "getpid")),
        (Path, ("open", "read_text", "read_bytes", "exists", "stat", "resolve", "cwd")),
        (time, ("time", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime")),
        (random, ("random", "randrange", "choice", "shuffle")),
        (socket, ("socket", "create_connection", "gethostname")),
        (subprocess, ("Popen", "run")),
    ):
        for name in names:
            monkeypatch.setattr(place, name, refuse)
    monkeypatch.setattr(os, "environ", _Forbidden())


def test_compiling_reaches_nothing(sealed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """With files, clock, chance, environment, network and processes out of reach, plans and problems still come."""
    assert sealed is None
    plan = compiled(recipe(), facts())
    refused = problems(recipe(), facts(media=media(netfx3=False)))
    monkeypatch.undo()
    assert plan == compiled(recipe(), facts())
    assert ["plan/no-source"] == [p.slug for p in refused]


def test_the_seal_holds(sealed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The seal is worth something: each kind of reaching out raises under it."""
    assert sealed is None
    caught = 0
    for reach in (
        lambda: Path("x").read_text(encoding="utf-8"),
        lambda: builtins.open("x"),  # noqa: PTH123, SIM115 - it must raise
        time.time,
        lambda: os.environ["PATH"],
        lambda: os.environ.get("PATH"),
        lambda: subprocess.run(["x"], check=False),
        random.random,
    ):
        try:
            reach()
        except AssertionError:
            caught += 1
    monkeypatch.undo()
    assert 7 == caught
