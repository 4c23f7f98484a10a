"""Registry scripts (`.reg` files): parsed to keys and values with their lines, and written.

`parse` and `write` are the door.
"""

from __future__ import annotations

from osrecipe.formats.reg.model import RegKey, RegSyntaxError, RegValue
from osrecipe.formats.reg.parse import parse
from osrecipe.formats.reg.write import write

__all__ = ["RegKey", "RegSyntaxError", "RegValue", "parse", "write"]
