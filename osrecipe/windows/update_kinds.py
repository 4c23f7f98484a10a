"""What kind of update a file is, told by what it holds. A name can be anything; content can not.

The tests are tried in the order in which the field's integrators found them to tell updates apart. Whether a kind can
be applied is no question here: `windows.targets` has the answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osrecipe.model.facts import UpdateKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from osrecipe.formats.mum import Package

_STACK = "_microsoft-windows-servicingstack_"
_SAFE_OS = (
    "_microsoft-windows-sysreset_",
    "_microsoft-windows-winpe_tools_",
    "_microsoft-windows-winre-tools_",
    "_winpe_tools_",
    "_winre-tools_",
    "_i..dsetup-rejuvenation_",
)
_SECURE_BOOT = ("s..boot-firmwareupdate", "secureboot-firmwareupdate")
_MICROCODE = ("update-genuineintel", "update-authenticamd")
_ENABLEMENT = re.compile(r"microsoft-windows-.*enablement-package~.*\.mum")
_DEFENDER = re.compile(r"(.*\\)?[^\\]*defender[^\\]*\.xml")
SETUP_PROGRAMS = (
    "setup.exe",
    "setuphost.exe",
    "setupprep.exe",
    "setupcore.dll",
    "setupplatform.dll",
    "setupplatform.exe",
    "winsetup.dll",
    "appraiser.dll",
    "acmigration.dll",
)
"""Programs of which a Setup update has at least one, loose in its root."""
_LANGUAGE_PACK = re.compile(r"-language-?pack-|-client-language-pack_")


def classify(package: Package, files: Iterable[str]) -> UpdateKind:
    """Tell an update's kind.

    Args:
        package: its `update.mum`.
        files: names of the files that travel with it: descriptions and component manifests.
    """
    name = package.identity.name.lower()
    names = [file.lower() for file in files]

    def holds(*parts: str) -> bool:
        return any(part in each for each in names for part in parts)

    if name.startswith("package_for_rollupfix"):
        return UpdateKind.CHECKPOINT if package.mentions("Baseline") else UpdateKind.CUMULATIVE
    tests: tuple[tuple[Callable[[], bool], UpdateKind], ...] = (
        (lambda: name.startswith("package_for_safeosdu"), UpdateKind.SAFE_OS),
        (lambda: name.startswith("package_for_servicingstack"), UpdateKind.SERVICING_STACK),
        (lambda: name.startswith("package_for_dotnetrollup"), UpdateKind.DOTNET),
        (lambda: _is_language_pack(package), UpdateKind.LANGUAGE_PACK),
        (lambda: name.startswith("winpe-"), UpdateKind.WINPE_COMPONENT),
        (lambda: package.release_type.lower() == "ondemand pack", UpdateKind.FEATURE_ON_DEMAND),
        (lambda: holds(*_SAFE_OS), UpdateKind.SAFE_OS),
        (lambda: holds(_STACK), UpdateKind.SERVICING_STACK),
        (lambda: holds("_netfx4"), UpdateKind.DOTNET),
        (lambda: holds(*_SECURE_BOOT), UpdateKind.SECURE_BOOT),
        (lambda: any(_ENABLEMENT.fullmatch(each) for each in names), UpdateKind.ENABLEMENT),
        (lambda: holds("adobe-flash"), UpdateKind.FLASH),
        (lambda: holds(*_MICROCODE), UpdateKind.MICROCODE),
    )
    return next((kind for test, kind in tests if test()), UpdateKind.OPTIONAL)


def classify_loose(files: Iterable[str]) -> UpdateKind | None:
    """Tell the kind of an update without a description: Defender's and Setup's are loose files; None for neither."""
    names = [file.lower() for file in files]
    if any(_DEFENDER.fullmatch(name) for name in names):
        return UpdateKind.DEFENDER
    return UpdateKind.SETUP if any(name in SETUP_PROGRAMS for name in names) else None


def _is_language_pack(package: Package) -> bool:
    stated = package.release_type.lower() == "language pack"
    return stated or _LANGUAGE_PACK.search(package.identity.name.lower()) is not None
