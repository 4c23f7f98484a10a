r"""Which file of an unmounted image holds the keys people call `HKLM\SOFTWARE`, `HKCU` and so on.

Sources: Microsoft Learn, "Registry Hives" (the supporting files of `HKLM\SAM`, `SECURITY`, `SOFTWARE`, `SYSTEM` and
`HKU\.DEFAULT` are in `System32\config`; `HKCU` is the profile's `NTUSER.DAT`) and "HKEY_CLASSES_ROOT Key" (its
machine-wide half is `HKLM\SOFTWARE\Classes`). `HKLM\COMPONENTS` and `HKLM\DRIVERS` are `config\COMPONENTS` and
`config\DRIVERS`, as `reg load` users and the loader's own `hivelist` key show. Windows PE runs as LocalSystem, whose
`HKCU` is `HKU\.DEFAULT` (Microsoft Learn, "LocalSystem Account"), so in PE images `HKCU` means `config\DEFAULT`.
New users' profiles are copied from `Users\Default` (Microsoft Learn, "Customize the default local user profile").
`CurrentControlSet` is a link made while Windows starts, to the set that `SYSTEM\Select` names in `Current`, or in
`Default` before the first start (Microsoft Learn, "HKLM\SYSTEM\CurrentControlSet").

Knowledge only: nothing here reads an image or changes a hive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.hive import ValueType
from osrecipe.model.registry import RegistryRoot
from osrecipe.model.winpath import WinPath, upcase

if TYPE_CHECKING:
    from osrecipe.formats.hive import Hive

Target = Literal["install", "winre", "winpe", "setup"]

_CONFIG = WinPath("Windows\\System32\\config")
_DEFAULT_PROFILE = WinPath("Users\\Default\\NTUSER.DAT")
_FILES = {
    RegistryRoot.SOFTWARE: "SOFTWARE",
    RegistryRoot.SYSTEM: "SYSTEM",
    RegistryRoot.SAM: "SAM",
    RegistryRoot.SECURITY: "SECURITY",
    RegistryRoot.COMPONENTS: "COMPONENTS",
    RegistryRoot.DRIVERS: "DRIVERS",
    RegistryRoot.DEFAULT_USER: "DEFAULT",
    RegistryRoot.CLASSES: "SOFTWARE",
}
_CURRENT = "CurrentControlSet"
_MAX_SET = 999
_DWORD = 4


@dataclass(frozen=True)
class HivePlace:
    """Where a root's keys are: the hive's file, and the key in it below which they lie (empty for its root key)."""

    file: WinPath
    below: str = ""

    @property
    def logs(self) -> tuple[WinPath, WinPath]:
        """The hive's transaction logs."""
        return WinPath(f"{self.file}.LOG1"), WinPath(f"{self.file}.LOG2")


def hive_place(root: RegistryRoot, target: Target) -> HivePlace:
    """The hive file of a root in a kind of image."""
    if root is RegistryRoot.CURRENT_USER:
        return HivePlace(_DEFAULT_PROFILE if target == "install" else _CONFIG / "DEFAULT")
    return HivePlace(_CONFIG / _FILES[root], "Classes" if root is RegistryRoot.CLASSES else "")


def path_in_hive(hive: Hive, root: RegistryRoot, place: HivePlace, path: str) -> str:
    """A key's path inside its hive file; `CurrentControlSet` becomes the set it stands for.

    Raises:
        FormatError: the SYSTEM hive names no control set.
    """
    first, _, rest = path.partition("\\")
    if root is RegistryRoot.SYSTEM and upcase(first) == upcase(_CURRENT):
        path = f"ControlSet{control_set(hive):03d}" + (f"\\{rest}" if rest else "")
    return "\\".join(part for part in (place.below, path) if part)


def control_set(hive: Hive) -> int:
    r"""The number of the control set a SYSTEM hive will start with.

    Raises:
        FormatError: neither `Select\Current` nor `Select\Default` is the number of one.
    """
    select = hive.key("Select")
    for name in ("Current", "Default"):
        value = select.value(name) if select else None
        if value is not None and value.type == ValueType.DWORD and len(value.data) == _DWORD:
            number = int.from_bytes(value.data, "little")
            if 0 < number <= _MAX_SET:
                return number
    raise FormatError("hive", Fault.MISSING, "the SYSTEM hive's `Select` key names no control set")
