"""Notes and absences: what a reader is told, and what is refused because it could never happen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.plans import (
    applying,
    compiled,
    declared,
    drivers,
    facts,
    folder,
    media,
    origins,
    problems,
    recipe,
    update,
)

from osrecipe.model.facts import UpdateKind
from osrecipe.model.problems import Place
from osrecipe.model.registry import CreateKey, RegistryKey, RegistryRoot
from osrecipe.plan.notes import summary_of

if TYPE_CHECKING:
    from osrecipe.model.origins import Origins

ONE = media([("Pro", "re")])
KEY = RegistryKey(root=RegistryRoot.SOFTWARE, path="A")
TWEAK = {"registry": [CreateKey(key=KEY)]}


def _notes(made: object, known: object, places: Origins | None = None) -> list[str]:
    return [n.text for n in compiled(made, known, places).notes]  # type: ignore[arg-type]  # a recipe, facts


def test_a_plain_recipe_has_no_notes() -> None:
    """Nothing is said when there is nothing to say."""
    assert [] == _notes(recipe(), facts(media=ONE))


def test_an_input_that_nothing_uses_is_noted() -> None:
    """A folder, and an update that is declared but not applied."""
    made = recipe(inputs=declared("media", "ssu", "lcu", "oem", "extra", "oem2"))
    known = facts(media=ONE, extra=update(UpdateKind.FLASH, "3"), oem2=folder("2"))
    assert ["input `extra` is not used", "input `oem2` is not used"] == _notes(made, known)


def test_missing_and_different_recovery_images_are_noted() -> None:
    """By the image's name; how many there are."""
    known = facts(media=media([("Home", "a"), ("Pro", None), ("Edu", "b")]))
    assert [
        "`Windows 10 Pro` has no winre",
        "the selected images have 2 different winre images: each has its own lane",
    ] == _notes(recipe(), known)


@pytest.mark.parametrize(
    ("others", "said"), [("keep", "is kept as it is"), ("drop", "is dropped from the media")]
)
def test_images_that_are_not_selected_are_noted(others: str, said: str) -> None:
    """Never silently."""
    made = recipe(targets={"install": {"select": [{"index": 1}], "others": others}}, **applying("lcu"))
    assert f"`Windows 10 Enterprise` {said}" in _notes(made, facts())


def test_a_tweak_whose_condition_never_holds_is_noted() -> None:
    """A spelling mistake in an edition looks like that."""
    tweak = {**TWEAK, "when": {"edition": ["Entreprise"]}}
    made = recipe(targets={"install": {"tweaks": {"t": tweak}}}, **applying("lcu"))
    assert "tweak `t` holds for no install image" in _notes(made, facts(media=ONE))


@pytest.mark.parametrize(("stated", "count"), [(False, 0), (True, 1)])
def test_sources_that_nothing_can_be_taken_for_are_noted(*, stated: bool, count: int) -> None:
    """When the recipe speaks of them, not when they are only the default."""
    places = origins(**({"media__sync-sources": Place("r.yaml", 4)} if stated else {}))
    found = _notes(
        recipe(**applying("net", net=["install"]), targets={"install": {}}),
        facts(media=ONE, net=update("dotnet", "5")),
        places,
    )
    assert count == len([n for n in found if "sync-sources" in n])


def test_inputs_are_recognised_by_what_they_are() -> None:
    """A reviewer reads kinds and builds, not hashes."""
    said = {str(each.id): each.summary for each in compiled(recipe(), facts()).inputs}
    assert {
        "media": "media OSR_X64: 2 install images, 10.0.17134.1",
        "ssu": "servicing-stack KB4343669 amd64",
        "lcu": "cumulative KB4343909 17134.228 amd64",
        "oem": "folder of 3 files",
    } == said


@pytest.mark.parametrize(
    ("boot", "made", "reasons"),
    [
        (None, recipe(**applying(lcu=["install", "setup"])), ["update `lcu` is for `setup`"]),
        (1, recipe(**applying(lcu=["winpe", "setup"])), ["update `lcu` is for `winpe`"]),
        (1, recipe(targets={"install": {}, "winpe": {"tweaks": {"t": TWEAK}}}), ["tweak `t` is for `winpe`"]),
        (0, recipe(expect={"setup": {"build": "10.0.17134.1"}}), ["what is expected is for `setup`"]),
        (
            1,
            recipe(**applying("lcu", move=[{"step": "lcu", "target": "winpe", "before": "cleanup"}])),
            ["the move of `lcu` is for `winpe`"],
        ),
        (None, recipe(), []),
    ],
    ids=["update", "one boot image", "tweak", "expect", "move", "auto"],
)
def test_what_is_said_of_a_missing_boot_image_is_refused(
    boot: int | None, made: object, reasons: list[str]
) -> None:
    """It would silently not happen; an update that goes where its kind goes is no such thing."""
    known = facts(media=media([("Pro", "re")], boot=boot))
    if reasons:
        found = problems(made, known)  # type: ignore[arg-type]  # a recipe
        assert ["plan/no-target"] == [p.slug for p in found]
        assert [f"{reason}, which this media does not have" for reason in reasons] == [
            p.reason for p in found
        ]
    else:
        assert compiled(made, known).units  # type: ignore[arg-type]  # a recipe


def test_what_is_said_of_a_missing_recovery_image_is_refused() -> None:
    """But for updates: editions differ, so a list of all four targets is only noted."""
    known = facts(media=media([("Pro", None)]))
    all_four = recipe(**applying(lcu=["install", "winre", "winpe", "setup"]))
    assert ["`Windows 10 Pro` has no winre"] == [n for n in _notes(all_four, known) if "winre" in n]
    tweaked = recipe(targets={"install": {}, "winre": {"tweaks": {"t": TWEAK}}})
    assert ["plan/no-target"] == [p.slug for p in problems(tweaked, known)]
    assert ["plan/no-target"] == [p.slug for p in problems(recipe(expect={"winre": {}}), known)]


def test_an_expectation_that_expects_nothing_is_refused() -> None:
    """A key without values says nothing that could be false."""
    made = recipe(expect={"install": {"registry": [CreateKey(key=KEY)]}})
    (problem,) = problems(made, facts())
    assert ("recipe/bad-value", "nothing is expected of the key `HKLM\\SOFTWARE\\A`") == (
        problem.slug,
        problem.reason,
    )


def test_one_file_is_no_files() -> None:
    """Summaries count as people do."""
    one = {"files": 1}

    assert "folder of 1 file" == summary_of(folder("a").model_copy(update=one))
    assert "drivers: 1 package in 1 file" == summary_of(drivers().model_copy(update=one))
