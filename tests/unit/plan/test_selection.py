"""Which images a recipe means: globs, indexes, conditions, and the ids of their lanes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.plans import image, origins

from osrecipe.model.facts import ImageFacts, WimFacts
from osrecipe.model.recipe import InstallTarget, Selector, When
from osrecipe.plan.selection import MAX_SLUG, holds, lane_ids, matches, select_install

if TYPE_CHECKING:
    from osrecipe.model.problems import Problem

PRO = image(1, "Windows 10 Pro", "Professional", build="10.0.17134.228")
PRO_N = image(2, "Windows 10 Pro N", "ProfessionalN")
CORE = image(3, "Windows Server 2016 [Core]", "ServerStandard", installation="Server Core")
DESKTOP = image(4, "Windows Server 2016", "ServerStandard", installation="Server")
ALL = (PRO, PRO_N, CORE, DESKTOP)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({"name": "Windows 10 Pro"}, [1]),
        ({"name": "windows 10 PRO*"}, [1, 2]),
        ({"name": "Windows 10 Pro ?"}, [2]),
        ({"name": "*[Core]"}, [3]),
        ({"index": 4}, [4]),
        ({"edition": "serverSTANDARD"}, [3, 4]),
        ({"edition": "ServerStandard", "installation": "Server Core"}, [3]),
        ({"installation": "Server*"}, [3, 4]),
        ({"name": "*", "index": 2}, [2]),
        ({}, [1, 2, 3, 4]),
        ({"name": "Pro"}, []),
        ({"name": "Windows 10 Pro", "index": 2}, []),
    ],
)
def test_every_field_of_a_selector_must_match(selector: dict[str, object], expected: list[int]) -> None:
    """Text fields are globs of `*` and `?` without regard to case; brackets are plain; all fields must match."""
    chosen = Selector.model_validate(selector)
    assert expected == [i.index for i in ALL if matches(chosen, i)]


def _select(*select: dict[str, object]) -> tuple[list[int], list[Problem]]:
    target = InstallTarget.model_validate({"select": select}, strict=False)
    problems: list[Problem] = []
    wim = WimFacts(images=ALL, compression="lzx", size=1)
    return [i.index for i in select_install(target, wim, origins(), problems)], problems


def test_images_are_taken_in_the_media_s_order_and_once() -> None:
    """The order of the entries does not matter, and an image two entries match is taken once."""
    assert ([1, 2, 4], []) == _select({"index": 4}, {"name": "* Pro*"}, {"index": 1})


def test_without_entries_all_images_are_taken() -> None:
    """A recipe that selects nothing means every image."""
    assert ([1, 2, 3, 4], []) == _select()


def test_an_entry_that_matches_nothing_is_a_problem() -> None:
    """An entry without an image is refused, with the names there are, though other entries match."""
    taken, problems = _select({"index": 1}, {"name": "Windows 11*"})
    assert [1] == taken
    assert ["plan/no-image"] == [p.slug for p in problems]
    assert "`Windows Server 2016 [Core]`" in problems[0].hint


def test_lanes_are_named_after_editions_where_they_differ() -> None:
    """Two editions give two ids made of the edition."""
    assert ("install-professional", "install-professionaln") == lane_ids("install", [PRO, PRO_N])


def test_lanes_are_named_after_images_where_editions_are_shared() -> None:
    """Server Core and Desktop Experience share an edition: then the name tells them apart."""
    assert ("install-windows-server-2016-core", "install-windows-server-2016") == lane_ids(
        "install", [CORE, DESKTOP]
    )


@pytest.mark.parametrize(
    "images",
    [
        [image(1, "Same", "Same"), image(5, "same!", "same")],
        [image(1, "", ""), image(5, "", "")],
        [image(1, "a" * (MAX_SLUG + 1), ""), image(5, "b", "")],
    ],
    ids=["alike", "without names", "too long for a file's name"],
)
def test_lanes_fall_back_to_indexes(images: list[ImageFacts]) -> None:
    """Where neither editions nor names make good ids, the number in the WIM does."""
    assert ("install-1", "install-5") == lane_ids("install", images)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"edition": ["Professional"]}, [1]),
        ({"edition": ["professional*"]}, [1, 2]),
        ({"edition": ["Enterprise", "ServerStandard"]}, [3, 4]),
        ({"installation": ["Server"]}, [4]),
        ({"architecture": ["amd64"]}, [1, 2, 3, 4]),
        ({"architecture": ["arm64"]}, []),
        ({"build": ">=17134"}, [1, 2, 3, 4]),
        ({"build": ">17134"}, []),
        ({"build": ">17134.1"}, [1]),
        ({"build": "==17134.1"}, [2, 3, 4]),
        ({"build": "<= 17134.227"}, [2, 3, 4]),
        ({"build": "<17134"}, []),
        ({"build": "<22000.1", "edition": ["ProfessionalN"]}, [2]),
    ],
)
def test_all_conditions_must_hold(when: dict[str, object], expected: list[int]) -> None:
    """Any entry of a list is enough, all keys must hold; a build without a revision compares builds alone."""
    condition = When.model_validate(when, strict=False)
    assert expected == [i.index for i in ALL if holds(condition, i)]


def test_no_condition_always_holds() -> None:
    """A tweak without `when` is for every image."""
    assert holds(None, PRO)
