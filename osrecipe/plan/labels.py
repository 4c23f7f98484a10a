"""What the finished ISO is called (docs/adr/0008)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osrecipe.model.checks import BuildIs
from osrecipe.model.codes import Slug

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osrecipe.model.facts import ImageFacts
    from osrecipe.model.version import Version
    from osrecipe.plan.exports import Serviced
    from osrecipe.plan.steps import Compiling

LABEL_MAX = 30
_ALLOWED = re.compile(r"[A-Za-z0-9_.-]([A-Za-z0-9_. -]*[A-Za-z0-9_.-])?", re.ASCII)
"""What `formats.iso.check_label` takes; a plan is made without the writer, and a test holds the two together."""
_ARCHITECTURES = {"amd64": "X64", "x86": "X86", "arm64": "ARM64", "arm": "ARM"}


def label(work: Compiling, install: Sequence[Serviced]) -> str:
    """The label, or a problem at the recipe line that leads to it."""
    wanted = work.recipe.media.label
    found = _found(wanted, work.media.label, next((each for each in install if each.chosen), None))
    if not is_label(found):
        reason = f"an ISO's label is 1 to {LABEL_MAX} ASCII letters, digits, `_`, `-`, `.` and inner spaces: `{found}`"
        hint = "state `media.label`, or `media.label: build` for one made of the build"
        work.problem(Slug.PLAN_LABEL, reason, work.origins.at("media", "label"), hint)
    return found


def is_label(text: str) -> bool:
    """Whether every identifier of a disc can hold a label."""
    return len(text) <= LABEL_MAX and _ALLOWED.fullmatch(text) is not None


def _found(wanted: str, source: str, first: Serviced | None) -> str:
    if wanted not in {"auto", "source", "build"}:
        return wanted
    if wanted == "source" or first is None:
        return source
    image = first.selected.image
    promised = _promised(first)
    if wanted == "auto" and promised <= image.version:
        return source
    return build_label(image, promised)


def _promised(serviced: Serviced) -> Version:
    """The build the plan promises for an image: its own, or the highest an update raises it to."""
    checks = (check for made in serviced.sessions for task in made.tasks for check in task.checks)
    raised = [check.version for check in checks if isinstance(check, BuildIs)]
    return max([serviced.selected.image.version, *raised], key=lambda version: version.key)


def build_label(image: ImageFacts, version: Version) -> str:
    """`OSR_BUILD_REVISION_ARCHITECTURE_LANGUAGE`; without the language where the image has none or it does not fit."""
    short = f"OSR_{version.build}_{version.revision}_{_ARCHITECTURES[image.architecture]}"
    language = (image.default_language or next(iter(image.languages), "")).upper()
    whole = f"{short}_{language}"
    return whole if language and len(whole) <= LABEL_MAX else short
