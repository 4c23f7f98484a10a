"""The pass `offlineServicing` of an answer file, applied by DISM.

DISM asks nothing: an answer file that concerns nothing of the image ends with success as well. That there is something
for the image is known from the plan; what of it can be read back, the plan's checks say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.adapters.dism import command
from osrecipe.model.adapter import Outcome
from osrecipe.model.words import count

if TYPE_CHECKING:
    from osrecipe.adapters.dism.workplace import Workplace
    from osrecipe.model.adapter import Context
    from osrecipe.model.tasks import ApplyUnattend


def apply_unattend(place: Workplace, op: ApplyUnattend, ctx: Context) -> Outcome:
    """Apply it.

    Raises:
        TaskError: DISM fails.
    """
    verb = command.apply_unattend(place.folder, str(ctx.resolve(op.source)))
    place.command(verb, ctx, lambda: place.is_told(ctx), high=1)
    return Outcome(
        detail=f"{count(len(op.settings), 'setting')} given to DISM: {', '.join(op.settings)}",
        figures=(("settings", len(op.settings)),),
    )
