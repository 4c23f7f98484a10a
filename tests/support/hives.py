"""Real hives for tests, a plain model of a registry, random edits, and independent readers to compare with."""

from __future__ import annotations

import io
import json
import lzma
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyregf
import pytest
from Registry import Registry
from support.witness import witness

from osrecipe.formats.hive import Hive, Key
from osrecipe.formats.hive.names import fold

HIVES = Path(__file__).parents[3] / "shared" / "data" / "hives"
CLEAN = ("BCD", "SAM", "NTUSER.DAT", "NTUSER-WSL.DAT", "SYSTEM", "ntuser_software_partial")
RECOVERABLE = {
    "UsrClass.dat": ("UsrClass.dat.LOG1", "UsrClass.dat.LOG2"),
    "transactions_NTUSER.DAT": ("transactions_ntuser.dat.log1", "transactions_ntuser.dat.log2"),
}
WITHOUT_LOGS = ("SECURITY", "SYSTEM_2")

Contents = dict[tuple[str, ...], dict[str, tuple[int, bytes]]]
"""Key names from below the root -> value name -> type and data."""


def real(name: str) -> bytes:
    """A real hive's bytes; skips the test where the collection is absent."""
    path = HIVES / f"{name}.xz"
    if not path.is_file():
        pytest.skip(f"the collection of real hives is absent: `{HIVES.parent.name}/hives/{path.name}`")
    return lzma.decompress(path.read_bytes())


def recovered(name: str) -> Hive:
    """A real dirty hive, completed from its logs."""
    log1, log2 = RECOVERABLE[name]
    return Hive.load(real(name), log1=real(log1), log2=real(log2))


def contents(hive: Hive) -> Contents:
    """Everything in a hive as our reader sees it."""
    found: Contents = {}
    pending: list[tuple[tuple[str, ...], Key]] = [((), hive.root)]
    while pending:
        path, key = pending.pop()
        found[path] = {value.name: (int(value.type), value.data) for value in key.values()}
        pending += [((*path, subkey.name), subkey) for subkey in key.subkeys()]
    return found


def generator(seed: str) -> random.Random:
    """Random edits that are the same in each run."""
    return random.Random(seed)  # noqa: S311 - reproducible on purpose


def every_key(hive: Hive) -> list[Key]:
    """All keys, the root first."""
    keys = [hive.root]
    for key in keys:
        keys += key.subkeys()
    return keys


# -- a plain model ---------------------------------------------------------------------------------------------------


@dataclass
class Model:
    """A key as a plain dictionary would hold it, by folded names."""

    name: str = ""
    values: dict[str, tuple[str, int, bytes]] = field(default_factory=dict)
    subkeys: dict[str, Model] = field(default_factory=dict)

    @classmethod
    def of(cls, key: Key) -> Model:
        """The model of a key with all below it."""
        values = {fold(value.name): (value.name, int(value.type), value.data) for value in key.values()}
        return cls(key.name, values, {fold(subkey.name): cls.of(subkey) for subkey in key.subkeys()})

    def contents(self) -> Contents:
        """Everything in the model."""
        found: Contents = {}
        pending: list[tuple[tuple[str, ...], Model]] = [((), self)]
        while pending:
            path, model = pending.pop()
            found[path] = {name: (number, data) for name, number, data in model.values.values()}
            pending += [((*path, subkey.name), subkey) for subkey in model.subkeys.values()]
        return found


_ALPHABETS = ("abcXYZ019", "éÿßµÄ", "Ωώσςﬀ", "日本語", "ıİſǅ", "𐐀𐐨😀", "\uffee\ue000")
_SIZES = (
    0,
    0,
    1,
    2,
    3,
    4,
    5,
    8,
    12,
    30,
    100,
    400,
    2000,
    4070,
    9000,
    16343,
    16344,
    16345,
    32688,
    32689,
    40000,
)
_TYPES = (*range(13), 0x7FFFFFFF, 0xFFFF0012)


def random_name(rng: random.Random) -> str:
    """A name, mostly short, of one or two scripts."""
    letters = rng.choice(_ALPHABETS) + rng.choice(_ALPHABETS[:1])
    return "".join(rng.choice(letters) for _ in range(rng.choice((1, 1, 2, 3, 5, 9, 40))))


def edit(hive: Hive, model: Model, rng: random.Random) -> None:
    """Make one random change to a hive and to its model."""
    key, twin = _random_place(hive, model, rng)
    kind = rng.choice(("create", "create", "set", "set", "set", "replace", "drop value", "drop key"))
    if kind == "create":
        name = random_name(rng)
        key.create_subkey(name)
        twin.subkeys.setdefault(fold(name), Model(name))
    elif kind == "drop key":
        _drop_key(key, twin, rng)
    elif kind == "drop value":
        name = _random_value(twin, rng)
        assert key.delete_value(name) == (twin.values.pop(fold(name), None) is not None)
    else:
        name = _random_value(twin, rng) if kind == "replace" else random_name(rng)
        number, data = rng.choice(_TYPES), rng.randbytes(rng.choice(_SIZES))
        key.set(name, number, data)
        twin.values[fold(name)] = (twin.values.get(fold(name), (name,))[0], number, data)


def _random_place(hive: Hive, model: Model, rng: random.Random) -> tuple[Key, Model]:
    key, twin = hive.root, model
    for _ in range(rng.randrange(7)):
        if not twin.subkeys:
            break
        folded = rng.choice(list(twin.subkeys))
        twin = twin.subkeys[folded]
        found = key.subkey(twin.name.swapcase() if twin.name.isascii() else twin.name)
        assert found is not None
        key = found
    return key, twin


def _drop_key(key: Key, twin: Model, rng: random.Random) -> None:
    """Delete one of a key's small subkeys, so that a hive isn't emptied soon."""
    for folded, subkey in rng.sample(list(twin.subkeys.items()), min(3, len(twin.subkeys))):
        if len(subkey.subkeys) < 4:
            found = key.subkey(subkey.name)
            assert found is not None
            found.delete()
            del twin.subkeys[folded]
            return


def _random_value(twin: Model, rng: random.Random) -> str:
    return rng.choice(list(twin.values.values()))[0] if twin.values else "absent"


# -- independent readers ---------------------------------------------------------------------------------------------

_TEXTS = (1, 2, 6)
_MULTI_SZ = 7
_NUMBER_SIZES = {4: 4, 5: None, 11: 8}
Agreement = Callable[[tuple[int, bytes], tuple[int, bytes]], bool]


@dataclass(frozen=True)
class Reader:
    """Another program that reads hives, and how far it can be trusted.

    Attributes:
        read: its reading of a file.
        agrees: whether its reading of a value (second) fits ours (first), its known defects allowed for.
    """

    read: Callable[[bytes, Path], Contents]
    agrees: Agreement


def disagreements(ours: Contents, theirs: Contents, agrees: Agreement) -> list[str]:
    """Where two readings of one file differ."""
    found = [f"key {path}" for path in ours.keys() ^ theirs.keys()]
    for path in ours.keys() & theirs.keys():
        found += [f"value {path} {name!r}" for name in ours[path].keys() ^ theirs[path].keys()]
        found += [
            f"data {path} {name!r}: {ours[path][name]} {theirs[path][name]}"
            for name in ours[path].keys() & theirs[path].keys()
            if not agrees(ours[path][name], theirs[path][name])
        ]
    return found


def _python_registry(data: bytes, _folder: Path) -> Contents:
    found: Contents = {}
    pending: list[tuple[tuple[str, ...], Any]] = [((), Registry.Registry(io.BytesIO(data)).root())]
    while pending:
        path, key = pending.pop()
        found[path] = {
            "" if value.name() == "(default)" else value.name(): (value.value_type(), value.raw_data())
            for value in key.values()
        }
        pending += [((*path, subkey.name()), subkey) for subkey in key.subkeys()]
    return found


def _python_registry_agrees(ours: tuple[int, bytes], theirs: tuple[int, bytes]) -> bool:
    """It keeps 12 bits of the type, gives inline data unclipped, and misreads numbers of odd size or big-endian."""
    number, data = ours
    if number & 0xFFF != theirs[0]:
        return False
    if _NUMBER_SIZES.get(number, len(data)) != len(data) or (number == _MULTI_SZ and len(data) <= 4):
        return True
    return data == (theirs[1][: len(data)] if len(data) <= 4 else theirs[1])


def _libregf(data: bytes, _folder: Path) -> Contents:
    found: Contents = {}
    file = pyregf.file()
    file.open_file_object(io.BytesIO(data))
    pending: list[tuple[tuple[str, ...], Any]] = [((), file.get_root_key())]
    while pending:
        path, key = pending.pop()
        found[path] = {value.name or "": (value.type, value.data or b"") for value in key.values}
        pending += [((*path, subkey.name), subkey) for subkey in key.sub_keys]
    file.close()
    return found


def about_keys(data: bytes) -> dict[str, tuple[int, str | None]]:
    """Time and class name of every key, as libregf reads them."""
    found: dict[str, tuple[int, str | None]] = {}
    file = pyregf.file()
    file.open_file_object(io.BytesIO(data))
    pending: list[tuple[str, Any]] = [("", file.get_root_key())]
    while pending:
        path, key = pending.pop()
        found[path] = (key.get_last_written_time_as_integer(), key.class_name)
        pending += [(f"{path}\\{subkey.name}".lstrip("\\"), subkey) for subkey in key.sub_keys]
    file.close()
    return found


def _libregf_agrees(ours: tuple[int, bytes], theirs: tuple[int, bytes]) -> bool:
    """It shifts inline data of one to three bytes by one, and ends texts at the first NUL."""
    if ours[0] != theirs[0]:
        return False
    if ours[0] in _TEXTS:
        return ours[1].startswith(theirs[1]) or len(ours[1]) < 4
    return ours[1] == theirs[1] if not 0 < len(ours[1]) < 4 else len(ours[1]) == len(theirs[1])


_HIVEX = """
import hivex, json, sys
hive = hivex.Hivex(sys.argv[1])
pending, rows = [([], hive.root())], []
while pending:
    path, node = pending.pop()
    values = [[hive.value_key(v), *hive.value_value(v)] for v in hive.node_values(node)]
    rows.append([path, [[name, kind, data.hex()] for name, kind, data in values]])
    pending += [(path + [hive.node_name(child)], child) for child in hive.node_children(node)]
print(json.dumps(rows))
"""
_HIVEX_THERE = "import importlib.util as u; print('yes' if u.find_spec('hivex') else 'no')"


def _hivex(data: bytes, folder: Path) -> Contents:
    """Through the system's Python, where the binding is installed."""
    python = shutil.which("python3", path="/usr/bin") or ""
    if not python or "no" in witness(python, "-c", _HIVEX_THERE):
        pytest.skip("the witness is not installed: python3-hivex")
    path = folder / "hive"
    path.write_bytes(data)
    rows = json.loads(witness(python, "-c", _HIVEX, str(path)))
    return {
        tuple(names): {name: (kind & 0xFFFFFFFF, bytes.fromhex(text)) for name, kind, text in values}
        for names, values in rows
    }


READERS = {
    "python-registry": Reader(_python_registry, _python_registry_agrees),
    "libregf": Reader(_libregf, _libregf_agrees),
    "hivex": Reader(_hivex, lambda ours, theirs: ours == theirs),
}
