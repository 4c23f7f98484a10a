"""Whatever the text, the loader answers with a recipe or an `OsrecipeError`."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osrecipe.model.problems import OsrecipeError
from osrecipe.recipe import load
from osrecipe.recipe.parse import parse
from osrecipe.recipe.sink import Sink
from osrecipe.recipe.source import from_text
from osrecipe.render import problems

GOLDEN = Path(__file__).parents[2] / "golden"
GOOD = [p.read_text(encoding="utf-8") for p in sorted((GOLDEN / "recipe-good").glob("*.yaml"))]
PIECES = [
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "\t",
    "&a ",
    "*a",
    "!append ",
    "!!x ",
    "'",
    '"',
    "\\",
    "\0",
    "|\n",
]
PIECES += [
    "{{",
    "}}",
    "{%",
    "null",
    "1.5",
    "-1",
    "<<",
    "? ",
    "%",
    "---\n",
    "...\n",
    "\ufeff",
    "\u2028",
    "\x85",
    "é",
    "#",
    ">",
]
PIECES += [
    "HKLM\\",
    "..",
    "/",
    "~",
    "0x",
    "true",
    "\U0001f600",
    "\\ud800",
    '"\\ud800"',
    '"\\U00110000"',
    "%YAML 1.1\n---\n",
]


def answer(data: bytes, folder: Path) -> str:
    """Load some bytes; the shown problems, or an empty text."""
    path = folder / "fuzz.yaml"
    path.write_bytes(data)
    try:
        load(path, shown_as="fuzz.yaml")
    except OsrecipeError as e:
        return problems.text(e.problems, color=False)
    return ""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for one file that is written again and again."""
    return tmp_path_factory.mktemp("fuzz")


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200))
def test_bytes(data: bytes, folder: Path) -> None:
    """Arbitrary bytes are answered."""
    assert answer(data, folder)


@settings(max_examples=200, deadline=None)
@given(data=st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=30))
def test_pieces_of_yaml(data: list[str], folder: Path) -> None:
    """Arbitrary sequences of YAML's own signs are answered."""
    assert answer("".join(data).encode("utf-8", "replace"), folder)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_mutations_of_good_recipes(data: st.DataObject, folder: Path) -> None:
    """A good recipe with some places overwritten is answered, in a form that can be shown."""
    text = data.draw(st.sampled_from(GOOD))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 12))
        text = text[:at] + data.draw(st.sampled_from(PIECES) | st.just("")) + text[at + cut :]
    shown = answer(text.encode("utf-8", "replace"), folder)
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{" * 100_000,
        "- " * 100_000,
        "? " * 100_000,
        "a: " * 100_000,
        "&a " * 100_000,
        "!" * 100_000,
        "vars:\n"
        + "".join(f"  a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" if i else "  a0: &a0 [x]\n" for i in range(200)),
        "vars: &a\n  b: " + "[" * 60 + "*a" + "]" * 60,
        '"' + "\\" * 100_000,
        "a: " + "9" * 100_000,
        "a: " + "0x" + "9" * 100_000,
        "a: 1." + "9" * 100_000,
        "description: '" + "{{" * 2_000 + "'",
        "description: '{{ " + "(" * 2_000 + "'",
        "description: '{{ " + "vars.a | upper " * 200 + "}}'",
        "%YAML 9999999999999999999999.1\n---\na: 1",
        "%TAG ! tag:x,2000:\n---\na: !b 1",
        "a: !<> 1",
    ],
    ids=range(19),
)
def test_bombs_are_answered_quickly(text: str, folder: Path) -> None:
    """Depth, aliases, numbers and templates without end are refused within seconds."""
    started = time.monotonic()
    assert answer(text.encode(), folder)
    assert time.monotonic() - started < 10


def test_shared_branches_are_counted_as_often_as_used() -> None:
    """Aliases may be used, up to the number of values they expand to."""

    def good(uses: int) -> bool:
        sink = Sink()
        items = ", ".join(["x"] * 99)
        text = f"a: &a [{items}]\nb: [{', '.join(['*a'] * uses)}]\n"
        return parse(from_text(text, "x"), sink) is not None and not sink

    assert good(90)
    assert not good(110)
