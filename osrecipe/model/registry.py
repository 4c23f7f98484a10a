r"""Registry keys, values and changes by the names people use.

`HKLM\SOFTWARE\…` names a hive *file* of an unmounted image only after the target is known: `HKCU` is the default
user's hive in an install image and `config\DEFAULT` in a PE image. That mapping is in `windows.hives`.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from osrecipe.model.frozen import Frozen

MAX_KEY_NAME = 255
"""Characters in one key's name; the registry's own limit."""


def quoted(text: str) -> str:
    r"""Text in double quotes as Windows people read it: backslashes as they are, what has no shape as `<TAB>`."""
    return '"' + _UNSEEN.sub(lambda found: _SHAPES.get(found[0], f"<U+{ord(found[0]):04X}>"), text) + '"'


_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_SHAPES = {"\t": "<TAB>", "\n": "<LF>", "\r": "<CR>", "\0": "<NUL>"}


class RegistryRoot(StrEnum):
    r"""The hives a recipe can name. `HKLM\HARDWARE` exists only in memory and is refused."""

    SOFTWARE = r"HKLM\SOFTWARE"
    SYSTEM = r"HKLM\SYSTEM"
    SAM = r"HKLM\SAM"
    SECURITY = r"HKLM\SECURITY"
    COMPONENTS = r"HKLM\COMPONENTS"
    DRIVERS = r"HKLM\DRIVERS"
    CURRENT_USER = "HKCU"
    DEFAULT_USER = r"HKU\.DEFAULT"
    CLASSES = "HKCR"


class RegistryKey(Frozen):
    r"""A key: its root and the path below, such as `Policies\Microsoft` (empty for the hive's root key)."""

    root: RegistryRoot
    path: str = ""

    def __str__(self) -> str:
        return f"{self.root.value}\\{self.path}" if self.path else self.root.value


RegistryKind = Literal[
    "none", "sz", "expand-sz", "binary", "dword", "dword-be", "link", "multi-sz", "qword", "raw", "secret"
]


class RegistryData(Frozen):
    """Typed data in normal form.

    Attributes:
        kind: the value's type; `raw` is a type number without a name; `secret` is text (REG_SZ) known only to the run.
        text: for sz, expand-sz, link; for secret the secret's *name*.
        number: for dword, dword-be and qword, unsigned.
        lines: for multi-sz.
        hex: for binary, none and raw, lower-case digits.
        type: the type number of `raw`.
    """

    kind: RegistryKind
    text: str | None = None
    number: Annotated[int, Field(ge=0, le=0xFFFF_FFFF_FFFF_FFFF)] | None = None
    lines: tuple[str, ...] | None = None
    hex: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2})*$")] | None = None
    type: int | None = None

    def __str__(self) -> str:
        match self.kind:
            case "dword" | "dword-be" | "qword":
                return f"{self.kind} {self.number}"
            case "multi-sz":
                return f"multi-sz [{', '.join(map(quoted, self.lines or ()))}]"
            case "sz" | "expand-sz" | "link":
                return f"{self.kind} {quoted(self.text or '')}"
            case "secret":
                return f"secret `{self.text}`"
            case "none" | "binary" | "raw":
                return f"{self.kind} hex {self.hex or ''}"


class SetValue(Frozen):
    """Write one value (an empty name is the key's default value); the key is made when it is not there."""

    do: Literal["set"] = "set"
    key: RegistryKey
    name: str
    data: RegistryData


class DeleteValue(Frozen):
    """Remove one value; nothing to do when it is not there."""

    do: Literal["delete-value"] = "delete-value"
    key: RegistryKey
    name: str


class CreateKey(Frozen):
    """Make sure a key is there."""

    do: Literal["create-key"] = "create-key"
    key: RegistryKey


class DeleteKey(Frozen):
    """Remove a key with all below it; nothing to do when it is not there."""

    do: Literal["delete-key"] = "delete-key"
    key: RegistryKey


RegistryChange = Annotated[SetValue | DeleteValue | CreateKey | DeleteKey, Field(discriminator="do")]
