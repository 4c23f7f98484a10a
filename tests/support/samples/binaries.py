"""Real PE files with a chosen version resource.

The code is one of the launchers that pip and setuptools ship (or a minimal image made here, where neither is
installed); a `.rsrc` section with VS_VERSIONINFO and some filler is appended. Runs nothing, holds no policy.
"""

from __future__ import annotations

import hashlib
import importlib.util
import struct
from functools import cache
from pathlib import Path

from support.samples.names import COMPANY, PRODUCT, Arch

_LAUNCHERS = {
    Arch.AMD64: (("pip", "_vendor/distlib/t64.exe"), ("setuptools", "cli-64.exe")),
    Arch.WOW64: (("pip", "_vendor/distlib/t32.exe"), ("setuptools", "cli-32.exe")),
}
_RT_RCDATA, _RT_VERSION = 10, 16
_ENGLISH, _UNICODE = 0x0409, 1200
_IMAGE_FILE_DLL = 0x2000
_READABLE_DATA = 0x40000040
_SECTION_HEADER = 40


@cache
def pe_file(name: str, version: str, arch: str = Arch.AMD64, size_kb: int = 96) -> bytes:
    """A PE file called `name` whose resources say `version` (four numbers).

    `size_kb` is the filler's size, not the file's: the code comes on top of it.
    """
    filler = _filler(f"{name.lower()}|{version}|{arch}", size_kb * 1024)
    resources = {_RT_RCDATA: filler, _RT_VERSION: _version_info(name, version)}
    return _with_resources(launcher(Arch(arch)), resources, dll=not name.lower().endswith((".exe", ".efi")))


@cache
def launcher(arch: Arch) -> bytes:
    """The program that every sample binary of an architecture is made from."""
    for package, path in _LAUNCHERS[arch]:
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            candidate = Path(folder, path)
            if candidate.is_file():
                return candidate.read_bytes()
    return minimal_pe(arch)


def minimal_pe(arch: Arch) -> bytes:
    """The smallest well-formed image that leaves room for another section header; its code is one return."""
    wide = arch is Arch.AMD64
    optional_size = 112 + 16 * 8 if wide else 96 + 16 * 8
    coff = struct.pack(
        "<HHIIIHH", 0x8664 if wide else 0x14C, 1, 0, 0, 0, optional_size, 0x22 if wide else 0x102
    )
    head = struct.pack("<HBBIIIII", 0x20B if wide else 0x10B, 14, 0, 512, 0, 0, 0x1000, 0x1000)
    base = struct.pack("<Q", 0x140000000) if wide else struct.pack("<II", 0x2000, 0x400000)
    system = struct.pack("<IIHHHHHHIIIIHH", 0x1000, 512, 6, 0, 0, 0, 6, 0, 0, 0x2000, 512, 0, 3, 0x8160)
    memory = struct.pack("<4Q" if wide else "<4I", 0x100000, 0x1000, 0x100000, 0x1000)
    optional = head + base + system + memory + struct.pack("<II", 0, 16) + bytes(16 * 8)
    text = struct.pack("<8sIIII12xI", b".text", 1, 0x1000, 512, 512, 0x60000020)
    dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
    return (dos + b"PE\0\0" + coff + optional + text).ljust(512, b"\0") + b"\xc3".ljust(512, b"\0")


def _with_resources(image: bytes, resources: dict[int, bytes], *, dll: bool) -> bytes:
    out = bytearray(image)
    pe = struct.unpack_from("<I", out, 60)[0]
    sections, optional_size, flags = struct.unpack_from("<H12xHH", out, pe + 6)
    optional = pe + 24
    wide = struct.unpack_from("<H", out, optional)[0] == 0x20B
    section_alignment, file_alignment = struct.unpack_from("<II", out, optional + 32)
    table = optional + optional_size
    header = table + sections * _SECTION_HEADER
    last_size, last_address, last_raw = struct.unpack_from("<III", out, header - _SECTION_HEADER + 8)
    first_raw = struct.unpack_from("<I", out, table + 20)[0]
    if header + _SECTION_HEADER > first_raw:
        raise ValueError("the launcher has no room for another section header")
    address = _align(last_address + max(last_size, last_raw), section_alignment)
    section = _resource_section(resources, address)
    out += bytes(_align(len(out), file_alignment) - len(out))
    raw_size = _align(len(section), file_alignment)
    struct.pack_into(
        "<8sIIII12xI", out, header, b".rsrc2", len(section), address, raw_size, len(out), _READABLE_DATA
    )
    out += section.ljust(raw_size, b"\0")
    struct.pack_into("<H", out, pe + 6, sections + 1)
    struct.pack_into("<H", out, pe + 22, flags | _IMAGE_FILE_DLL if dll else flags)
    struct.pack_into("<I", out, optional + 56, _align(address + len(section), section_alignment))
    struct.pack_into("<I", out, optional + 64, 0)  # the checksum: nobody checks it outside kernel mode
    struct.pack_into("<II", out, optional + (112 if wide else 96) + 2 * 8, address, len(section))
    return bytes(out)


def _resource_section(resources: dict[int, bytes], address: int) -> bytes:
    """A three-level resource tree (type, name 1, language) followed by its data."""
    kinds = sorted(resources)
    level = 16 + 8
    second = 16 + 8 * len(kinds)
    third = second + level * len(kinds)
    entries = third + level * len(kinds)
    data_at = entries + 16 * len(kinds)
    tree = _directory(*((kind, 0x80000000 | second + level * n) for n, kind in enumerate(kinds)))
    tree += b"".join(_directory((1, 0x80000000 | third + level * n)) for n in range(len(kinds)))
    tree += b"".join(_directory((_ENGLISH, entries + 16 * n)) for n in range(len(kinds)))
    data = b""
    for kind in kinds:
        tree += struct.pack("<IIII", address + data_at + len(data), len(resources[kind]), 0, 0)
        data += _pad4(resources[kind])
    return tree + data


def _directory(*entries: tuple[int, int]) -> bytes:
    return struct.pack("<IIHHHH", 0, 0, 0, 0, 0, len(entries)) + b"".join(
        struct.pack("<II", *e) for e in entries
    )


def _version_info(name: str, version: str) -> bytes:
    a, b, c, d = (int(part) for part in version.split("."))
    high, low = a << 16 | b, c << 16 | d
    is_program = name.lower().endswith(".exe")
    fixed = struct.pack(
        "<13I", 0xFEEF04BD, 0x10000, high, low, high, low, 0x3F, 0, 0x40004, 1 if is_program else 2, 0, 0, 0
    )
    strings = {
        "CompanyName": COMPANY,
        "FileDescription": f"Sample {name}",
        "FileVersion": f"{version} (sample)",
        "InternalName": name,
        "OriginalFilename": name.upper(),
        "ProductName": PRODUCT,
        "ProductVersion": version,
    }
    table = _node("040904B0", children=[_node(key, text=value) for key, value in strings.items()])
    translation = _node("Translation", value=struct.pack("<HH", _ENGLISH, _UNICODE))
    children = [_node("StringFileInfo", children=[table]), _node("VarFileInfo", children=[translation])]
    return _node("VS_VERSION_INFO", value=fixed, children=children)


def _node(
    key: str, *, value: bytes = b"", text: str | None = None, children: list[bytes] | None = None
) -> bytes:
    """One block of a version resource; a text's length is counted in characters, a value's in bytes."""
    is_text = text is not None or not value
    body = f"{text}\0".encode("utf-16-le") if text is not None else value
    length = len(text) + 1 if text is not None else len(value)
    label = f"{key}\0".encode("utf-16-le")
    head = _pad4(bytes(6) + label)
    out = head + body
    for child in children or []:
        out = _pad4(out) + child
    return struct.pack("<HHH", len(out), length, int(is_text)) + out[6:]


def _filler(seed: str, size: int) -> bytes:
    """Bytes that compress to roughly a half, different for each seed."""
    noise = hashlib.shake_256(seed.encode()).digest(size // 2)
    out = bytearray()
    for start in range(0, len(noise), 64):
        out += noise[start : start + 64] + noise[:64]
    return bytes(out[:size])


def _align(value: int, to: int) -> int:
    return (value + to - 1) // to * to


def _pad4(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
