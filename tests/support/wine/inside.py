"""A pytest plugin for tests that run with Windows' Python: the samples are those of the host, never made anew."""

from __future__ import annotations

import os

from support.samples import cache

_KEY = os.environ["OSRECIPE_SAMPLES_KEY"]


def _samples_key() -> str:
    """The host's; here zlib has another version, and so the key would be another."""
    return _KEY


cache.samples_key = _samples_key
