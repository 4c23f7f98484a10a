"""`.reg` files: what can't be text is kept as bytes or refused, so that plans and locks can be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osrecipe.inputs.lock import Lock, LockedRegFile, dump, parse
from osrecipe.inputs.reg_files import reg_file_facts
from osrecipe.model.problems import OsrecipeError
from osrecipe.model.registry import SetValue

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "\ufeffWindows Registry Editor Version 5.00\r\n\r\n"


def _write(folder: Path, body: str) -> Path:
    path = folder / "x.reg"
    path.write_bytes((HEAD + body).encode("utf-16-le", "surrogatepass"))
    return path


def test_text_with_half_a_character_stays_bytes(tmp_path: Path) -> None:
    """The data survives, in a form that fits into a lock."""
    path = _write(tmp_path, '[HKEY_LOCAL_MACHINE\\SOFTWARE\\X]\r\n"a"="x\ud800"\r\n')

    facts = reg_file_facts(path, "x.reg")

    change = facts.changes[0]
    assert isinstance(change, SetValue)
    assert ("raw", 1, "780000d80000") == (change.data.kind, change.data.type, change.data.hex)
    line = LockedRegFile.model_validate({"reg-file": "x.reg", "facts": facts})
    lock = Lock("t", {}, {"x.reg": line})
    assert lock == parse(dump(lock).encode(), "t.lock")


@pytest.mark.parametrize(
    "body",
    [
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\X\udc00]\r\n",
        '[HKEY_LOCAL_MACHINE\\SOFTWARE\\X]\r\n"\udc01"=dword:1\r\n',
    ],
)
def test_names_with_half_a_character_are_refused(body: str, tmp_path: Path) -> None:
    """At their line."""
    with pytest.raises(OsrecipeError) as caught:
        reg_file_facts(_write(tmp_path, body), "x.reg")

    problem = caught.value.problems[0]
    assert ("input/reg-file", "a name holds half a character, so it is not text") == (
        problem.slug,
        problem.reason,
    )
    assert problem.place is not None
    assert problem.place.line in {3, 4}
