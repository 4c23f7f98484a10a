"""What this adapter refuses, and what it says it will do. Pure: tasks and facts in, sentences out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.adapters.embedded.elements import meaning, not_carried_out
from osrecipe.model.adapter import Action, Refusal
from osrecipe.model.facts import MediaFacts, UpdateFacts
from osrecipe.model.plan import Session
from osrecipe.model.tasks import (
    AddDrivers,
    AddPackage,
    ApplyTweak,
    ApplyUnattend,
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
    from collections.abc import Iterable

    from osrecipe.model.facts import Facts, FeatureFacts
    from osrecipe.model.plan import Job, Task

HINT: Final = "the dism adapter on Windows can; `--adapter dism` plans for it from any host"
_NAMED: Final = 5


_NOT_HERE: Final = {
    "set-capability": "which packages a capability is made of is decided by Windows' own servicing stack",
    "remove-app": "what else an app left in the image is known to Windows' own app deployment only",
    "add-drivers": "the driver store and its database are written by Windows' own code",
    "change-settings": "what a language sets in an image is known to Windows' own code only",
    "apply-unattend": "what an answer file sets is known to Windows' own components only",
}
"""Why an operation has no faithful way without Windows."""


def refuse(task: Task, facts: Facts) -> Refusal | None:
    """Whether a task has to be refused; see `Adapter.refuse`."""
    match task.op:
        case AddPackage() as op:
            if op.checkpoints:
                return Refusal(
                    reason="an update with checkpoints carries differences from them, not whole files",
                    hint=HINT,
                )
            found = facts.inputs.get(op.input)
            return _refusal(found.package.elements) if isinstance(found, UpdateFacts) else None
        case EnableNetfx3() as op:
            media = (one for one in facts.inputs.values() if isinstance(one, MediaFacts) and one.netfx3)
            mine = [one.netfx3 for one in media if one.netfx3 and one.netfx3.identity == op.package]
            return _refusal(mine[0].elements) if mine else None
        case SetCapability() | RemoveApp() | AddDrivers() | ChangeSettings() | ApplyUnattend() as op:
            return Refusal(reason=_NOT_HERE[op.op], hint=HINT)
        case SetFeature() as op:
            elements = {name for one in _features(facts, op.feature) for name in one.elements}
            return _refusal(sorted(elements))
        case _:
            return None


def _features(facts: Facts, name: str) -> list[FeatureFacts]:
    """A feature as every image of every medium has it."""
    return [
        feature
        for media in facts.inputs.values()
        if isinstance(media, MediaFacts)
        for image in media.install.images
        for other, feature in image.features.items()
        if other.lower() == name.lower()
    ]


def _refusal(elements: Iterable[str]) -> Refusal | None:
    refused = not_carried_out(elements)
    if not refused:
        return None
    shown = ", ".join(f"`{name}` ({meaning(name)})" for name in refused[:_NAMED])
    more = f", and {len(refused) - _NAMED} more" if len(refused) > _NAMED else ""
    return Refusal(reason=f"not carried out here: {shown}{more}", hint=HINT)


def describe(task: Task, unit: Session | Job) -> tuple[Action, ...]:
    """What will be done for a task, in sentences; see `Adapter.describe`."""
    name = unit.name if isinstance(unit, Session) else ""
    return tuple(Action(text=text) for text in _sentences(task, name))


def _sentences(task: Task, image: str) -> tuple[str, ...]:
    match task.op:
        case op if isinstance(op, Servicing):
            return _servicing(op, f" of `{image}`" if image else "")
        case PlaceUnattend() as op:
            return (f"copy `{op.source.input}` to `{PLACE}`",)
        case ApplyTweak() as op:
            return _tweak(op)
        case InjectWinre():
            return (r"replace `Windows\System32\Recovery\winre.wim`",)
        case ExportImages() as op:
            how = (
                "copying what is compressed alike" if op.compress == "keep" else f"compression {op.compress}"
            )
            return (f"write `{op.wim}` of {len(op.parts)} images, {how}",)
        case _:
            return ()


def _servicing(op: Servicing, where: str) -> tuple[str, ...]:
    match op:
        case AddPackage():
            what = f"KB{op.kb}" if op.kb else f"`{op.package}`"
            what = f"the servicing stack of {what}" if op.stack_only else what
            return (
                f"write the files and registry values of {what} (those whose parent package is in the image)",
                f"record {what} in the ledger{where}",
            )
        case EnableNetfx3():
            return (f"write the files and registry values of `{op.package}`", "record NetFx3 as enabled")
        case SetFeature(state="enabled"):
            return (
                f"link the files of feature `{op.feature}` from the image's own WinSxS and set its values",
            )
        case SetFeature():
            return (f"remove the files and values that feature `{op.feature}` brought",)
        case CleanupImage():
            reset = ("make installed updates permanent",) if op.level == "reset-base" else ()
            return ("remove superseded components and packages the ledger knows", *reset)
        case SetCapability() | RemoveApp() | AddDrivers() | ChangeSettings() | ApplyUnattend():
            return ()  # refused


def _tweak(op: ApplyTweak) -> tuple[str, ...]:
    counted = (
        (len(op.registry), "make", "registry change"),
        (len(op.delete), "delete", "path"),
        (len(op.copy_folders), "copy", "folder"),
    )
    return tuple(f"{verb} {count(number, noun)}" for number, verb, noun in counted if number)
