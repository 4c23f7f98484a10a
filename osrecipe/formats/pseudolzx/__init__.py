"""The compression inside PA30 deltas: an LZX relative whose window begins with the base file."""

from __future__ import annotations

from osrecipe.formats.pseudolzx.decode import decompress

__all__ = ["decompress"]
