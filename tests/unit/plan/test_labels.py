"""What the ISO is called, and the time of what is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.plans import compiled, declared, facts, image, media, problems, recipe, update

from osrecipe.formats.errors import FormatError
from osrecipe.formats.iso import check_label
from osrecipe.model.moments import unix_seconds
from osrecipe.model.tasks import WriteIso
from osrecipe.model.version import Version
from osrecipe.plan.labels import build_label, is_label

if TYPE_CHECKING:
    from osrecipe.model.facts import Facts
    from osrecipe.model.plan import Plan
    from osrecipe.model.recipe import Recipe

TWEAKED: dict[str, object] = {"updates": {}, "inputs": declared("media", "oem")}
"""A recipe that raises no build."""


def written(plan: Plan) -> WriteIso:
    """The operation that writes the disc."""
    return next(t.op for unit in plan.units for t in unit.tasks if isinstance(t.op, WriteIso))


def label(made: Recipe, known: Facts | None = None) -> str:
    """What the disc is called."""
    return written(compiled(made, known or facts())).label


def with_media(**stated: object) -> Recipe:
    """The usual recipe with `media:` keys."""
    return recipe(media=stated)


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (recipe(), "OSR_17134_228_X64"),
        (recipe(**TWEAKED), "OSR_X64"),
        (with_media(label="source"), "OSR_X64"),
        (recipe(**TWEAKED, media={"label": "build"}), "OSR_17134_1_X64"),
        (with_media(label="MINE"), "MINE"),
    ],
    ids=["raised", "not raised", "source", "build", "text"],
)
def test_the_label_follows_the_recipe_and_the_build(made: Recipe, wanted: str) -> None:
    """An update that raises the build names the disc; else the source does, or what the recipe says."""
    assert wanted == label(made)


def test_an_update_older_than_the_image_names_nothing() -> None:
    """The build is the image's where it is the higher one."""
    known = facts(media=media(build="10.0.17134.999"), lcu=update("cumulative", "1", "17134.228.1.0"))
    assert "OSR_X64" == label(recipe(), known)
    assert "OSR_17134_999_X64" == label(with_media(label="build"), known)


@pytest.mark.parametrize(
    ("architecture", "default", "languages", "wanted"),
    [
        ("amd64", "en-US", ("en-US", "de-DE"), "OSR_17134_228_X64_EN-US"),
        ("x86", "", ("de-DE",), "OSR_17134_228_X86_DE-DE"),
        ("arm64", "sr-Latn-RS", (), "OSR_17134_228_ARM64_SR-LATN-RS"),
        ("arm64", "ca-ES-valencia", (), "OSR_17134_228_ARM64"),
        ("arm", "", (), "OSR_17134_228_ARM"),
    ],
)
def test_the_build_names_architecture_and_language(
    architecture: str, default: str, languages: tuple[str, ...], wanted: str
) -> None:
    """The formula of the decision record; a language that does not fit is left out."""
    changed = {"architecture": architecture, "default_language": default, "languages": languages}
    found = build_label(image(1, "one").model_copy(update=changed), Version.parse("10.0.17134.228"))
    assert wanted == found
    assert len(found) <= 30


@pytest.mark.parametrize("bad", ["A" * 31, "ÄÖ", "a/b", " x", "x "])
def test_a_label_the_disc_cannot_have_is_a_problem(bad: str) -> None:
    """The plan refuses what the writer would, so that no run fails at its end."""
    assert ["plan/label"] == [str(p.slug) for p in problems(with_media(label=bad), facts())]
    known = facts(media=media(label=bad))
    assert ["plan/label"] == [str(p.slug) for p in problems(with_media(label="source"), known)]
    assert "OSR_17134_228_X64" == label(recipe(), known)


@given(st.text(st.sampled_from("aZ09_-. é\n/"), max_size=33))
def test_the_plan_takes_what_the_writer_takes(text: str) -> None:
    """The rule is written twice, as a plan knows no formats; it is one rule."""
    try:
        check_label(text)
    except FormatError:
        assert not is_label(text)
    else:
        assert is_label(text)


def test_the_stated_time_is_the_discs() -> None:
    """A date is its midnight in UTC; without one it is the latest time on the source."""
    assert 1_534_204_800 == written(compiled(with_media(timestamp="2018-08-14"), facts())).timestamp
    later = with_media(timestamp="2018-08-14T12:00:01Z")
    assert 1_534_204_800 + 12 * 3600 + 1 == written(compiled(later, facts())).timestamp
    assert 1_500_000_000 == written(compiled(recipe(), facts())).timestamp


def test_a_stated_time_is_in_every_digest() -> None:
    """What was made under another time is not taken from the store; stating none changes no digest."""
    plans = [
        compiled(made, facts())
        for made in (
            recipe(),
            with_media(timestamp="2018-08-14"),
            with_media(timestamp="2018-08-15"),
            recipe(),
        )
    ]
    digests = [{unit.id: unit.digest for unit in plan.units} for plan in plans]
    assert digests[0] == digests[3]
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert not {u for u in digests[one] if digests[one][u] == digests[other][u]}


@pytest.mark.parametrize(
    "text", ["2018-02-30", "1979-12-31", "2108-01-01", "2018-08-14T24:00:00Z", "2018-08-14T12:00:00"]
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    """Days that never were, years no medium can hold, and times without their zone."""
    with pytest.raises(ValueError, match=r"no such day|its year|pattern"):
        with_media(timestamp=text)


def test_moments_are_utc() -> None:
    """Whatever the host's zone."""
    assert 315_532_800 == unix_seconds("1980-01-01")
