r"""Registry key paths as people write them: `HKLM\SOFTWARE\…`, `HKEY_CURRENT_USER\…`."""

from __future__ import annotations

from osrecipe.model.registry import MAX_KEY_NAME, RegistryKey, RegistryRoot
from osrecipe.recipe.words import choice, clip, near

MAX_DEPTH = 512
"""Keys below each other; the registry's own limit."""

_LONG = {
    "HKEY_LOCAL_MACHINE": "HKLM",
    "HKEY_CURRENT_USER": "HKCU",
    "HKEY_USERS": "HKU",
    "HKEY_CLASSES_ROOT": "HKCR",
    "HKEY_CURRENT_CONFIG": "HKCC",
}
SHORT: dict[str, tuple[str, ...]] = {
    "HKLM": ("HKLM", "HKEY_LOCAL_MACHINE"),
    "HKCU": ("HKCU", "HKEY_CURRENT_USER"),
    "HKU": ("HKU", "HKEY_USERS"),
    "HKCR": ("HKCR", "HKEY_CLASSES_ROOT"),
}
"""The roots a recipe can name, each in both its forms."""
_BY_TEXT = {root.value.upper(): root for root in RegistryRoot}
_MACHINE = tuple(r.value.split("\\")[1] for r in RegistryRoot if r.value.startswith("HKLM\\"))


class HiveError(ValueError):
    """A text that names no key of an offline image.

    Attributes:
        hint: what to write.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.hint = hint


def parse_key(text: str) -> RegistryKey:
    r"""Read a key path such as `HKLM\SOFTWARE\Policies`; roots in any case, long or short.

    Raises:
        HiveError: an unknown or unserviceable root, or a path no registry can hold.
    """
    first, _, rest = text.partition("\\")
    top = _LONG.get(first.upper(), first.upper())
    if top in {"HKCU", "HKCR"}:
        return RegistryKey(root=_BY_TEXT[top], path=_path(rest, text))
    if first.upper() == "COMPUTER" and rest:
        raise HiveError(
            "a key path starts with its root, not with `Computer`", f"leave it out: `{clip(rest, 120)}`"
        )
    if top not in {"HKLM", "HKU"}:
        raise _unknown_top(first, text)
    hive, _, path = rest.partition("\\")
    root = _BY_TEXT.get(f"{top}\\{hive.upper()}")
    if root is None:
        raise _unknown_hive(top, hive, first)
    return RegistryKey(root=root, path=_path(path, text))


def _path(path: str, text: str) -> str:
    if not path:
        if text.endswith("\\"):
            raise HiveError(f"a key path may not end with a backslash: {clip(text)}")
        return ""
    parts = path.split("\\")
    if "" in parts:
        raise HiveError(
            f"a key path may not hold an empty name: {clip(text)}",
            "one backslash between two names, none at the end",
        )
    if len(parts) > MAX_DEPTH:
        raise HiveError(f"a key path has at most {MAX_DEPTH} names: {len(parts)}")
    for part in parts:
        if len(part.encode("utf-16-le")) // 2 > MAX_KEY_NAME:
            raise HiveError(f"a key's name has at most {MAX_KEY_NAME} characters: {clip(part)}")
        if "\0" in part:
            raise HiveError(f"a key's name may not hold a NUL: {clip(part)}")
    return path


def _unknown_top(first: str, text: str) -> HiveError:
    reason = f"`{clip(first)}` is no root of the registry"
    if first.upper() in {"HKCC", "HKEY_CURRENT_CONFIG"}:
        return HiveError(
            f"`{first}` exists only in a running Windows",
            r"its values come from `HKLM\SYSTEM\CurrentControlSet`",
        )
    if "/" in first:
        return HiveError(
            f"`{clip(text)}` is written with `/`", rf"write `{clip(text.replace('/', chr(92)))}`"
        )
    if first.endswith(":"):
        return HiveError(reason, f"write `{first[:-1]}` without the colon")
    meant = near(first.upper(), [*SHORT, *_LONG])
    return HiveError(reason, f"did you mean `{meant}`?" if meant else f"a key starts with {choice(SHORT)}")


def _unknown_hive(top: str, hive: str, first: str) -> HiveError:
    if top == "HKU":
        return HiveError(
            f"`{first}\\{clip(hive)}` is not in an offline image",
            r"new users start from `HKCU`; LocalSystem is `HKU\.DEFAULT`",
        )
    if hive.upper() == "HARDWARE":
        return HiveError(
            r"`HKLM\HARDWARE` exists only in a running Windows",
            "there is no file to change; a driver or a setting does it",
        )
    if not hive:
        return HiveError(
            f"`{first}` names no hive",
            rf"write `HKLM\SOFTWARE\…` or `HKLM\SYSTEM\…`; hives: {', '.join(_MACHINE)}",
        )
    meant = near(hive.upper(), _MACHINE)
    hint = rf"did you mean `HKLM\{meant}`?" if meant else f"hives: {', '.join(_MACHINE)}"
    return HiveError(f"`{first}\\{clip(hive)}` is no hive of an offline image", hint)
