"""What a `.reg` file says: keys in file order, each with its values, and errors that name a line.

It must not know how the file is written.
"""

from __future__ import annotations

from dataclasses import dataclass

from osrecipe.formats.errors import Fault, FormatError

FORMAT = "reg"
HEADER_4 = "REGEDIT4"
HEADER_5 = "Windows Registry Editor Version 5.00"


@dataclass(frozen=True, slots=True)
class RegValue:
    """One value to set or delete.

    Attributes:
        name: the value's name; empty for the default value.
        type: the number of its type; a registered one is a `ValueType`. Zero for a deletion.
        data: the bytes as a hive holds them; None deletes the value.
        line: the line it starts on, from 1.
    """

    name: str
    type: int
    data: bytes | None
    line: int


@dataclass(frozen=True, slots=True)
class RegKey:
    """One section of the file.

    Attributes:
        path: the key's path as written, its root's name first.
        delete: whether the key is deleted with everything below it; it has no values then.
        values: the values in file order.
        line: the line it starts on, from 1.
    """

    path: str
    delete: bool
    values: tuple[RegValue, ...]
    line: int


class RegSyntaxError(FormatError):
    """A `.reg` file can't be understood.

    Attributes:
        line: the line, from 1.
        column: the character in the line, from 1.
    """

    def __init__(
        self, reason: str, *, line: int, column: int = 1, hint: str = "", fault: Fault = Fault.CORRUPT
    ) -> None:
        super().__init__(FORMAT, fault, reason, hint=hint)
        self.line = line
        self.column = column
