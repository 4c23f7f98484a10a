"""Capabilities (features on demand) added from a folder, never from the network, or removed; read back from DISM's list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.adapters.dism import command, listings
from osrecipe.adapters.dism.workplace import otherwise
from osrecipe.model.adapter import Outcome

if TYPE_CHECKING:
    from osrecipe.adapters.dism.workplace import Workplace
    from osrecipe.model.adapter import Context
    from osrecipe.model.tasks import SetCapability


def capability_state(place: Workplace, name: str, ctx: Context) -> str | None:
    """`installed`, or None when the image has it not, or not any more."""
    states = listings.capabilities(place.ask(command.get_capabilities(place.folder), ctx))
    return listings.capability_word(states.get(name.lower()))


def set_capability(place: Workplace, op: SetCapability, ctx: Context) -> Outcome:
    """Add or remove a capability.

    Raises:
        TaskError: DISM fails, or lists it otherwise.
    """
    name, wanted = op.capability, "installed" if op.source is not None else None
    if capability_state(place, name, ctx) == wanted:
        return Outcome(status="nothing-to-do", detail=f"capability `{name}` was {op.state} already")
    if op.source is not None:
        verb = command.add_capability(place.folder, name, str(ctx.resolve(op.source)))
    else:
        verb = command.remove_capability(place.folder, name)
    place.command(verb, ctx, lambda: capability_state(place, name, ctx) == wanted)
    found = capability_state(place, name, ctx)
    if found != wanted:
        raise otherwise(f"capability `{name}` is {op.state}", f"lists it as {found or 'not there'}")
    return Outcome(detail=f"capability `{name}` is {op.state}")
