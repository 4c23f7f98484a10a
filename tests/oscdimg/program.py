"""The stand-in for `oscdimg`, a program in one file: see the package's docstring. It must import nothing of the product."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

BANNER = """
OSCDIMG {version} CD-ROM and DVD-ROM Premastering Utility
(a stand-in of osrecipe's tests)

"""
USAGE = "Usage: OSCDIMG [options] sourceroot targetfile\n"
FLAGS = {"-m", "-o", "-h", "-u2", "-udfver102"}
TIME = re.compile(r"\d\d/\d\d/\d{4},\d\d:\d\d:\d\d")
CD = 681_984_000
"""Bytes that are taken without `-m`."""
LABEL_MAX = 32
ENTRY = re.compile(r"p([0-9A-Fa-f]{1,2}),e,b([^,#]+)")
"""A boot entry; as in the real one, nothing quotes a comma or a number sign."""


class UsageError(Exception):
    """The command line is wrong, or what it names is not there."""


@dataclass
class Order:
    """A command line, read."""

    source: Path = Path()
    target: Path = Path()
    label: str = ""
    time: int | None = None
    flags: set[str] = field(default_factory=set)
    boot: list[tuple[int, Path]] = field(default_factory=list)


def parsed(words: list[str]) -> Order:
    """Read the command line: options first, then two paths."""
    order, paths = Order(), []
    for word in words:
        if not word.startswith("-"):
            paths.append(Path(word))
        elif word in FLAGS:
            order.flags.add(word)
        elif word.startswith("-l"):
            order.label = word.removeprefix("-l")
        elif word.startswith("-t"):
            order.time = when(word.removeprefix("-t"))
        elif word.startswith("-bootdata:"):
            order.boot = boot_entries(word.removeprefix("-bootdata:"))
        else:
            raise UsageError(f'ERROR: Invalid option "{word}"')
    if len(paths) != 2:
        raise UsageError("ERROR: a source and a target, and nothing else")
    order.source, order.target = paths
    if not order.source.is_dir():
        raise UsageError(f'ERROR: Could not open directory "{order.source}"')
    if len(order.label) > LABEL_MAX:
        raise UsageError("ERROR: Volume label is too long")
    return order


def when(text: str) -> int:
    """The time of everything, here taken as UTC."""
    if not TIME.fullmatch(text):
        raise UsageError(f'ERROR: Invalid time "{text}"')
    return int(datetime.strptime(text, "%m/%d/%Y,%H:%M:%S").replace(tzinfo=UTC).timestamp())


def boot_entries(text: str) -> list[tuple[int, Path]]:
    """Platforms and boot images; files are looked for from the folder the program was started in."""
    number, *entries = text.split("#")
    if number != str(len(entries)):
        raise UsageError("ERROR: Invalid number of boot entries")
    found = []
    for entry in entries:
        match = ENTRY.fullmatch(entry)
        if match is None:
            raise UsageError(f'ERROR: Invalid boot entry "{entry}"')
        path = Path(match[2])
        if not path.is_file():
            raise UsageError(f'ERROR: Could not open boot sector file "{path}"\nError 2: file not found')
        found.append((int(match[1], 16), path.resolve()))
    return found


def spoil(tree: Path, fault: str) -> None:
    """Faults that are in what is written."""
    if fault == "no-file":
        next(path for path in sorted(tree.rglob("*.dll"))).unlink()
    if fault == "other-boot":
        path = next(path for path in tree.rglob("*") if path.name.lower() == "efisys.bin")
        path.write_bytes(b"\0" * path.stat().st_size)


def write(order: Order, fault: str) -> None:
    """Write the disc with genisoimage, from a copy that has the one time."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        shutil.copytree(order.source, tree)
        spoil(tree, fault)
        if order.time is not None:
            for path in (tree, *tree.rglob("*")):
                os.utime(path, (order.time, order.time))
        label = "OTHER" if fault == "label" else order.label
        sides = ["-udf"] if "-u2" in order.flags else ["-J", "-joliet-long"]
        argv = ["genisoimage", "-quiet", "-iso-level", "4", "-V", label, *sides]
        root = order.source.resolve()
        boots = [one for one in order.boot if fault != "no-bios" or one[0] != 0]
        for number, (platform, path) in enumerate(boots):
            argv += ["-eltorito-alt-boot"] if number else []
            argv += ["-e" if platform == 0xEF else "-b", path.relative_to(root).as_posix(), "-no-emul-boot"]
            argv += [] if platform == 0xEF else ["-boot-load-size", "8"]
        argv += ["-c", "boot.cat"] if boots else []
        done = subprocess.run(
            [*argv, "-o", str(order.target), str(tree)], capture_output=True, check=False, text=True
        )
    if done.returncode != 0:
        raise UsageError(f"ERROR: genisoimage: {done.stderr}")


def carry_out(order: Order, fault: str) -> int:
    """Write, and say what the real one says."""
    size = sum(path.stat().st_size for path in order.source.rglob("*") if path.is_file())
    count = sum(path.is_file() for path in order.source.rglob("*"))
    say(f"Scanning source tree complete ({count} files)\n\nImage file is {size} bytes\n")
    if size > CD and "-m" not in order.flags:
        raise UsageError("ERROR: Image file is larger than a CD; use -m")
    say("Writing files\n\n")
    for percent in (10, 55):
        say(f"{percent}% complete\r")
    if fault == "hangs":
        order.target.write_bytes(b"half")
        time.sleep(600)
    if fault == "fails":
        order.target.write_bytes(b"half")
        say("\nERROR: Could not write to the file\nError 112: There is not enough space on the disk.\n")
        return 1
    if fault == "empty":
        order.target.write_bytes(b"")
    elif fault == "text":
        order.target.write_bytes(b"this is no disc " * 10_000)
    elif fault != "nothing":
        write(order, fault)
    say("100% complete\n\nFinal image file is whole\n\nDone.\n")
    return 0


def say(text: str) -> None:
    """All of it comes on standard error."""
    sys.stderr.write(text)
    sys.stderr.flush()


def main(words: list[str]) -> int:
    """The program; the exit code."""
    say(BANNER.format(version=os.environ.get("OSCDIMG_VERSION", "2.56")))
    if not words:
        say(USAGE)
        return 1
    if calls := os.environ.get("OSCDIMG_CALLS"):
        with Path(calls).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"argv": words, "folder": str(Path.cwd())}) + "\n")
    try:
        return carry_out(parsed(words), os.environ.get("OSCDIMG_FAULT", ""))
    except UsageError as cause:
        say(f"\n{cause}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
