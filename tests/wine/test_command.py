"""The command `osrecipe` on Windows CPython under Wine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples import Samples
    from support.wine.machine import Windows

pytestmark = pytest.mark.wine
