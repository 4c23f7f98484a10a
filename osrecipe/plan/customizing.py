"""Steps of the customizing session beside tweaks: apps, drivers, settings, the answer file. Not yet ordered."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from osrecipe.model.checks import AppAbsent, DriverPresent, FileIs, SettingIs
from osrecipe.model.codes import Slug
from osrecipe.model.facts import AnswerFileFacts, DriversFacts
from osrecipe.model.tasks import (
    AddDrivers,
    ApplyUnattend,
    ChangeSettings,
    DriverInf,
    PlaceUnattend,
    RemoveApp,
    Setting,
)
from osrecipe.model.words import count
from osrecipe.plan.international import check_languages
from osrecipe.plan.order import Step
from osrecipe.plan.short_names import short_names
from osrecipe.windows.answer_files import PLACE, read_back
from osrecipe.windows.international import ALL, in_effect
from osrecipe.windows.ordering import StepKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.model.checks import Check
    from osrecipe.model.facts import DriverFacts, ImageFacts
    from osrecipe.model.names import InputId
    from osrecipe.model.problems import Place
    from osrecipe.model.recipe import InstallTarget, PeTarget, TargetName, Unattend
    from osrecipe.plan.selection import Selected
    from osrecipe.plan.steps import Compiling

_OFFLINE = "offlineServicing"
_FIRST = "windowsPE"
"""The pass that is over when Setup looks into Panther: it reads it from the file that it is started with."""


def customizing_steps(work: Compiling, selected: Selected) -> tuple[Step, ...]:
    """Everything but tweaks that the recipe asks for in this session of an image."""
    return (
        *(_app_steps(work, selected.image) if selected.target == "install" else ()),
        *_driver_steps(work, selected),
        *_setting_steps(work, selected),
        *(_unattend_steps(work, selected.image) if selected.target == "install" else ()),
    )


# --- apps ------------------------------------------------------------------------------------------------------------


def _app_steps(work: Compiling, image: ImageFacts) -> Iterator[Step]:
    """One step for each app that an entry of the recipe means; an entry that means none is a problem."""
    taken: set[str] = set()
    names = short_names(image.apps, "appx", lambda whole: whole.partition("_")[0])
    for written in work.recipe.targets.install.appx:
        place = work.origins.key("targets", "install", "appx", written)
        found = [whole for whole in image.apps if _means(written, whole)]
        if not found:
            there = sorted({whole.partition("_")[0] for whole in image.apps}, key=str.lower)
            hint = "its apps are: " + (", ".join(f"`{name}`" for name in there) or "none")
            reason = f"`{image.name}` has no provisioned app `{written}`"
            work.problem(Slug.PLAN_NO_APP, reason, place, hint)
        for whole in found:
            if whole not in taken:
                taken.add(whole)
                op = RemoveApp(package=whole)
                check = AppAbsent(package=whole)
                yield Step(names[whole], StepKind.APP, op, f"remove app {op.app}", place, (check,))


def _means(written: str, whole: str) -> bool:
    """Whether an entry means an app: by its name or its whole name, without regard to case; brackets are no pattern."""
    pattern = written.lower().replace("[", "[[]")
    return any(fnmatchcase(text.lower(), pattern) for text in (whole.partition("_")[0], whole))


# --- drivers ---------------------------------------------------------------------------------------------------------


def _driver_steps(work: Compiling, selected: Selected) -> Iterator[Step]:
    """One step for each folder of drivers that goes to this kind of image."""
    for name, use in work.recipe.drivers.items():
        facts = work.facts.inputs[name]
        if selected.target in use.targets and isinstance(facts, DriversFacts):
            place = work.origins.key("drivers", name)
            step = _driver_step(work, name, facts, selected.image, place, unsigned=use.unsigned)
            if step is not None:
                yield step


def _driver_step(
    work: Compiling, name: InputId, facts: DriversFacts, image: ImageFacts, place: Place, *, unsigned: bool
) -> Step | None:
    mine = [d for d in facts.drivers if d.is_for(image.architecture)]
    if not mine:
        return None  # refused for all images at once
    op = AddDrivers(
        source=work.ref(name),
        drivers=tuple(DriverInf(inf=d.inf, version=d.version) for d in mine),
        whole=len(mine) == len(facts.drivers) and not facts.others,
        unsigned=unsigned,
    )
    some = "" if len(mine) == len(facts.drivers) else f"{len(mine):,} of "
    title = f"add {some}{count(len(facts.drivers), 'driver')} of {name}"
    return Step(f"drivers-{name}", StepKind.DRIVER, op, title, place, tuple(_drivers_there(mine)))


def _drivers_there(drivers: list[DriverFacts]) -> Iterator[DriverPresent]:
    """One check for each; packages of one INF name in several folders are told apart by their versions."""
    seen: set[DriverPresent] = set()
    for driver in drivers:
        check = DriverPresent(inf=driver.inf.rpartition("/")[2], version=driver.version)
        if check not in seen:
            seen.add(check)
            yield check


# --- settings --------------------------------------------------------------------------------------------------------


def _setting_steps(work: Compiling, selected: Selected) -> Iterator[Step]:
    """One step for all settings of a kind of image: `all` first, what is stated beside it wins."""
    target: TargetName = selected.target
    wanted: InstallTarget | PeTarget = getattr(work.recipe.targets, target)
    if wanted.settings is None:
        return
    stated = {
        (info.alias or name): value
        for name, info in type(wanted.settings).model_fields.items()
        if (value := getattr(wanted.settings, name)) is not None
    }
    check_languages(work, selected, stated)
    settings = tuple(Setting.model_validate({"name": name, "value": value}) for name, value in stated.items())
    if settings:
        op = ChangeSettings(settings=settings)
        title = "set " + ", ".join(f"{'languages' if s.name == ALL else s.name} {s.value}" for s in settings)
        place = work.origins.at("targets", target, "settings")
        checks = tuple(SettingIs(name=name, value=value) for name, value in in_effect(stated.items()).items())
        yield Step("settings", StepKind.SETTING, op, title, place, checks)


# --- the answer file -------------------------------------------------------------------------------------------------


def _unattend_steps(work: Compiling, image: ImageFacts) -> Iterator[Step]:
    """Apply what concerns the image now, and place the file for the passes of Setup."""
    wanted = work.recipe.targets.install.unattend
    facts = work.facts.inputs[wanted.from_] if wanted is not None else None
    if wanted is None or not isinstance(facts, AnswerFileFacts):
        return
    place = work.origins.at("targets", "install", "unattend")
    source = work.ref(wanted.from_)
    offline = [one for one in facts.offline if one.architecture == image.architecture]
    later = _later(facts, image)
    _check_answer_file(work, wanted, facts, image, place)
    if wanted.apply or (wanted.apply is None and offline):
        names = tuple(dict.fromkeys(one.path for one in offline))
        checks: list[Check] = []
        for one in offline:
            found = None if one.value is None else read_back(one.path, one.value)
            checks += [] if found is None else [found]
        op = ApplyUnattend(source=source, settings=names)
        title = f"apply {count(len(names), 'setting')} of the answer file {wanted.from_}"
        yield Step("unattend", StepKind.UNATTEND, op, title, place, tuple(checks))
    if wanted.place or (wanted.place is None and later):
        check = FileIs(path=PLACE, state=facts.sha256)
        title = f"put the answer file {wanted.from_} into Panther"
        yield Step("unattend-file", StepKind.UNATTEND, PlaceUnattend(source=source), title, place, (check,))


def _later(facts: AnswerFileFacts, image: ImageFacts) -> list[str]:
    """The passes that take effect from Panther, later, in an image of this architecture."""
    mine = _passes_for(facts, image)
    return [name for name in mine if name not in {_OFFLINE, _FIRST}]


def _passes_for(facts: AnswerFileFacts, image: ImageFacts) -> list[str]:
    return [
        name
        for name in facts.passes
        if image.architecture in facts.architectures.get(name, (image.architecture,))
    ]


def _check_answer_file(
    work: Compiling, wanted: Unattend, facts: AnswerFileFacts, image: ImageFacts, place: Place
) -> None:
    """What would silently do nothing, or install what nobody hashed, is a problem."""
    offline = [one for one in facts.offline if one.architecture == image.architecture]
    later = _later(facts, image)
    applies = wanted.apply or (wanted.apply is None and bool(offline))
    if facts.packages and wanted.apply is not False:
        work.problem(
            Slug.PLAN_ANSWER_FILE,
            f"the answer file `{wanted.from_}` names packages or drivers to install, which nobody hashed",
            place,
            "name them in the recipe (`updates`, `drivers`), or state `apply: false`",
        )
    elif applies and not offline:
        others = sorted({one.architecture for one in facts.offline})
        reason = (
            f"the answer file `{wanted.from_}` has nothing for `{_OFFLINE}` that is for {image.architecture}"
        )
        hint = f"what it has is for {', '.join(others)}" if others else "leave `apply` out, or add the pass"
        work.problem(Slug.PLAN_ANSWER_FILE, reason, place, hint)
    elif wanted.place and not set(_passes_for(facts, image)) - {_FIRST}:
        reason = f"the answer file `{wanted.from_}` has nothing that `{image.name}` takes from Panther"
        work.problem(Slug.PLAN_ANSWER_FILE, reason, place, _why_nothing(facts, image))
    elif not applies and (wanted.place is False or (wanted.place is None and not later)):
        reason = (
            f"nothing is done with the answer file `{wanted.from_}`: it has no setting for `{image.name}`"
        )
        work.problem(Slug.PLAN_ANSWER_FILE, reason, place, _why_nothing(facts, image))


def _why_nothing(facts: AnswerFileFacts, image: ImageFacts) -> str:
    """Why an answer file has nothing for an image, as a hint."""
    if _FIRST in _passes_for(facts, image):
        return f"Setup reads `{_FIRST}` from the file it is started with: `autounattend.xml` beside it, or `/unattend`"
    others = sorted({each for named in facts.architectures.values() for each in named} - {image.architecture})
    if others and not _passes_for(facts, image):
        return f"what it has is for {', '.join(others)}"
    return "take `unattend` out, or state what is to be done"
