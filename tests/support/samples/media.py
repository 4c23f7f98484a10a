"""The installation media: images, boot files and sources, as an ISO, with an answer key of its own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support import bootstubs
from support.samples import catalogue as c
from support.samples import hives, images
from support.samples import names as n
from support.samples.answers import FORMAT, components_answer
from support.samples.binaries import pe_file
from support.samples.names import BASE, DAY, SEALED_UNIX
from support.samples.packages import on_demand_cabinet
from support.samples.wimfile import Packer, WimImage, write_wim

from osrecipe.formats.iso import IsoFile, write_iso

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples.tree import Tree

NAME = "sample-media.iso"
LABEL = "OSR_SAMPLE_X64"
BIOS_BOOT = "boot\\etfsboot.com"
EFI_BOOT = "efi\\microsoft\\boot\\efisys.bin"
NETFX3_CABINET = "sources\\sxs\\microsoft-windows-netfx3-ondemand-package.cab"
NEWER = SEALED_UNIX + 400 * DAY  # later than any file of any sample update
_OLDER = SEALED_UNIX - 30 * DAY
_OLD_BUILD = "10.0.17133.1"

# Files of the sources folder that are also in System32: (name, version, time, size of filler).
_SHARED = (
    ("wimgapi.dll", BASE, SEALED_UNIX, 200),
    ("dismapi.dll", BASE, SEALED_UNIX, 200),
    ("cabinet.dll", BASE, SEALED_UNIX, 24),
    ("setupapi.dll", BASE, SEALED_UNIX, 300),
    ("appraiser.dll", BASE, SEALED_UNIX, 160),
    ("acmigration.dll", BASE, SEALED_UNIX, 160),
    ("msdelta.dll", BASE, SEALED_UNIX, 64),
    ("dpx.dll", _OLD_BUILD, _OLDER, 64),
    ("wdscore.dll", _OLD_BUILD, _OLDER, 64),
    ("unbcl.dll", "10.0.17134.900", NEWER, 64),
    ("wdsutil.dll", "10.0.17134.900", NEWER, 64),
    ("en-us\\setup.exe.mui", _OLD_BUILD, _OLDER, 8),
)
# Files that only the media has.
_LONELY = (
    "spwizeng.dll",
    "wdsclient.dll",
    "winsetup.dll",
    "setupcore.dll",
    "SetupPlatform.dll",
    "migcore.dll",
)


@dataclass(frozen=True)
class MediaFile:
    """A file on the disc; `modified` in Unix seconds."""

    path: str
    content: bytes
    modified: int = SEALED_UNIX


def write_media(folder: Path) -> dict[str, Any]:
    """Write `sample-media.iso` into `folder` and return its answer key; takes some seconds and some 100 MB of disk."""
    work = folder / "media.work"
    work.mkdir(parents=True)
    packer = Packer()
    write_wim(work / "winre.wim", [boot_image(images.BootImage.WINRE)], packer, boot_index=1)
    winre = (work / "winre.wim").read_bytes()
    boot = [boot_image(kind) for kind in (images.BootImage.WINPE, images.BootImage.SETUP)]
    install = [install_image(edition, winre) for edition in images.EDITIONS]
    write_wim(work / "boot.wim", boot, packer, boot_index=2)
    write_wim(work / "install.wim", install, packer)
    files = media_files()
    on_disc = [_staged(work, number, file) for number, file in enumerate(files)]
    on_disc += [
        IsoFile(f"sources\\{name}", work / name, SEALED_UNIX * 10**9) for name in ("boot.wim", "install.wim")
    ]
    iso = folder / NAME
    write_iso(
        on_disc,
        ["support\\logging"],
        iso,
        label=LABEL,
        bios_boot=BIOS_BOOT,
        efi_boot=EFI_BOOT,
        timestamp=SEALED_UNIX,
    )
    return _answer(iso, files, {"winre": boot_image(images.BootImage.WINRE).tree}, install, boot, winre)


def boot_image(kind: images.BootImage) -> WimImage:
    """A PE image with its XML."""
    return WimImage(
        images.boot_tree(kind), images.wim_xml(kind, edition="WindowsPE", installation="WindowsPE")
    )


def install_image(edition: images.Edition, winre: bytes) -> WimImage:
    """An edition with its XML."""
    xml = images.wim_xml(edition.name, edition=edition.edition, installation="Client")
    return WimImage(images.install_tree(edition, winre), xml)


def media_files() -> list[MediaFile]:
    """Everything on the disc but the WIMs."""
    loader = bootstubs.efi_stub("osrecipe sample: UEFI boot")
    system = bootstubs.efi_system_partition({"EFI\\BOOT\\BOOTX64.EFI": loader})
    manager = pe_file("bootmgr.efi", BASE)
    sources = [
        MediaFile(f"sources\\{name}", pe_file(name.rpartition("\\")[2], version, size_kb=size), time)
        for name, version, time, size in _SHARED
    ]
    sources += [MediaFile(f"sources\\{name}", pe_file(name, BASE, size_kb=64)) for name in _LONELY]
    setup = {name: file for file in c.SETUP.at().files for name in (file.name,)}
    return [
        MediaFile(BIOS_BOOT, bootstubs.bios_stub("osrecipe sample: BIOS boot").ljust(4096, b"\0")),
        MediaFile(EFI_BOOT, system),
        MediaFile("boot\\bcd", hives.boot_store()),
        MediaFile("boot\\boot.sdi", b"$SDI0001".ljust(8192, b"\0")),
        MediaFile("boot\\fonts\\wgl4_boot.ttf", b"\0\1\0\0 sample font"),
        MediaFile("efi\\boot\\bootx64.efi", loader),
        MediaFile("efi\\microsoft\\boot\\bcd", hives.boot_store()),
        MediaFile("bootmgr", bootstubs.bios_stub("osrecipe sample: bootmgr")),
        MediaFile("bootmgr.efi", manager),
        MediaFile("autorun.inf", b"[AutoRun.Amd64]\r\nopen=setup.exe\r\nicon=setup.exe,0\r\n"),
        MediaFile("setup.exe", c.SETUP_STUB.at().files[0].content),
        MediaFile("sources\\setup.exe", setup["setup.exe"].content),
        MediaFile("sources\\setuphost.exe", setup["setuphost.exe"].content),
        *sources,
        MediaFile("sources\\ei.cfg", b"[Channel]\r\nRetail\r\n[VL]\r\n0\r\n"),
        MediaFile(
            "sources\\idwbinfo.txt", b"[BUILDINFO]\r\nBuildArch=amd64\r\nBuildBranch=sample_release\r\n"
        ),
        MediaFile("sources\\lang.ini", b"[Available UI Languages]\r\nen-US = 3\r\n"),
        MediaFile(NETFX3_CABINET, netfx3_cabinet()),
    ]


def netfx3_cabinet() -> bytes:
    """The payload of the NetFx3 feature."""
    return on_demand_cabinet(
        n.NETFX3,
        (
            c.NETFX3.at(),
            c.NETFX3_SYSTEM.at(),
        ),
    )


def _staged(work: Path, number: int, file: MediaFile) -> IsoFile:
    path = work / f"file{number:03}"
    path.write_bytes(file.content)
    return IsoFile(file.path, path, file.modified * 10**9)


def _answer(
    iso: Path,
    files: list[MediaFile],
    others: dict[str, Tree],
    install: list[WimImage],
    boot: list[WimImage],
    winre: bytes,
) -> dict[str, Any]:
    trees = {
        "install-1": install[0].tree,
        "install-2": install[1].tree,
        "winpe": boot[0].tree,
        "setup": boot[1].tree,
        **others,
    }
    with iso.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    return {
        "format": FORMAT,
        "file": iso.name,
        "size": iso.stat().st_size,
        "sha256": digest,
        "label": LABEL,
        "version": BASE,
        "bios_boot": BIOS_BOOT,
        "efi_boot": EFI_BOOT,
        "install": [
            {"index": i, "name": e.name, "edition": e.edition} for i, e in enumerate(images.EDITIONS, start=1)
        ],
        "boot": [str(kind) for kind in (images.BootImage.WINPE, images.BootImage.SETUP)],
        "boot_index": 2,
        "winre": {
            "path": images.WINRE_PATH,
            "sha256": _sha256(winre),
            "size": len(winre),
            "name": str(images.BootImage.WINRE),
        },
        "files": [
            {"path": f.path, "sha256": _sha256(f.content), "size": len(f.content), "modified": f.modified}
            for f in files
        ],
        "images": {name: image_listing(tree) for name, tree in trees.items()},
        "features": _features(),
        "sync": _sync(files, install[0].tree),
    }


def image_listing(tree: Tree) -> dict[str, str]:
    """SHA-256 of every file of an image by path; folders and links to folders are left out."""
    return {path: _sha256(entry.inode.content) for path, entry in tree.walk() if not entry.is_folder}


def _features() -> dict[str, Any]:
    """What switching each optional feature changes: what appears when it is on, which paths go when it is off."""
    telnet, smb1 = components_answer([c.TELNET.at()]), components_answer([c.SMB1.at()])
    netfx3 = components_answer(shape.at() for shape in (c.NETFX3, c.NETFX3_SYSTEM))
    rows = (
        (images.TELNET_FEATURE, telnet, False, ""),
        (images.SMB1_FEATURE, smb1, True, ""),
        (images.NETFX3_FEATURE, netfx3, False, NETFX3_CABINET),
    )
    return {
        name: {
            "enabled": enabled,
            "package": (n.FOUNDATION if source else n.OPTIONAL_FEATURES).package_name,
            "payload_package": n.NETFX3.package_name if source else None,
            "source": source or None,
            "when_enabled": answer,
            "gone_when_disabled": [row["path"] for row in answer["files"] if row["role"] == "projected"],
        }
        for name, answer, enabled, source in rows
    }


def _sync(files: list[MediaFile], tree: Tree) -> list[dict[str, Any]]:
    """Files of the sources folder that System32 has as well: which copy is newer before anything is serviced.

    An update's files are newer than all but those whose media copy is from `NEWER`.
    """
    system = {path.upper(): (path, entry) for path, entry in tree.walk() if not entry.is_folder}
    rows = []
    for file in files:
        found = system.get(file.path.upper().replace("SOURCES\\", "WINDOWS\\SYSTEM32\\", 1))
        if not file.path.startswith("sources\\") or found is None:
            continue
        path, entry = found
        media, image = n.filetime(file.modified), entry.inode.written
        newer = "same" if media == image else "media" if media > image else "image"
        rows.append(
            {"media": file.path, "image": path, "newer": newer, "equal": file.content == entry.inode.content}
        )
    return rows


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
