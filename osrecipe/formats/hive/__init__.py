"""Registry hives (`regf` files): read, recovered from their logs, edited in place, written and checked.

`Hive` and `Key` are the door; `data` converts values, `check` examines a file without trusting the writer.
"""

from __future__ import annotations

from osrecipe.formats.hive.hive import Hive
from osrecipe.formats.hive.keys import Key
from osrecipe.formats.hive.select import current_control_set
from osrecipe.formats.hive.values import Value, ValueType

__all__ = ["Hive", "Key", "Value", "ValueType", "current_control_set"]
