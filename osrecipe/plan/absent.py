"""What a recipe says of kinds of image that the media does not have: refused, because it would silently not happen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.recipe import TARGETS
from osrecipe.model.registry import CreateKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osrecipe.model.problems import Place
    from osrecipe.model.recipe import ExpectImage, PeTarget, TargetName
    from osrecipe.plan.selection import Selected
    from osrecipe.plan.steps import Compiling

_WHERE: dict[TargetName, str] = {
    "install": "install.wim holds no image",
    "winre": "no selected install image has a recovery image",
    "winpe": "boot.wim holds no Windows PE image beside Setup, or is not there",
    "setup": "the media has no boot.wim",
}


def check_absent(work: Compiling, install: Sequence[Selected], boot: Sequence[Selected]) -> None:
    """Leave a problem for each thing that could never happen: in an image that is not there, or expected of nothing."""
    there = {selected.target for selected in (*install, *boot)}
    if any(selected.image.winre is not None for selected in install):
        there.add("winre")
    for target in TARGETS:
        if target not in there:
            for what, place in _said(work, target):
                reason = f"{what} is for `{target}`, which this media does not have"
                work.problem(Slug.PLAN_NO_TARGET, reason, place, _WHERE[target])
        _check_expect(work, target)


def _said(work: Compiling, target: TargetName) -> Iterator[tuple[str, Place]]:
    """All that was written for a kind of image; updates for a missing recovery image are only noted, editions differ."""
    updates, origins = work.recipe.updates, work.origins
    for name, targets in updates.apply.items():
        if targets != "auto" and target in targets and target != "winre":
            yield f"update `{name}`", origins.at("updates", "apply", name)
    for number, move in enumerate(updates.ordering.move):
        if move.target == target:
            yield f"the move of `{move.step}`", origins.at("updates", "ordering", "move", number)
    for name, use in work.recipe.drivers.items():
        if target in use.targets and target != "winre":
            yield f"the drivers `{name}`", origins.key("drivers", name)
    settings: PeTarget = getattr(work.recipe.targets, target)
    if settings.settings is not None:
        yield "what `settings` states", origins.key("targets", target, "settings")
    for tweak in settings.tweaks:
        yield f"tweak `{tweak}`", origins.key("targets", target, "tweaks", tweak)
    if _expect(work, target) is not None:
        yield "what is expected", origins.at("expect", target)


def _expect(work: Compiling, target: TargetName) -> ExpectImage | None:
    found: ExpectImage | None = getattr(work.recipe.expect, target)
    return found


def _check_expect(work: Compiling, target: TargetName) -> None:
    expect = _expect(work, target)
    for change in expect.registry if expect else ():
        if isinstance(change, CreateKey):
            place = work.origins.key("expect", target, "registry", str(change.key))
            hint = "name a value of the key, or write null for a key that must be absent"
            work.problem(Slug.RECIPE_BAD_VALUE, f"nothing is expected of the key `{change.key}`", place, hint)
