r"""Registry values that Windows itself writes, never reads from there, or heeds in some editions only.

Knowledge as data, for warnings: whoever sets one of these offline will not find it, or not find it obeyed, on the
machine. Each row has its reason and its source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from osrecipe.model.registry import RegistryRoot
from osrecipe.windows.wow64_registry import NODE, redirected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osrecipe.model.registry import RegistryData, RegistryKey

_MANAGED: Final = ("Enterprise*", "Education*", "IoTEnterprise*", "Server*")
"""EDITIONIDs that heed policies made for managed machines."""


@dataclass(frozen=True)
class Owned:
    r"""A key or values of it that are not the recipe's to set.

    Attributes:
        root: the hive.
        key: path below the root, a pattern of the whole path in lower case; `…\\*` at its end takes in all below.
        values: the values' names in lower case; empty for all of the key.
        reason: what becomes of a write, one sentence without a full stop.
        instead: what does it.
        source: who says so.
        editions: when given, only editions other than these ignore it.
        number: when given, only this number is ignored.
        from_build: the first Windows build this is true of.
    """

    root: RegistryRoot
    key: str
    values: tuple[str, ...]
    reason: str
    instead: str
    source: str
    editions: tuple[str, ...] = ()
    number: int | None = None
    from_build: int = 0

    def matches(self, key: RegistryKey, name: str, data: RegistryData) -> bool:
        """Whether a write is one of these, as far as key, name and data tell."""
        path = key.path.lower()
        if key.root is not self.root or not (
            fnmatchcase(path, self.key.removesuffix("\\*")) if _exact(self.key) else _below(path, self.key)
        ):
            return False
        return (not self.values or name.lower() in self.values) and self.number in {None, data.number}

    def heeded(self, edition: str) -> bool:
        """Whether an edition heeds the write after all."""
        return any(fnmatchcase(edition.lower(), pattern.lower()) for pattern in self.editions)


def _exact(pattern: str) -> bool:
    return not pattern.endswith("\\*")


def _below(path: str, pattern: str) -> bool:
    r"""Whether a path is the one before `\\*`, or lies below it."""
    return fnmatchcase(path, pattern) or fnmatchcase(path, pattern.removesuffix("\\*"))


_SET = r"(currentcontrolset|controlset\d{3})"
_CONTROL_SET = re.compile(rf"^{_SET}\\")

OWNED: tuple[Owned, ...] = (
    Owned(
        RegistryRoot.SYSTEM,
        r"currentcontrolset\control\computername\*",
        ("computername",),
        "Setup gives every machine its name when it is first started",
        "name machines in the answer file, `ComputerName` of Microsoft-Windows-Shell-Setup",
        "Microsoft Learn, unattended Windows Setup reference, `ComputerName`",
    ),
    Owned(
        RegistryRoot.SYSTEM,
        r"currentcontrolset\services\tcpip\parameters",
        ("hostname", "nv hostname"),
        "Setup gives every machine its name when it is first started",
        "name machines in the answer file, `ComputerName` of Microsoft-Windows-Shell-Setup",
        "Microsoft Learn, unattended Windows Setup reference, `ComputerName`",
    ),
    Owned(
        RegistryRoot.SYSTEM,
        "select",
        ("current", "lastknowngood", "failed"),
        "the boot loader writes it at every start",
        "change the control set itself",
        "Microsoft Learn, `HKLM\\SYSTEM\\Select` in the documentation of control sets",
    ),
    Owned(
        RegistryRoot.SYSTEM,
        r"currentcontrolset\control\hivelist\*",
        (),
        "it exists only in memory and is made anew at every start",
        "leave it out: it says which hives are loaded",
        "Microsoft Learn, `Registry Hives`",
    ),
    Owned(
        RegistryRoot.CURRENT_USER,
        r"volatile environment\*",
        (),
        "it exists only in memory and is made anew when a user logs on",
        r"set `HKCU\Environment`",
        "Microsoft Learn, `Environment Variables` and `User Environment Variables`",
    ),
    Owned(
        RegistryRoot.CURRENT_USER,
        r"software\classes\*",
        (),
        "at logon a link to the user's `UsrClass.dat` takes the place of this key",
        r"write to `HKCR`, which is every user's",
        "Microsoft Learn, `HKEY_CLASSES_ROOT Key` and `Merged View of HKEY_CLASSES_ROOT`",
    ),
    Owned(
        RegistryRoot.CURRENT_USER,
        r"software\microsoft\windows\currentversion\explorer\fileexts\*\userchoice\*",
        (),
        "Windows takes a user's choice only with a hash made for that user, and resets any other",
        "import default associations with `dism /Import-DefaultAppAssociations` or the policy for them",
        "Microsoft Learn, `Export or Import Default Application Associations`",
    ),
    Owned(
        RegistryRoot.SOFTWARE,
        r"microsoft\windows nt\currentversion",
        (
            "buildlab",
            "buildlabex",
            "currentbuild",
            "currentbuildnumber",
            "currentversion",
            "digitalproductid",
            "digitalproductid4",
            "editionid",
            "installdate",
            "installtime",
            "productid",
            "productname",
            "releaseid",
            "ubr",
        ),
        "Setup and every cumulative update write it anew",
        "leave it out: it says what is installed",
        "the registry values that Microsoft's cumulative updates and Setup write, seen in their component manifests",
    ),
    Owned(
        RegistryRoot.SOFTWARE,
        r"microsoft\windows\currentversion\group policy\history\*",
        (),
        "Group Policy keeps its own record here and writes it anew",
        r"write the policy itself, below `HKLM\SOFTWARE\Policies`",
        "Microsoft Learn, `Group Policy processing`",
    ),
    Owned(
        RegistryRoot.SOFTWARE,
        r"microsoft\windows defender\features",
        ("tamperprotection",),
        "tamper protection guards its own switch: Defender ignores or reverts the write",
        "switch it in Intune or the security portal",
        "Microsoft Learn, `Protect security settings with tamper protection`",
        from_build=18362,
    ),
    Owned(
        RegistryRoot.SOFTWARE,
        r"policies\microsoft\windows defender",
        ("disableantispyware", "disableantivirus"),
        "Defender ignores it on clients since platform 4.18.2007.8 (August 2020)",
        "another antivirus that registers itself switches Defender off",
        "Microsoft Learn, unattended Windows Setup reference, `DisableAntiSpyware`",
        editions=("Server*",),
        from_build=17134,
    ),
    Owned(
        RegistryRoot.SOFTWARE,
        r"policies\microsoft\windows\datacollection",
        ("allowtelemetry",),
        "only Enterprise, Education and Server heed the level 0, all others take it for 1",
        "write 1, or take one of those editions",
        "Microsoft Learn, `Configure Windows diagnostic data in your organization`, level Security",
        editions=_MANAGED,
        number=0,
    ),
    Owned(
        RegistryRoot.SOFTWARE,
        r"policies\microsoft\windows\cloudcontent",
        ("disablewindowsconsumerfeatures",),
        "from 1607 on only Enterprise and Education heed it",
        "take one of those editions",
        "Microsoft Learn, `Manage Windows spotlight` and Policy CSP `Experience/AllowWindowsConsumerFeatures`",
        editions=_MANAGED,
        from_build=14393,
    ),
)


def owned_by_windows(
    key: RegistryKey, name: str, data: RegistryData, *, editions: Sequence[str], build: int | None
) -> Owned | None:
    """The row that says a write will not last or not be heeded, None when nothing is known against it.

    Args:
        key: the key as the recipe names it.
        name: the value's.
        data: what is written.
        editions: EDITIONIDs of the images it is written to; rows about editions hold only when none of them heeds it,
            so they never hold where this is empty.
        build: the images' lowest build, None when it is not known; rows about later builds hold only when it is.
    """
    plain = key.model_copy(update={"path": _CONTROL_SET.sub(r"currentcontrolset\\", key.path.lower())})
    for row in OWNED:
        if row.from_build and (build is None or build < row.from_build):
            continue
        if row.editions and (not editions or any(row.heeded(e) for e in editions)):
            continue
        if row.matches(plain, name, data):
            return row
    return None


def shared_key(key: RegistryKey) -> str | None:
    r"""The key that is meant by one below `HKLM\SOFTWARE\WOW6432Node` which Windows keeps in one place for both.

    None for every other key. Source: as `wow64_registry`.
    """
    first, _, rest = key.path.partition("\\")
    if key.root is not RegistryRoot.SOFTWARE or first.lower() != NODE.lower() or not rest:
        return None
    if rest.partition("\\")[0].lower() in {NODE.lower(), "classes"}:  # `Classes` has rules of its own
        return None
    return rf"{key.root.value}\{rest}" if redirected(rest) == rest else None
