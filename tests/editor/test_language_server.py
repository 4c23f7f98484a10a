"""Recipes in an editor: the schema in a real YAML language server, on good recipes and on bad ones.

The server comes from the npm registry; without Node.js or the registry these tests are skipped.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.lsp import VERSION, Client, NotHereError, yaml_server

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
GOOD = [*sorted((GOLDEN / "recipe-good").glob("*.yaml")), *sorted((ROOT / "recipes").glob("*.yaml"))]
FRAGMENTS = sorted((ROOT / "recipes" / "fragments").glob("*.yaml"))
STRUCTURAL = (
    "20-duplicate-key",
    "27-unknown-tag",
    "29-misspelled-key",
    "31-underscore-for-dash",
    "32-key-at-the-wrong-place",
    "33-key-of-a-later-version",
    "34-unknown-key-lists-the-keys",
    "35-missing-keys",
    "36-missing-install",
    "38-not-a-schema",
    "40-bad-id",
    "41-wrong-types",
    "42-not-one-of",
    "43-yaml-1-1-booleans",
    "44-unquoted-build",
    "45-bad-build",
    "46-input-of-no-kind",
    "47-bad-hash",
    "49-empty-text-and-list",
    "50-bad-move",
    "53-bad-registry-shapes",
    "63-extends-is-text",
    "66-fragment-structure",
    "74-bad-variables",
)
"""Bad recipes whose mistakes a schema of one file can see, each of them, at its line."""
SETTINGS = {
    "yaml": {
        "validate": True,
        "completion": True,
        "hover": True,
        "yamlVersion": "1.2",
        "customTags": ["!append sequence"],
        "schemaStore": {"enable": False},
        "schemas": {},
    }
}
MODELINE = "# yaml-language-server: $schema={}\n"
BODY = """schema: osrecipe/1
name: t
inputs:
  media: {iso: w.iso}
  update:
    @
source: media
targets:
  install:
    @
    cleanup: @
    tweaks:
      one:
        @
output: {iso: o.iso}
"""


@pytest.fixture(scope="module")
def editor() -> Iterator[Client]:
    """A language server that reads schemas from the files' modelines, as in an editor."""
    try:
        command = yaml_server()
    except NotHereError as missing:
        pytest.skip(f"no YAML language server {VERSION}: {missing}")
    with Client(command, SETTINGS) as client:
        yield client


def with_schema(kind: str, text: str) -> str:
    """A text that names its schema by an absolute address; its own modeline, if any, no longer counts."""
    return MODELINE.format((ROOT / "schemas" / f"{kind}.schema.json").as_uri()) + text


def expected_lines(case: str) -> set[int]:
    """The lines our own messages name, in the recipe itself."""
    text = (GOLDEN / "recipe-bad" / f"{case}.err").read_text(encoding="utf-8")
    return {int(n) for n in re.findall(rf"^{re.escape(case)}\.yaml:(\d+):", text, re.MULTILINE)}


@pytest.mark.parametrize("path", GOOD, ids=lambda p: p.stem)
def test_good_recipes(editor: Client, path: Path) -> None:
    """The editor has nothing to say about good recipes, by the modeline they have; unused anchors are no mistake."""
    found = editor.diagnose(path, path.read_text(encoding="utf-8"))
    assert [] == [d for d in found if not d.message.startswith("Unused anchor")]


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda p: p.stem)
def test_good_fragments(editor: Client, path: Path) -> None:
    """Nor about fragments, by the recipes' schema minus what only a whole recipe must have."""
    text = with_schema("fragment", path.read_text(encoding="utf-8").split("\n", 1)[1])
    assert [] == editor.diagnose(path.with_name("as-a-fragment.yaml"), text)


@pytest.mark.parametrize("case", STRUCTURAL)
def test_bad_recipes(editor: Client, case: str) -> None:
    """Every structural mistake is underlined at the line our own message names, and no other line is."""
    path = GOLDEN / "recipe-bad" / f"{case}.yaml"
    found = editor.diagnose(path, with_schema("recipe", path.read_text(encoding="utf-8")))
    assert expected_lines(case) == {d.line - 1 for d in found}


def test_patterns_are_answered_in_words(editor: Client) -> None:
    """A value of the wrong form is answered with what is asked for, not with a pattern."""
    path = GOLDEN / "recipe-bad" / "45-bad-build.yaml"
    found = editor.diagnose(path, with_schema("recipe", path.read_text(encoding="utf-8")))
    assert {
        "It must be a comparison, such as `>=17134` or `<22000.1`.",
        "It must be four numbers, such as `10.0.17134.228`.",
    } == {d.message for d in found}


def places(text: str) -> list[tuple[int, int]]:
    """Line and column of each `@`, once all of them are gone; from 1."""
    lines = text.split("\n")
    return [(n, line.index("@") + 1) for n, line in enumerate(lines, start=1) if "@" in line]


@pytest.fixture(scope="module")
def offered(editor: Client) -> list[dict[str, str]]:
    """What is offered at each `@` of `BODY`."""
    text = with_schema("recipe", BODY)
    path = GOLDEN / "completion.yaml"
    editor.open(path, text.replace("@", ""))
    return [editor.complete(path, line, column) for line, column in places(text)]


def test_completion_of_inputs(offered: list[dict[str, str]]) -> None:
    """An input is offered its kinds."""
    assert {"iso", "update", "folder", "an ISO", "an update", "a folder"} <= set(offered[0])


def test_completion_at_install(offered: list[dict[str, str]]) -> None:
    """The keys of `targets.install` that are not there yet are offered with their descriptions, and no others."""
    keys = {label: about for label, about in offered[1].items() if not label.startswith("!")}
    assert {"select", "others", "netfx3", "features", "export"} <= set(keys)
    assert not {"cleanup", "tweaks", "inputs", "because"} & set(keys)
    assert "Which images; an image any entry matches is taken." == keys["select"]


def test_completion_of_words(offered: list[dict[str, str]]) -> None:
    """A closed list offers its words and nothing else."""
    assert {"none", "superseded", "reset-base"} == {
        label for label in offered[2] if not label.startswith("!")
    }


def test_completion_in_a_tweak(offered: list[dict[str, str]]) -> None:
    """A tweak is offered all it may hold."""
    assert {"because", "when", "registry", "reg-file", "files"} <= set(offered[3])


def test_hover(editor: Client) -> None:
    """What stands under the mouse is named, described, and each of its words explained."""
    path = GOLDEN / "hover.yaml"
    editor.open(
        path, with_schema("recipe", BODY.replace("cleanup: @", "cleanup: superseded").replace("@", ""))
    )
    shown = editor.hover(path, 12, 6)
    assert shown.startswith("#### cleanup\n")
    assert "Component cleanup after the updates." in shown
    assert "`reset-base`: Remove superseded components and make the updates permanent." in shown
