"""What all tests share: the sample media, a steady terminal, and the rule that no test is skipped unnoticed."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ["support.fixtures"]

ALLOWED_SKIPS = Path(__file__).parent / "allowed-skips.txt"
_skipped: list[str] = []


@pytest.fixture(autouse=True)
def _steady_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same width, no colours and no CI variable, wherever the tests run."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    for name in ("CI", "FORCE_COLOR", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember what was skipped; under xdist this runs where the session ends."""
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def _allowed() -> Iterator[str]:
    for line in ALLOWED_SKIPS.read_text(encoding="utf-8").splitlines():
        pattern = line.partition("#")[0].strip()
        if pattern:
            yield pattern


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skip that nobody allowed fails the run."""
    if not os.environ.get("CI") or hasattr(session.config, "workerinput"):
        return
    patterns = list(_allowed())
    unexpected = [node for node in _skipped if not any(fnmatchcase(node, pattern) for pattern in patterns)]
    if unexpected:
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        for node in unexpected:
            if reporter is not None:
                reporter.write_line(f"skipped, but not in tests/allowed-skips.txt: {node}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
