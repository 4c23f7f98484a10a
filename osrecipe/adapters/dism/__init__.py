"""The adapter for Windows hosts: drives dism.exe, on images mounted in folders.

DISM's own words are never taken for the truth where an exit code, the WIM or a reading back can be. What was tried
where is said in `docs/adapters/dism.md`.
"""

from __future__ import annotations

from osrecipe.adapters.dism.adapter import DismAdapter

__all__ = ["DismAdapter"]
