"""Assembly identities: of packages and of components (dism fact sheet §4.2: `name~token~arch~lang~version`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_PARTS = 5


@dataclass(frozen=True)
class Identity:
    """Who an assembly is; `language` is empty for a neutral one."""

    name: str
    token: str
    arch: str
    language: str
    version: str

    @property
    def package_name(self) -> str:
        """As packages are listed."""
        return f"{self.name}~{self.token}~{self.arch}~{self.language}~{self.version}"

    @property
    def series(self) -> tuple[str, str, str, str]:
        """What every version of it has in common, in lower case."""
        return self.name.lower(), self.token.lower(), self.arch.lower(), self.language.lower()

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version, to be compared."""
        return numbers(self.version)


def numbers(version: str) -> tuple[int, ...]:
    """A version as numbers; parts that are none count as 0."""
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split("."))


def of_element(element: Element) -> Identity:
    """An `assemblyIdentity` element, or one with the same attributes."""
    language = element.get("language", "")
    return Identity(
        name=element.get("name", ""),
        token=element.get("publicKeyToken", ""),
        arch=element.get("processorArchitecture", ""),
        language="" if language.lower() in {"neutral", "none", "*"} else language,
        version=element.get("version", ""),
    )


def of_package_name(text: str) -> Identity | None:
    """A package's name taken apart; None when it is not one."""
    parts = text.split("~")
    return Identity(*parts) if len(parts) == _PARTS else None
