"""Languages, locales, keyboards and the time zone set by DISM, one command for each, and read back from `/Get-Intl`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.adapters.dism import command, listings
from osrecipe.adapters.dism.workplace import LISTED, otherwise
from osrecipe.model.adapter import Outcome
from osrecipe.model.words import count
from osrecipe.windows.international import in_effect, same_setting

if TYPE_CHECKING:
    from osrecipe.adapters.dism.workplace import Workplace
    from osrecipe.model.adapter import Context
    from osrecipe.model.tasks import ChangeSettings


def setting_state(place: Workplace, name: str, ctx: Context) -> str | None:
    """A setting's value, by its name in the recipe; None where DISM does not say it."""
    return listings.settings(place.ask(command.get_intl(place.folder), ctx)).get(name)


def change_settings(place: Workplace, op: ChangeSettings, ctx: Context) -> Outcome:
    """Set one after the other.

    Raises:
        TaskError: DISM refuses one (a language that is not in the image), or reports another value afterwards.
    """
    for number, setting in enumerate(op.settings):
        low, high = (LISTED * n / len(op.settings) for n in (number, number + 1))
        verb = command.set_intl(place.folder, setting.name, setting.value)
        place.command(verb, ctx, lambda: place.is_told(ctx), low=low, high=high)
    found = listings.settings(place.ask(command.get_intl(place.folder), ctx, LISTED))
    for name, value in in_effect((s.name, s.value) for s in op.settings).items():
        if not same_setting(name, value, found.get(name, "")):
            raise otherwise(f"{name} is {value}", f"reports {found.get(name) or 'nothing'}")
    return Outcome(
        detail=f"{count(len(op.settings), 'setting')}: "
        + ", ".join(f"{s.name} {s.value}" for s in op.settings),
        figures=(("settings", len(op.settings)),),
    )
