"""The images on the media: two editions, the recovery image inside them, and the two boot images.

Fills trees from the catalogue; which bytes a WIM becomes is `wimfile`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from html import escape
from typing import TYPE_CHECKING

from support.samples import acl, hives
from support.samples import catalogue as c
from support.samples import names as n
from support.samples.binaries import pe_file
from support.samples.documents import manifest, mum, nested_update_xml, parents_xml
from support.samples.names import BASE, DAY, SEALED_UNIX, Identity, filetime
from support.samples.tree import Attribute, Tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from support.samples.spec import Component

STORE = "Windows\\WinSxS"
PACKAGES = "Windows\\servicing\\Packages"
CONFIG = "Windows\\System32\\config"
WINRE_PATH = "Windows\\System32\\Recovery\\winre.wim"
TELNET_FEATURE = "SampleTelnetClient"
SMB1_FEATURE = "SMB1Protocol"
NETFX3_FEATURE = "NetFx3"

_SHORT_NAMES = {
    "Program Files": "PROGRA~1",
    "Program Files (x86)": "PROGRA~2",
    "ProgramData": "PROGRA~3",
    "Windows\\System32\\win32calc.exe": "WIN32C~1.EXE",
    "Windows\\System32\\gdi32full.dll": "GDI32F~1.DLL",
    "Windows\\System32\\acmigration.dll": "ACMIGR~1.DLL",
    "Windows\\servicing\\TrustedInstaller.exe": "TRUSTE~1.EXE",
}


@dataclass(frozen=True)
class Edition:
    """An edition of the install image."""

    name: str
    edition: str
    package: Identity


EDITIONS = (
    Edition("Sample 10 Pro", "Professional", n.PROFESSIONAL),
    Edition("Sample 10 Enterprise", "Enterprise", n.ENTERPRISE),
)


class BootImage(StrEnum):
    """The PE images, by the names they carry."""

    WINRE = "Sample Windows Recovery Environment (amd64)"
    WINPE = "Sample Windows PE (amd64)"
    SETUP = "Sample Windows Setup (amd64)"


_PE_KINDS = {
    BootImage.WINRE: n.ImageKind.WINRE,
    BootImage.WINPE: n.ImageKind.WINPE,
    BootImage.SETUP: n.ImageKind.SETUP,
}
_PE_EXTRA = {BootImage.WINRE: (c.RECOVERY,), BootImage.WINPE: (), BootImage.SETUP: (c.SETUP, c.SETUP_STUB)}


def install_tree(edition: Edition, winre: bytes) -> Tree:
    """An install image's files."""
    tree = Tree()
    _folders(tree)
    base = (n.FOUNDATION, n.CLIENT_FEATURES, n.CLIENT_LANGUAGE, n.OPTIONAL_FEATURES)
    packages = (*base, edition.package)
    core = tuple(shape.at() for shape in (*c.CORE, c.STACK))
    client = (
        *tuple(shape.at() for shape in (*c.CLIENT, *c.WOW64, *c.FLASH)),
        c.NETFX4.at(),
    )
    telnet, smb1 = c.TELNET.at(), c.SMB1.at()
    for component in (*core, *client, smb1):
        add_component(tree, component)
    add_component(tree, telnet, staged=True)
    _one_file(tree, c.NOTEPAD.at(), c.NOTEPAD_WIN.at())
    _mum(tree, n.FOUNDATION, core, extra=_feature(NETFX3_FEATURE, n.NETFX3, component=False))
    _mum(tree, n.CLIENT_FEATURES, client, parents=(n.FOUNDATION,))
    _mum(tree, n.CLIENT_LANGUAGE, (), parents=(n.FOUNDATION,))
    _mum(tree, edition.package, (), parents=(n.FOUNDATION,))
    features = _feature(TELNET_FEATURE, telnet.identity) + _feature(SMB1_FEATURE, smb1.identity, on=True)
    _mum(tree, n.OPTIONAL_FEATURES, (), parents=(n.FOUNDATION,), extra=features)
    system = hives.System(
        edition.name,
        edition.edition,
        "Client",
        packages,
        (*core, *client, telnet, smb1),
        {
            n.FOUNDATION: {NETFX3_FEATURE: False},
            n.OPTIONAL_FEATURES: {TELNET_FEATURE: False, SMB1_FEATURE: True},
        },
    )
    _registry(tree, system)
    tree.file(
        "Users\\Default\\NTUSER.DAT",
        hives.user_hive(),
        sddl=acl.CONFIG_FILE,
        attributes=Attribute.ARCHIVE | Attribute.HIDDEN,
    )
    tree.file(
        WINRE_PATH,
        winre,
        attributes=Attribute.ARCHIVE | Attribute.HIDDEN | Attribute.SYSTEM | Attribute.NOT_INDEXED,
    )
    tree.file(
        "Windows\\System32\\Recovery\\ReAgent.xml",
        b'<?xml version="1.0"?>\r\n<WindowsRE version="2.0" />\r\n',
    )
    tree.file(f"Windows\\{edition.edition}.xml", f"<edition>{edition.edition}</edition>\r\n".encode())
    _client_files(tree)
    _apps(tree)
    _short_names(tree)
    return tree


def boot_tree(kind: BootImage) -> Tree:
    """A PE image's files."""
    tree = Tree()
    tree.folder("Windows", sddl=acl.SYSTEM_FOLDER)
    packages = n.PACKAGES_OF[_PE_KINDS[kind]]
    core = tuple(shape.at() for shape in (*c.CORE, c.STACK))
    extra = tuple(shape.at() for shape in _PE_EXTRA[kind])
    for component in (*core, *extra):
        add_component(tree, component)
    for package in packages:
        owned = core if package == n.WINPE else extra if package in {n.WINPE_SETUP, n.WINPE_SRT} else ()
        _mum(tree, package, owned, parents=() if package == n.WINPE else (n.WINPE,))
    _registry(tree, hives.System(kind, "WindowsPE", "WindowsPE", packages, (*core, *extra)))
    tree.file("Windows\\System32\\startnet.cmd", b"wpeinit\r\n")
    tree.file(
        "Windows\\System32\\winpe.jpg",
        b"\xff\xd8\xff\xe0 sample picture",
        attributes=Attribute.ARCHIVE | Attribute.READONLY,
    )
    if kind is BootImage.WINRE:
        shell = b"[LaunchApp]\r\nAppPath=X:\\sources\\recovery\\recenv.exe\r\n"
        tree.file("Windows\\System32\\winpeshl.ini", shell)
    if kind is BootImage.SETUP:
        tree.file(
            "sources\\lang.ini",
            b"[Available UI Languages]\r\nen-US = 3\r\n\r\n[Fallback Languages]\r\nen-US = en-us\r\n",
        )
        tree.file("sources\\en-us\\setup.exe.mui", pe_file("setup.exe.mui", BASE, size_kb=8))
    return tree


def add_component(tree: Tree, component: Component, *, staged: bool = False) -> None:
    """Put a component into the store and, unless it is only staged, its files where they belong as hard links."""
    form = component.identity.key_form
    tree.file(f"{STORE}\\Manifests\\{form}.manifest", manifest(component))
    for file in component.files:
        stored = f"{STORE}\\{form}\\{file.source_name}"
        tree.file(stored, file.content, written=SEALED_UNIX)
        for path in () if staged else file.paths(component.identity.arch):
            tree.link(path, stored)


def _one_file(tree: Tree, first: Component, second: Component) -> None:
    """Make the file two components have in common a single file with all their names, as it is on a real disk."""
    stored = f"{STORE}\\{first.identity.key_form}\\{first.files[0].source_name}"
    for file in second.files:
        for path in (
            f"{STORE}\\{second.identity.key_form}\\{file.source_name}",
            *file.paths(second.identity.arch),
        ):
            tree.link(path, stored)


def wim_xml(name: str, *, edition: str, installation: str, created: int = SEALED_UNIX) -> str:
    """The elements of an image as Windows media have them, without the counts."""
    stamp = "<HIGHPART>0x{:08X}</HIGHPART><LOWPART>0x{:08X}</LOWPART>".format(
        *divmod(filetime(created), 2**32)
    )
    later = "<HIGHPART>0x{:08X}</HIGHPART><LOWPART>0x{:08X}</LOWPART>".format(
        *divmod(filetime(created + DAY), 2**32)
    )
    major, minor, build, revision = BASE.split(".")
    label = escape(name)
    return (
        f"<CREATIONTIME>{stamp}</CREATIONTIME><LASTMODIFICATIONTIME>{later}</LASTMODIFICATIONTIME><WIMBOOT>0</WIMBOOT>"
        f"<WINDOWS><ARCH>9</ARCH><PRODUCTNAME>{n.PRODUCT}</PRODUCTNAME><EDITIONID>{edition}</EDITIONID>"
        f"<INSTALLATIONTYPE>{installation}</INSTALLATIONTYPE>"
        f"<SERVICINGDATA><GDRDUREVISION>0</GDRDUREVISION><PKEYCONFIGVERSION>{BASE};2016-01-01T00:00:00Z</PKEYCONFIGVERSION></SERVICINGDATA>"
        "<PRODUCTTYPE>WinNT</PRODUCTTYPE><PRODUCTSUITE>Terminal Server</PRODUCTSUITE>"
        "<LANGUAGES><LANGUAGE>en-US</LANGUAGE><DEFAULT>en-US</DEFAULT></LANGUAGES>"
        f"<VERSION><MAJOR>{major}</MAJOR><MINOR>{minor}</MINOR><BUILD>{build}</BUILD><SPBUILD>{revision}</SPBUILD><SPLEVEL>0</SPLEVEL></VERSION>"
        "<SYSTEMROOT>WINDOWS</SYSTEMROOT></WINDOWS>"
        f"<NAME>{label}</NAME><DESCRIPTION>{label}</DESCRIPTION><FLAGS>{'9' if edition == 'WindowsPE' else edition}</FLAGS>"
        f"<DISPLAYNAME>{label}</DISPLAYNAME><DISPLAYDESCRIPTION>{label}</DISPLAYDESCRIPTION>"
    )


def _folders(tree: Tree) -> None:
    tree.folder("Windows", sddl=acl.SYSTEM_FOLDER)
    for name in ("Program Files", "Program Files (x86)"):
        tree.folder(f"{name}\\Common Files", sddl=acl.SYSTEM_FOLDER)
        tree.folder(name, sddl=acl.SYSTEM_FOLDER)
    tree.folder("ProgramData\\Microsoft", sddl=acl.USER_FOLDER)
    tree.folder("ProgramData", sddl=acl.USER_FOLDER, attributes=Attribute.HIDDEN | Attribute.NOT_INDEXED)
    tree.folder("Users", sddl=acl.USER_FOLDER, attributes=Attribute.READONLY)
    tree.folder("Users\\Default\\Desktop", attributes=Attribute.READONLY)
    tree.folder("Users\\Default\\AppData\\Roaming")
    tree.folder("Users\\Public\\Documents")
    tree.folder("PerfLogs")
    tree.folder("Windows\\Temp")
    tree.folder("Windows\\SoftwareDistribution\\Download")
    tree.junction("Users\\All Users", "C:\\ProgramData", symlink=True)
    tree.junction("Users\\Default User", "C:\\Users\\Default")
    tree.junction("Documents and Settings", "C:\\Users")


def _client_files(tree: Tree) -> None:
    """Files that no component owns, as every image has some."""
    for position in range(24):
        text = f"; Sample driver {position}\r\n[Version]\r\nSignature=$Windows NT$\r\nClass=System\r\nProvider=Contoso\r\n".encode()
        tree.file(f"Windows\\INF\\sample{position:02}.inf", text * 20)
    for name in ("kernel32.dll", "shell32.dll", "explorer.exe", "setup.exe"):
        tree.file(
            f"Windows\\System32\\en-US\\{name}.mui",
            pe_file(f"{name}.mui", BASE, size_kb=8),
            written=SEALED_UNIX,
        )
    for name in ("desktop.ini", "Windows PowerShell.lnk", "Tâche ünïcode 文書.txt"):
        tree.file(f"ProgramData\\Microsoft\\Start Menu\\{name}", name.encode() * 8, sddl=acl.USER_FOLDER)
    tree.file("Windows\\System32\\LogFiles\\audited.log", b"", sddl=acl.AUDITED_FILE)
    tree.file(
        "Windows\\System32\\license.rtf",
        b"{\\rtf1 Sample licence}",
        attributes=Attribute.ARCHIVE | Attribute.READONLY,
    )
    noted = tree.file("Windows\\System32\\oobe\\info.txt", b"a file with a named stream\r\n")
    noted.inode.streams["Zone.Identifier"] = b"[ZoneTransfer]\r\nZoneId=3\r\n"
    tree.entry("Windows\\System32\\oobe").inode.streams["folder-note"] = b"folders have streams too"


def _apps(tree: Tree) -> None:
    """Provisioned apps, which no component owns either."""
    for name in n.APPS:
        tree.file(
            f"Program Files\\WindowsApps\\{name}\\AppxManifest.xml", f"<Package>{name}</Package>".encode()
        )


def _short_names(tree: Tree) -> None:
    for path, short in _SHORT_NAMES.items():
        tree.entry(path).short = short


def _registry(tree: Tree, system: hives.System) -> None:
    for name, content in hives.hive_files(system).items():
        tree.file(f"{CONFIG}\\{name}", content, sddl=acl.CONFIG_FILE)
    tree.folder(f"{CONFIG}\\RegBack", sddl=acl.CONFIG_FILE)


def _mum(
    tree: Tree,
    package: Identity,
    components: Iterable[Component],
    *,
    parents: tuple[Identity, ...] = (),
    extra: str = "",
) -> None:
    rows = "".join(
        nested_update_xml(f"{package.name}-{position}", component.identity, component=True)
        for position, component in enumerate(components, start=1)
    )
    release = "Language Pack" if package.language != "neutral" else "Feature Pack"
    attributes = f'identifier="{package.name}" releaseType="{release}"'
    path = f"{PACKAGES}\\{package.package_name}"
    tree.file(f"{path}.mum", mum(package, attributes, parents_xml(parents) + rows + extra))
    tree.file(f"{path}.cat", f"sample catalogue of {package.package_name}, not signed".encode())


def _feature(name: str, inner: Identity, *, component: bool = True, on: bool = False) -> str:
    """A selectable update; `detectNone` says whether it starts switched on."""
    default = "true" if on else "false"
    selectable = f'      <selectable disposition="staged">\r\n        <detectNone default="{default}" />\r\n      </selectable>\r\n'
    return nested_update_xml(name, inner, component=component, selectable=selectable)
