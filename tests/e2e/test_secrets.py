"""A secret reaches the image it is for, and nothing else: no plan, journal, log, report, store, event or other program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.applied import Applied, sha256
from support.command import Done, osrecipe
from support.expected import hive_of
from support.registry import values

from .conftest import Media

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples import Samples

SECRET = "Tr0ub4dor-and-3-ünïcode"  # noqa: S105 - it is looked for everywhere, so it has to be known
ENV = {"OSR_E2E_JOIN": SECRET}
SOFTWARE = "Windows\\System32\\config\\SOFTWARE"
RECIPE = """schema: osrecipe/1
name: small
secrets:
  join: {env: OSR_E2E_JOIN}
inputs:
  media: {iso: sample-media.iso}
source: media
targets:
  install:
    select: [{edition: Enterprise}]
    others: keep
    tweaks:
      join:
        registry:
          HKLM\\SOFTWARE\\Contoso\\Join: {Password: {secret: join}, User: svc-join}
output: {iso: out/small.iso}
expect:
  install:
    registry:
      HKLM\\SOFTWARE\\Contoso\\Join: {User: svc-join}
"""


def forms() -> list[bytes]:
    """How the secret could be written down."""
    escaped = SECRET.encode("unicode_escape")
    json_escaped = SECRET.encode("ascii", "backslashreplace")
    wide = SECRET.encode("utf-16-le")
    return [SECRET.encode(), escaped, json_escaped, b"Tr0ub4dor", wide, wide.hex().encode()]


def holding(folder: Path) -> list[str]:
    """Files below a folder in which the secret stands in any of its forms."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and any(form in path.read_bytes() for form in forms())
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, samples: Samples) -> tuple[Applied, Done]:
    """The recipe carried out once, with events on standard output."""
    folder = tmp_path_factory.mktemp("secret")
    (folder / "small.yaml").write_text(RECIPE, encoding="utf-8")
    done = osrecipe("apply", "small.yaml", "-i", samples.folder, "--progress=json", cwd=folder, env=ENV)
    return Applied(folder, "small"), done


def test_it_lands_in_the_hive(tmp_path: Path, world: tuple[Applied, Done]) -> None:
    """The value is in the image, as text, under its name."""
    made, done = world
    assert 0 == done.code, done.err
    image = Media.of(tmp_path, made.iso).folder("install-2")
    software = values(hive_of(image, SOFTWARE))
    assert (1, f"{SECRET}\0".encode("utf-16-le")) == software["contoso\\join", "password"]
    assert holding(image / "Windows" / "System32" / "config") == ["SOFTWARE"]


def test_it_is_written_nowhere_else(world: tuple[Applied, Done]) -> None:
    """No file the run leaves holds it, compressed images aside: no plan, journal, log, report or stored evidence."""
    made, done = world
    assert 0 == done.code
    assert [] == holding(made.folder)
    for form in forms():
        assert form not in (done.out + done.err).encode()
    assert made.plan["units"]
    assert "join" in (made.runs[-1] / "plan.json").read_text(encoding="utf-8")


def test_its_images_are_not_kept(world: tuple[Applied, Done]) -> None:
    """The session that holds it, and all that is made from it, never goes to the store; unrelated artifacts do."""
    made, _ = world
    store = made.out / ".osrecipe" / "small" / "store" / "v1"
    units = {
        made_by for path in store.glob("*/*/evidence.json") if (made_by := path.read_text(encoding="utf-8"))
    }
    kept = {
        unit["unit"] for unit in made.report["units"] if any(f'"{unit["unit"]}"' in text for text in units)
    }
    assert "source.images" in kept
    assert set() == {unit for unit in kept if unit.startswith("install")}


def test_it_is_asked_for_again(world: tuple[Applied, Done], samples: Samples) -> None:
    """A second run does the session again with the value it has then, and without it nothing starts."""
    made, _ = world
    first = sha256(made.iso)
    without = osrecipe("apply", "small.yaml", "-i", samples.folder, cwd=made.folder)
    assert 3 == without.code
    assert "OSR_E2E_JOIN" in without.err
    assert first == sha256(made.iso)
    other = {"OSR_E2E_JOIN": "another"}
    again = osrecipe("apply", "small.yaml", "-i", samples.folder, cwd=made.folder, env=other)
    assert 0 == again.code, again.err
    assert first != sha256(made.iso)
    statuses = {unit["unit"]: unit["status"] for unit in made.report["units"]}
    assert "done" == statuses["install-enterprise.customize"]
    assert "cached" == statuses["source.images"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_plans_do_not_know_it(world: tuple[Applied, Done], samples: Samples, form: str) -> None:
    """Plans are the same whatever the secret is, even when it is not set."""
    made, _ = world
    said = [
        osrecipe("plan", "small.yaml", "-i", samples.folder, "-f", form, cwd=made.folder, env=env)
        for env in (ENV, {})
    ]
    assert 1 == len({done.out for done in said})
    assert {0} == {done.code for done in said}


def test_a_failure_does_not_tell_it(tmp_path: Path, samples: Samples) -> None:
    """Where a check of the secret's own key fails, neither message nor report shows the value."""
    text = RECIPE.replace("Join: {User: svc-join}\n", "Join: {Password: another}\n")
    assert text != RECIPE
    (tmp_path / "small.yaml").write_text(text, encoding="utf-8")
    done = osrecipe("apply", "small.yaml", "-i", samples.folder, "--progress=plain", cwd=tmp_path, env=ENV)
    assert 4 == done.code, done.out
    for form in forms():
        assert form not in (done.out + done.err).encode()
    assert [] == holding(tmp_path)
