"""The sample updates: which parts each has, for which images, and what is in them.

Data only. kb9000001 servicing stack; kb9000002 and kb9000003 cumulative; kb9000004 player; kb9000005 a plain
cabinet; kb9000006 safe OS; kb9000007 loose setup files; kb9000008 .NET; kb9000009 what must be refused.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from support.samples import catalogue as c
from support.samples import names as n
from support.samples.binaries import pe_file
from support.samples.delta import pe_delta
from support.samples.names import Identity
from support.samples.spec import Component, Container, FileSpec, Part, RegValue, UpdatePackage, ValueType

_CONTOSO = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso\\Servicing"
_NETWORK = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"
_CLASS = "HKEY_CLASSES_ROOT\\CLSID\\{5A3E1F00-0000-4000-8000-00000000C0DE}\\InProcServer32"
_EDITIONS = (n.PROFESSIONAL, n.ENTERPRISE)
# What the cumulative updates change in every image.
_UPDATED = (
    "Ntdll",
    "Kernel32",
    "KernelBase",
    "User32",
    "GDI32",
    "AdvApi32",
    "Msvcrt",
    "RPC-Local",
    "Shell32",
    "Com-Base",
    "SetupApi",
    "Cabinet",
    "Deployment-Imaging-WimGApi",
    "Deployment-Image-Servicing-Management-API",
    "Ntfs",
    "BootEnvironment-Core-BootManager-EFI",
)
STACK_VERSION = "10.0.17134.191"

_SERVICE_XML = (
    '  <memberships>\r\n    <categoryMembership>\r\n      <id name="Microsoft.Windows.Categories.Services" '
    'version="10.0.17134.228" publicKeyToken="365143bb27e7ac8b" typeName="SvcHostServiceGroup" />\r\n'
    '      <categoryInstance subcategory="SampleSvc">\r\n        <serviceData name="SampleSvc" displayName="Sample" '
    'errorControl="normal" start="auto" type="win32OwnProcess" imagePath="%SystemRoot%\\System32\\samplesvc.exe" '
    'objectName="LocalSystem" />\r\n      </categoryInstance>\r\n    </categoryMembership>\r\n  </memberships>\r\n'
)


@lru_cache(maxsize=1)
def all_updates() -> tuple[UpdatePackage, ...]:
    """Every sample update, in the order of its number."""
    first = _cumulative(228, "180820-0000")
    return (
        _servicing_stack(),
        first,
        _later_cumulative(first),
        _flash(),
        _plain_cabinet(),
        _safe_os(),
        _setup_files(),
        _dotnet(),
        _refused(),
    )


def _kb(number: int, kind: str, name: str, version: str, *parts: Part) -> UpdatePackage:
    return UpdatePackage(f"kb{number}-x64", kind, f"KB{number}", Identity(name, version), parts)


def _servicing_stack() -> UpdatePackage:
    part = Part("Package_1_for_KB9000001", (*_EDITIONS, n.WINPE), (c.STACK.at(STACK_VERSION),))
    return _kb(9000001, "servicing-stack", "Package_for_ServicingStack_191", "17134.191.1.0", part)


def _registry_types(version: str, revision: int) -> Component:
    """One value of every type, under three hives' names."""
    values = (
        RegValue(_CONTOSO, "", ValueType.SZ, "default"),
        RegValue(_CONTOSO, "Text", ValueType.SZ, "$(runtime.system32)\\wimgapi.dll"),
        RegValue(_CONTOSO, "Expand", ValueType.EXPAND_SZ, "%SystemRoot%\\System32\\wimgapi.dll"),
        RegValue(_CONTOSO, "Number", ValueType.DWORD, revision),
        RegValue(_CONTOSO, "Wide", ValueType.QWORD, 0x1_0000_0000 + revision),
        RegValue(_CONTOSO, "Lines", ValueType.MULTI_SZ, ("one", "two words", f"build {revision}")),
        RegValue(
            _CONTOSO, "Bytes", ValueType.BINARY, bytes.fromhex("00DEADBEEF") + revision.to_bytes(2, "big")
        ),
        RegValue(_CONTOSO, "Nothing", ValueType.NONE, b""),
        RegValue(_NETWORK, "SampleWindow", ValueType.DWORD, 65535),
        RegValue(_CLASS, "", ValueType.SZ, "$(runtime.system32)\\shell32.dll"),
        RegValue(_CLASS, "ThreadingModel", ValueType.SZ, "Both & <free>"),
    )
    return Component(Identity("Sample-Servicing-Registry-Values", version), registry=values)


def _renamed(version: str) -> Component:
    """A component whose payload has another name in the package than in the image."""
    text = f"[Sample]\r\nBuild={version}\r\n".encode()
    file = FileSpec("osinfo.ini", f"{c.WINDOWS}Contoso\\", text, source="osinfo_amd64.ini")
    return Component(Identity("Sample-OsInfo-Ini", version), (file,))


def _cumulative(
    revision: int, stamp: str, *, netfx_revision: int = 9136, number: int = 9000002
) -> UpdatePackage:
    version = f"10.0.17134.{revision}"
    build = c.version_values(17134, revision, stamp)
    core = tuple(c.named(name).at(version) for name in _UPDATED)
    client = tuple(
        shape.at(version) for shape in (c.NOTEPAD, c.NOTEPAD_WIN, c.EXPLORER, c.COMPAT, c.WOW_KERNEL32)
    )
    extra = (_registry_types(version, revision), _renamed(version))
    netfx = c.NETFX3.at(version, file_version=f"2.0.50727.{netfx_revision}")
    parts = (
        Part(f"Package_1_for_KB{number}", _EDITIONS, (build, *core, *client, *extra)),
        Part(f"Package_2_for_KB{number}", (n.WINPE,), (build, *core)),
        Part(f"Package_3_for_KB{number}", (n.WINPE_SETUP,), (c.SETUP.at(version),)),
        Part(f"Package_4_for_KB{number}", (n.NETFX3,), (netfx,)),
        Part(f"Package_5_for_KB{number}", (n.WINPE_SRT,), (c.RECOVERY.at(version),)),
    )
    made = _kb(number, "cumulative", "Package_for_RollupFix", f"17134.{revision}.1.0", *parts)
    return replace(made, requires_stack=STACK_VERSION, release_type="Security Update")


def _later_cumulative(first: UpdatePackage) -> UpdatePackage:
    """The next month's: newer versions, without appraiser, with the printing component."""
    made = _cumulative(345, "181009-0000", netfx_revision=9149, number=9000003)
    head, *others = made.parts
    dropped = c.COMPAT.name
    added = c.named("Printing").at("10.0.17134.345")
    kept = tuple(component for component in head.components if component.identity.name != dropped)
    parts = (Part(head.name, head.parents, (*kept, added)), *others)
    return replace(made, parts=parts, supersedes=(first.identity,), dropped=(dropped,))


def checkpointed() -> tuple[UpdatePackage, UpdatePackage]:
    """A checkpoint update and a cumulative update that is built upon it; not among `all_updates`, made where needed.

    The checkpoint is KB9000012, 17134.228; the target KB9000013, 17134.345. Both need the stack of KB9000001. Added
    without the checkpoint in the image or in its own folder, the target is answered with 0x800f0838.
    """
    checkpoint = replace(_cumulative(228, "180820-0000", number=9000012), is_checkpoint=True)
    target = replace(
        _cumulative(345, "181009-0000", netfx_revision=9149, number=9000013),
        checkpoints=(checkpoint.identity,),
        supersedes=(checkpoint.identity,),
    )
    return checkpoint, target


def _flash() -> UpdatePackage:
    components = tuple(shape.at("10.0.17134.285", file_version="31.0.0.108") for shape in c.FLASH)
    part = Part("Package_1_for_KB9000004", _EDITIONS, components)
    return replace(_kb(9000004, "flash", "Package_for_KB9000004", "10.0.1.0", part), utf16_properties=True)


def _plain_cabinet() -> UpdatePackage:
    part = Part("Package_1_for_KB9000005", (n.FOUNDATION, n.WINPE), (c.named("Wer").at("10.0.17134.254"),))
    return replace(
        _kb(9000005, "optional", "Package_for_KB9000005", "10.0.1.2", part), container=Container.CAB
    )


def _safe_os() -> UpdatePackage:
    recovery = Part("Package_1_for_KB9000006", (n.WINPE_SRT,), (c.RECOVERY.at("10.0.17134.350"),))
    return replace(
        _kb(9000006, "safe-os", "Package_for_SafeOSDU", "17134.350.1.0", recovery), container=Container.CAB
    )


def _setup_files() -> UpdatePackage:
    """Loose files for the media's sources, among them an older setup.exe than the setup image will have."""
    version = "10.0.17134.165"
    names = ("setup.exe", "setuphost.exe", "appraiser.dll", "SetupPlatform.dll")
    files = tuple(FileSpec(name, None, pe_file(name, version, size_kb=64), version) for name in names)
    more = FileSpec("en-us\\setup.exe.mui", None, pe_file("setup.exe.mui", version, size_kb=8), version)
    return replace(_kb(9000007, "setup", "", version), container=Container.LOOSE_CAB, loose=(*files, more))


def _dotnet() -> UpdatePackage:
    parts = (
        Part(
            "Package_1_for_KB9000008", _EDITIONS, (c.NETFX4.at("10.0.17134.254", file_version="4.7.3163.0"),)
        ),
        Part(
            "Package_2_for_KB9000008",
            (n.NETFX3,),
            (c.NETFX3_SYSTEM.at("10.0.17134.254", file_version="2.0.50727.8940"),),
        ),
    )
    return _kb(9000008, "dotnet", "Package_for_DotNetRollup", "10.0.3163.1", *parts)


def _refused() -> UpdatePackage:
    version = "10.0.17134.300"
    program = FileSpec("samplesvc.exe", c.SYSTEM32, pe_file("samplesvc.exe", version, size_kb=16), version)
    service = Component(Identity("Sample-Service", version), (program,), extra_xml=_SERVICE_XML)
    library = FileSpec("samplediff.dll", c.SYSTEM32, pe_file("samplediff.dll", version, size_kb=16), version)
    differential = Component(
        Identity("Sample-Differential", version), (library,), delta=pe_delta(library.content)
    )
    part = Part("Package_1_for_KB9000009", _EDITIONS, (service, differential))
    made = _kb(9000009, "optional", "Package_for_KB9000009", "10.0.1.0", part)
    return replace(made, refused=("advanced-installer", "differential-payload"))
