"""`osrecipe.engine.journal`: durable, one line a record, tolerant of a torn end."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osrecipe.engine.clock import SystemClock
from osrecipe.engine.journal import Journal, read
from osrecipe.engine.records import Acquired, Cleaned, Released, RunFinished, UnitEnded
from osrecipe.model.names import UnitId

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.engine.records import Record


def _acquired(name: str, kind: str = "folder") -> Acquired:
    return Acquired(unit=UnitId("a.b"), kind=kind, name=name)


def _write(path: Path, *records: Record) -> None:
    journal = Journal(path, SystemClock())
    for record in records:
        journal.write(record)
    journal.close()


def test_records_come_back(tmp_path: Path) -> None:
    """What is written is read, numbered from one."""
    path = tmp_path / "journal.jsonl"
    records = (_acquired("x"), Released(kind="folder", name="x"), RunFinished(exit_code=0))
    _write(path, *records)

    lines = read(path).lines

    assert records == tuple(line.what for line in lines)
    assert [1, 2, 3] == [line.n for line in lines]


def test_missing_journal_is_empty(tmp_path: Path) -> None:
    """A run that died before its first record has an empty history."""
    assert () == read(tmp_path / "none.jsonl").lines


@pytest.mark.parametrize("cut", range(1, 40, 7))
def test_torn_tail_is_dropped(tmp_path: Path, cut: int) -> None:
    """Half a last line is no record, and what is appended later is not joined to it."""
    path = tmp_path / "journal.jsonl"
    _write(path, _acquired("x"), _acquired("y"))
    path.write_bytes(path.read_bytes()[:-cut])

    assert ["x"] == [held.name for held in read(path).outstanding()]
    _write(path, Cleaned(by="next"))
    history = read(path)
    assert (2, 0, True) == (len(history.lines), history.damaged, history.finished)
    assert [1, 2] == [line.n for line in history.lines]


def test_damage_in_the_middle_hides_nothing_after_it(tmp_path: Path) -> None:
    """A line that can't be read is counted; the records after it still say what was acquired."""
    path = tmp_path / "journal.jsonl"
    _write(path, _acquired("x"), _acquired("y"), _acquired("z"))
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([lines[0], b'{"n": broken', *lines[2:]]))

    history = read(path)

    assert 1 == history.damaged
    assert ["z", "x"] == [held.name for held in history.outstanding()]


@given(
    st.lists(st.tuples(st.sampled_from("ar"), st.sampled_from("abc"), st.sampled_from(["folder", "mount"])))
)
def test_outstanding(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, str]]) -> None:
    """Outstanding is what was acquired and not released since, whatever the order, the youngest first."""
    path = tmp_path_factory.mktemp("j") / "journal.jsonl"
    held: list[tuple[str, str]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _fd: None)
        journal = Journal(path, SystemClock())
        for step, name, kind in steps:
            held = [h for h in held if h != (kind, name)]
            if step == "a":
                held.append((kind, name))
                journal.write(_acquired(name, kind))
            else:
                journal.write(Released(kind=kind, name=name))
        journal.close()

    assert list(reversed(held)) == [(h.kind, h.name) for h in read(path).outstanding()]


def test_threads_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records of several threads never mix within a line, and their numbers have no gap."""
    monkeypatch.setattr(os, "fsync", lambda _fd: None)
    journal = Journal(tmp_path / "journal.jsonl", SystemClock())

    def write(name: str) -> None:
        for _ in range(50):
            journal.write(UnitEnded(unit=UnitId(name), status="done" * 50))

    threads = [threading.Thread(target=write, args=(f"u{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()

    history = read(tmp_path / "journal.jsonl")

    assert (list(range(1, 201)), 0) == ([line.n for line in history.lines], history.damaged)


def test_each_record_is_synced_before_write_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record is on the disk before the step it announces can be taken."""
    seen: list[int] = []
    path = tmp_path / "journal.jsonl"
    monkeypatch.setattr(os, "fsync", lambda _fd: seen.append(path.stat().st_size))
    journal = Journal(path, SystemClock())
    journal.write(_acquired("x"))
    journal.write(_acquired("y"))
    journal.close()

    whole = path.read_bytes()
    assert [whole.index(b"\n") + 1, len(whole)] == seen


def test_failed_write_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that could not be made durable is an error, and no half of it stays for later records to join."""
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, SystemClock())
    journal.write(_acquired("x"))

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            journal.write(_acquired("y"))
    journal.write(_acquired("z"))
    journal.close()

    assert ["z", "x"] == [held.name for held in read(path).outstanding()]
    assert 0 == read(path).damaged
