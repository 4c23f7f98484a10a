"""Which parts of a package an image takes: nesting, conditions, loops, parents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osrecipe.adapters.embedded.elements import ALLOWED, meaning, not_carried_out
from osrecipe.adapters.embedded.planning import Selection, fits_architecture, select, unmet_words
from osrecipe.formats.mum import read_package
from osrecipe.windows.applicability import InstalledIndex

if TYPE_CHECKING:
    from osrecipe.formats.mum import Identity, Package

TOKEN = "31bf3856ad364e35"  # noqa: S105 - the public key token every inbox identity carries
ASM = 'xmlns="urn:schemas-microsoft-com:asm.v3"'


def name_xml(name: str, arch: str = "amd64") -> str:
    """An identity."""
    return (
        f'<assemblyIdentity name="{name}" version="1.0.0.0" processorArchitecture="{arch}" '
        f'language="neutral" publicKeyToken="{TOKEN}" />'
    )


def package(
    name: str,
    *,
    parents: tuple[str, ...] = (),
    packages: tuple[str, ...] = (),
    components: tuple[str, ...] = (),
    conditional: tuple[str, ...] = (),
    arch: str = "amd64",
) -> Package:
    """A package that holds others and components."""
    one_of = f"<parent>{''.join(map(name_xml, parents))}</parent>" if parents else ""
    rows = [f"<package>{name_xml(one)}</package>" for one in packages]
    rows += [f"<component>{name_xml(one)}</component>" for one in components]
    rows += [
        f"<applicable><updateComponent>{name_xml(one)}</updateComponent></applicable>" for one in conditional
    ]
    updates = "".join(f'<update name="u{number}">{row}</update>' for number, row in enumerate(rows))
    text = f"<assembly {ASM}>{name_xml(name, arch)}<package>{one_of}{updates}</package></assembly>"
    return read_package(text.encode())


def chosen(root: Package, *nested: Package, installed: tuple[str, ...] = ("Here",)) -> Selection:
    """The selection for an image with some packages and one older component, `Old`."""
    names = [f"{one}~{TOKEN}~amd64~~1.0.0.0" for one in installed]
    return select(
        root,
        {one.identity.package_name.lower(): one for one in nested},
        InstalledIndex(names),
        lambda component: component.name == "Old",
    )


def names(identities: tuple[Identity, ...]) -> list[str]:
    """The names of identities."""
    return [one.name for one in identities]


def test_only_parts_with_a_parent_in_the_image_apply() -> None:
    """Of several parts those are taken whose parent is installed; the others are named."""
    root = package("Root", packages=("A", "B"))
    found = chosen(
        root,
        package("A", parents=("Here", "Elsewhere"), components=("X",)),
        package("B", parents=("Elsewhere",), components=("Y",)),
    )
    assert names(found.components) == ["X"]
    assert [one.identity.name for one, _ in found.packages] == ["Root", "A"]
    assert found.passed_over == ("B",)


def test_packages_in_between_are_taken_too() -> None:
    """A package that only holds another is part of the selection."""
    root = package("Root", packages=("Middle",))
    found = chosen(root, package("Middle", packages=("Leaf",)), package("Leaf", components=("X",)))
    assert [one.identity.name for one, _ in found.packages] == ["Root", "Middle", "Leaf"]


def test_components_are_taken_once() -> None:
    """A component that two parts hold is carried out once."""
    root = package("Root", packages=("A", "B"))
    found = chosen(root, package("A", components=("X", "Y")), package("B", components=("y", "Z")))
    assert sorted(name.lower() for name in names(found.components)) == ["x", "y", "z"]


def test_conditional_components_need_an_older_one() -> None:
    """A component that only updates another is taken where that is in the image."""
    found = chosen(package("Root", conditional=("Old", "New"), components=("X",)))
    assert sorted(names(found.components)) == ["Old", "X"]


def test_packages_that_hold_each_other_end() -> None:
    """A loop of packages is walked once."""
    root = package("Root", packages=("A",))
    found = chosen(root, package("A", packages=("B",), components=("X",)), package("B", packages=("A",)))
    assert names(found.components) == ["X"]


def test_a_long_chain_is_cut() -> None:
    """A chain deeper than any genuine one ends without exhausting the stack."""
    links = [package(f"P{number}", packages=(f"P{number + 1}",)) for number in range(2000)]
    assert not chosen(links[0], *links[1:]).applies


@pytest.mark.parametrize("holder", ["root", "part"])
def test_what_applies_nowhere_says_why(holder: str) -> None:
    """The parents nobody has are named, whether the update or all its parts ask for them."""
    if holder == "root":
        found = chosen(package("Root", parents=("Elsewhere",), components=("X",)))
    else:
        found = chosen(
            package("Root", packages=("A",)), package("A", parents=("Elsewhere",), components=("X",))
        )
    assert not found.applies
    assert "`Elsewhere 1.0.0.0`" in unmet_words(found.unmet)


def test_an_empty_package_is_for_no_image() -> None:
    """A package without anything says so."""
    found = chosen(package("Root"))
    assert not found.applies
    assert unmet_words(found.unmet) == "no part of it is for this image"


@pytest.mark.parametrize(
    ("arch", "fits"), [("amd64", True), ("AMD64", True), ("neutral", True), ("arm64", False)]
)
def test_architectures(arch: str, fits: bool) -> None:
    """A package fits images of its architecture; neutral ones fit all."""
    assert fits_architecture(package("Root", arch=arch), "amd64") is fits


def test_every_allowed_element_has_its_reason() -> None:
    """The allow-list says why each element needs no Windows, and nothing else passes."""
    assert [name for name, reason in ALLOWED.items() if len(reason.split()) < 3] == []
    assert not_carried_out(ALLOWED) == ()
    assert not_carried_out(["file", "file.odd", "file@odd", "taskScheduler"]) == (
        "file.odd",
        "file@odd",
        "taskScheduler",
    )
    assert meaning("payload:delta-pe") == "differential payload"
    assert meaning("taskScheduler") == "a manifest element"
