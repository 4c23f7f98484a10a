"""Rules about which images are meant, and their features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.lint.rule import Facts, Hit, Severity, rule
from osrecipe.plan.selection import matches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.lint.subject import Subject
    from osrecipe.model.recipe import Selector


@rule(
    "others-unstated",
    Severity.WARNING,
    says="`select` is given, and `others` is not",
    why="Images that are not selected stay on the media as they are, unpatched, and can be installed. Say `keep` if that is "
    "meant, `drop` if it is not.",
    source="this tool's design: `drop` or `keep`, never silent",
)
def others_unstated(subject: Subject) -> Iterator[Hit]:
    """A choice of images that says nothing of the rest."""
    install = subject.recipe.targets.install
    if install.select and not subject.wrote("targets", "install", "others"):
        reason = "`select` takes some images, and nothing says what happens to the others"
        yield Hit(("targets", "install", "select"), reason, "write `others: drop` or `others: keep`")


@rule(
    "select-all",
    Severity.WARNING,
    Facts.NEEDED,
    says="`others: drop`, and `select` takes every image of the media",
    why="The recipe says that some images go, and none does: a pattern takes more than it was written for, such as "
    "`Windows 10 *` with its N and Education editions.",
    source="this tool's design: what is written in a recipe has an effect",
)
def select_all(subject: Subject) -> Iterator[Hit]:
    """A choice that chooses everything."""
    install, media = subject.recipe.targets.install, subject.media
    if media is None or not install.select or install.others != "drop" or len(media.install.images) < 2:  # noqa: PLR2004 - one image leaves no others
        return
    if len(subject.selected) == len(media.install.images):
        names = ", ".join(f"`{i.name}`" for i in media.install.images)
        hint = f"the media has: {names}"
        yield Hit(
            ("targets", "install", "select"), "`others: drop` drops nothing: every image is selected", hint
        )


@rule(
    "pattern-takes-one",
    Severity.NOTE,
    Facts.NEEDED,
    says="a pattern in `select` matches exactly one image",
    why="On the next media the same pattern may take more, silently. Write the one name it stands for.",
    source="this tool's design: a reviewer sees which images a recipe means",
)
def pattern_takes_one(subject: Subject) -> Iterator[Hit]:
    """Patterns that are not needed."""
    if subject.media is None:
        return
    images = subject.media.install.images
    for number, selector in enumerate(subject.recipe.targets.install.select):
        taken = [i for i in images if matches(selector, i)]
        if len(taken) == 1 and len(images) > 1 and _has_pattern(selector):
            reason = f"the pattern matches one image only: `{taken[0].name}`"
            yield Hit(("targets", "install", "select", number), reason, f"write `name: {taken[0].name}`")


def _has_pattern(selector: Selector) -> bool:
    texts = (selector.name, selector.edition, selector.installation)
    return any(text is not None and set(text) & {"*", "?"} for text in texts)


@rule(
    "feature-as-is",
    Severity.NOTE,
    Facts.NEEDED,
    says="a feature is set to the state it has already in every selected image",
    why="It does nothing today. It may be meant as a guard against other media: then expect it instead, or waive this rule.",
    source="this tool's design: what is written in a recipe has an effect",
)
def feature_as_is(subject: Subject) -> Iterator[Hit]:
    """Features nothing happens to."""
    if subject.media is None or not subject.media.features_read or not subject.selected:
        return
    for name, state in subject.recipe.targets.install.features.items():
        states = {
            facts.enabled
            for image in subject.selected
            for known, facts in image.features.items()
            if known.lower() == name.lower()
        }
        if states == {state == "enabled"}:
            reason = f"the feature `{name}` is {state} already in every selected image"
            yield Hit(("targets", "install", "features", name), reason, "remove the line")
