"""WIM files for tests: small ones made here, and one captured from an NTFS volume with everything NTFS has.

The volume needs mkntfs, ntfs-3g and the right to mount; where one is missing the test is skipped by name.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from support.witness import witness

from osrecipe.formats.wim.capture import LZX, Compression, capture
from osrecipe.formats.wim.change import commit
from osrecipe.formats.wim.check import verify
from osrecipe.formats.wim.create import create
from osrecipe.formats.wim.edits import Edit, Link, MakeDirectory, PutFile
from osrecipe.formats.wim.reader import WimReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osrecipe.formats.wim.metadata import ImageTree, Node

NOW = 133_500_000_012_345_678
EARLIER = 130_000_000_098_765_432


def sid(authority: int, *parts: int) -> bytes:
    """A SID's bytes."""
    return bytes((1, len(parts))) + authority.to_bytes(6, "big") + struct.pack(f"<{len(parts)}I", *parts)


SYSTEM = sid(5, 18)
ADMINISTRATORS = sid(5, 32, 544)
USERS = sid(5, 32, 545)
TRUSTED_INSTALLER = sid(5, 80, 956008885, 3418522649, 1831038044, 1853292631, 2271478464)
CREATOR_OWNER = sid(3, 0)
FULL = 0x1F01FF
READ = 0x1200A9


def ace(flags: int, mask: int, who: bytes, kind: int = 0) -> bytes:
    """An access-control entry's bytes."""
    return struct.pack("<BBHI", kind, flags, 8 + len(who), mask) + who


def descriptor(
    *aces: bytes, owner: bytes = TRUSTED_INSTALLER, group: bytes = TRUSTED_INSTALLER, control: int = 0x8004
) -> bytes:
    """A self-relative descriptor with a DACL."""
    body = b"".join(aces)
    acl = struct.pack("<BBHHH", 2, 0, 8 + len(body), len(aces), 0) + body
    head = struct.pack("<BBHIIII", 1, 0, control, 20 + len(acl), 20 + len(acl) + len(owner), 0, 20)
    return head + acl + owner + group


PARENT = descriptor(
    ace(0x0, FULL, TRUSTED_INSTALLER),
    ace(0xA, 0x10000000, TRUSTED_INSTALLER),
    ace(0x3, FULL, SYSTEM),
    ace(0xB, 0x10000000, CREATOR_OWNER),
    ace(0x3, READ, USERS),
)
PRIVATE = descriptor(ace(0x0, FULL, SYSTEM), owner=SYSTEM, group=SYSTEM)


@dataclass(frozen=True)
class Made:
    """A WIM and what was put into it."""

    path: Path
    index: int = 1


def make_wim(
    path: Path, edits: list[Edit], *, compression: Compression = LZX, integrity: bool = False
) -> Path:
    """A WIM with one image, made by our own writer."""
    create(path, "image", compression=compression, now=EARLIER, descriptor=PARENT, integrity=integrity)
    commit(path, 1, edits, now=EARLIER, threads=1)
    return path


SIMPLE: list[Edit] = [
    MakeDirectory("Windows\\System32"),
    PutFile("Windows\\System32\\kernel.dll", b"kernel " * 20_000, write_time=EARLIER + 7),
    Link("Windows\\linked.dll", "Windows\\System32\\kernel.dll"),
    PutFile("Windows\\notepad.exe", bytes(range(256)) * 300),
    PutFile("Windows\\empty.txt", b""),
    PutFile("readme.txt", b"read me"),
]


@contextmanager
def mounted_ntfs(image: Path, at: Path) -> Iterator[Path]:
    """A new NTFS volume, mounted while the block runs."""
    for program in ("mkntfs", "ntfs-3g", "umount"):
        if shutil.which(program) is None:
            pytest.skip(f"needed to make an NTFS volume: `{program}`")
    with image.open("wb") as file:
        file.truncate(24 << 20)
    subprocess.run(["mkntfs", "-F", "-q", "-s", "512", str(image)], check=True, capture_output=True)
    at.mkdir()
    done = subprocess.run(
        ["ntfs-3g", "-o", "streams_interface=xattr,no_def_opts", str(image), str(at)],
        check=False,
        capture_output=True,
    )
    if done.returncode:
        pytest.skip("mounting an NTFS volume is not permitted here")
    try:
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True, capture_output=True)


def _set(path: Path, name: str, value: bytes) -> None:
    os.setxattr(path, f"system.ntfs_{name}", value, follow_symlinks=False)


def fill_ntfs(root: Path) -> None:
    """One of everything: descriptors, short names, streams, links, reparse points, object ids, odd attributes."""
    system = root / "Windows" / "System32"
    (system / "config").mkdir(parents=True)
    long = system / "a long file name.config"
    long.write_bytes(b"configuration " * 5000)
    _set(long, "dos_name", b"ALONGF~1.CON")
    os.setxattr(long, "user.Zone.Identifier", b"[ZoneTransfer]\r\nZoneId=3\r\n")
    os.setxattr(long, "user.second", b"another stream")
    (system / "config" / "SOFTWARE").write_bytes(b"regf" + os.urandom(70_000))
    (root / "other name.config").hardlink_to(long)
    (system / "third.config").hardlink_to(long)
    (system / "plain.dll").write_bytes(b"plain")
    (system / "empty.dll").write_bytes(b"")
    (root / "leer ünïcode 日本.txt").write_bytes(b"text")
    (root / "empty folder").mkdir()
    junction = root / "Documents and Settings"
    junction.mkdir()
    _set(junction, "reparse_data", mount_point("\\??\\C:\\Users", "C:\\Users"))
    link = root / "link.txt"
    link.write_bytes(b"")
    _set(link, "reparse_data", symbolic_link("leer.txt"))
    _set(system / "plain.dll", "object_id", bytes(range(16)))
    os.setxattr(root / "empty folder", "user.stream of a folder", b"folder data")
    _set(root / "Windows", "acl", PARENT)
    _set(long, "acl", PRIVATE)
    _set(long, "attrib", struct.pack("<I", 0x27))
    _set(system / "plain.dll", "attrib", struct.pack("<I", 0x2020))
    for path in (long, system / "plain.dll", root / "Windows"):
        _set(path, "times", struct.pack("<4Q", EARLIER + 1, EARLIER + 2, EARLIER + 3, EARLIER + 4))


def mount_point(target: str, shown: str) -> bytes:
    """A junction's reparse point with its header."""
    first, second = (text.encode("utf-16-le") for text in (target, shown))
    data = (
        struct.pack("<HHHH", 0, len(first), len(first) + 2, len(second)) + first + b"\0\0" + second + b"\0\0"
    )
    return struct.pack("<IHH", 0xA0000003, len(data), 0) + data


def symbolic_link(target: str) -> bytes:
    """A relative symbolic link's reparse point with its header."""
    text = target.encode("utf-16-le")
    data = struct.pack("<HHHHI", 0, len(text), len(text), len(text), 1) + text + text
    return struct.pack("<IHH", 0xA000000C, len(data), 0) + data


def capture_ntfs(folder: Path) -> Path:
    """A WIM captured from such a volume, with an integrity table."""
    image, wim = folder / "volume.img", folder / "ntfs.wim"
    with mounted_ntfs(image, folder / "mount") as root:
        fill_ntfs(root)
    capture(image, wim, "ntfs", compression=LZX, ntfs_volume=True, integrity=True, boot=True)
    return wim


def nodes_by_path(image: ImageTree) -> dict[str, Node]:
    """Every entry under its path."""
    found, pending = {}, [("", image.root)]
    while pending:
        path, node = pending.pop()
        found[path] = node
        pending.extend((f"{path}\\{child.name}".lstrip("\\"), child) for child in node.children or ())
    return found


def snapshot(wim: Path, index: int = 1) -> dict[str, tuple[bytes, bytes | None]]:
    """Every entry's bytes but its list's offset, and its descriptor."""
    with WimReader.open(wim) as reader:
        image = reader.image(index)
        return {
            path: (node.raw[:12] + node.raw[24:], image.security(node.security))
            for path, node in nodes_by_path(image).items()
        }


def differing(
    before: dict[str, tuple[bytes, bytes | None]], after: dict[str, tuple[bytes, bytes | None]]
) -> set[str]:
    """The paths that were added, removed or changed in any byte."""
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


_FIELD = re.compile(r"^(?P<name>[A-Z][A-Za-z .\-]*?) *= *(?P<value>.*)$")
_PLACES = ("Offset in WIM", "Compressed size", "Reference Count", "Link Count", "Raw", "Solid")


def witnessed(wim: Path, index: int = 1) -> dict[str, list[str]]:
    """What `wimlib-imagex dir --detailed` says of every entry, without what says where blobs lie."""
    found: dict[str, list[str]] = {}
    block: list[str] = []
    for line in witness("wimlib-imagex", "dir", str(wim), str(index), "--detailed").splitlines():
        match = _FIELD.match(line.strip())
        if match and match["name"] == "Full Path":
            block = found.setdefault(match["value"].strip('"').lstrip("\\/").replace("/", "\\"), [])
        elif not line.strip().startswith(_PLACES):
            block.append(line.strip())
    return found


def assert_sound(wim: Path) -> None:
    """Two independent programs and our own checker have nothing to say against the file."""
    assert [] == [finding for finding in verify(wim) if finding.kind != "directory-stream"]
    witness("wimlib-imagex", "verify", str(wim))
    witness("7z", "t", str(wim))
