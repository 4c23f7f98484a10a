"""Look into one file for `osrecipe inspect`: an ISO, a WIM, an update, a cabinet, a registry hive, an INF, an answer file.

What a file is gets told by its first bytes, never by its name; a folder is one of drivers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.formats.cab import read_directory
from osrecipe.formats.errors import FormatError
from osrecipe.formats.hive import Hive
from osrecipe.formats.hive.check import check as check_hive
from osrecipe.formats.hive.data import describe
from osrecipe.formats.iso import IsoReader
from osrecipe.formats.msu import open_package, read_msu
from osrecipe.formats.wim.parts import parts_beside
from osrecipe.formats.wim.reader import WimReader
from osrecipe.inputs import inspected_extras as extras
from osrecipe.inputs.inspected_extras import MAX_ROWS, left_off
from osrecipe.inputs.inspected_images import image_tables
from osrecipe.inputs.updates import opened_facts
from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.inspection import InspectedFact, InspectedTable, Inspection
from osrecipe.model.problems import OsrecipeError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from osrecipe.formats.hive import Key
    from osrecipe.model.inspection import Cell

_HEAD = 64 << 10
_ISO_MARK = 32769
"""Where an ISO9660 descriptor says `CD001`; a pure UDF bridge has one too."""
_PAYLOAD = "payload:"


def inspect_file(path: Path) -> Inspection:
    """Look into a file.

    Raises:
        OsrecipeError: it can't be read, is damaged, or is none of the kinds osrecipe knows; exit code 3.
    """
    place = Place(path.as_posix())
    try:
        if path.is_dir():
            return _shown("drivers", path, extras.drivers_seen(path))
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
        return _looker(head, place)(path)
    except OsrecipeError as error:
        lined = [Problem(p.slug, p.reason, p.place or place, p.hint) for p in error.problems]
        raise OsrecipeError(*lined, exit_code=error.exit_code) from error
    except FormatError as error:
        raise OsrecipeError(Problem(error.slug, error.reason, place, error.hint)) from error
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        slug = Slug.INPUT_MISSING if missing else Slug.INPUT_UNREADABLE
        reason = "there is no such file" if missing else f"it can't be read: {error.strerror or error}"
        raise OsrecipeError(Problem(slug, reason, place), exit_code=ExitCode.INVALID) from error


def _looker(head: bytes, place: Place) -> Callable[[Path], Inspection]:
    if head[_ISO_MARK : _ISO_MARK + 5] in {b"CD001", b"BEA01"}:
        return _iso
    if head[:8] == b"MSWIM\0\0\0":
        return _wim
    if head[:4] == b"MSCF":
        return _cabinet
    if head[:4] == b"regf":
        return _hive
    if extras.looks_like_answer_file(head):
        return lambda path: _shown("answer-file", path, extras.answer_file_seen(path))
    if extras.looks_like_inf(head):
        return lambda path: _shown("inf", path, extras.inf_seen(path))
    hint = "osrecipe looks into ISOs, WIMs, updates (.msu, .cab), cabinets, registry hives, drivers and answer files"
    raise OsrecipeError(Problem(Slug.INPUT_UNREADABLE, "it is no kind of file osrecipe knows", place, hint))


def _made(
    kind: str, path: Path, facts: dict[str, Cell], *tables: InspectedTable, notes: tuple[str, ...] = ()
) -> Inspection:
    rows = tuple(InspectedFact(key=key, value=value) for key, value in facts.items())
    return Inspection(kind=kind, title=path.as_posix(), facts=rows, tables=tables, notes=notes)


def _shown(kind: str, path: Path, seen: extras.Seen) -> Inspection:
    return _made(kind, path, seen.facts, *seen.tables, notes=seen.notes)


def _iso(path: Path) -> Inspection:
    with IsoReader(path) as iso:
        files = [entry for entry in iso.entries() if not entry.is_dir]
        wims = [e.path for e in files if e.path.lower() in {"sources\\install.wim", "sources\\boot.wim"}]
        tables: list[InspectedTable] = []
        for name in wims:
            with iso.open(name) as stream, WimReader(stream) as wim:
                tables += image_tables(wim, f"images of {name}")
        boots = ", ".join(entry.platform.name for entry in iso.boot_entries()) or "nothing"
        facts: dict[str, Cell] = {
            "size": path.stat().st_size,
            "label": iso.label,
            "file system": iso.facet.value,
            "boots by": boots,
            "files": len(files),
        }
        largest = sorted(files, key=lambda e: -e.size)[:20]
        rows = tuple((e.path, e.size) for e in largest)
        tables.append(InspectedTable(title="largest files", headers=("path", "size"), rows=rows))
        return _made("iso", path, facts, *tables)


def _wim(path: Path) -> Inspection:
    parts = parts_beside(path)
    with WimReader.open(parts[0], others=parts[1:]) as wim:
        facts: dict[str, Cell] = {
            "size": sum(part.stat().st_size for part in parts),
            "compression": wim.header.codec.name + (", solid" if wim.is_solid else ""),
            "parts": wim.header.parts,
            "integrity table": "yes" if wim.header.integrity.size else "no",
            "images": wim.image_count,
            "boot index": wim.boot_index,
            "guid": wim.guid.hex(),
        }
        inspected = _made("wim", path, facts, *image_tables(wim, "images"))
    update = _update(path) if _is_update(path) else None
    return update or inspected


def _is_update(path: Path) -> bool:
    try:
        return read_msu(path).is_container
    except FormatError:
        return False


def _cabinet(path: Path) -> Inspection:
    return _update(path) or _plain_cabinet(path)


def _update(path: Path) -> Inspection | None:
    """An update, or None for a file that holds no package."""
    with open_package(path) as opened:
        try:
            found = opened_facts(opened, path.stat().st_size, "0" * 64)
        except OsrecipeError:
            return None
        forms = sorted(e.removeprefix(_PAYLOAD) for e in found.package.elements if e.startswith(_PAYLOAD))
        facts: dict[str, Cell] = {
            "size": found.size,
            "kind": found.update_kind.value,
            "identity": found.package.identity or None,
            "article": f"KB{found.kb}" if found.kb else None,
            "architecture": found.package.architecture,
            "version": str(found.package.version),
            "builds": ", ".join(str(build) for build in found.builds) or None,
            "container": found.container,
            "servicing stack inside": found.stack or None,
            "payload": found.package.payload,
            "payload form": ", ".join(forms) or None,
        }
        members = opened.msu.members if opened.msu else ()
        archives = tuple((a.name, a.kind.value, len(a.files)) for a in opened.archives)
        return _made(
            "msu" if opened.msu else "cab",
            path,
            facts,
            InspectedTable(
                title="members",
                headers=("name", "kind", "size"),
                rows=tuple((m.name, m.kind.value, m.size) for m in members),
            ),
            InspectedTable(title="packages", headers=("name", "kind", "files"), rows=archives),
            InspectedTable(
                title="asks for", headers=("element",), rows=tuple((e,) for e in found.package.elements)
            ),
        )


def _plain_cabinet(path: Path) -> Inspection:
    directory = read_directory(path)
    rows = tuple((file.name, file.size) for file in directory.files[:MAX_ROWS])
    compressions = sorted({folder.compression.name for folder in directory.folders})
    facts: dict[str, Cell] = {
        "size": path.stat().st_size,
        "files": len(directory.files),
        "compression": ", ".join(compressions),
    }
    table = InspectedTable(title="files", headers=("name", "size"), rows=rows)
    return _made("cab", path, facts, table, notes=left_off(len(directory.files)))


def _hive(path: Path) -> Inspection:
    data = path.read_bytes()
    hive = Hive.load(data, log1=_log(path, "1"), log2=_log(path, "2"))
    findings = check_hive(data)
    keys, values, depth = _measure(hive.root)
    facts: dict[str, Cell] = {
        "size": len(data),
        "version": hive.version,
        "root key": hive.root.name,
        "keys": keys,
        "values": values,
        "depth": depth,
        "structure": "sound" if not findings else f"{len(findings)} findings: {findings[0]}",
    }
    top = [
        (key.name, sum(1 for _ in key.subkeys()), sum(1 for _ in key.values())) for key in hive.root.subkeys()
    ]
    rows = tuple(top[:MAX_ROWS])
    table = InspectedTable(title="keys at the top", headers=("name", "keys", "values"), rows=rows)
    named = tuple((value.name or "(default)", describe(value)) for value in hive.root.values())
    values_table = InspectedTable(
        title="values of the root key", headers=("name", "data"), rows=named[:MAX_ROWS]
    )
    return _made("hive", path, facts, table, values_table, notes=left_off(len(top)))


def _log(path: Path, number: str) -> bytes | None:
    """A hive's transaction log beside it, in whatever case Windows gave it."""
    wanted = f"{path.name}.LOG{number}".lower()
    found = next((file for file in path.parent.iterdir() if file.name.lower() == wanted), None)
    return found.read_bytes() if found else None


def _measure(root: Key) -> tuple[int, int, int]:
    """Keys, values and depth of a hive."""
    keys = values = deepest = 0
    for key, depth in _walk(root):
        keys += 1
        values += sum(1 for _ in key.values())
        deepest = max(deepest, depth)
    return keys, values, deepest


def _walk(root: Key) -> Iterator[tuple[Key, int]]:
    waiting = [(root, 1)]
    while waiting:
        key, depth = waiting.pop()
        yield key, depth
        waiting.extend((child, depth + 1) for child in key.subkeys())
