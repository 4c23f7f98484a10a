"""Servicing a mounted image: which operation is carried out by which module, and what the image is asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.adapters.dism import output
from osrecipe.adapters.dism.apps import app_state, remove_app
from osrecipe.adapters.dism.calls import marked
from osrecipe.adapters.dism.capabilities import capability_state, set_capability
from osrecipe.adapters.dism.cleanup import clean_up
from osrecipe.adapters.dism.drivers import add_drivers, driver_state
from osrecipe.adapters.dism.features import enable_netfx3, feature_state, set_feature
from osrecipe.adapters.dism.packages import add_package
from osrecipe.adapters.dism.settings import change_settings, setting_state
from osrecipe.adapters.dism.unattend import apply_unattend
from osrecipe.model.adapter import TaskError
from osrecipe.model.tasks import (
    AddDrivers,
    AddPackage,
    ApplyUnattend,
    ChangeSettings,
    CleanupImage,
    EnableNetfx3,
    RemoveApp,
    SetCapability,
    SetFeature,
)
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from osrecipe.adapters.dism.workplace import Workplace
    from osrecipe.model.adapter import Context, Outcome, StateKind
    from osrecipe.model.tasks import Servicing

_SERVICING_LOG: Final = WinPath("Windows\\Logs\\CBS\\CBS.log")


def service(place: Workplace, op: Servicing, ctx: Context) -> Outcome:
    """As `OpenImage.service`; what DISM left for the first start is in the outcome, whatever the operation."""
    known = len(place.dism.left)
    try:
        outcome = _carried_out(place, op, ctx)
    except TaskError:
        _keep_servicing_log(place, ctx)
        raise
    return marked(outcome, place.dism.left[known:])


def _keep_servicing_log(place: Workplace, ctx: Context) -> None:
    """What the image's servicing stack wrote goes with the image, which is given up."""
    try:
        log = place.files.read(_SERVICING_LOG)
    except OSError:
        return  # no such log, or one that can't be read: the failure that led here is what counts
    with log:
        ctx.keep("cbs.log", log)


def _carried_out(place: Workplace, op: Servicing, ctx: Context) -> Outcome:  # noqa: PLR0911 - one line for each operation
    match op:
        case AddPackage():
            return add_package(place, op, ctx)
        case EnableNetfx3():
            return enable_netfx3(place, op, ctx)
        case SetFeature():
            return set_feature(place, op, ctx)
        case SetCapability():
            return set_capability(place, op, ctx)
        case CleanupImage():
            return clean_up(place, op, ctx)
        case RemoveApp():
            return remove_app(place, op, ctx)
        case AddDrivers():
            return add_drivers(place, op, ctx)
        case ChangeSettings():
            return change_settings(place, op, ctx)
        case ApplyUnattend():
            return apply_unattend(place, op, ctx)


class Witness:
    """What a mounted image says of itself; packages are listed once until something is serviced.

    Args:
        place: the image.
        ctx: of its session.
    """

    def __init__(self, place: Workplace, ctx: Context) -> None:
        self._place = place
        self._ctx = ctx
        self._packages: dict[str, str] | None = None

    def forget(self) -> None:
        """What was listed may have changed."""
        self._packages = None

    def state(self, kind: StateKind, name: str) -> str | None:
        """As `OpenImage.state`."""
        match kind:
            case "package":
                return self._package(name)
            case "feature":
                return feature_state(self._place, name, self._ctx)
            case "capability":
                return capability_state(self._place, name, self._ctx)
            case "app":
                return app_state(self._place, name, self._ctx)
            case "driver":
                return driver_state(self._place, name)
            case "setting":
                return setting_state(self._place, name, self._ctx)

    def _package(self, identity: str) -> str | None:
        if self._packages is None:
            self._packages = self._place.packages(self._ctx)
        return output.package_word(self._packages.get(identity.lower()))
