"""Rules about tweaks as such; what they write is judged in `registry` and `secrets`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.lint.rule import Facts, Hit, Severity, rule
from osrecipe.plan.selection import holds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.lint.subject import Subject


@rule(
    "tweak-without-because",
    Severity.NOTE,
    says="a tweak does not say why it is there",
    why="A year later nobody dares to remove it. The reason is shown in plans, reports and reviews.",
    source="this tool's design: a tweak is a named, reviewable change",
)
def tweak_without_because(subject: Subject) -> Iterator[Hit]:
    """Tweaks without a reason."""
    for at in subject.tweaks():
        if at.tweak.because is None:
            yield Hit(at.loc, f"the tweak `{at.name}` does not say why it is there", "add `because: …`")


@rule(
    "when-never",
    Severity.WARNING,
    Facts.NEEDED,
    says="a tweak's `when` holds for none of the images it could go to",
    why="The tweak does nothing with this media. A misspelled EDITIONID looks just like that.",
    source="this tool's design: what is written in a recipe has an effect",
)
def when_never(subject: Subject) -> Iterator[Hit]:
    """Conditions no image fulfils."""
    for at in subject.tweaks():
        images = subject.images(at.target)
        if at.tweak.when is None or not images or any(holds(at.tweak.when, image) for image in images):
            continue
        known = ", ".join(f"`{i.edition or i.name}` {i.version.build} {i.architecture}" for i in images)
        reason = f"`when` of the tweak `{at.name}` holds for no {at.target} image"
        yield Hit((*at.loc, "when"), reason, f"the images: {known}")
