"""Reading the XML safely, and naming what is in it.

Namespace-aware, bounded in bytes, elements and depth; knows no element by its meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from osrecipe.formats.bounded_xml import Pieces, check_namespaces
from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.mum.model import Identity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST_BYTES = 16 << 20  # the largest genuine manifest known has 3 MiB
_MOST_ELEMENTS = 1_000_000
_DEEPEST = 100
_MOST_NAMES = 20_000
_LONGEST_PATH = 4096  # characters

_ASSEMBLY = frozenset(f"urn:schemas-microsoft-com:asm.v{number}" for number in (1, 2, 3))
_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"

IDENTITY = frozenset(
    {
        "name",
        "version",
        "processorArchitecture",
        "language",
        "buildType",
        "publicKeyToken",
        "versionScope",
        "type",
    }
)
"""The attributes of an identity that are understood."""


def parse(data: bytes, *, root_name: str = "assembly", namespaces: frozenset[str] = _ASSEMBLY) -> Element:
    """Parse a document with a certain root.

    Args:
        data: the document.
        root_name: what its root is called.
        namespaces: the namespaces its root may have, besides none.

    Raises:
        FormatError: TOO_LARGE; CORRUPT for what is not XML, has a document type, or another root; UNSUPPORTED for a
            compressed manifest.
    """
    if data.startswith(b"DCM\x01"):
        raise FormatError("mum", Fault.UNSUPPORTED, "The manifest is compressed and has to be decoded first")
    if len(data) > _MOST_BYTES:
        raise FormatError("mum", Fault.TOO_LARGE, f"The document has more than {_MOST_BYTES} bytes")
    check_namespaces("mum", data)
    try:
        root = _build(data)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise FormatError("mum", Fault.CORRUPT, f"Not a well-formed document: {error}") from None
    if root is None or local(root) != root_name or namespace(root) not in namespaces | {""}:
        raise FormatError("mum", Fault.CORRUPT, f"The document's root is not: `{root_name}`")
    return root


def _build(data: bytes) -> Element | None:
    """Build the tree, stopping early when it grows out of bounds."""
    root: Element | None = None
    depth = count = 0
    for event, element in iterparse(Pieces(data), events=("start", "end"), forbid_dtd=True):
        if event == "end":
            depth -= 1
            continue
        root = element if root is None else root
        depth, count = depth + 1, count + 1
        if depth > _DEEPEST or count > _MOST_ELEMENTS:
            raise FormatError(
                "mum", Fault.TOO_LARGE, "The document has too many elements, or they are nested too deep"
            )
    return root


def namespace(element: Element) -> str:
    """The element's namespace, or an empty string."""
    return element.tag[1:].partition("}")[0] if element.tag.startswith("{") else ""


def local(element: Element) -> str:
    """The element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def _path_name(element: Element, family: frozenset[str]) -> str:
    """The name in a path: bare inside the family of manifests, `{uri}name` outside."""
    return local(element) if namespace(element) in family else element.tag


def _family(root: Element) -> frozenset[str]:
    """The namespaces whose elements mean what they are called; none at all counts only if the root has none."""
    return _ASSEMBLY | {_SIGNATURE} | {namespace(root)}


def children(root: Element, element: Element, name: str) -> Iterator[Element]:
    """The element's children of a name, in the namespaces of manifests."""
    family = _family(root)
    return (child for child in element if _path_name(child, family) == name)


def descend(root: Element, path: str) -> Iterator[Element]:
    """All elements at a dotted path below the root, in document order."""
    found: list[Element] = [root]
    for name in path.split("."):
        found = [child for element in found for child in children(root, element, name)]
    return iter(found)


def inventory(root: Element, understood: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Every element's path, and `path@attribute` where an understood element has an attribute that is not.

    Args:
        root: the document.
        understood: by path (empty for the root), the attributes the caller turns into fields.

    Raises:
        FormatError: TOO_LARGE when a hostile document has endless different names.
    """
    family = _family(root)
    names: set[str] = {f"@{name}" for name in root.attrib if name not in understood.get("", ())}
    waiting: list[tuple[Element, str]] = [(root, "")]
    while waiting:
        parent, prefix = waiting.pop()
        for child in parent:
            path = f"{prefix}{_path_name(child, family)}"
            names.add(path)
            if path in understood:
                names.update(f"{path}@{name}" for name in child.attrib if name not in understood[path])
            if len(child):
                waiting.append((child, f"{path}."))
            if len(path) > _LONGEST_PATH:
                raise FormatError("mum", Fault.TOO_LARGE, "The document's names are too long")
        if len(names) > _MOST_NAMES:
            raise FormatError(
                "mum", Fault.TOO_LARGE, f"The document has more than {_MOST_NAMES} different names"
            )
    return frozenset(names)


def identity(element: Element) -> Identity:
    """Turn an `assemblyIdentity`, or an element with its attributes, into data.

    Raises:
        FormatError: CORRUPT when it has no name or no version.
    """
    get = element.attrib.get
    name, version = get("name", ""), get("version", "")
    if not name or not version:
        raise FormatError("mum", Fault.CORRUPT, "An identity lacks its name or its version")
    return Identity(
        name=name,
        version=version,
        architecture=get("processorArchitecture", "neutral"),
        language=get("language", "neutral"),
        public_key_token=get("publicKeyToken", ""),
        version_scope=get("versionScope", ""),
        type=get("type", ""),
        build_type=get("buildType", ""),
    )


def own_identity(root: Element) -> Identity:
    """The identity of the document itself.

    Raises:
        FormatError: CORRUPT unless there is exactly one.
    """
    found = list(children(root, root, "assemblyIdentity"))
    if len(found) != 1:
        raise FormatError(
            "mum", Fault.CORRUPT, f"The document has {len(found)} identities of its own instead of one"
        )
    return identity(found[0])


def flag(text: str | None) -> bool | None:
    """A Boolean attribute: None where it is absent.

    Raises:
        FormatError: CORRUPT for anything but the spellings in use.
    """
    if text is None:
        return None
    values = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if text.lower() not in values:
        raise FormatError("mum", Fault.CORRUPT, f"Neither true nor false: `{ascii(text[:80])[1:-1]}`")
    return values[text.lower()]
