"""Writing the finished tree as an ISO: what is around the writer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from osrecipe.media import iso
from osrecipe.model.adapter import Context
from osrecipe.model.tasks import WriteIso

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_iso_is_flushed_by_a_handle_that_may_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows flushes through no other, and the run would end there."""
    flushed: list[int] = []

    def write(_files: object, _folders: object, target: Path, **_options: Any) -> None:
        target.write_bytes(b"disc")

    def fsync(number: int) -> None:
        flushed.append(os.write(number, b""))  # raises where the handle may not write

    monkeypatch.setattr(iso, "write_iso", write)
    monkeypatch.setattr(os, "fsync", fsync)
    (tmp_path / "tree").mkdir()
    op = WriteIso(label="SAMPLE", firmware=(), timestamp=0, output="out/a.iso")
    ctx = Context(tmp_path, lambda _ref: tmp_path, lambda _done, _text: None, lambda _line: None, 0)
    done = iso.write_media(op, tmp_path / "tree", tmp_path, ctx)
    assert ([0], ("bytes", 4)) == (flushed, done.figures[1])
    assert b"disc" == (tmp_path / "iso").read_bytes()
