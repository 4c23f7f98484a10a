"""Reading answer files: which passes they have something for, and what for `offlineServicing`. Values are not kept.

An answer file may hold passwords and product keys, so only names leave this module, and values of settings the caller
asks for by name. Source: Microsoft, "Unattended Windows Setup Reference".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from osrecipe.formats.bounded_xml import Pieces, check_namespaces
from osrecipe.formats.errors import Fault, FormatError

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

MAX_BYTES: Final = 8 << 20
_MAX_ELEMENTS: Final = 200_000
_NAMESPACE: Final = "{urn:schemas-microsoft-com:unattend}"
PASSES: Final = (
    "windowsPE",
    "offlineServicing",
    "generalize",
    "specialize",
    "auditSystem",
    "auditUser",
    "oobeSystem",
)
"""The passes of Windows Setup in the order it runs them."""
OFFLINE: Final = "offlineServicing"
_DRIVER_PATHS: Final = "DriverPaths"


@dataclass(frozen=True)
class OfflineSetting:
    """One setting of the pass `offlineServicing`.

    Attributes:
        architecture: its component's, as written.
        value: its text, only where the caller asked for it by name; otherwise None.
    """

    component: str
    name: str
    architecture: str
    value: str | None = None

    @property
    def path(self) -> str:
        """Component and setting: `Microsoft-Windows-LUA-Settings/EnableLUA`."""
        return f"{self.component}/{self.name}"


@dataclass(frozen=True)
class AnswerFile:
    """What an answer file is about.

    Attributes:
        passes: those it has components for, in Setup's order.
        offline: settings of the pass `offlineServicing`, in the file's order.
        packages: whether it names packages or folders of drivers to install.
        architectures: by pass, those its components are for, as written but in lower case, sorted.
    """

    passes: tuple[str, ...]
    offline: tuple[OfflineSetting, ...]
    packages: bool
    architectures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_answer_file(data: bytes, readable: Container[str] = ()) -> AnswerFile:
    """Read an answer file.

    Args:
        data: its bytes.
        readable: paths of offline settings whose values may be kept.

    Raises:
        FormatError: it is too large, no XML, or no answer file.
    """
    if len(data) > MAX_BYTES:
        raise FormatError("unattend", Fault.TOO_LARGE, f"the file is too large: {len(data)} bytes")
    check_namespaces("unattend", data)
    root = _parse(data)
    if root.tag != f"{_NAMESPACE}unattend":
        shown = root.tag.rpartition("}")[2][:60]
        raise FormatError(
            "unattend",
            Fault.UNSUPPORTED,
            f"this is no answer file: its root is `{shown}`",
            hint='an answer file begins with `<unattend xmlns="urn:schemas-microsoft-com:unattend">`',
        )
    components = list(_components(root))
    there = {name for name, _ in components}
    unknown = sorted(there - set(PASSES))
    if unknown:
        raise FormatError(
            "unattend",
            Fault.CORRUPT,
            f"Setup knows no such pass: `{unknown[0][:60]}`",
            hint=_meant(unknown[0]),
        )
    offline = tuple(
        setting
        for name, component in components
        if name == OFFLINE
        for setting in _settings(component, readable)
    )
    installs = root.find(f"{_NAMESPACE}servicing/{_NAMESPACE}package") is not None
    return AnswerFile(
        passes=tuple(name for name in PASSES if name in there),
        offline=tuple(one for one in offline if one.name != _DRIVER_PATHS),
        packages=installs or any(one.name == _DRIVER_PATHS for one in offline),
        architectures=_architectures(components),
    )


def _meant(name: str) -> str:
    """The pass that was probably meant; case matters in their names."""
    by_lower = {known.lower(): known for known in PASSES}
    close = get_close_matches(name[:60].lower(), by_lower, n=1)
    return f"did you mean `{by_lower[close[0]]}`?" if close else f"the passes are: {', '.join(PASSES)}"


def _architectures(components: list[tuple[str, Element]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for name, component in components:
        found.setdefault(name, set()).add(component.get("processorArchitecture", "").lower())
    return {name: tuple(sorted(found[name])) for name in PASSES if name in found}


def _parse(data: bytes) -> Element:
    count = 0
    root: Element | None = None
    try:
        for _, element in iterparse(Pieces(data), events=("start",), forbid_dtd=True):
            root = element if root is None else root
            count += 1
            if count > _MAX_ELEMENTS:
                raise FormatError(
                    "unattend", Fault.TOO_LARGE, f"the file has more than {_MAX_ELEMENTS} elements"
                )
    except (ParseError, DefusedXmlException, ValueError, LookupError) as cause:
        raise FormatError(
            "unattend", Fault.CORRUPT, f"the file is not XML that can be read: {cause}"
        ) from cause
    if root is None:
        raise FormatError("unattend", Fault.CORRUPT, "the file holds no element")
    return root


def _components(root: Element) -> Iterator[tuple[str, Element]]:
    for settings in root.findall(f"{_NAMESPACE}settings"):
        for component in settings.findall(f"{_NAMESPACE}component"):
            yield settings.get("pass", ""), component


def _settings(component: Element, readable: Container[str]) -> Iterator[OfflineSetting]:
    name, architecture = component.get("name", ""), component.get("processorArchitecture", "")
    for child in component:
        made = OfflineSetting(name, child.tag.rpartition("}")[2], architecture)
        value = (child.text or "").strip() if made.path in readable and not len(child) else None
        yield OfflineSetting(made.component, made.name, made.architecture, value)
