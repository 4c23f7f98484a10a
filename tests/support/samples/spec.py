"""What an update is made of, as plain data: the description from which both a package and its answer key come.

Only shapes and the small computations on them (paths, value bytes); no XML, no archives, no files.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from support.samples.names import Arch, Identity

_FOLDERS = {
    "$(runtime.bootdrive)": "",
    "$(runtime.windows)": "Windows",
    "$(runtime.system32)": "Windows\\System32",
    "$(runtime.drivers)": "Windows\\System32\\drivers",
    "$(runtime.wbem)": "Windows\\System32\\wbem",
    "$(runtime.inf)": "Windows\\INF",
    "$(runtime.fonts)": "Windows\\Fonts",
    "$(runtime.programfiles)": "Program Files",
}
_SYSTEM = "Windows\\System32\\config\\"
_ROOTS = {
    "HKEY_LOCAL_MACHINE\\SOFTWARE\\": (f"{_SYSTEM}SOFTWARE", ""),
    "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\": (f"{_SYSTEM}SYSTEM", "ControlSet001\\"),
    "HKEY_LOCAL_MACHINE\\SYSTEM\\": (f"{_SYSTEM}SYSTEM", ""),
    "HKEY_CLASSES_ROOT\\": (f"{_SYSTEM}SOFTWARE", "Classes\\"),
}


def image_path(text: str, arch: str) -> str:
    """A manifest's destination as a path inside the image, without a leading or trailing backslash."""
    variable, _, rest = text.partition(")")
    folder = _FOLDERS[f"{variable.lower()})"]
    if arch == Arch.WOW64:
        folder = folder.replace("System32", "SysWOW64").replace("Program Files", "Program Files (x86)")
    tail = rest.strip("\\")
    return f"{folder}\\{tail}".strip("\\")


class ValueType(StrEnum):
    """Registry types as manifests spell them."""

    NONE = "REG_NONE"
    SZ = "REG_SZ"
    EXPAND_SZ = "REG_EXPAND_SZ"
    BINARY = "REG_BINARY"
    DWORD = "REG_DWORD"
    MULTI_SZ = "REG_MULTI_SZ"
    QWORD = "REG_QWORD"

    @property
    def number(self) -> int:
        """The type's number in a hive."""
        return (
            11
            if self is ValueType.QWORD
            else ("NONE", "SZ", "EXPAND_SZ", "BINARY", "DWORD", "", "", "MULTI_SZ").index(self.name)
        )


Datum: TypeAlias = str | int | bytes | tuple[str, ...]


@dataclass(frozen=True)
class RegValue:
    """One registry value, with `$(runtime.…)` allowed inside text."""

    key: str
    name: str
    type: ValueType
    value: Datum

    @property
    def text(self) -> str:
        """The value as a manifest writes it."""
        match self.value:
            case int() as number:
                return f"0x{number:016x}" if self.type is ValueType.QWORD else f"0x{number:08x}"
            case bytes() as raw:
                return raw.hex().upper()
            case tuple() as lines:
                return ",".join(f'"{line}"' for line in lines)
            case str() as text:
                return text

    @property
    def data(self) -> bytes:
        """The value as a hive stores it."""
        match self.value:
            case int() as number:
                return struct.pack("<Q" if self.type is ValueType.QWORD else "<I", number)
            case bytes() as raw:
                return raw
            case tuple() as lines:
                return ("".join(f"{line}\0" for line in lines) + "\0").encode("utf-16-le")
            case str() as text:
                return f"{self.resolved(text)}\0".encode("utf-16-le")

    @staticmethod
    def resolved(text: str) -> str:
        """A text with its path variables as the running system will see them."""
        for variable, folder in _FOLDERS.items():
            name = variable.replace("programfiles", "programFiles").replace("bootdrive", "bootDrive")
            text = text.replace(name, f"C:\\{folder}".rstrip("\\"))
        return text

    @property
    def place(self) -> tuple[str, str]:
        """The hive file inside the image and the key inside the hive."""
        for prefix, (hive, inside) in _ROOTS.items():
            if f"{self.key}\\".upper().startswith(prefix.upper()):
                return hive, (inside + self.key[len(prefix) :]).rstrip("\\")
        raise ValueError(f"no hive for the key: `{self.key}`")


@dataclass(frozen=True)
class FileSpec:
    """One payload file of a component."""

    name: str
    folder: str | None  # where it is projected to, or None for a file that stays in the store
    content: bytes
    version: str = ""
    source: str = ""  # the name in the package, where it differs from the projected one

    @property
    def source_name(self) -> str:
        """The file's name inside the package and the store."""
        return self.source or self.name

    @property
    def sha256(self) -> str:
        """The content's digest in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    def paths(self, arch: str) -> tuple[str, ...]:
        """The path the file is projected to; none for one that stays in the store."""
        return () if self.folder is None else (image_path(f"{self.folder}{self.name}", arch),)


@dataclass(frozen=True)
class Component:
    """A component: an identity, its files and its registry values."""

    identity: Identity
    files: tuple[FileSpec, ...] = ()
    registry: tuple[RegValue, ...] = ()
    extra_xml: str = ""  # elements beyond files and values: what an engine without Windows has to refuse
    delta: bytes | None = (
        None  # where given, the package has these bytes as differential payload instead of files
    )


@dataclass(frozen=True)
class Part:
    """A nested package: applicable where one of its parents is installed."""

    name: str
    parents: tuple[Identity, ...]
    components: tuple[Component, ...]


class Container(StrEnum):
    """The file an update travels in."""

    MSU = "msu"
    CAB = "cab"
    LOOSE_CAB = "loose-cab"  # files for the media's sources folder, without an update.mum


@dataclass(frozen=True)
class UpdatePackage:
    """An update and everything an answer key states of it."""

    stem: str
    kind: str
    kb: str
    identity: Identity
    parts: tuple[Part, ...]
    container: Container = Container.MSU
    release_type: str = "Update"
    requires_stack: str = ""
    supersedes: tuple[Identity, ...] = ()
    dropped: tuple[str, ...] = ()  # components the superseded update had and this one has not
    refused: tuple[str, ...] = ()  # why an engine without Windows must refuse it
    loose: tuple[FileSpec, ...] = ()
    utf16_properties: bool = False
    checkpoints: tuple[
        Identity, ...
    ] = ()  # packages the image needs first, or the folder of this one has to hold
    is_checkpoint: bool = False  # its description calls it a baseline, by which checkpoints are told

    @property
    def file_name(self) -> str:
        """The file's name."""
        return f"{self.stem}.{'msu' if self.container is Container.MSU else 'cab'}"

    def part_identity(self, part: Part) -> Identity:
        """The nested package's identity: the update's version, its own name."""
        return Identity(part.name, self.identity.version, self.identity.arch)
