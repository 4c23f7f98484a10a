"""Component manifests and payload as recent packages carry them: compressed manifests, differential files without a base."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import cabarchive
from support.deltas import PatchWriter, delta
from support.samples.binaries import minimal_pe
from support.samples.cabinets import cabinet
from support.samples.names import Arch
from support.samples.packages import update_cabinet

if TYPE_CHECKING:
    from support.samples.spec import UpdatePackage

MANIFESTS = Path(__file__).parents[3] / "shared" / "data" / "manifests"
"""Seven genuine manifests of build 26100 and their base, where they are beside the checkout."""
BASE = (
    b'<?xml version="1.0"?><assembly manifestVersion="1.0" description="Deployment"></assembly>'
    + b" word" * 80
)
"""A base manifest of our own."""
_MD5 = 0x8003


def library(base: bytes) -> bytes:
    """A `wcp.dll` that holds a base manifest, with the record of its place and length before it."""
    image = bytearray(minimal_pe(Arch.AMD64))
    size = -(-(len(base) + 600) // 512) * 512
    address = 0x1000 + 88
    image[512:] = (bytes(80) + struct.pack("<II", address, len(base)) + base).ljust(size, b"\0")
    at = image.index(b".text")
    image[at + 8 : at + 24] = struct.pack("<IIII", size, 0x1000, size, 512)
    return bytes(image)


def baseless(content: bytes, *, file_type: int = 1) -> bytes:
    """A differential file that makes a content out of nothing, with its hash."""
    patch = PatchWriter()
    patch.literals(content)
    digest = hashlib.md5(content, usedforsecurity=False).digest()
    return delta(patch.finish(), len(content), algorithm=_MD5, digest=digest, file_type=file_type)


def compressed(manifest: bytes) -> bytes:
    """A manifest that begins with `DCM`; it takes nothing from the base, but needs one all the same."""
    patch = PatchWriter()
    patch.literals(manifest)
    return b"DCM\x01" + delta(patch.finish(), len(manifest))


def recent_cabinet(update: UpdatePackage, *, deltas: bool = False, **changed: bytes) -> bytes:
    """An update's cabinet with its manifests compressed.

    Args:
        update: what is in it.
        deltas: also its payload as differential files without a base.
        changed: further files by name, `_` for `.`.
    """
    files = {
        name.replace("/", "\\"): f.buf or b""
        for name, f in cabarchive.CabArchive(update_cabinet(update)).items()
    }
    made: dict[str, bytes] = {}
    for name, content in files.items():
        if name.endswith(".manifest"):
            made[name] = compressed(content)
        elif deltas and "\\" in name:
            folder, _, file = name.rpartition("\\")
            made[f"{folder}\\n\\{file}"] = baseless(content)
        else:
            made[name] = content
    return cabinet({**made, **changed})
