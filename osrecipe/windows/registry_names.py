r"""Registry keys as people and `.reg` files write them: `HKLM\SOFTWARE\…`, `HKEY_CURRENT_USER\…`, `HKCR\…`."""

from __future__ import annotations

from osrecipe.model.registry import MAX_KEY_NAME, RegistryKey, RegistryRoot

_SHORT = {
    "HKEY_LOCAL_MACHINE": "HKLM",
    "HKEY_CURRENT_USER": "HKCU",
    "HKEY_CLASSES_ROOT": "HKCR",
    "HKEY_USERS": "HKU",
    "HKEY_CURRENT_CONFIG": "HKCC",
}
_BY_NAME = {root.value.upper(): root for root in RegistryRoot}
_WITH_HIVE = frozenset({"HKLM", "HKU"})


def parse_key(text: str) -> RegistryKey:
    r"""Read a key's full name; case of roots does not matter, that of keys is kept.

    Raises:
        ValueError: the root is not a hive of an unmounted image; the message says which ones are.
    """
    parts = [part for part in text.split("\\") if part]
    if not parts:
        msg = "a registry key may not be empty"
        raise ValueError(msg)
    root = _SHORT.get(parts[0].upper(), parts[0].upper())
    taken = 2 if root in _WITH_HIVE else 1
    name = "\\".join([root, *(part.upper() for part in parts[1:taken])])
    hive = _BY_NAME.get(name)
    if hive is None:
        raise ValueError(_reason(name, root))
    for part in parts:
        if len(part) > MAX_KEY_NAME:
            msg = f"a key's name has at most {MAX_KEY_NAME} characters: {part[:40]}…"
            raise ValueError(msg)
    return RegistryKey(root=hive, path="\\".join(parts[taken:]))


def _reason(name: str, root: str) -> str:
    if name == "HKLM\\HARDWARE":
        return "`HKLM\\HARDWARE` exists only in memory while Windows runs"
    if name in _WITH_HIVE:
        return f"`{root}` alone is no hive: name one below it"
    known = ", ".join(f"`{each.value}`" for each in RegistryRoot)
    return f"`{name}` is no hive of an image; there are {known}"
