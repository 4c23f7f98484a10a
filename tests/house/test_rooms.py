"""The rooms of the house: who may import whom."""

from __future__ import annotations

from support.house import PACKAGE, ROOMS, at, imports, modules

ALONE = {"model", "formats"}
"""Rooms that import no other room at all."""


def test_the_rooms_are_those_of_the_design() -> None:
    """A folder that is no room, or a room without a folder, is a mistake."""
    folders = {p.name for p in PACKAGE.iterdir() if p.is_dir() and any(p.rglob("*.py"))}
    assert set(ROOMS) == folders
    assert {"__init__.py"} == {p.name for p in PACKAGE.glob("*.py")} - {"__main__.py"}


def test_imports_point_up_the_list_only() -> None:
    """Also those for types: a room knows those before it in the list, and none after."""
    wrong = [
        at(module, line, f"`{module.room}` imports `{name}`")
        for module in modules()
        for line, name in imports(module)
        if (parts := name.split("."))[0] == "osrecipe"
        and len(parts) > 1
        and module.room
        and parts[1] in ROOMS
        and ROOMS.index(parts[1]) > ROOMS.index(module.room)
    ]
    assert [] == wrong


def test_the_foundation_imports_no_room() -> None:
    """`model` is the language all others speak; `formats` could be taken out and used elsewhere."""
    wrong = [
        at(module, line, f"imports `{name}`")
        for module in modules()
        if module.room in ALONE
        for line, name in imports(module)
        if name.startswith("osrecipe.") and not name.startswith(f"osrecipe.{module.room}")
    ]
    assert [] == wrong


def test_no_import_is_relative() -> None:
    """A name says where a thing lives, wherever it is read."""
    wrong = [module.path for module in modules() if "\nfrom ." in module.text]
    assert [] == wrong


def test_the_package_itself_imports_no_room() -> None:
    """`import osrecipe` is for the version."""
    (package,) = [m for m in modules() if m.name == "osrecipe"]
    assert [] == [name for _line, name in imports(package) if name.startswith("osrecipe")]
