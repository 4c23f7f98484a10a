r"""How the component store names things: key forms, winners, and the folders it uses.

Pure computations on identities. The algorithm of the key form's last part is public research (asdcorp's haveSxS,
WitherOrNot's cbs-docs) and was checked against the file names of seven genuine manifests of build 26100.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.model.version import Version
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from osrecipe.formats.mum import Identity

STORE: Final = WinPath(r"Windows\WinSxS")
MANIFESTS: Final = STORE / "Manifests"
PENDING: Final = STORE / "pending.xml"
"""There while actions wait for the next start; nothing may be cleaned up then."""
PACKAGES: Final = WinPath(r"Windows\servicing\Packages")
CBS_KEY: Final = r"Microsoft\Windows\CurrentVersion\Component Based Servicing"
"""Below SOFTWARE."""

_NAME_LENGTH: Final = 40
_CULTURE_LENGTH: Final = 8
_MASK: Final = (1 << 64) - 1
_STEP: Final = 0x1_FFFF_FFF7
_WEIGHTS: Final = (0x1E5_FFFF_FD27, 0xFFFF_FFDC_0000_0051, 0x1_FFFF_FFF7, 1)
_PUNCTUATION: Final = frozenset("-._")


def culture(identity: Identity) -> str:
    """The language as the store writes it: `none` where there is none."""
    return "none" if identity.is_neutral else identity.language


def key_form(identity: Identity) -> str:
    """The name of a component's folder and manifest in the store, lower case."""
    return _key_form(identity, identity.version)


def winners_key(identity: Identity) -> str:
    r"""The name of a component's key under `SideBySide\Winners`: its key form without the version."""
    return _key_form(identity, "")


def _key_form(identity: Identity, version: str) -> str:
    parts = (
        identity.architecture,
        _shortened(identity.name, _NAME_LENGTH),
        identity.public_key_token or "none",
        version,
        _shortened(culture(identity), _CULTURE_LENGTH),
        _fingerprint(identity, version),
    )
    return "_".join(part for part in parts if part).lower()


def winner(identity: Identity) -> str:
    """What all versions of one component share: name, architecture, language, token, scope and type."""
    parts = (
        identity.architecture,
        identity.name,
        identity.public_key_token,
        culture(identity),
        identity.version_scope,
        identity.type,
    )
    return "|".join(parts).lower()


def version_of(identity: Identity) -> Version:
    """An identity's version.

    Raises:
        ValueError: it is not four numbers.
    """
    return Version.parse(identity.version)


def _fingerprint(identity: Identity, version: str) -> str:
    fields = (
        ("name", identity.name),
        ("culture", culture(identity)),
        ("type", identity.type),
        ("version", version),
        ("publicKeyToken", identity.public_key_token),
        ("processorArchitecture", identity.architecture),
        ("versionScope", identity.version_scope),
    )
    total = 0
    for name, value in fields:
        if value and value != "none":
            total = (_hash(value) + _STEP * (_hash(name) + total)) & _MASK
    return f"{total:016x}"


def _hash(text: str) -> int:
    """Four interleaved hashes by 65599 of the lower-case text, folded into 64 bits."""
    lanes = [0, 0, 0, 0]
    for place, character in enumerate(text.lower()):
        lanes[place % 4] = (lanes[place % 4] * 65599 + ord(character)) & 0xFFFF_FFFF
    return sum(lane * weight for lane, weight in zip(lanes, _WEIGHTS, strict=True)) & _MASK


def _shortened(text: str, limit: int) -> str:
    kept = "".join(c for c in text if (c.isascii() and c.isalnum()) or c in _PUNCTUATION)
    half = limit // 2 - 1
    return kept if len(kept) <= limit else f"{kept[:half]}..{kept[-half:]}"
