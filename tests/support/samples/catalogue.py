"""The components of the stand-in Windows: names, files and folders, makeable in any version.

One table for the images and the updates, so that an update's new file always has an old one in the image.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from support.samples.binaries import pe_file
from support.samples.names import BASE, Arch, Identity
from support.samples.spec import Component, FileSpec, RegValue, ValueType

SYSTEM32 = "$(runtime.system32)\\"
WINDOWS = "$(runtime.windows)\\"
DRIVERS = "$(runtime.drivers)\\"
SOURCES = "$(runtime.bootDrive)\\sources\\"
CURRENT_VERSION = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"


@dataclass(frozen=True)
class Shape:
    """A component's files without a version: `(name, folder)` pairs."""

    name: str
    files: tuple[tuple[str, str], ...]
    arch: Arch = Arch.AMD64
    size_kb: int = 96
    base_file_version: str = (
        ""  # what the files say in the image as on the media, where that is not its build
    )

    def at(self, version: str = BASE, *, file_version: str = "") -> Component:
        """The component in one version; `file_version` where its files count differently."""
        shown = file_version or (version == BASE and self.base_file_version) or version
        files = tuple(
            FileSpec(name, folder or None, pe_file(name, shown, self.arch, self.size_kb), shown)
            for name, folder in self.files
        )
        return Component(Identity(self.name, version, self.arch), files)


def _system(name: str, *files: str, size_kb: int = 96) -> Shape:
    return Shape(f"Microsoft-Windows-{name}", tuple((file, SYSTEM32) for file in files), size_kb=size_kb)


CORE = (
    _system("Ntdll", "ntdll.dll", size_kb=400),
    _system("Kernel32", "kernel32.dll", size_kb=240),
    _system("KernelBase", "KernelBase.dll", size_kb=400),
    _system("User32", "user32.dll", size_kb=300),
    _system("GDI32", "gdi32.dll", "gdi32full.dll", size_kb=200),
    _system("AdvApi32", "advapi32.dll"),
    _system("Msvcrt", "msvcrt.dll", "ucrtbase.dll", size_kb=160),
    _system("RPC-Local", "rpcrt4.dll", size_kb=200),
    _system("Shell32", "shell32.dll", size_kb=800),
    _system("Com-Base", "ole32.dll", "combase.dll", size_kb=200),
    _system("SetupApi", "setupapi.dll", size_kb=300),
    _system("Cabinet", "cabinet.dll", "expand.exe", size_kb=24),
    _system("Crypt32", "crypt32.dll", "bcrypt.dll", size_kb=160),
    _system("Wer", "wer.dll", size_kb=64),
    _system("CommandPrompt", "cmd.exe", size_kb=64),
    _system("RegTools", "reg.exe", size_kb=32),
    _system("Deployment-Imaging-WimGApi", "wimgapi.dll", size_kb=200),
    _system("Deployment-Image-Servicing-Management-API", "dismapi.dll", size_kb=200),
    _system("Deployment-Image-Servicing-Management", "Dism.exe", size_kb=32),
    _system("Deployment-DeltaPackageExpander", "dpx.dll", "msdelta.dll", size_kb=64),
    Shape(
        "Microsoft-Windows-Smi-Core",
        (("wbemcore.dll", "$(runtime.wbem)\\"), ("WmiPrvSE.exe", "$(runtime.wbem)\\")),
        size_kb=64,
    ),
    Shape("Microsoft-Windows-Ntfs", (("ntfs.sys", DRIVERS),), size_kb=200),
    Shape("Microsoft-Windows-Tcpip-Driver", (("tcpip.sys", DRIVERS), ("fwpkclnt.sys", DRIVERS)), size_kb=200),
    Shape(
        "Microsoft-Windows-BootEnvironment-Core-BootManager-EFI",
        (("bootmgfw.efi", f"{WINDOWS}Boot\\EFI\\"), ("bootmgr.efi", f"{WINDOWS}Boot\\EFI\\")),
    ),
)
"""In every image, PE or not."""

# One program in two places, by two components, as in Windows itself.
NOTEPAD = _system("Notepad", "notepad.exe", size_kb=64)
NOTEPAD_WIN = Shape("Microsoft-Windows-NotepadWin", (("notepad.exe", WINDOWS),), size_kb=64)
EXPLORER = Shape("Microsoft-Windows-explorer", (("explorer.exe", WINDOWS),), size_kb=600)
EDGE_LEGACY = _system("EdgeHtml", "edgehtml.dll", size_kb=900)
COMPAT = _system("Application-Experience", "appraiser.dll", "acmigration.dll", size_kb=160)

CLIENT = (
    NOTEPAD,
    NOTEPAD_WIN,
    EXPLORER,
    EDGE_LEGACY,
    COMPAT,
    _system("Calc", "calc.exe", "win32calc.exe", size_kb=32),
    _system("TaskMgr", "Taskmgr.exe", size_kb=96),
    _system("WinLogon", "winlogon.exe", "wininit.exe", "LogonUI.exe", size_kb=64),
    _system("Services-Svchost", "svchost.exe", "services.exe", size_kb=32),
    _system("Lsa", "lsass.exe", "lsasrv.dll", size_kb=120),
    _system("Propsys", "propsys.dll", size_kb=120),
    _system("WinHttp", "winhttp.dll", "wininet.dll", size_kb=200),
    _system("Mshtml", "mshtml.dll", size_kb=900),
    _system("DirectWrite", "DWrite.dll", "d2d1.dll", size_kb=300),
    _system("Direct3D11", "d3d11.dll", "dxgi.dll", size_kb=200),
    _system("Printing", "spoolsv.exe", "winspool.drv", size_kb=96),
    _system("TerminalServices", "termsrv.dll", "mstscax.dll", size_kb=300),
    _system("WindowsUpdateClient", "wuaueng.dll", "wuapi.dll", "wusa.exe", size_kb=160),
    _system("Security-SPP", "sppsvc.exe", "slc.dll", size_kb=96),
    _system("Deployment-Setup-Unbcl", "unbcl.dll", "wdscore.dll", "wdsutil.dll", size_kb=64),
    Shape(
        "Microsoft-Windows-Defender-Client",
        (("MpClient.dll", "$(runtime.programFiles)\\Windows Defender\\"),),
    ),
    Shape("Microsoft-Windows-Font-TrueType-Sample", (("sample.fon", "$(runtime.fonts)\\"),), size_kb=64),
)
"""Only in the install image."""

_WOW = (
    "ntdll.dll",
    "kernel32.dll",
    "KernelBase.dll",
    "user32.dll",
    "gdi32.dll",
    "advapi32.dll",
    "shell32.dll",
    "ole32.dll",
    "mshtml.dll",
    "notepad.exe",
)
WOW64 = tuple(
    Shape(
        f"Microsoft-Windows-{file.rpartition('.')[0].capitalize()}-WOW64", ((file, SYSTEM32),), Arch.WOW64, 64
    )
    for file in _WOW
)
WOW_KERNEL32 = next(shape for shape in WOW64 if shape.files[0][0] == "kernel32.dll")

RECOVERY = Shape(
    "Microsoft-Windows-WinRE-RecoveryTools",
    (
        ("RecEnv.exe", "$(runtime.bootDrive)\\sources\\recovery\\"),
        ("StartRep.exe", "$(runtime.bootDrive)\\sources\\recovery\\"),
    ),
)
SETUP = Shape(
    "Microsoft-Windows-Setup-Component",
    (
        ("setup.exe", SOURCES),
        ("setuphost.exe", SOURCES),
        ("setupcore.dll", SOURCES),
        ("winsetup.dll", SOURCES),
    ),
    size_kb=160,
)
SETUP_STUB = Shape("Microsoft-Windows-Setup-Stub", (("setup.exe", "$(runtime.bootDrive)\\"),), size_kb=16)

_STACK_FILES = ("CbsCore.dll", "wcp.dll", "dpx.dll", "drvstore.dll", "cmiv2.dll", "TiWorker.exe")
STACK = Shape(
    "Microsoft-Windows-ServicingStack",
    (
        ("TrustedInstaller.exe", f"{WINDOWS}servicing\\"),
        ("CbsApi.dll", f"{WINDOWS}servicing\\"),
        *((file, "") for file in _STACK_FILES),
    ),
    size_kb=64,
)
NETFX3 = Shape(
    "NetFx-Clr-Mscorwks",
    (
        ("mscorwks.dll", f"{WINDOWS}Microsoft.NET\\Framework64\\v2.0.50727\\"),
        ("mscorlib.dll", f"{WINDOWS}Microsoft.NET\\Framework64\\v2.0.50727\\"),
    ),
    size_kb=400,
    base_file_version="2.0.50727.8922",
)
NETFX3_SYSTEM = Shape(
    "NetFx-System",
    (("System.dll", f"{WINDOWS}Microsoft.NET\\Framework64\\v2.0.50727\\"),),
    size_kb=200,
    base_file_version="2.0.50727.8922",
)
NETFX4 = Shape(
    "NetFx4-Clr",
    (("clr.dll", f"{WINDOWS}Microsoft.NET\\Framework64\\v4.0.30319\\"),),
    size_kb=300,
    base_file_version="4.7.3062.0",
)
FLASH = (
    Shape(
        "Adobe-Flash-For-Windows",
        (
            ("Flash.ocx", f"{SYSTEM32}Macromed\\Flash\\"),
            ("FlashUtil_ActiveX.exe", f"{SYSTEM32}Macromed\\Flash\\"),
        ),
        size_kb=300,
        base_file_version="29.0.0.113",
    ),
    Shape(
        "Adobe-Flash-For-Windows",
        (("Flash.ocx", f"{SYSTEM32}Macromed\\Flash\\"),),
        Arch.WOW64,
        300,
        base_file_version="29.0.0.113",
    ),
)
TELNET = _system("Telnet-Client", "telnet.exe", size_kb=48)
SMB1 = Shape("Microsoft-Windows-SMB10-MiniRdr", (("mrxsmb10.sys", DRIVERS),), size_kb=96)


def named(name: str) -> Shape:
    """A shape of the core or the client by its name without the prefix, such as `Ntdll`."""
    return next(shape for shape in (*CORE, *CLIENT) if shape.name == f"Microsoft-Windows-{name}")


@cache
def base_components() -> dict[tuple[str, str], Component]:
    """Components in the version the media have, by name and architecture, those of NetFx3 included."""
    shapes = (
        *CORE,
        *CLIENT,
        *WOW64,
        *FLASH,
        STACK,
        SETUP,
        SETUP_STUB,
        RECOVERY,
        NETFX3,
        NETFX3_SYSTEM,
        NETFX4,
        TELNET,
        SMB1,
    )
    return {(shape.name, shape.arch): shape.at() for shape in shapes}


def version_values(build: int, revision: int, stamp: str) -> Component:
    """The component that says which build this is: only registry values."""
    values = (
        RegValue(CURRENT_VERSION, "UBR", ValueType.DWORD, revision),
        RegValue(CURRENT_VERSION, "BuildLab", ValueType.SZ, f"{build}.sample_release.{stamp}"),
        RegValue(
            CURRENT_VERSION, "BuildLabEx", ValueType.SZ, f"{build}.{revision}.amd64fre.sample_release.{stamp}"
        ),
    )
    return Component(
        Identity("Microsoft-Windows-BuildLab-Values", f"10.0.{build}.{revision}"), registry=values
    )
