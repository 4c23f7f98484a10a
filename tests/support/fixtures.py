"""Fixtures for tests that need whole media and packages; a pytest plugin: `pytest_plugins = ["support.fixtures"]`.

The files are shared by every test and every run: read them, copy what has to change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.samples.cache import cached_samples

if TYPE_CHECKING:
    from support.samples import Samples


@pytest.fixture(scope="session")
def samples() -> Samples:
    """The sample media and updates with their answer keys (see `support.samples`), built once per machine."""
    return cached_samples()
