"""Languages and time zones of images, seen in compiled plans: what is refused, and what is only noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.plans import compiled, facts, media, origins, problems, recipe, tasks

from osrecipe.model.problems import Place

if TYPE_CHECKING:
    from osrecipe.model.facts import Facts
    from osrecipe.model.recipe import Recipe

PLACE = Place("r.yaml", 9)


def speaking(*languages: str) -> Facts:
    """Media whose images, those of boot.wim too, have these languages."""
    whole = media([("Pro", "re")])
    assert whole.boot is not None
    install, boot = (
        wim.model_copy(
            update={"images": tuple(i.model_copy(update={"languages": languages}) for i in wim.images)}
        )
        for wim in (whole.install, whole.boot)
    )
    return facts(media=whole.model_copy(update={"install": install, "boot": boot}))


def wanting(target: str, **settings: str) -> Recipe:
    """A recipe that chooses these in one kind of image."""
    stated = {name.replace("_", "-"): value for name, value in settings.items()}
    return recipe(updates={}, targets={"install": {}, target: {"settings": stated}})


@pytest.mark.parametrize(
    ("target", "name"),
    [("install", "Windows 10 Pro"), ("winpe", "PE"), ("setup", "Setup")],
)
@pytest.mark.parametrize("setting", ["all", "ui_language"])
def test_a_language_of_menus_has_to_be_in_the_image(target: str, name: str, setting: str) -> None:
    """In Windows PE, too; the hint names those that are there."""
    place = {f"targets__{target}__settings": PLACE}
    known = speaking("en-US", "fr-FR")
    [problem] = problems(wanting(target, **{setting: "de-DE"}), known, origins(**place))

    assert ("plan/no-language", f"`{name}` does not have the language `de-DE`", PLACE) == (
        problem.slug,
        problem.reason,
        problem.place,
    )
    assert problem.hint.startswith("its languages are: `en-US`, `fr-FR`; take media that has it")
    assert ("`user-locale`" in problem.hint) == (setting == "all")


@pytest.mark.parametrize(
    "settings",
    [
        {"all": "EN-us", "user_locale": "de-CH"},
        {"system_locale": "de-DE", "user_locale": "ja-JP", "keyboards": "0407:00000407"},
    ],
)
def test_locales_and_keyboards_need_no_language_pack(settings: dict[str, str]) -> None:
    """And the case of a language does not matter."""
    plan = compiled(wanting("install", **settings), speaking("en-US"))

    assert "install-pro/settings" in tasks(plan)
    assert not [note.text for note in plan.notes if "language" in note.text]


def test_an_image_that_names_no_language_says_nothing() -> None:
    """What is not known is not refused."""
    assert "install-pro/settings" in tasks(compiled(wanting("install", all="de-DE"), speaking()))


def test_the_languages_of_a_recovery_image_are_not_known() -> None:
    """It most likely has its install image's: a note, not a refusal; none for a language that is there."""
    said = "no recovery image is likely to have the language `de-DE`: its install image does not"
    plan = compiled(wanting("winre", ui_language="de-DE"), speaking("en-US"))

    assert said in [note.text for note in plan.notes]
    other = compiled(wanting("winre", all="en-US"), speaking("en-US"))
    assert not [note.text for note in other.notes if "recovery image" in note.text]


def test_a_zone_that_is_not_known_here_is_noted() -> None:
    """It may be newer than the list; the one that was probably meant is named."""
    zones = {
        "Mars Standard Time": "",
        "Pacifc Standard Time": ": did you mean `Pacific Standard Time`?",
        "UTC": None,
    }
    for zone, end in zones.items():
        plan = compiled(wanting("winpe", time_zone=zone), speaking("en-US"))
        noted = [note.text for note in plan.notes if "time zone" in note.text]
        said = f"the time zone `{zone}` is none that is known here; an image without it can't be given it"
        assert ([] if end is None else [said + end]) == noted
