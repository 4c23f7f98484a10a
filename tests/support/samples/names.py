"""Identities, builds and fixed times that everything in the samples agrees on.

Knows how the component store names things (package names, key forms), computed here from their description and
not by `osrecipe`, so that the samples stay an independent witness. Writes no files.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

TOKEN = "31bf3856ad364e35"  # noqa: S105 - the public key token every inbox identity carries
BASE = "10.0.17134.1"
COMPANY = "Contoso"
PRODUCT = "Sample Windows Stand-in"

# 2018-04-12 00:30 UTC, the day the base is said to have been sealed, in the units the formats need.
SEALED_UNIX = 1_523_493_000
FILETIME_EPOCH = 116_444_736_000_000_000
DAY = 86_400


class Arch(StrEnum):
    """Processor architectures as identities spell them; `wow64` is 32-bit code on a 64-bit system."""

    AMD64 = "amd64"
    WOW64 = "wow64"


class ImageKind(StrEnum):
    """The states of image for which an answer key says what an update does."""

    INSTALL = "install"
    INSTALL_NETFX3 = "install+netfx3"
    WINRE = "winre"
    WINPE = "winpe"
    SETUP = "setup"


def filetime(unix: int) -> int:
    """Seconds since 1970 as 100 ns ticks since 1601."""
    return FILETIME_EPOCH + unix * 10_000_000


@dataclass(frozen=True)
class Identity:
    """An assembly identity: of a package or of a component."""

    name: str
    version: str = BASE
    arch: str = Arch.AMD64
    language: str = "neutral"

    @property
    def package_name(self) -> str:
        """`name~token~arch~language~version`, as servicing lists packages."""
        language = "" if self.language == "neutral" else self.language
        return f"{self.name}~{TOKEN}~{self.arch}~{language}~{self.version}"

    @property
    def key_form(self) -> str:
        """The name of the component's folder and manifest in the store."""
        culture = "none" if self.language == "neutral" else self.language
        parts = (
            self.arch,
            _shorten(self.name, 40),
            TOKEN,
            self.version,
            _shorten(culture, 8),
            self._fingerprint(culture),
        )
        return "_".join(parts).lower()

    def at(self, version: str) -> Identity:
        """The same thing in another version."""
        return replace(self, version=version)

    def _fingerprint(self, culture: str) -> str:
        fields = {
            "name": self.name,
            "culture": culture,
            "version": self.version,
            "publicKeyToken": TOKEN,
            "processorArchitecture": self.arch,
            "versionScope": "nonSxS",
        }
        total = 0
        for field, value in fields.items():
            if value != "none":
                total = (_fold(value) + 0x1FFFFFFF7 * (_fold(field) + total)) % 2**64
        return f"{total:016x}"


def _fold(text: str) -> int:
    """Four interleaved base-65599 hashes of the lower-case text, joined into 64 bits."""
    lanes = [0, 0, 0, 0]
    for position, char in enumerate(text.lower()):
        lane = position % 4
        lanes[lane] = (lanes[lane] * 65599 + ord(char)) % 2**32
    weights = (0x1E5FFFFFD27, 0xFFFFFFDC00000051, 0x1FFFFFFF7, 1)
    return sum(lane * weight for lane, weight in zip(lanes, weights, strict=True)) % 2**64


def _shorten(text: str, limit: int) -> str:
    kept = "".join(c for c in text if c.isalnum() or c in "-._")
    half = limit // 2 - 1
    return kept if len(kept) <= limit else f"{kept[:half]}..{kept[-half:]}"


def _edition(name: str) -> Identity:
    return Identity(f"Microsoft-Windows-{name}Edition")


APPS = (
    "Contoso.Player_1.2.3.0_neutral_~_8wekyb3d8bbwe",
    "Contoso.Games.Cards_4.5.6.0_x64__8wekyb3d8bbwe",
    "Contoso.Games.Chess_4.5.6.0_x64__8wekyb3d8bbwe",
)
"""Whole names of the apps that the install images provision."""

FOUNDATION = Identity("Microsoft-Windows-Foundation-Package")
CLIENT_FEATURES = Identity("Microsoft-Windows-Client-Features-Package")
CLIENT_LANGUAGE = Identity("Microsoft-Windows-Client-LanguagePack-Package", language="en-US")
OPTIONAL_FEATURES = Identity("Sample-Windows-OptionalFeatures-Package")
PROFESSIONAL = _edition("Professional")
ENTERPRISE = _edition("Enterprise")
NETFX3 = Identity("Microsoft-Windows-NetFx3-OnDemand-Package")
WINPE = Identity("Microsoft-Windows-WinPE-Package")
WINPE_LANGUAGE = Identity("Microsoft-Windows-WinPE-LanguagePack-Package", language="en-US")
WINPE_SETUP = Identity("WinPE-Setup-Package")
WINPE_SETUP_CLIENT = Identity("WinPE-Setup-Client-Package")
WINPE_REJUV = Identity("WinPE-Rejuv-Package")
WINPE_SRT = Identity("WinPE-SRT-Package")
STACK = Identity("Microsoft-Windows-ServicingStack")

_CLIENT = (FOUNDATION, CLIENT_FEATURES, CLIENT_LANGUAGE, OPTIONAL_FEATURES, PROFESSIONAL)
_PE = (WINPE, WINPE_LANGUAGE)
PACKAGES_OF: dict[ImageKind, tuple[Identity, ...]] = {
    ImageKind.INSTALL: _CLIENT,
    ImageKind.INSTALL_NETFX3: (*_CLIENT, NETFX3),
    ImageKind.WINRE: (*_PE, WINPE_SRT, WINPE_REJUV),
    ImageKind.WINPE: _PE,
    ImageKind.SETUP: (*_PE, WINPE_SETUP, WINPE_SETUP_CLIENT),
}
"""Packages installed in each kind of image (the Professional edition stands for both where they don't differ)."""
