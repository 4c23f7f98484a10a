"""Escapes that eat the backslashes of paths, and how registry data is written for people."""

from __future__ import annotations

import pytest

from osrecipe.model.registry import RegistryData, quoted
from osrecipe.recipe.escapes import swallowed


@pytest.mark.parametrize(
    ("written", "keys", "key", "offsets"),
    [
        (r'"C:\temp\new"', (), "dir", [3, 8]),
        (r'"C:\x86"', (), "dir", [3]),
        (r'"HKLM\new"', (), "", [5]),
        (r'"%TEMP%\a"', (), "dir", [7]),
        (r'"one\two"', ("registry",), "List", [4]),
        (r'"C:\\temp\\new"', (), "dir", []),
        (r'"one\r\ntwo"', ("registry",), "Notice", []),
        (r'"line one\nline two"', (), "motto", []),
        (r'"into C:\\Temp\nand more"', (), "because", []),
        (r'"\u00e9t\u00e9"', ("registry",), "Season", []),
    ],
)
def test_swallowed_backslashes(written: str, keys: tuple[str, ...], key: str, offsets: list[int]) -> None:
    """Escapes are suspicious in paths and in their places; line breaks in texts are not."""
    assert offsets == swallowed(written, keys, key)


def test_data_is_written_as_windows_has_it() -> None:
    """Backslashes stand for themselves; what has no shape is named."""
    assert r'sz "C:\temp<TAB>x"' == str(RegistryData(kind="sz", text="C:\\temp\tx"))
    assert r'multi-sz ["a\b", "c"]' == str(RegistryData(kind="multi-sz", lines=("a\\b", "c")))
    assert '"<U+2029><LF><NUL>"' == quoted("\u2029\n\0")
