"""Install images that a machine ran, and some that none did: trees with the traces each would carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.samples import images
from support.samples.names import SEALED_UNIX
from support.samples.tree import Tree
from support.samples.wimfile import Packer, WimImage, write_wim

from osrecipe.formats.hive import Hive, ValueType
from osrecipe.formats.hive.data import encode_dword, encode_sz
from osrecipe.formats.iso import IsoFile, write_iso

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Values = dict[tuple[str, str], str | int]
STATE = ("Microsoft\\Windows\\CurrentVersion\\Setup\\State", "ImageState")
VERSION = "Microsoft\\Windows NT\\CurrentVersion"
SYSPREP = "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"


def hive(values: Mapping[tuple[str, str], str | int], *keys: str) -> bytes:
    """A hive with these values, by key and name, and these keys besides."""
    made = Hive.create()
    for (key, name), data in values.items():
        text = isinstance(data, str)
        kind = ValueType.SZ if text else ValueType.DWORD
        encoded = encode_sz(data) if isinstance(data, str) else encode_dword(data)
        made.create_key(key).set(name, kind, encoded)
    for key in keys:
        made.create_key(key)
    return made.save()


def factory(build: str = "17134", revision: int = 1) -> dict[str, bytes]:
    """Files of an image as its maker built it."""
    software: Values = {(VERSION, "CurrentBuild"): build, (VERSION, "UBR"): revision}
    return {
        "Windows\\System32\\config\\SOFTWARE": hive(software),
        "Windows\\System32\\config\\SYSTEM": hive({("Select", "Current"): 1}, "MountedDevices"),
        "Users\\Default\\NTUSER.DAT": hive({}),
        "Users\\Public\\desktop.ini": b"",
    }


def sealed() -> dict[str, bytes]:
    """As Microsoft's own media can be: sysprep ran, nobody used it."""
    software: Values = {(VERSION, "CurrentBuild"): "17134", (VERSION, "UBR"): 1, STATE: SYSPREP}
    system: Values = {("Setup\\Status\\SysprepStatus", "GeneralizationState"): 7}
    return factory() | {
        "Windows\\System32\\config\\SOFTWARE": hive(software),
        "Windows\\System32\\config\\SYSTEM": hive(system),
        "Windows\\System32\\Sysprep\\Panther\\setupact.log": b"",
    }


def captured() -> dict[str, bytes]:
    """From a reference machine: set up, signed in to, sealed."""
    account = f"{VERSION}\\ProfileList\\S-1-5-21-1-2-3-1001"
    software: Values = {(VERSION, "CurrentBuild"): "17134", (VERSION, "UBR"): 1, STATE: SYSPREP}
    system: Values = {("MountedDevices", "\\DosDevices\\C:"): 1, ("Setup\\Status", "AuditBoot"): 1}
    return sealed() | {
        "Windows\\System32\\config\\SOFTWARE": hive(software, account),
        "Windows\\System32\\config\\SYSTEM": hive(system),
        "Windows\\Panther\\setupact.log": b"",
        "Users\\anna\\NTUSER.DAT": b"",
    }


def media(folder: Path, **editions: Mapping[str, bytes]) -> Path:
    """An ISO whose install.wim has an image of these files for each name."""
    made = [WimImage(_tree(files), _xml(name)) for name, files in editions.items()]
    wim, iso = folder / "install.wim", folder / "used.iso"
    write_wim(wim, made, Packer())
    write_iso(
        [IsoFile("sources\\install.wim", wim, SEALED_UNIX * 10**9)],
        [],
        iso,
        label="USED",
        bios_boot=None,
        efi_boot=None,
        timestamp=SEALED_UNIX,
    )
    return iso


def _tree(files: Mapping[str, bytes]) -> Tree:
    tree = Tree()
    for path, data in files.items():
        tree.file(path, data)
    return tree


def _xml(name: str) -> str:
    return images.wim_xml(name, edition=name, installation="Client")
