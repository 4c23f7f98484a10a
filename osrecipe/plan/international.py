"""Languages and time zones that a recipe chooses: what no image could take is refused, what one may not take is noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.plan import Note
from osrecipe.model.recipe import TARGETS
from osrecipe.plan.units import origin_of
from osrecipe.windows.international import ALL, UI_LANGUAGE
from osrecipe.windows.time_zones import is_known, meant_zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from osrecipe.model.facts import ImageFacts
    from osrecipe.model.recipe import PeTarget, TargetName
    from osrecipe.plan.selection import Selected
    from osrecipe.plan.steps import Compiling


def check_languages(work: Compiling, selected: Selected, stated: Mapping[str, str]) -> None:
    """Leave a problem for a language of menus that the image does not have: nothing in a recipe could add it.

    Locales and keyboards need no language pack. Of a recovery image nobody has read which languages it has.
    """
    if selected.target == "winre":
        return
    for name, wanted in _absent(stated, selected.image):
        there = ", ".join(f"`{language}`" for language in selected.image.languages)
        reason = f"`{selected.image.name}` does not have the language `{wanted}`"
        hint = f"its languages are: {there}; take media that has it"
        if name == ALL:
            hint += ", or state `system-locale`, `user-locale` and `keyboards`, which need no language pack"
        work.problem(
            Slug.PLAN_NO_LANGUAGE, reason, work.origins.at("targets", selected.target, "settings", name), hint
        )


def notes_of_settings(work: Compiling, install: Sequence[Selected]) -> Iterator[Note]:
    """What may fail: a zone that is not known here, a recovery image's language that its install image does not have."""
    for target in TARGETS:
        wanted: PeTarget = getattr(work.recipe.targets, target)
        zone = wanted.settings.time_zone if wanted.settings is not None else None
        if zone is not None and not is_known(zone):
            meant = meant_zone(zone)
            text = f"the time zone `{zone}` is none that is known here; an image without it can't be given it"
            yield _note(work, target, "time-zone", text + (f": did you mean `{meant}`?" if meant else ""))
    settings = work.recipe.targets.winre.settings
    stated = {} if settings is None else {ALL: settings.all, UI_LANGUAGE: settings.ui_language}
    given = {name: value for name, value in stated.items() if value is not None}
    images = [each.image for each in install if each.image.winre is not None]
    for name, language in dict.fromkeys(pair for image in images for pair in _absent(given, image)):
        text = f"no recovery image is likely to have the language `{language}`: its install image does not"
        yield _note(work, "winre", name, text)


def _note(work: Compiling, target: TargetName, name: str, text: str) -> Note:
    return Note(text=text, origin=origin_of(work.origins.at("targets", target, "settings", name)))


def _absent(stated: Mapping[str, str], image: ImageFacts) -> Iterator[tuple[str, str]]:
    """Languages of menus that an image does not have; an image that names none says nothing."""
    there = {language.lower() for language in image.languages}
    for name in (ALL, UI_LANGUAGE):
        wanted = stated.get(name)
        if wanted is not None and there and wanted.lower() not in there:
            yield name, wanted
