"""Component cleanup by DISM: never while actions are pending, and no installed package may be lost by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.adapters.dism import codes, command, output
from osrecipe.adapters.dism.calls import DismError, failed
from osrecipe.adapters.dism.workplace import LISTED
from osrecipe.model.adapter import Outcome
from osrecipe.model.codes import Slug
from osrecipe.model.winpath import WinPath
from osrecipe.model.words import count

if TYPE_CHECKING:
    from osrecipe.adapters.dism.workplace import Workplace
    from osrecipe.model.adapter import Context
    from osrecipe.model.tasks import CleanupImage

PENDING: Final = WinPath("Windows\\WinSxS\\pending.xml")
_IS_PENDING: Final = 0x800F_0806


def clean_up(place: Workplace, op: CleanupImage, ctx: Context) -> Outcome:
    """Once more the question whether actions are pending: DISM may run for an hour before it says so.

    Raises:
        TaskError: actions are pending, DISM fails, or a package is gone afterwards.
    """
    if place.files.info(PENDING) is not None:
        raise DismError(codes.lookup(_IS_PENDING), f"actions are pending in the image: `{PENDING}`")
    before = place.packages(ctx)
    verb = command.cleanup(place.folder, reset_base=op.level == "reset-base")
    place.command(verb, ctx, lambda: place.is_told(ctx))
    after = place.packages(ctx, LISTED)
    if lost := _lost(before, after):
        raise failed(Slug.RUN_CHECK_FAILED, f"cleanup lost an installed package: `{lost[0]}`")
    gone = len(before.keys() - after.keys())
    level = " and the base reset" if op.level == "reset-base" else ""
    return Outcome(
        detail=f"superseded components removed{level}, {count(gone, 'package')} no longer listed",
        figures=(("packages", gone),),
    )


def _lost(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Packages that were installed and are no longer listed."""
    return sorted(
        identity
        for identity, state in before.items()
        if output.package_word(state) == "installed" and identity not in after
    )
