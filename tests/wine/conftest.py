"""Tests against Wine: only where they are asked for (`./script/test --wine`, or `pytest -m wine`).

What is below `inside` is run by Windows' Python, which one of the other tests starts; all the rest by the host's.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.wine.prefix import PROGRAMS, Prefix, require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.samples import Samples
    from support.wine.machine import Windows

FOLDER = Path(__file__).parent
collect_ignore = [] if sys.platform == "win32" else ["inside"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave these tests out of ordinary runs: a prefix takes ten seconds to make, and Wine is rarely there."""
    mine = [item for item in items if FOLDER in item.path.parents and sys.platform != "win32"]
    if mine and "wine" not in (config.option.markexpr or ""):
        items[:] = [item for item in items if item not in mine]
        config.hook.pytest_deselected(items=mine)


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Prefix:
    """A new prefix for the tests of a file."""
    require(*PROGRAMS)
    return Prefix(tmp_path_factory.mktemp("wine") / "prefix")


@pytest.fixture(scope="session")
def windows(samples: Samples) -> Iterator[Windows]:
    """Windows CPython under Wine, with the stand-in as a Windows program."""
    from support.wine.host import Host
    from support.wine.machine import Windows, made

    home = made()
    with Host() as host:
        yield Windows(home, host, samples)
