r"""Component manifests: the files a component projects and the registry values it sets.

Whole files and plain values only. A manifest that asks for an installer of its own is told apart, so that nothing of
it is done by half.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from standin.codes import DismError
from standin.hivefile import BINARY, DWORD, EXPAND_SZ, MULTI_SZ, QWORD, SZ, Value
from standin.identities import Identity, of_element
from standin.mum import parse

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

_NAMESPACE = "{urn:schemas-microsoft-com:asm.v3}"
_SUFFIX = ".manifest"
# What this program can do itself; `securityDescriptor` and the like have no effect on a folder.
_PLAIN = {
    "assemblyIdentity",
    "file",
    "registryKeys",
    "dependency",
    "deployment",
    "trustInfo",
    "localization",
    "directories",
}
_TYPES = {
    "REG_NONE": 0,
    "REG_SZ": SZ,
    "REG_EXPAND_SZ": EXPAND_SZ,
    "REG_BINARY": BINARY,
    "REG_DWORD": DWORD,
    "REG_MULTI_SZ": MULTI_SZ,
    "REG_QWORD": QWORD,
}
_FOLDERS = {
    "bootdrive": "",
    "windows": "Windows",
    "system32": "Windows\\System32",
    "drivers": "Windows\\System32\\drivers",
    "wbem": "Windows\\System32\\wbem",
    "inf": "Windows\\INF",
    "fonts": "Windows\\Fonts",
    "programfiles": "Program Files",
}
_VARIABLE = re.compile(r"\$\(runtime\.(\w+)\)", re.IGNORECASE)


@dataclass(frozen=True)
class Payload:
    """A file of a component: its name in package and store, and its path in the image or ""."""

    stored: str
    projected: str


@dataclass(frozen=True)
class RegistryValue:
    r"""A value by the key's whole name (`HKEY_LOCAL_MACHINE\SOFTWARE\…`)."""

    key: str
    name: str
    value: Value


@dataclass(frozen=True)
class Manifest:
    """A component of the store or of a package.

    Attributes:
        key_form: the name of its folder in the store and of its manifest.
        needs_installer: whether it has elements this program can't carry out.
    """

    path: Path
    identity: Identity
    key_form: str
    files: tuple[Payload, ...]
    values: tuple[RegistryValue, ...]
    needs_installer: bool


def read_manifest(path: Path) -> Manifest:
    """Read a manifest; its file's name is the component's key form.

    Raises:
        DismError: 0x800f0805, it is none.
    """
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2048)
def _read(path: Path, _time: int) -> Manifest:
    root = parse(path.read_bytes())
    identity = root.find(f"{_NAMESPACE}assemblyIdentity")
    if identity is None:
        raise DismError(0x800F0805)
    who = of_element(identity)
    return Manifest(
        path=path,
        identity=who,
        key_form=path.name[: -len(_SUFFIX)],
        files=tuple(_payload(row, who.arch) for row in root.findall(f"{_NAMESPACE}file")),
        values=tuple(
            _registry_value(key.get("keyName", ""), row)
            for key in root.findall(f"{_NAMESPACE}registryKeys/{_NAMESPACE}registryKey")
            for row in key.findall(f"{_NAMESPACE}registryValue")
        ),
        needs_installer=any(child.tag.removeprefix(_NAMESPACE) not in _PLAIN for child in root),
    )


def _payload(row: Element, arch: str) -> Payload:
    name, folder = row.get("name", ""), row.get("destinationPath")
    projected = "" if folder is None else f"{image_path(folder, arch)}\\{name}".lstrip("\\")
    return Payload(row.get("sourceName") or name, projected)


def image_path(text: str, arch: str) -> str:
    """A folder of a manifest as a path in the image; 32-bit components have folders of their own."""
    path = _VARIABLE.sub(lambda found: _FOLDERS[found[1].lower()], text).strip("\\")
    if arch.lower() == "wow64":
        path = path.replace("System32", "SysWOW64").replace("Program Files", "Program Files (x86)")
    return path


def _registry_value(key: str, row: Element) -> RegistryValue:
    kind = _TYPES.get(row.get("valueType", "").upper())
    if kind is None:
        raise DismError(0x800F0922)
    return RegistryValue(key, row.get("name", ""), Value(kind, _data(kind, row.get("value", ""))))


def _data(kind: int, text: str) -> bytes:
    match kind:
        case 4:
            return struct.pack("<I", int(text, 0))
        case 11:
            return struct.pack("<Q", int(text, 0))
        case 3:
            return bytes.fromhex(text)
        case 7:
            lines = re.findall(r'"([^"]*)"', text)
            return ("".join(f"{line}\0" for line in lines) + "\0").encode("utf-16-le")
        case 1 | 2:
            return f"{_resolved(text)}\0".encode("utf-16-le")
        case _:
            return b""


def _resolved(text: str) -> str:
    """Path variables as the installed system will see them."""
    return _VARIABLE.sub(lambda found: f"C:\\{_FOLDERS[found[1].lower()]}".rstrip("\\"), text)
