"""What this adapter will do for a task: DISM's command lines with names for paths, and sentences for all else. Pure.

The same builders make the lines that are run, so that what is shown is what is done. A path that is only known while
a run is going on is a name in braces: `{mount}`, `{image}`, `{input:ID}`, `{package:ID}` (alone
in a folder; several ids with commas: the first one, with the others beside it), `{artifact:UNIT:NAME}`, `{sources:UNIT:NAME}`.
What comes from a recipe or an input is `literal`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from osrecipe.adapters.dism import command
from osrecipe.adapters.dism.drivers import driver_lines
from osrecipe.adapters.dism.exporting import COMPRESS
from osrecipe.adapters.dism.features import NETFX3
from osrecipe.adapters.dism.placeholders import literal, pieces
from osrecipe.adapters.process import shown
from osrecipe.model.adapter import Action
from osrecipe.model.tasks import (
    AddDrivers,
    AddPackage,
    ApplyTweak,
    ApplyUnattend,
    ArtifactRef,
    ChangeSettings,
    CleanupImage,
    EnableNetfx3,
    ExportImages,
    InjectWinre,
    PlaceUnattend,
    RemoveApp,
    Servicing,
    SetCapability,
    SetFeature,
)
from osrecipe.model.words import count
from osrecipe.windows.answer_files import PLACE

if TYPE_CHECKING:
    from osrecipe.adapters.dism.command import Verb
    from osrecipe.adapters.dism.placeholders import Placeholder
    from osrecipe.model.plan import Job, Session, Task
    from osrecipe.model.tasks import Ref

MOUNT: Final = "{mount}"
IMAGE: Final = "{image}"
LOG: Final = "{log}"
SCRATCH: Final = "{scratch}"


def name_of(ref: Ref) -> str:
    """The name of a reference's path."""
    return f"{{artifact:{ref.unit}:{ref.name}}}" if isinstance(ref, ArtifactRef) else f"{{input:{ref.input}}}"


def describe(task: Task, unit: Session | Job) -> tuple[Action, ...]:
    """As `Adapter.describe`."""
    match task.op:
        case op if isinstance(op, Servicing):
            return tuple(_command(verb) for verb in _verbs(op))
        case ExportImages() as op:
            return _export(op, str(unit.id))
        case ApplyTweak() as op:
            return _tweak(op)
        case InjectWinre():
            return (Action(text=r"replace `Windows\System32\Recovery\winre.wim` in the mount folder"),)
        case PlaceUnattend() as op:
            return (Action(text=f"copy `{op.source.input}` to `{PLACE}` in the mount folder"),)
        case _:
            return ()


def opening(session: Session) -> tuple[Action, ...]:
    """Before a session's tasks: its private WIM, mounted."""
    source = name_of(session.base.wim)
    return (
        _command(command.export(source, session.base.index, IMAGE, compress="max")),
        _command(command.mount(IMAGE, 1, MOUNT)),
    )


def saving() -> Action:
    """After a session's tasks."""
    return _command(command.unmount(MOUNT, commit=True))


def giving_up() -> Action:
    """After a session's failure."""
    return _command(command.unmount(MOUNT, commit=False))


def _verbs(op: Servicing) -> tuple[Verb, ...]:
    match op:
        case AddPackage():
            together = ",".join((op.input, *(one.input for one in op.checkpoints)))
            return (command.add_package(MOUNT, f"{{package:{together}}}"),)
        case CleanupImage():
            return (command.cleanup(MOUNT, reset_base=op.level == "reset-base"),)
        case EnableNetfx3() | SetFeature() | SetCapability():
            return (_switching(op),)
        case RemoveApp() | AddDrivers() | ChangeSettings() | ApplyUnattend():
            return _customizing(op)


def _switching(op: EnableNetfx3 | SetFeature | SetCapability) -> Verb:
    match op:
        case EnableNetfx3():
            source = f"{{sources:{op.source.unit}:{op.source.name}}}"
            return command.enable_feature(MOUNT, NETFX3, source)
        case SetFeature():
            make = command.enable_feature if op.state == "enabled" else command.disable_feature
            return make(MOUNT, literal(op.feature))
        case SetCapability():
            name = literal(op.capability)
            if op.source is None:
                return command.remove_capability(MOUNT, name)
            return command.add_capability(MOUNT, name, name_of(op.source))


def _customizing(op: RemoveApp | AddDrivers | ChangeSettings | ApplyUnattend) -> tuple[Verb, ...]:
    match op:
        case RemoveApp():
            return (command.remove_app(MOUNT, literal(op.package)),)
        case AddDrivers():
            drivers = tuple(each.model_copy(update={"inf": literal(each.inf)}) for each in op.drivers)
            named = op.model_copy(update={"drivers": drivers})
            return tuple(driver_lines(named, name_of(op.source), MOUNT))
        case ChangeSettings():
            return tuple(command.set_intl(MOUNT, one.name, literal(one.value)) for one in op.settings)
        case ApplyUnattend():
            return (command.apply_unattend(MOUNT, name_of(op.source)),)


def _export(op: ExportImages, unit: str) -> tuple[Action, ...]:
    return tuple(
        _command(
            command.export(
                name_of(part.image.wim),
                part.image.index,
                f"{{artifact:{unit}:{op.wim}}}",
                compress=COMPRESS[op.compress] if number == 1 else "",
                bootable=number == op.boot_index,
            )
        )
        for number, part in enumerate(op.parts, 1)
    )


def _tweak(op: ApplyTweak) -> tuple[Action, ...]:
    counted = (
        (len(op.registry), "make", "registry change", " in the hive files of the mount folder"),
        (len(op.delete), "delete", "path", ""),
        (len(op.copy_folders), "copy", "folder", ""),
    )
    return tuple(
        Action(text=f"{verb} {count(number, noun)}{where}") for number, verb, noun, where in counted if number
    )


def _command(verb: Verb) -> Action:
    argv = command.line("dism.exe", verb, log=LOG, scratch=SCRATCH)
    return Action(text=shown([_variable(text) for text in argv], windows=True), is_command=True, argv=argv)


def _variable(text: str) -> str:
    """Names in braces as variables of `cmd.exe`."""
    return "".join(part if isinstance(part, str) else _of_cmd(part) for part in pieces(text))


def _of_cmd(what: Placeholder) -> str:
    parts = [what.name, *what.rest.split(":")]
    return "%" + re.sub(r"[^A-Z0-9]+", "_", "_".join(p for p in parts if p).upper()) + "%"
