"""The media tree: its chain of jobs, the ISO, and what is verified on it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from support.plans import applying, compiled, edges, facts, media, problems, recipe, tasks

from osrecipe.model.checks import BuildIs, Check, FileIs, NothingPending, PackagePresent
from osrecipe.model.tasks import Expectation, HarvestSources, VerifyMedia, WriteIso
from osrecipe.model.version import Version

if TYPE_CHECKING:
    from osrecipe.model.plan import Plan


def _chain(plan: Plan) -> list[str]:
    return [t for t in tasks(plan) if t.startswith("media/")]


def _verify(plan: Plan) -> VerifyMedia:
    op = tasks(plan)["media/verify"].op
    assert isinstance(op, VerifyMedia)
    return op


def _of(plan: Plan, target: str) -> list[Expectation]:
    return [e for e in _verify(plan).expectations if e.target == target]


def test_the_tree_s_jobs_follow_each_other() -> None:
    """Copied first, WIMs in, sources synced, setup files last; then the ISO, then its verification."""
    plan = compiled(recipe(), facts())
    chain = _chain(plan)
    assert [
        "media/copy",
        "media/install-wim",
        "media/boot-wim",
        "media/sync-sources",
        "media/setup-files",
        "media/iso",
        "media/verify",
    ] == chain
    joined = {(before, after) for before, after, _rule in edges(plan)}
    assert all(pair in joined for pair in itertools.pairwise(chain))


def test_setup_files_win_over_synced_ones() -> None:
    """The edge says why, and that the files come from the sessions once they are saved."""
    found = edges(compiled(recipe(), facts()))
    assert ("media/sync-sources", "media/setup-files", "setup-wins") in found
    assert ("setup/harvest", "media/setup-files", "harvest-before-sync") in found
    assert ("install-pro/harvest", "media/sync-sources", "harvest-before-sync") in found
    assert ("install-pro/lcu-after-netfx3", "media/sync-sources", "harvest-before-sync") in found


@pytest.mark.parametrize(
    ("setting", "lane", "by"),
    [
        ({}, "install-pro", "time"),
        ({"from": "auto", "by": "version"}, "install-pro", "version"),
        ({"from": "windows 10 enterprise"}, "install-enterprise", "time"),
    ],
)
def test_sources_come_from_one_image(setting: dict[str, str], lane: str, by: str) -> None:
    """The first selected, or the one the recipe names, compared as it says."""
    plan = compiled(recipe(media={"sync-sources": setting}), facts())
    found = {t: task.op.by for t, task in tasks(plan).items() if isinstance(task.op, HarvestSources)}
    assert {f"{lane}/harvest": by} == found


def test_sources_are_not_synced_when_the_recipe_says_so() -> None:
    """Nor taken out of an image."""
    plan = compiled(recipe(media={"sync-sources": "none"}), facts())
    assert "media/sync-sources" not in tasks(plan)
    assert "install-pro/harvest" not in tasks(plan)


def test_sources_from_an_image_that_is_not_selected_are_refused() -> None:
    """With those that are."""
    made = recipe(
        targets={"install": {"select": [{"index": 2}]}}, media={"sync-sources": {"from": "Windows 10 Pro"}}
    )
    (problem,) = problems(made, facts())
    assert ("plan/no-image", "the selected ones are: `Windows 10 Enterprise`") == (problem.slug, problem.hint)


def test_the_iso_is_written_as_the_source_was() -> None:
    """Label, firmware and time come from the source media; the place from the recipe."""
    op = tasks(compiled(recipe(media={"label": "source"}), facts()))["media/iso"].op
    assert (
        WriteIso(label="OSR_X64", firmware=("bios", "efi"), timestamp=1_500_000_000, output="out/usual.iso")
        == op
    )


def test_the_writer_is_part_of_what_is_done_only_when_it_is_named() -> None:
    """The default is no part of any digest, stated or not; another is, and its line is the task's."""
    plain, stated, other = (
        tasks(compiled(recipe(output={"iso": "out/usual.iso", **more}), facts()))["media/iso"]
        for more in ({}, {"writer": "osrecipe"}, {"writer": "oscdimg"})
    )
    assert plain == stated
    assert plain.digest != other.digest
    assert isinstance(other.op, WriteIso)
    assert "oscdimg" == other.op.writer


@pytest.mark.parametrize("label", ["", "x" * 33, "caf\u00e9", "a\nb"])
def test_a_label_an_iso_can_not_hold_is_refused(label: str) -> None:
    """The source's own may be such a one: then the recipe has to state another."""
    kept = recipe(media={"label": "source"})
    (problem,) = problems(kept, facts(media=media(label=label)))
    assert ("plan/label", True) == (problem.slug, problem.hint.startswith("state `media.label`"))
    stated = tasks(compiled(recipe(media={"label": "GOOD"}), facts(media=media(label=label))))["media/iso"].op
    assert isinstance(stated, WriteIso)
    assert "GOOD" == stated.label


def test_what_tasks_promised_is_verified_on_the_iso() -> None:
    """Packages, builds and the recovery image's place; what may change at the end of a session is not."""
    plan = compiled(recipe(), facts())
    checks: list[Check] = [c for e in _verify(plan).expectations for c in e.checks]
    assert {PackagePresent, BuildIs, FileIs} == {type(c) for c in checks}
    assert not [c for c in checks if isinstance(c, NothingPending)]
    assert [1, 2] == [e.index for e in _of(plan, "install")]
    assert [1, 2] == [e.index for e in _of(plan, "winre")]
    assert [("winpe", 1), ("setup", 2)] == [
        (e.target, e.index) for e in _verify(plan).expectations if e.target not in {"install", "winre"}
    ]


def test_each_check_is_made_once() -> None:
    """The repeated cumulative update promises the same again."""
    for expectation in _verify(compiled(recipe(), facts())).expectations:
        assert len(expectation.checks) == len(set(expectation.checks))


def test_expectations_follow_images_to_their_new_numbers() -> None:
    """When others are dropped, the selected image is the first."""
    made = recipe(targets={"install": {"select": [{"index": 2}], "others": "drop"}})
    plan = compiled(made, facts())
    assert [1] == [e.index for e in _of(plan, "install")]


def test_what_is_expected_is_checked_in_selected_images_even_if_nothing_is_done_to_them() -> None:
    """An image that is only kept is not meant; one that is selected is, whatever is done to it."""
    expect = {"install": {"build": "10.0.17134.1"}, "winre": {"files": {"Windows": "present"}}}
    made = recipe(updates={}, targets={"install": {"select": [{"index": 2}]}}, expect=expect)
    plan = compiled(made, facts())
    assert [(2, (BuildIs(version=Version.parse("10.0.17134.1")),))] == [
        (e.index, e.checks) for e in _of(plan, "install")
    ]
    assert [2] == [e.index for e in _of(plan, "winre")]


def test_setup_files_are_compared_when_they_were_placed() -> None:
    """Those the media has."""
    assert ("setup.exe", "setuphost.exe") == _verify(compiled(recipe(), facts())).same_setup
    assert () == _verify(compiled(recipe(**applying(lcu=["install"])), facts())).same_setup
