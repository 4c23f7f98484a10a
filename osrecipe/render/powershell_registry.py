"""Registry changes as PowerShell: each hive file loaded once, in the changes' order, and let go again."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final, cast

from osrecipe.model.registry import CreateKey, DeleteKey, DeleteValue, RegistryRoot, SetValue
from osrecipe.render.powershell_text import array, string
from osrecipe.windows.hives import hive_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osrecipe.model.registry import RegistryChange, RegistryData, RegistryKey
    from osrecipe.windows.hives import Target

_KINDS: Final = {
    "sz": "String",
    "expand-sz": "ExpandString",
    "multi-sz": "MultiString",
    "dword": "DWord",
    "qword": "QWord",
    "binary": "Binary",
    "none": "None",
    "secret": "String",
}
_SIGN: Final = {"dword": 1 << 31, "qword": 1 << 63}


def edits(changes: Sequence[RegistryChange], target: str) -> Iterator[str]:
    """Lines that make the changes; a type that .NET can't write stops the script where it would be written."""
    kind = cast("Target", target)
    for file, group in groupby(changes, key=lambda change: hive_place(change.key.root, kind).file):
        yield f"Edit-Hive {string(str(file))} {{"
        for change in group:
            yield f"    {_line(change, kind)}"
        yield "}"


def _line(change: RegistryChange, target: Target) -> str:
    path = string(_path(change.key, target))
    match change:
        case SetValue() if change.data.kind not in _KINDS:
            what = f"{change.key}: {change.name}: {change.data.kind}"
            return f"throw {string(f'PowerShell cannot write a value of this type, osrecipe can: {what}')}"
        case SetValue():
            return (
                f"Set-HiveValue {path} {string(change.name)} {_value(change.data)} {_KINDS[change.data.kind]}"
            )
        case DeleteValue():
            return f"Remove-HiveValue {path} {string(change.name)}"
        case CreateKey():
            return f"Add-HiveKey {path}"
        case DeleteKey():
            return f"Remove-HiveKey {path}"


def _path(key: RegistryKey, target: Target) -> str:
    below = hive_place(key.root, target).below
    if key.root is RegistryRoot.SYSTEM or not below:
        return key.path
    return "\\".join(part for part in (below, key.path) if part)


def _value(data: RegistryData) -> str:
    match data.kind:
        case "dword" | "qword":
            number, sign = data.number or 0, _SIGN[data.kind]
            return f"({number - 2 * sign if number >= sign else number})"
        case "multi-sz":
            return f"([string[]]{array(data.lines or ())})"
        case "binary" | "none":
            octets = bytes.fromhex(data.hex or "")
            return f"([byte[]]@({', '.join(f'0x{one:02x}' for one in octets)}))"
        case "secret":
            return f"$Secrets[{string(data.text or '')}]"
        case _:
            return string(data.text or "")
