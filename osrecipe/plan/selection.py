"""Which images of the media a recipe means, and whether a tweak's condition holds for one."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.names import LaneId, slugify
from osrecipe.model.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from osrecipe.model.facts import ImageFacts, WimFacts
    from osrecipe.model.origins import Origins
    from osrecipe.model.recipe import InstallTarget, Selector, TargetName, When


MAX_SLUG = 64
"""Characters of a name that becomes part of an id, and so of a file's name."""


@dataclass(frozen=True)
class Selected:
    """An image that a lane services."""

    lane: LaneId
    target: TargetName
    image: ImageFacts


def matches(selector: Selector, image: ImageFacts) -> bool:
    """Whether every field the selector gives matches the image, without regard to case."""
    texts = (
        (selector.name, image.name),
        (selector.edition, image.edition),
        (selector.installation, image.installation),
    )
    return (selector.index is None or selector.index == image.index) and all(
        wanted is None or _glob(found, wanted) for wanted, found in texts
    )


def _glob(found: str, wanted: str) -> bool:
    """Whether a text matches `*` and `?`, without regard to case; brackets are no pattern, names hold them."""
    return fnmatchcase(found.lower(), wanted.lower().replace("[", "[[]"))


def select_install(
    target: InstallTarget, wim: WimFacts, origins: Origins, problems: list[Problem]
) -> tuple[ImageFacts, ...]:
    """The install images the recipe names, in the media's order; all of them when it names none.

    A selector that matches nothing is a problem: a recipe that silently services less than it says is the worst kind.
    """
    taken: set[int] = set()
    for number, selector in enumerate(target.select):
        hits = [image.index for image in wim.images if matches(selector, image)]
        taken.update(hits)
        if not hits:
            place = origins.at("targets", "install", "select", number)
            names = ", ".join(f"{i.index} `{i.name}` (edition `{i.edition}`)" for i in wim.images)
            problems.append(
                Problem(
                    Slug.PLAN_NO_IMAGE,
                    "no image of the media matches this entry",
                    place,
                    f"the media has: {names}",
                )
            )
    return tuple(image for image in wim.images if image.index in taken or not target.select)


def lane_ids(prefix: str, images: Sequence[ImageFacts]) -> tuple[LaneId, ...]:
    """A short, stable id for each image: by edition where editions differ, else by name, else by index."""
    for words in ([i.edition for i in images], [i.name for i in images]):
        slugs = [slugify(word) for word in words]
        if images and all(words) and len(set(slugs)) == len(slugs) and max(map(len, slugs)) <= MAX_SLUG:
            return tuple(LaneId(f"{prefix}-{slug}") for slug in slugs)
    return tuple(LaneId(f"{prefix}-{image.index}") for image in images)


_COMPARE: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


def holds(when: When | None, image: ImageFacts) -> bool:
    """Whether a condition holds for an image; no condition always does."""
    if when is None:
        return True
    return (
        _any(when.edition, image.edition)
        and _any(when.installation, image.installation)
        and (when.architecture is None or image.architecture in when.architecture)
        and (when.build is None or _build_holds(when.build, image))
    )


def _any(wanted: tuple[str, ...] | None, found: str) -> bool:
    return wanted is None or any(_glob(found, w) for w in wanted)


def _build_holds(condition: str, image: ImageFacts) -> bool:
    sign, text = re.findall(r"^(>=|<=|==|>|<)\s*([\d.]+)$", condition)[0]
    wanted = tuple(int(n) for n in text.split("."))
    found = (image.version.build, image.version.revision)[: len(wanted)]
    return _COMPARE[sign](found, wanted)
