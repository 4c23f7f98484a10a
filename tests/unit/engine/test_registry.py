"""`osrecipe.engine.registry`: registry changes become edits of hive files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.dict_images import DictAdapter, DictImage, image_data
from support.engine_sessions import (
    DEFAULT,
    NOW,
    NTUSER,
    SOFTWARE,
    SYSTEM,
    dword,
    hive,
    key,
)
from support.hives import RECOVERABLE, real

from osrecipe.engine.clock import filetime
from osrecipe.engine.registry import Edited, edit_hives
from osrecipe.formats.hive import Hive, ValueType
from osrecipe.formats.hive.data import encode_sz
from osrecipe.model.adapter import TaskError
from osrecipe.model.registry import (
    CreateKey,
    DeleteKey,
    DeleteValue,
    RegistryData,
    RegistryRoot,
    SetValue,
)
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osrecipe.model.registry import RegistryChange

_R = RegistryRoot


def _image(files: Mapping[str, bytes]) -> DictImage:
    return DictImage(DictAdapter(), "x", image_data(files), None)


def _edit(files: Mapping[str, bytes], changes: Sequence[RegistryChange], target: str = "install") -> Edited:
    return edit_hives(changes, _image(files), target, {"join": "s3cret"}, NOW)  # type: ignore[arg-type]


def _hives(edited: Edited) -> dict[WinPath, Hive]:
    return {f.path: Hive.load(f.content) for f in edited.files if isinstance(f.content, bytes)}


def _set(root: RegistryRoot, path: str, name: str = "v", data: RegistryData | None = None) -> SetValue:
    return SetValue(key=key(root, path), name=name, data=data or dword(7))


_SYSTEM = {
    "Select": {
        "Current": (ValueType.DWORD, (2).to_bytes(4, "little")),
        "Default": (ValueType.DWORD, (1).to_bytes(4, "little")),
    },
    "ControlSet001": {},
    "ControlSet002": {},
}


@pytest.mark.parametrize(
    ("root", "path", "target", "file", "inside"),
    [
        (_R.SOFTWARE, "Policies\\X", "install", SOFTWARE, "Policies\\X"),
        (_R.CLASSES, ".txt", "install", SOFTWARE, "Classes\\.txt"),
        (_R.SYSTEM, "Setup", "winpe", SYSTEM, "Setup"),
        (_R.SYSTEM, "CurrentControlSet\\Services\\x", "install", SYSTEM, "ControlSet002\\Services\\x"),
        (_R.SYSTEM, "currentcontrolset", "install", SYSTEM, "ControlSet002"),
        (_R.CURRENT_USER, "Software", "install", NTUSER, "Software"),
        (_R.CURRENT_USER, "Software", "winre", DEFAULT, "Software"),
        (_R.CURRENT_USER, "Software", "setup", DEFAULT, "Software"),
        (_R.DEFAULT_USER, "Software", "install", DEFAULT, "Software"),
    ],
)
def test_names_people_use(root: RegistryRoot, path: str, target: str, file: str, inside: str) -> None:
    """Each root is changed in the hive file that holds it in that kind of image."""
    files = {SOFTWARE: hive(), NTUSER: hive(), DEFAULT: hive(), SYSTEM: hive(_SYSTEM)}
    hives = _hives(_edit(files, [_set(root, path)], target))

    assert [WinPath(file)] == list(hives)
    found = hives[WinPath(file)].key(inside)
    assert found is not None
    value = found.value("v")
    assert value is not None
    assert (ValueType.DWORD, bytes([7, 0, 0, 0])) == (value.type, value.data)
    assert filetime(NOW) == found.timestamp


def test_control_set_before_the_first_start() -> None:
    """Where `Select` has no usable `Current`, `Default` counts; where it has neither, that is said."""
    only_default = {"Select": {"Default": (ValueType.DWORD, (3).to_bytes(4, "little"))}}
    hives = _hives(_edit({SYSTEM: hive(only_default)}, [_set(_R.SYSTEM, "CurrentControlSet\\X")]))
    assert hives[WinPath(SYSTEM)].key("ControlSet003\\X") is not None

    with pytest.raises(TaskError) as caught:
        _edit({SYSTEM: hive()}, [_set(_R.SYSTEM, "CurrentControlSet\\X")])
    assert ("hive/missing", True) == (caught.value.slug, f"`{SYSTEM}`" in caught.value.reason)


@pytest.mark.parametrize(
    ("data", "type_", "expected"),
    [
        (RegistryData(kind="sz", text="é"), 1, b"\xe9\0\0\0"),
        (RegistryData(kind="expand-sz", text="%x%"), 2, b"%\0x\0%\0\0\0"),
        (RegistryData(kind="binary", hex="00ff"), 3, b"\0\xff"),
        (RegistryData(kind="none", hex=""), 0, b""),
        (RegistryData(kind="dword", number=0xFFFFFFFF), 4, b"\xff" * 4),
        (RegistryData(kind="dword-be", number=1), 5, b"\0\0\0\1"),
        (RegistryData(kind="link", text="a"), 6, b"a\0"),
        (RegistryData(kind="multi-sz", lines=("a", "b")), 7, b"a\0\0\0b\0\0\0\0\0"),
        (RegistryData(kind="multi-sz", lines=()), 7, b"\0\0"),
        (RegistryData(kind="qword", number=1 << 63), 11, b"\0" * 7 + b"\x80"),
        (RegistryData(kind="raw", type=0x20000, hex="01"), 0x20000, b"\1"),
        (RegistryData(kind="secret", text="join"), 1, "s3cret\0".encode("utf-16-le")),
    ],
)
def test_every_kind_of_data(data: RegistryData, type_: int, expected: bytes) -> None:
    """Each kind is stored as the registry stores it."""
    hives = _hives(_edit({SOFTWARE: hive()}, [_set(_R.SOFTWARE, "X", "v", data)]))
    found = hives[WinPath(SOFTWARE)].key("X")
    assert found is not None
    value = found.value("v")
    assert value is not None

    assert (type_, expected) == (value.type, value.data)


def test_changes_in_order() -> None:
    """Changes follow each other; keys deleted before are made anew and empty."""
    before = hive(
        {"A\\Deep": {"x": (ValueType.SZ, encode_sz("x"))}, "B": {"y": (ValueType.SZ, encode_sz("y"))}}
    )
    edited = _edit(
        {SOFTWARE: before},
        [
            DeleteKey(key=key(_R.SOFTWARE, "A")),
            CreateKey(key=key(_R.SOFTWARE, "A")),
            DeleteValue(key=key(_R.SOFTWARE, "B"), name="Y"),
            _set(_R.SOFTWARE, "B", ""),
        ],
    )
    after = _hives(edited)[WinPath(SOFTWARE)]
    found, other = after.key("A"), after.key("B")

    assert found is not None
    assert other is not None
    assert ([], []) == (list(found.subkeys()), list(found.values()))
    assert [""] == [value.name for value in other.values()]
    assert 4 == edited.changed


def test_what_is_so_already_writes_nothing() -> None:
    """Where nothing changes the hive is not written: an entry nobody touched stays identical."""
    before = hive({"A": {"v": (ValueType.DWORD, bytes([7, 0, 0, 0]))}})
    changes: list[RegistryChange] = [
        _set(_R.SOFTWARE, "a", "V"),
        CreateKey(key=key(_R.SOFTWARE, "A")),
        DeleteValue(key=key(_R.SOFTWARE, "A"), name="none"),
        DeleteKey(key=key(_R.SOFTWARE, "None\\Deep")),
        DeleteKey(key=key(_R.SAM, "whole hive is missing")),
    ]

    assert Edited((), 0) == _edit({SOFTWARE: before}, changes)


def test_one_write_for_a_hive() -> None:
    """A hive is loaded and saved once, also when two roots share its file."""
    edited = _edit(
        {SOFTWARE: hive()}, [_set(_R.SOFTWARE, "A"), _set(_R.CLASSES, "B"), _set(_R.SOFTWARE, "C")]
    )
    after = _hives(edited)[WinPath(SOFTWARE)]

    assert (1, 3) == (len(edited.files), edited.changed)
    assert all(after.key(path) for path in ("A", "Classes\\B", "C"))


@pytest.mark.parametrize(
    ("files", "change", "slug"),
    [
        ({}, _set(_R.SOFTWARE, "A"), "run/task-failed"),
        ({SOFTWARE: b"not a hive"}, _set(_R.SOFTWARE, "A"), "hive/"),
        ({SOFTWARE: hive()}, DeleteKey(key=key(_R.SOFTWARE, "")), "hive/unsupported"),
        (
            {SOFTWARE: hive()},
            _set(_R.SOFTWARE, "A", "v", RegistryData(kind="dword", number=1 << 40)),
            "hive/too-large",
        ),
        (
            {SOFTWARE: hive()},
            _set(_R.SOFTWARE, "A", "v", RegistryData(kind="secret", text="other")),
            "input/secret",
        ),
    ],
)
def test_refusals(files: dict[str, bytes], change: RegistryChange, slug: str) -> None:
    """What can't be done is a task's failure that names the hive, not a crash."""
    with pytest.raises(TaskError) as caught:
        _edit(files, [change])
    assert caught.value.slug.startswith(slug)
    assert "s3cret" not in caught.value.reason


def test_unfinished_hive_is_completed_from_its_logs() -> None:
    """A real hive that was left dirty is completed from its logs before it is edited."""
    name = next(iter(RECOVERABLE))
    log1, log2 = RECOVERABLE[name]
    files = {NTUSER: real(name), f"{NTUSER}.LOG1": real(log1), f"{NTUSER}.LOG2": real(log2)}
    edited = _edit(files, [_set(_R.CURRENT_USER, "Contoso")])

    after = _hives(edited)[WinPath(NTUSER)]
    assert after.key("Contoso") is not None
    with pytest.raises(TaskError) as caught:
        _edit({NTUSER: real(name)}, [_set(_R.CURRENT_USER, "Contoso")])
    assert "hive/dirty" == caught.value.slug
