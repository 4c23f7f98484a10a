r"""What an image's own servicing records say: packages with their states, and the switches of features.

From `SOFTWARE\…\Component Based Servicing\Packages` and, for what has no key there, from the descriptions in
`servicing\Packages`. Reads only. States as in Microsoft's "CBS servicing states": 0x50 superseded, 0x60 install pending,
0x65 partially installed, 0x70 installed, 0x80 permanent; lower numbers are on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from osrecipe.formats.hive import Hive, ValueType
from osrecipe.windows.component_registry import SOFTWARE
from osrecipe.windows.component_store import CBS_KEY, PACKAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osrecipe.formats.hive import Key
    from osrecipe.windows.image_files import ImageFiles

_STATES: Final = {0x50: "superseded", 0x60: "pending", 0x65: "pending", 0x70: "installed", 0x80: "installed"}
_MUM: Final = ".mum"


@dataclass(frozen=True)
class InstalledPackage:
    """A package the image records.

    Attributes:
        identity: `name~token~arch~lang~version`, as recorded.
        state: `installed`, `pending` (offline that is success), `superseded`, or `staged` for every state before.
        switches: features of the package by lower-case name: on or off.
    """

    identity: str
    state: str
    switches: Mapping[str, bool] = field(default_factory=dict)


def installed_packages(files: ImageFiles) -> dict[str, InstalledPackage]:
    """The image's packages by lower-case identity.

    Raises:
        FormatError: the SOFTWARE hive is damaged.
    """
    found = _from_registry(files)
    for name in files.names_in(PACKAGES):
        identity = name[: -len(_MUM)]
        if name.lower().endswith(_MUM) and identity.count("~") == 4:  # noqa: PLR2004 - an identity has five parts
            found.setdefault(identity.lower(), InstalledPackage(identity, "installed"))
    return found


def _from_registry(files: ImageFiles) -> dict[str, InstalledPackage]:
    data = files.read_bytes(SOFTWARE)
    logs = (
        [files.read_bytes(SOFTWARE.parent / f"{SOFTWARE.name}{suffix}") for suffix in (".LOG1", ".LOG2")]
        if SOFTWARE.parent
        else [None, None]
    )
    packages = (
        None if data is None else Hive.load(data, log1=logs[0], log2=logs[1]).key(rf"{CBS_KEY}\Packages")
    )
    if packages is None:
        return {}
    return {key.name.lower(): _package(key) for key in packages.subkeys()}


def _package(key: Key) -> InstalledPackage:
    updates = key.subkey("Updates")
    switches = {} if updates is None else {value.name.lower(): any(value.data) for value in updates.values()}
    return InstalledPackage(key.name, _STATES.get(_number(key, "CurrentState"), "staged"), switches)


def _number(key: Key, name: str) -> int:
    value = key.value(name)
    if value is None or value.type != ValueType.DWORD:
        return 0
    return int.from_bytes(value.data[:4], "little")
