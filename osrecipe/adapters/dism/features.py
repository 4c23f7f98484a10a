"""Optional features and .NET Framework 3.5, switched by DISM and read back from its list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.adapters.dism import codes, command, output
from osrecipe.adapters.dism.calls import DismError
from osrecipe.adapters.dism.packages import alone
from osrecipe.adapters.dism.workplace import otherwise
from osrecipe.model.adapter import Outcome

if TYPE_CHECKING:
    from osrecipe.adapters.dism.command import Verb
    from osrecipe.adapters.dism.workplace import Workplace
    from osrecipe.model.adapter import Context
    from osrecipe.model.tasks import EnableNetfx3, SetFeature

NETFX3: Final = "NetFx3"
_UNKNOWN: Final = 0x800F_080C


def feature_state(place: Workplace, name: str, ctx: Context) -> str | None:
    """`enabled`, `disabled`, or None when the image has no such feature."""
    states = output.features(place.ask(command.get_features(place.folder), ctx))
    return output.feature_word(states.get(name.lower()))


def enable_netfx3(place: Workplace, op: EnableNetfx3, ctx: Context) -> Outcome:
    """Enable .NET 3.5 from the media's cabinet.

    Raises:
        TaskError: DISM fails, or lists the feature otherwise.
    """
    source = ctx.work / "sxs"
    cabinet = ctx.resolve(op.source)
    for name in netfx3_names(op.package):
        alone(cabinet, source, name)
    return _switch(place, command.enable_feature(place.folder, NETFX3, str(source)), NETFX3, "enabled", ctx)


def set_feature(place: Workplace, op: SetFeature, ctx: Context) -> Outcome:
    """Switch a feature from the payload in the image.

    Raises:
        TaskError: DISM fails, or lists the feature otherwise.
    """
    make = command.enable_feature if op.state == "enabled" else command.disable_feature
    return _switch(place, make(place.folder, op.feature), op.feature, op.state, ctx)


def _switch(place: Workplace, verb: Verb, name: str, wanted: str, ctx: Context) -> Outcome:
    was = feature_state(place, name, ctx)
    if was == wanted:
        return Outcome(status="nothing-to-do", detail=f"feature `{name}` was {wanted} already")
    if was is None:
        raise DismError(codes.lookup(_UNKNOWN), f"the image has no feature `{name}`")
    place.command(verb, ctx, lambda: feature_state(place, name, ctx) == wanted)
    found = feature_state(place, name, ctx)
    if found != wanted:
        raise otherwise(f"feature `{name}` is {wanted}", f"lists it as {found or 'not there'}")
    return Outcome(detail=f"feature `{name}` is {wanted}")


def netfx3_names(package: str) -> tuple[str, ...]:
    """The names under which DISM may look for the .NET 3.5 cabinet in a source folder, old and new."""
    name, token, architecture, *_ = [*package.split("~"), "", "", ""]
    return (f"{name}.cab".lower(), f"{name}~{token}~{architecture}~~.cab".lower())
