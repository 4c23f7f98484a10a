"""Where each kind of update goes when the recipe says `auto`, and what a servicing family is."""

from __future__ import annotations

from osrecipe.model.facts import UpdateKind
from osrecipe.model.recipe import TARGETS, TargetName
from osrecipe.windows.ordering import StepKind

DEFAULT_TARGETS: dict[UpdateKind, tuple[TargetName, ...]] = {
    # each image services itself with its own stack
    UpdateKind.SERVICING_STACK: TARGETS,
    # classic: the recovery image takes the whole cumulative update as well
    UpdateKind.CUMULATIVE: TARGETS,
    UpdateKind.FLASH: ("install",),
    UpdateKind.DOTNET: ("install",),
    UpdateKind.OPTIONAL: ("install",),
}

STEP_OF_KIND: dict[UpdateKind, StepKind] = {
    UpdateKind.SERVICING_STACK: StepKind.SERVICING_STACK,
    UpdateKind.CUMULATIVE: StepKind.CUMULATIVE,
    UpdateKind.FLASH: StepKind.UPDATE,
    UpdateKind.DOTNET: StepKind.DOTNET,
    UpdateKind.OPTIONAL: StepKind.UPDATE,
}
"""Which row of the order an update follows. A kind without a row can be told from others but not be applied yet."""

INSTEAD: dict[UpdateKind, str] = {
    UpdateKind.CHECKPOINT: "name it under the cumulative update that builds on it: `checkpoints: [ID]`",
    UpdateKind.SAFE_OS: "the recovery image takes the cumulative update, in the classic order all of it",
    UpdateKind.SETUP: "`media.sync-sources` brings the media's files up to date from the serviced image",
    UpdateKind.DEFENDER: "Defender updates itself at the first connection",
}
"""What can be done until a kind can be applied."""
