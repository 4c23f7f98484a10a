r"""Which hive file and key of an unmounted image a manifest's registry key is.

Pure. Per-user keys (`HKEY_CURRENT_USER`) are refused: which users they are meant for is decided while Windows runs.
`CurrentControlSet` stays as it is; whoever opens the SYSTEM hive replaces it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from osrecipe.model.winpath import WinPath
from osrecipe.windows.runtime_paths import is_redirected
from osrecipe.windows.wow64_registry import redirected

CONFIG: Final = WinPath(r"Windows\System32\config")
SOFTWARE: Final = CONFIG / "SOFTWARE"
SYSTEM: Final = CONFIG / "SYSTEM"
_MACHINE: Final = "HKEY_LOCAL_MACHINE"
_CLASSES: Final = "HKEY_CLASSES_ROOT"
_FILES: Final = {
    "SOFTWARE": SOFTWARE,
    "SYSTEM": SYSTEM,
    "SAM": CONFIG / "SAM",
    "SECURITY": CONFIG / "SECURITY",
    "COMPONENTS": CONFIG / "COMPONENTS",
    "DRIVERS": CONFIG / "DRIVERS",
}
_DEFAULT_USER: Final = ["HKEY_USERS", ".DEFAULT"]


@dataclass(frozen=True, slots=True)
class HiveKey:
    """A key of a hive file of the image; `path` is below the hive's root."""

    hive: WinPath
    path: str


def locate(key: str, *, component: str, image: str) -> HiveKey:
    r"""Where a key goes.

    Args:
        key: as the manifest writes it: `HKEY_LOCAL_MACHINE\SOFTWARE\…`.
        component: the component's architecture.
        image: the image's architecture.

    Raises:
        ValueError: it is in no hive that can be written offline.
    """
    file, names = _split(key)
    path = "\\".join(names)
    if file == SOFTWARE and is_redirected(component, image):
        path = redirected(path)
    return HiveKey(file, path)


def _split(key: str) -> tuple[WinPath, list[str]]:
    names = [name for name in key.split("\\") if name]
    upper = [name.upper() for name in names[:2]]
    if upper[:1] == [_CLASSES]:
        return SOFTWARE, ["Classes", *names[1:]]
    if upper == _DEFAULT_USER:
        return CONFIG / "DEFAULT", names[2:]
    if upper[:1] == [_MACHINE] and (file := _FILES.get(upper[-1])) is not None:
        return file, names[2:]
    raise ValueError(f"no hive of an unmounted image has this key: `{key[:120]}`")


def root_of(key: str) -> str:
    r"""The root of a key as its refusal names it: `HKEY_CURRENT_USER`, `HKEY_USERS`."""
    return key.partition("\\")[0].upper()[:80]
