"""What the command makes of the streams it is given."""

from __future__ import annotations

import io

import pytest

from osrecipe.cli.main import steady


@pytest.mark.parametrize(
    ("platform", "environ", "encoding"),
    [
        ("win32", {}, "utf-8"),
        ("win32", {"PYTHONIOENCODING": "cp1252"}, "cp1252"),
        ("win32", {"PYTHONUTF8": "0"}, "cp1252"),
        ("linux", {}, "cp1252"),
    ],
)
def test_a_pipe_on_windows_gets_utf_8(platform: str, environ: dict[str, str], encoding: str) -> None:
    """Unless the environment asks for something else; elsewhere the locale decides."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    steady(stream, environ, platform)
    assert (encoding, "backslashreplace") == (stream.encoding, stream.errors)


def test_a_terminal_keeps_its_encoding() -> None:
    """It is the console's, and what it can't show is escaped."""

    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    stream = Terminal(io.BytesIO(), encoding="cp437")
    steady(stream, {}, "win32")
    assert "cp437" == stream.encoding
    stream.write("\N{BOX DRAWINGS HEAVY VERTICAL}")
