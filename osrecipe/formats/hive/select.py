"""Which control set a SYSTEM hive uses: `CurrentControlSet` exists only while Windows runs.

It must not edit the hive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.hive.layout import FORMAT
from osrecipe.formats.hive.values import ValueType

if TYPE_CHECKING:
    from osrecipe.formats.hive.hive import Hive

_MAX = 999
"""Control sets are named with three digits."""


def current_control_set(hive: Hive) -> int:
    r"""The number of the control set that will be current, as `Select\Current` states.

    The set's key is `ControlSet` and the number in three digits.

    Raises:
        FormatError: the hive has no such value, or it is no such number.
    """
    select = hive.key("Select")
    value = None if select is None else select.value("Current")
    if value is None:
        raise FormatError(
            FORMAT, Fault.MISSING, "the hive has no value `Select\\Current`, so it is no SYSTEM hive"
        )
    number = int.from_bytes(value.data, "little")
    if value.type != ValueType.DWORD or len(value.data) != 4 or not 0 < number <= _MAX:  # noqa: PLR2004 - a DWORD
        raise FormatError(FORMAT, Fault.CORRUPT, "the value `Select\\Current` names no control set")
    return number
