"""Provisioned apps removed by DISM, by their whole names, and read back from its list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.adapters.dism import command, listings
from osrecipe.adapters.dism.calls import failed
from osrecipe.adapters.dism.workplace import otherwise
from osrecipe.model.adapter import Outcome
from osrecipe.model.codes import Slug

if TYPE_CHECKING:
    from osrecipe.adapters.dism.workplace import Workplace
    from osrecipe.model.adapter import Context
    from osrecipe.model.tasks import RemoveApp


def app_state(place: Workplace, package: str, ctx: Context) -> str | None:
    """`provisioned`, or None when new users do not get it."""
    there = listings.apps(place.ask(command.get_apps(place.folder), ctx))
    return "provisioned" if package.lower() in there else None


def remove_app(place: Workplace, op: RemoveApp, ctx: Context) -> Outcome:
    """Remove an app.

    Raises:
        TaskError: the image does not have it, though its registry said so; DISM fails, or still lists it.
    """
    if app_state(place, op.package, ctx) is None:
        raise failed(Slug.RUN_TASK_FAILED, f"DISM lists no provisioned app `{op.package}` in the image")
    place.command(
        command.remove_app(place.folder, op.package),
        ctx,
        lambda: app_state(place, op.package, ctx) is None,
    )
    if app_state(place, op.package, ctx) is not None:
        raise otherwise(f"app `{op.app}` is removed", "lists it still")
    return Outcome(detail=f"new users no longer get `{op.app}`")
