"""What is in an update file: its members by what they are for, its properties, its answer file.

The list of names is what Microsoft's packages use; a member is classed by its name alone, so that nothing inside has
to be decompressed. What kind of update it is, is decided elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.msu.stores import Container, Store, open_store
from osrecipe.formats.mum.document import children, identity, parse

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.formats.mum.model import Identity

_UNATTEND: Final = frozenset({"urn:schemas-microsoft-com:unattend"})
_LARGEST_TEXT: Final = 1 << 20
_LARGEST_TEXTS: Final = 64 << 20
_PROPERTY: Final = re.compile(r'\s*([^="]+?)\s*=\s*"?(.*?)"?\s*')
_KB: Final = re.compile(r"(?:KB)?(\d{6,7})", re.IGNORECASE)


class MemberKind(StrEnum):
    """What a member of an update file is for."""

    PACKAGE = "package"  # the update itself
    STACK = "stack"  # the servicing stack that travels with it
    REVISED = "revised"  # a correction of another update's package
    PAYLOAD = "payload"  # differential payload beside its package
    SCAN = "scan"  # for the Windows Update client
    INSTALLER = "installer"  # installs the rest in a running Windows
    METADATA = "metadata"  # describes the composition
    CONTENTS = "contents"  # lists a combined cabinet's members
    ANSWER = "answer"  # the answer file that names the package
    PROPERTIES = "properties"  # pkgProperties.txt
    OTHER = "other"


_KINDS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"wsusscan\.cab", MemberKind.SCAN),
        (r"desktopdeployment(_[^.]+)?\.cab", MemberKind.INSTALLER),
        (r".*aggregatedmetadata\.cab", MemberKind.METADATA),
        (r"ssu-.*\.(cab|wim)", MemberKind.STACK),
        (r"rcu-.*\.(cab|wim)", MemberKind.REVISED),
        (r".*\.psf", MemberKind.PAYLOAD),
        (r".*\.(cab|wim)", MemberKind.PACKAGE),
        (r"toc\.xml", MemberKind.CONTENTS),
        (r".*pkgproperties\.txt", MemberKind.PROPERTIES),
        (r".*\.xml", MemberKind.ANSWER),
    )
)


_MARKS: Final = (
    MemberKind.STACK,
    MemberKind.REVISED,
    MemberKind.SCAN,
    MemberKind.INSTALLER,
    MemberKind.METADATA,
    MemberKind.CONTENTS,
)
_KB_NAME: Final = re.compile(r"kb\d{6,7}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an update file: its path, its size in bytes, and what it is for."""

    name: str
    size: int
    kind: MemberKind


@dataclass(frozen=True, slots=True)
class Properties:
    """A `pkgProperties.txt`.

    Attributes:
        rows: name and value, in the order written.
    """

    rows: tuple[tuple[str, str], ...]

    def value(self, name: str) -> str:
        """The first value of a name, whatever its case, or an empty string."""
        return next((text for key, text in self.rows if key.lower() == name.lower()), "")

    @property
    def kb(self) -> str:
        """The article as `KB1234567`, or an empty string."""
        found = _KB.fullmatch(self.value("KB Article Number"))
        return f"KB{found[1]}" if found else ""


@dataclass(frozen=True, slots=True)
class AnswerPackage:
    """A package that an answer file names.

    Attributes:
        action: such as `install`.
        identity: the package.
        location: where the answer file expects its cabinet, variables included, or empty.
    """

    action: str
    identity: Identity
    location: str


@dataclass(frozen=True, slots=True)
class Msu:
    """An update file.

    Attributes:
        container: what holds its members.
        members: in the order stored.
        properties: None where it has none.
        packages: what its answer files name.
    """

    container: Container
    members: tuple[Member, ...]
    properties: Properties | None
    packages: tuple[AnswerPackage, ...]

    @property
    def is_container(self) -> bool:
        """Whether its cabinets are packages: by their names, or by what travels with them."""
        marked = self.properties is not None or bool(self.packages) or bool(self.of_kind(*_MARKS))
        return marked or any(_KB_NAME.search(member.name) for member in self.of_kind(MemberKind.PACKAGE))

    def of_kind(self, *kinds: MemberKind) -> tuple[Member, ...]:
        """The members of some kinds, in the order stored."""
        return tuple(member for member in self.members if member.kind in kinds)


def read_msu(path: Path) -> Msu:
    """Read what is in an update file.

    Args:
        path: a `.msu`, as a cabinet or as a WIM, or a combined cabinet.

    Raises:
        FormatError: it is neither, it is damaged, or it needs a library that is not installed.
    """
    store = open_store(path)
    try:
        return describe(store)
    finally:
        store.close()


def describe(store: Store) -> Msu:
    """As `read_msu`, of a container that is open."""
    members = tuple(Member(file.name, file.size, kind_of(file.name)) for file in store.files)
    properties = [member.name for member in members if member.kind is MemberKind.PROPERTIES]
    answers = [m.name for m in members if m.kind is MemberKind.ANSWER and m.size <= _LARGEST_TEXT]
    texts = [store.read(name, limit=_LARGEST_TEXT) for name in properties]
    documents = [data for _, data in store.read_each(answers, limit=_LARGEST_TEXTS)]
    return Msu(
        container=store.container,
        members=members,
        properties=read_properties(texts[0]) if texts else None,
        # A combined cabinet, or one of loose files, has XML of its own beside or instead of an answer file.
        packages=tuple(p for data in documents if _is_answer(data) for p in read_answer(data)),
    )


def _is_answer(data: bytes) -> bool:
    """Whether a document is of the answer files' namespace, in either encoding."""
    return any(
        name.encode(code) in data for name in _UNATTEND for code in ("utf-8", "utf-16-le", "utf-16-be")
    )


def kind_of(name: str) -> MemberKind:
    """What a member is for, by its name; members in folders are no part of the update's own structure."""
    if "\\" in name:
        return MemberKind.OTHER
    return next((kind for pattern, kind in _KINDS if pattern.fullmatch(name)), MemberKind.OTHER)


def read_properties(data: bytes) -> Properties:
    """Read a `pkgProperties.txt` in UTF-16, with or without its mark, or UTF-8.

    Lines that are not `name="value"` are left out: the file is for people and has no definition.
    """
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        text = data.decode("utf-16", errors="replace")
    elif data[1:2] == b"\0":
        text = data.decode("utf-16-le", errors="replace")
    else:
        text = data.decode("utf-8-sig", errors="replace")
    found = (_PROPERTY.fullmatch(line) for line in text.splitlines())
    return Properties(tuple((match[1], match[2]) for match in found if match))


def read_answer(data: bytes) -> tuple[AnswerPackage, ...]:
    """Read the packages an answer file names.

    Raises:
        FormatError: CORRUPT when it is no answer file.
    """
    root = parse(data, root_name="unattend", namespaces=_UNATTEND)
    found = []
    for servicing in children(root, root, "servicing"):
        for package in children(root, servicing, "package"):
            identities = list(children(root, package, "assemblyIdentity"))
            sources = list(children(root, package, "source"))
            if len(identities) != 1 or len(sources) > 1:
                raise FormatError("msu", Fault.CORRUPT, "A package of an answer file is not one package")
            location = sources[0].attrib.get("location", "") if sources else ""
            found.append(AnswerPackage(package.attrib.get("action", ""), identity(identities[0]), location))
    return tuple(found)
