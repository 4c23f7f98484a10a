"""Lets a Linux kernel read an ISO, in QEMU by software emulation: its `udf` driver is a witness nobody here wrote.

The kernel is an unpacked Debian package (`dpkg-deb -x linux-image-….deb FOLDER`) named by `OSRECIPE_KERNEL`, or the
host's own; the user space is `busybox` and a script. What is missing skips the test by name.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

_QEMU = "qemu-system-x86_64"
_BUSYBOX = Path("/bin/busybox")
_WANTED = ("virtio_pci", "virtio_blk", "udf")
_SECONDS = 240
_INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /dev /mnt
/bin/busybox mount -t proc none /proc
/bin/busybox mount -t devtmpfs none /dev
for module in {modules}; do /bin/busybox insmod /modules/$module.ko; done
/bin/busybox mount -t udf -o ro /dev/vda /mnt && echo "MOUNTED $(/bin/busybox grep ' /mnt ' /proc/mounts)"
cd /mnt
/bin/busybox find . -type f | while read -r path; do
    echo "FILE $(/bin/busybox sha256sum "$path")"
done
/bin/busybox find . -type d | while read -r path; do echo "FOLDER $path"; done
echo "END"
/bin/busybox poweroff -f
"""
_FILE = re.compile(r"^FILE ([0-9a-f]{64})  \./(.*?)\r?$", re.MULTILINE)
_FOLDER = re.compile(r"^FOLDER \./(.*?)\r?$", re.MULTILINE)


def mounted(iso: Path, folder: Path) -> tuple[dict[str, str], set[str], str]:
    """What the kernel sees of an ISO mounted as UDF: SHA-256 by path, folders, and all that was said."""
    for program in (_QEMU,):
        if shutil.which(program) is None:
            pytest.skip(f"the witness is not installed: `{program}`")
    if not _BUSYBOX.is_file() or b"\x7fELF" != _BUSYBOX.read_bytes()[:4]:
        pytest.skip("the witness is not installed: `busybox-static`")
    kernel, modules = _kernel()
    names = _in_order(modules)
    initrd, serial = folder / "initrd", folder / "serial"
    initrd.write_bytes(_archive(modules, names))
    command = [
        _QEMU,
        "-machine",
        "pc,accel=tcg",
        "-m",
        "512",
        "-display",
        "none",
        "-no-reboot",
        "-net",
        "none",
    ]
    command += ["-kernel", str(kernel), "-initrd", str(initrd), "-append", "console=ttyS0 quiet panic=1"]
    command += ["-drive", f"file={iso},if=virtio,format=raw,readonly=on", "-serial", f"file:{serial}"]
    subprocess.run([*command, "-monitor", "none"], stdin=subprocess.DEVNULL, check=False, timeout=_SECONDS)
    said = serial.read_text("utf-8", errors="replace")
    return {path: digest for digest, path in _FILE.findall(said)}, set(_FOLDER.findall(said)), said


def _kernel() -> tuple[Path, dict[str, Path]]:
    """A kernel and its modules by name."""
    root = Path(os.environ.get("OSRECIPE_KERNEL", "/"))
    for kernel in sorted(root.glob("boot/vmlinuz-*"), reverse=True):
        folder = root / "lib" / "modules" / kernel.name.partition("-")[2]
        found = {path.stem.replace("-", "_"): path for path in folder.rglob("*.ko")}
        if found:
            return kernel, found
    pytest.skip("no Linux kernel with modules: name an unpacked package by `OSRECIPE_KERNEL`")


def _in_order(modules: dict[str, Path]) -> list[str]:
    """The modules that are wanted, each behind those it needs; what is built in is not there."""
    order: list[str] = []

    def visit(name: str) -> None:
        if name in order or name not in modules:
            return
        found = re.search(rb"\0depends=([^\0]*)\0", modules[name].read_bytes())
        for needed in found[1].decode().split(",") if found else []:
            visit(needed.replace("-", "_"))
        order.append(name)

    for name in _WANTED:
        visit(name)
    return order


def _archive(modules: dict[str, Path], names: list[str]) -> bytes:
    """A root file system in the `newc` form of cpio."""
    files = {
        "bin": None,
        "modules": None,
        "bin/busybox": _BUSYBOX.read_bytes(),
        "init": _INIT.format(modules=" ".join(names)).encode(),
        **{f"modules/{name}.ko": modules[name].read_bytes() for name in names},
    }
    entries = [_entry(name, data) for name, data in files.items()]
    return b"".join([*entries, _entry("TRAILER!!!", b"")])


def _entry(name: str, data: bytes | None) -> bytes:
    mode = 0o40755 if data is None else 0o100755
    fields = (0, mode, 0, 0, 1, 0, len(data or b""), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    head += bytes(-len(head) % 4)
    body = data or b""
    return head + body + bytes(-len(body) % 4)
