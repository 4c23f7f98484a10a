"""Rules about what comes from outside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from osrecipe.lint.rule import Hit, Severity, rule
from osrecipe.model.recipe import AnswerFileInput, DriversInput, FolderInput, IsoInput, UpdateInput
from osrecipe.plan.notes import used_inputs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.lint.subject import Subject

_INSTALLER: Final = re.compile(
    r"(?i)\.(msi|msix|msixbundle|appx|appxbundle)$|(^|/)[^/]*(setup|install)[^/]*\.exe$"
)
_NOT_INSTALLERS: Final = re.compile(r"(?i)uninst")
_SHOWN: Final = 3
_USES: Final = {
    IsoInput: "name it as the `source`",
    UpdateInput: "name it in `updates.apply`",
    FolderInput: "name it in a tweak's `files`",
    DriversInput: "name it in `drivers`",
    AnswerFileInput: "name it in `targets.install.unattend`",
}
"""Where an input of a kind is named."""


@rule(
    "unpinned-input",
    Severity.WARNING,
    says="an ISO or update is pinned neither by a lock nor by a `sha256`",
    why="A file of the same name can be another one tomorrow, and the recipe would build something else without a change "
    "in git. `osrecipe lock` writes down what every input is; commit the lock beside the recipe.",
    source="this tool's design: a plan is a function of the recipe and its locked inputs",
)
def unpinned_input(subject: Subject) -> Iterator[Hit]:
    """Inputs that could silently become others."""
    for name, stated in subject.recipe.inputs.items():
        is_pinned = stated.is_folder or getattr(stated, "sha256", None) is not None
        if is_pinned or name in subject.locked:
            continue
        file = stated.path
        reason = "has no line in the lock" if subject.has_lock else "has no `sha256`, and there is no lock"
        hint = "run `osrecipe lock` on the recipe and commit the lock"
        yield Hit(("inputs", name), f"the input `{name}` {reason}: {file}", hint)


@rule(
    "unused-input",
    Severity.WARNING,
    says="an input of the recipe is used nowhere",
    why="It is hashed and read on every build for nothing, or was meant to be applied and is not. Inputs that a fragment "
    "offers are not counted.",
    source="this tool's design: what is written in a recipe has an effect",
)
def unused_input(subject: Subject) -> Iterator[Hit]:
    """Inputs nothing refers to."""
    used = used_inputs(subject.recipe)
    for name, stated in subject.recipe.inputs.items():
        if name not in used and subject.is_own("inputs", name):
            fix = _USES[type(stated)]
            yield Hit(("inputs", name), f"the input `{name}` is not used", f"{fix}, or remove it")


@rule(
    "installer-in-folder",
    Severity.NOTE,
    says="a folder that is copied into an image holds an installer",
    why="Offline servicing copies files and can't run programs: an `.exe` or `.msi` installer lies in the image and "
    "installs nothing. Start it from `SetupComplete.cmd`, the answer file or a management agent, and waive this rule "
    "if that is so.",
    source="the field's process: a mounted image takes packages, files and registry values, but no EXE or MSI installers",
)
def installer_in_folder(subject: Subject) -> Iterator[Hit]:
    """Installers among files that are only copied."""
    for name, files in subject.listings.items():
        found = [f for f in files if _INSTALLER.search(f) and not _NOT_INSTALLERS.search(f)]
        if found:
            shown = ", ".join(f"`{f}`" for f in found[:_SHOWN])
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            hint = "something in the image must start it at the first start; offline it is only copied"
            yield Hit(("inputs", name), f"the folder `{name}` holds an installer: {shown}{more}", hint)
