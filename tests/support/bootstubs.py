"""Boot programs that print one line: proof that firmware finds what an ISO says it holds, not that Windows starts.

Everything is made here from bytes, so that no assembler, linker or mtools is needed.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DEBUG_EXIT_PORT = 0xF4  # where QEMU's isa-debug-exit has to listen
_SECTOR = 512
_FLOPPY_SECTORS = 2880  # 1.44 MB
_FAT_SECTORS = 9
_ROOT_ENTRIES = 224
_DATA_START = 1 + 2 * _FAT_SECTORS + _ROOT_ENTRIES * 32 // _SECTOR
_CLUSTERS = _FLOPPY_SECTORS - _DATA_START  # one sector each
_END_OF_CHAIN = 0xFFF


def bios_stub(message: str) -> bytes:
    """16-bit code that writes `message` to COM1, leaves QEMU and halts; runs at any address.

    Fits wherever PC firmware or a boot manager loads real-mode code: as `etfsboot.com` and as `bootmgr`.
    """
    text = message.encode("ascii") + b"\r\n\0"
    send = b"".join(
        (
            b"\x2e\xac",  # cs lodsb          ; next letter
            b"\x84\xc0",  # test al, al
            b"\x74\x0f",  # jz done
            b"\x88\xc3",  # mov bl, al
            b"\xba\xfd\x03",  # mov dx, 0x3fd     ; line status
            b"\xec",  # wait: in al, dx
            b"\xa8\x20",  # test al, 0x20     ; holding register empty?
            b"\x74\xfb",  # jz wait
            b"\xba\xf8\x03",  # mov dx, 0x3f8
            b"\x88\xd8",  # mov al, bl
            b"\xee",  # out dx, al
        )
    )
    # The jump at the end is two bytes more; `done` follows it.
    send = send[:5] + bytes([len(send) + 2 - 6]) + send[6:]
    send += b"\xeb" + struct.pack("b", -(len(send) + 2))  # jmp send
    leave = (
        b"\xba" + struct.pack("<H", DEBUG_EXIT_PORT) + b"\xb0\x10\xee\xf4\xeb\xfd"
    )  # out; hang: hlt; jmp hang
    start = b"".join(
        (
            b"\xfa\xfc",  # cli; cld
            b"\xba\xfb\x03\xb0\x80\xee",  # line control: divisor latch
            b"\xba\xf8\x03\xb0\x01\xee",  # divisor 1: 115200 baud
            b"\x42\x30\xc0\xee",  # its high byte: 0
            b"\xba\xfb\x03\xb0\x03\xee",  # 8 bits, no parity, 1 stop bit
            b"\xe8\x00\x00",  # call here         ; where are we?
            b"\x5e",  # here: pop si
        )
    )
    distance = 1 + 4 + len(send) + len(leave)  # from `here`: pop, add, and what stands before the text
    return start + b"\x81\xc6" + struct.pack("<H", distance) + send + leave + text  # add si, distance


def efi_stub(message: str) -> bytes:
    """An x86-64 EFI application that prints `message` on the console and switches the machine off."""
    text = (message + "\r\n\0").encode("utf-16-le")
    tail = b"".join(
        (
            b"\xff\x51\x08",  # call [rcx+8]       ; OutputString
            b"\x48\x8b\x43\x58",  # mov rax, [rbx+88]  ; RuntimeServices
            b"\xb9\x02\x00\x00\x00",  # mov ecx, 2         ; EfiResetShutdown
            b"\x31\xd2\x45\x31\xc0\x45\x31\xc9",  # EFI_SUCCESS, no data
            b"\xff\x50\x68",  # call [rax+104]     ; ResetSystem
            b"\xf4\xeb\xfd",  # hang: hlt; jmp hang
        )
    )
    head = b"".join(
        (
            b"\x53",  # push rbx           ; and align the stack
            b"\x48\x83\xec\x20",  # sub rsp, 32        ; room the callee may use
            b"\x48\x89\xd3",  # mov rbx, rdx       ; EFI_SYSTEM_TABLE
            b"\x48\x8b\x4b\x40",  # mov rcx, [rbx+64]  ; ConOut
            b"\x48\x8d\x15" + struct.pack("<l", len(tail)),  # lea rdx, [rip+text]
        )
    )
    return _pe(head + tail + text)


def _pe(code: bytes) -> bytes:
    """Wrap position-independent code as a PE32+ EFI application of one section."""
    raw = code.ljust(-(-len(code) // _SECTOR) * _SECTOR, b"\0")
    headers, page = 0x200, 0x1000
    dos = b"MZ".ljust(60, b"\0") + struct.pack("<L", 64)
    # x86-64, one section, an optional header of 240 bytes, executable, large addresses, no debug data
    coff = struct.pack("<HHLLLHH", 0x8664, 1, 0, 0, 0, 240, 0x0222)
    optional = struct.pack("<HBBLLLLL", 0x20B, 1, 0, len(raw), 0, 0, page, page)
    optional += struct.pack("<QLL", 0x400000, page, _SECTOR)  # base, alignments in memory and in the file
    optional += struct.pack("<HHHHHHL", 0, 0, 0, 0, 0, 0, 0)  # versions
    optional += struct.pack(
        "<LLLHH", page + page * -(-len(raw) // page), headers, 0, 10, 0
    )  # 10: EFI application
    optional += struct.pack("<QQQQLL", 0, 0, 0, 0, 0, 16) + bytes(16 * 8)  # stack, heap, empty directories
    section = struct.pack("<8sLLLLLLHHL", b".text", len(raw), page, len(raw), headers, 0, 0, 0, 0, 0xE0000020)
    return (dos + b"PE\0\0" + coff + optional + section).ljust(headers, b"\0") + raw


def efi_system_partition(files: Mapping[str, bytes]) -> bytes:
    r"""A 1.44 MB FAT12 volume, as in `efisys.bin`, with files such as `EFI\BOOT\BOOTX64.EFI` (8.3 names in capitals).

    Raises:
        ValueError: when the files don't fit or a name is no 8.3 name.
    """
    volume = _Fat12()
    root = volume.folder(_tree(files), parent=None)
    return volume.image(root)


def _tree(files: Mapping[str, bytes]) -> dict[str, object]:
    tree: dict[str, object] = {}
    for path, content in files.items():
        *folders, name = path.split("\\")
        level = tree
        for folder in folders:
            below = level.setdefault(folder, {})
            assert isinstance(below, dict), f"a file and a folder: {folder}"
            level = below
        level[name] = content
    return tree


class _Fat12:
    """Allocates clusters from 2 upwards and remembers their chains."""

    def __init__(self) -> None:
        self._fat = [0xFF0, _END_OF_CHAIN]
        self._data = bytearray()

    def _store(self, content: bytes) -> int:
        """Append a chain of clusters; return its first, or 0 for no content."""
        count = -(-len(content) // _SECTOR)
        first = len(self._fat)
        if first + count > _CLUSTERS + 2:
            raise ValueError("The files don't fit on a 1.44 MB volume")
        self._fat += [*range(first + 1, first + count), _END_OF_CHAIN][:count]
        self._data += content.ljust(count * _SECTOR, b"\0")
        return first if count else 0

    def folder(self, tree: Mapping[str, object], parent: int | None) -> bytes:
        """Store what a folder holds; return its own entries (the root's have no dots)."""
        entries = b""
        # A folder's cluster must be known to those below it: take it before they are stored.
        own = self._store(bytes(_SECTOR)) if parent is not None else 0
        if parent is not None:
            entries += _entry(b".".ljust(11), 0x10, own, 0) + _entry(b"..".ljust(11), 0x10, parent, 0)
        for name, content in tree.items():
            if isinstance(content, bytes):
                entries += _entry(_short(name), 0x20, self._store(content), len(content))
            elif isinstance(content, dict):
                first = len(self._fat)
                self.folder(content, parent=own)
                entries += _entry(_short(name), 0x10, first, 0)
        if parent is not None:
            if len(entries) > _SECTOR:
                raise ValueError("A folder has more than 16 entries")
            at = (own - 2) * _SECTOR
            self._data[at : at + len(entries)] = entries
        return entries

    def image(self, root: bytes) -> bytes:
        """Put boot sector, both tables, the root and the data together."""
        packed = bytearray()
        fat = self._fat + [0] * (len(self._fat) % 2)
        for low, high in zip(fat[::2], fat[1::2], strict=True):
            packed += (low | high << 12).to_bytes(3, "little")
        table = bytes(packed).ljust(_FAT_SECTORS * _SECTOR, b"\0")
        image = _boot_sector() + 2 * table + root.ljust(_ROOT_ENTRIES * 32, b"\0") + bytes(self._data)
        return image.ljust(_FLOPPY_SECTORS * _SECTOR, b"\0")


def _short(name: str) -> bytes:
    stem, _, extension = name.partition(".")
    if name != name.upper() or not 0 < len(stem) <= 8 or len(extension) > 3:
        raise ValueError(f"Not an 8.3 name in capitals: {name}")
    return stem.ljust(8).encode("ascii") + extension.ljust(3).encode("ascii")


def _entry(name: bytes, attributes: int, cluster: int, size: int) -> bytes:
    return struct.pack("<11sB14xHL", name, attributes, cluster, size)


def _boot_sector() -> bytes:
    parameters = struct.pack(
        "<3s8sHBHBHHBHHHLL", b"\xeb\x3c\x90", b"OSRECIPE", _SECTOR, 1, 1, 2, _ROOT_ENTRIES, _FLOPPY_SECTORS, 0xF0,
        _FAT_SECTORS, 18, 2, 0, 0,
    )  # fmt: skip
    extended = struct.pack("<BBBL11s8s", 0, 0, 0x29, 0x05EC19E5, b"EFISYS".ljust(11), b"FAT12".ljust(8))
    return (parameters + extended).ljust(_SECTOR - 2, b"\0") + b"\x55\xaa"
