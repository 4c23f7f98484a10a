"""Facts of updates: the kind is told by content."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from osrecipe.inputs.updates import update_facts
from osrecipe.model.problems import OsrecipeError

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples import Samples

HASH = "0" * 64


@pytest.mark.parametrize(
    ("name", "kind", "kb"),
    [
        ("kb9000001-x64", "servicing-stack", "9000001"),
        ("kb9000002-x64", "cumulative", "9000002"),
        ("kb9000003-x64", "cumulative", "9000003"),
        ("kb9000004-x64", "flash", "9000004"),
        ("kb9000005-x64", "optional", "9000005"),
        ("kb9000008-x64", "dotnet", "9000008"),
    ],
)
def test_kind_and_kb_are_read_from_the_content(samples: Samples, name: str, kind: str, kb: str) -> None:
    """Each sample update is told by what it holds."""
    facts = update_facts(samples.package(name), HASH)

    assert (kind, kb) == (facts.update_kind, facts.kb)


def test_the_file_name_says_nothing(samples: Samples, tmp_path: Path) -> None:
    """A cumulative update that is named as a servicing stack is still a cumulative update."""
    path = tmp_path / "ssu-19041.903-x64.cab"
    shutil.copy(samples.package("kb9000002-x64"), path)

    facts = update_facts(path, HASH)

    assert "cumulative" == facts.update_kind
    assert "Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.0" == facts.package.identity


def test_containers_are_told_by_their_bytes(samples: Samples) -> None:
    """An update in an .msu and one that is a bare cabinet."""
    assert "msu-cab" == update_facts(samples.package("kb9000001-x64"), HASH).container
    assert "cab" == update_facts(samples.package("kb9000005-x64"), HASH).container


def test_what_a_package_asks_for_is_named(samples: Samples) -> None:
    """Service installers and differential programs are in the facts, for adapters to refuse."""
    elements = update_facts(samples.package("kb9000009-x64"), HASH).package.elements

    assert {"payload:delta-pe", "memberships"} <= set(elements)


@pytest.mark.parametrize(
    ("name", "word"), [("kb9000006-x64", "safe-os"), ("kb9000007-x64", "no update package")]
)
def test_kinds_that_cannot_be_applied_yet_are_refused_by_name(samples: Samples, name: str, word: str) -> None:
    """A Safe OS update is never taken for something that belongs into install images."""
    with pytest.raises(OsrecipeError) as caught:
        update_facts(samples.package(name), HASH)

    problem = caught.value.problems[0]
    assert "input/not-update" == problem.slug
    assert word in problem.reason
