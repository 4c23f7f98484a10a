"""Which descriptor a manifest states for a file, folder or key, and what of its statements is not carried out.

Pure. A name refers to a definition in the same manifest. Windows' own defaults may be named without one: that states
nothing, so that what is replaced keeps its descriptor and what is new inherits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.windows.sddl import INHERIT, Sddl, SddlError, read_sddl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.formats.mum import Manifest

_OPERATIONS = frozenset({"", "replace"})
_DEFAULTS = frozenset(
    {
        "wrp_file_default_sddl",
        "wrp_dir_default_sddl",
        "wrp_parent_dir_default_sddl",
        "wrp_regkey_default_sddl",
    }
)
"""The names genuine manifests have for the descriptors of protected files, folders and keys."""


def stated_security(manifest: Manifest, name: str) -> Sddl | None:
    """The descriptor a manifest states under a name; None where it states none.

    Raises:
        SddlError: the text can't be carried out; `security_elements` names all such.
    """
    found = [one for one in manifest.security if one.name.lower() == name.lower()] if name else []
    if not found or found[-1].sddl.strip().lower() == INHERIT:
        return None
    stated = read_sddl(found[-1].sddl)
    return None if stated == Sddl() else stated


def security_elements(manifest: Manifest) -> Iterator[str]:
    """What can't be carried out, as element names; definitions nothing refers to are for others and don't matter."""
    used = {file.security for file in manifest.files} | {folder.security for folder in manifest.directories}
    used = (used | {key.security for key in manifest.registry_keys}) - {""}
    folded = {name.lower() for name in used}
    defined: dict[str, int] = {}
    for one in manifest.security:
        defined[one.name.lower()] = defined.get(one.name.lower(), 0) + 1
    for name in sorted(used):
        count = defined.get(name.lower(), 0)
        if count > 1:
            yield f"security:ambiguous {name[:80]}"
        elif not count and name.lower() not in _DEFAULTS:
            yield f"security:undefined {name[:80]}"
    for one in manifest.security:
        if one.name.lower() not in folded:
            continue
        if one.operation.lower() not in _OPERATIONS:
            yield f"security:operation {one.operation[:80]}"
        try:
            stated_security(manifest, one.name)
        except SddlError as error:
            yield f"security:descriptor {one.name[:80]}: {error}"
