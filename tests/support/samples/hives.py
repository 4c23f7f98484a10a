"""The registry of the sample images, hive by hive.

Describes keys as plain data and has `osrecipe`'s hive format write them; the tests read them with other readers.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support.samples import acl
from support.samples.documents import manifest
from support.samples.names import APPS, BASE, SEALED_UNIX, STACK, Identity, filetime

from osrecipe.formats.hive import Hive, ValueType
from osrecipe.formats.hive.data import encode_dword, encode_multi_sz, encode_qword, encode_sz

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support.samples.spec import Component

_CBS = "Microsoft\\Windows\\CurrentVersion\\Component Based Servicing"
_NT = "Microsoft\\Windows NT\\CurrentVersion"
_PROVISIONED = "Microsoft\\Windows\\CurrentVersion\\Appx\\AppxAllUserStore\\Applications"
_APP_FOLDER = "C:\\Program Files\\WindowsApps"
ZONES = ("Pacific Standard Time", "Tokyo Standard Time", "UTC", "W. Europe Standard Time")
"""Time zones that the samples' Windows knows."""
_SEALED = filetime(SEALED_UNIX)
_INSTALLED = 0x70
_OWNED = 0x20070

Data = str | int | bytes | tuple[str, ...]
Keys = dict[str, dict[str, "Data | Wide | Expand"]]


@dataclass(frozen=True)
class Wide:
    """A 64-bit number."""

    number: int


@dataclass(frozen=True)
class Expand:
    """Text with variables in it."""

    text: str


@dataclass(frozen=True)
class System:
    """What an image says of itself.

    Attributes:
        features: features by the package that declares them, and whether each is switched on.
    """

    product: str
    edition: str
    installation: str
    packages: tuple[Identity, ...]
    components: tuple[Component, ...]
    features: Mapping[Identity, Mapping[str, bool]] = field(default_factory=dict)


def hive_files(system: System) -> dict[str, bytes]:
    """Every hive of `System32/config`, by file name."""
    return {
        "SOFTWARE": _write(software(system), protected=(_CBS,)),
        "SYSTEM": _write(_system(system)),
        "COMPONENTS": _write(_components(system)),
        "DRIVERS": _write({"DriverDatabase\\DriverPackages": {}, "DriverDatabase": {"Version": 0x0A000000}}),
        "DEFAULT": _write(
            {"Control Panel\\Desktop": {"Wallpaper": "", "ScreenSaveActive": "1"}, "Software\\Microsoft": {}}
        ),
        "SAM": _write({"SAM\\Domains\\Account": {"F": bytes(240)}, "SAM\\Domains\\Builtin\\Aliases": {}}),
        "SECURITY": _write({"Policy\\PolAdtEv": {"": bytes(148)}, "Policy\\Accounts": {}}),
    }


def user_hive() -> bytes:
    """`NTUSER.DAT` of the default user."""
    explorer = "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\Advanced"
    return _write(
        {
            explorer: {"HideFileExt": 1, "Start_TrackDocs": 1, "TaskbarGlomLevel": 0},
            "Software\\Microsoft\\Windows\\CurrentVersion\\Run": {
                "OneDriveSetup": "C:\\Windows\\SysWOW64\\OneDriveSetup.exe /thfirstsetup"
            },
            "Control Panel\\International": {"Locale": "00000409", "sCountry": "United States"},
            "Environment": {"TEMP": Expand("%USERPROFILE%\\AppData\\Local\\Temp")},
        }
    )


def boot_store() -> bytes:
    """A `BCD` store with one boot manager object."""
    manager = "Objects\\{9dea862c-5cdd-4e70-acc1-f32b344d4795}"
    return _write(
        {
            f"{manager}\\Description": {"Type": 0x10100002},
            f"{manager}\\Elements\\12000004": {"Element": "Windows Boot Manager"},
            f"{manager}\\Elements\\25000004": {"Element": Wide(30)},
        }
    )


def software(system: System) -> Keys:
    """The SOFTWARE hive's keys."""
    version = BASE.split(".")
    keys: Keys = {
        _NT: {
            "ProductName": system.product,
            "EditionID": system.edition,
            "InstallationType": system.installation,
            "CompositionEditionID": system.edition,
            "CurrentVersion": "6.3",
            "CurrentBuild": version[2],
            "CurrentBuildNumber": version[2],
            "CurrentMajorVersionNumber": 10,
            "CurrentMinorVersionNumber": 0,
            "ReleaseId": "1803",
            "UBR": 1,
            "BuildLab": "17134.sample_release.180410-1804",
            "BuildLabEx": "17134.1.amd64fre.sample_release.180410-1804",
            "SystemRoot": "C:\\Windows",
            "InstallDate": 0,
        },
        "Microsoft\\Windows\\CurrentVersion": {
            "ProgramFilesDir": "C:\\Program Files",
            "ProgramFilesDir (x86)": "C:\\Program Files (x86)",
            "DevicePath": Expand("%SystemRoot%\\inf"),
        },
        "Microsoft\\Windows\\CurrentVersion\\Setup\\State": {
            "ImageState": "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"
        },
        "Microsoft\\Windows\\CurrentVersion\\Policies\\System": {
            "EnableLUA": 1,
            "ConsentPromptBehaviorAdmin": 5,
        },
        "Classes\\.txt": {"": "txtfile", "Content Type": "text/plain"},
        "Policies\\Microsoft\\Windows": {},
        "WOW6432Node\\Microsoft\\Windows\\CurrentVersion": {"ProgramFilesDir": "C:\\Program Files (x86)"},
        "Contoso\\Sample": {
            "Größe": "Ünïcode",
            "Installed": Wide(_SEALED),
            "Numbers": ("one", "two", "three"),
            "Raw": bytes(range(16)),
        },
        f"{_CBS}\\Version": {BASE: Expand(f"%SystemRoot%\\winsxs\\{STACK.key_form}")},
        f"{_CBS}\\PackagesPending": {},
    }
    keys |= {f"{_NT}\\Time Zones\\{zone}": {"Display": zone, "Std": zone} for zone in ZONES}
    if system.installation == "Client":
        keys |= {
            f"{_PROVISIONED}\\{name}": {"Path": f"{_APP_FOLDER}\\{name}\\AppxManifest.xml"} for name in APPS
        }
    if system.installation == "WindowsPE":
        keys[f"{_NT}\\WinPE"] = {
            "Version": BASE,
            "CustomBackground": Expand("%SystemRoot%\\system32\\winpe.jpg"),
        }
    for package in system.packages:
        keys |= _package(package, system.features.get(package, {}))
    return keys


def _package(package: Identity, features: Mapping[str, bool]) -> Keys:
    name = package.package_name
    key = f"{_CBS}\\Packages\\{name}"
    keys: Keys = {
        key: {
            "CurrentState": _INSTALLED,
            "InstallClient": "DISM Package Manager Provider",
            "InstallName": f"{name}.mum",
            "InstallLocation": "\\\\?\\C:\\Windows\\servicing\\Packages\\",
            "InstallUser": "S-1-5-18",
            "InstallTimeHigh": _SEALED >> 32,
            "InstallTimeLow": _SEALED & 0xFFFFFFFF,
            "SelfUpdate": 0,
            "Visibility": 1,
            "LastError": 0,
        },
        f"{key}\\Owners": {name: _OWNED},
        f"{_CBS}\\PackageIndex\\{name.rpartition('~')[0]}~0.0.0.0": {name: _INSTALLED},
    }
    if features:
        keys[f"{key}\\Updates"] = {feature: int(on) for feature, on in features.items()}
    return keys


def _system(system: System) -> Keys:
    control = "ControlSet001\\Control"
    services = "ControlSet001\\Services"
    # Longer than one cell may be, so that the hive has a value split into segments.
    policy = hashlib.shake_256(b"product policy").digest(21_428)
    return {
        "Select": {"Current": 1, "Default": 1, "Failed": 0, "LastKnownGood": 1},
        "Setup": {
            "SetupType": 2,
            "SystemSetupInProgress": 1,
            "CmdLine": "oobe\\windeploy.exe",
            "OOBEInProgress": 1,
        },
        f"{control}\\ProductOptions": {
            "ProductType": "WinNT",
            "ProductSuite": ("Terminal Server",),
            "ProductPolicy": policy,
        },
        f"{control}\\Nls\\Language": {"Default": "0409", "InstallLanguage": "0409"},
        f"{control}\\Session Manager\\Environment": {
            "Path": Expand("%SystemRoot%\\system32;%SystemRoot%;%SystemRoot%\\System32\\Wbem"),
            "PROCESSOR_ARCHITECTURE": "AMD64",
        },
        f"{control}\\Windows": {"CSDVersion": 0, "SystemDirectory": Expand("%SystemRoot%\\system32")},
        f"{control}\\ComputerName\\ComputerName": {
            "ComputerName": "MINWINPC" if system.installation == "WindowsPE" else "SAMPLE"
        },
        f"{services}\\Tcpip": {
            "Start": 0,
            "Type": 1,
            "ErrorControl": 3,
            "ImagePath": Expand("System32\\drivers\\tcpip.sys"),
        },
        f"{services}\\Tcpip\\Parameters": {"Hostname": "", "SampleWindow": 8192},
        f"{services}\\Ntfs": {"Start": 0, "Type": 2, "ImagePath": Expand("System32\\drivers\\ntfs.sys")},
        "MountedDevices": {},
    }


def _components(system: System) -> Keys:
    keys: Keys = {
        "": {"StoreFormatVersion": "0.0.0.6"},
        "CanonicalData\\Deployments": {},
        "ServicingStackVersions": {},
    }
    for component in system.components:
        identity = component.identity
        text = f"{identity.name}, Culture=neutral, Version={identity.version}, ProcessorArchitecture={identity.arch}, versionScope=NonSxS"
        digest = hashlib.sha256(manifest(component)).digest()
        keys[f"DerivedData\\Components\\{identity.key_form}"] = {"identity": text.encode(), "S256H": digest}
    return keys


def _write(keys: Keys, *, protected: tuple[str, ...] = ()) -> bytes:
    hive = Hive.create(timestamp=_SEALED)
    for path in protected:
        hive.create_key(path).set_security(acl.descriptor(acl.REGISTRY_KEY))
    for path, values in keys.items():
        key = hive.create_key(path) if path else hive.root
        for name, data in values.items():
            key.set(name, *_encoded(data))
    return hive.save()


def _encoded(data: Data | Wide | Expand) -> tuple[ValueType, bytes]:
    match data:
        case Wide(number):
            return ValueType.QWORD, encode_qword(number)
        case Expand(text):
            return ValueType.EXPAND_SZ, encode_sz(text)
        case str():
            return ValueType.SZ, encode_sz(data)
        case int():
            return ValueType.DWORD, encode_dword(data)
        case bytes():
            return ValueType.BINARY, data
        case tuple():
            return ValueType.MULTI_SZ, encode_multi_sz(data)
