"""The steps of one image: what the recipe asks for, as operations with titles and post-conditions, not yet ordered."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from osrecipe.model.checks import CapabilityIs, FeatureIs, FileIs, NothingPending, PackagePresent
from osrecipe.model.codes import Slug
from osrecipe.model.facts import FolderFacts, MediaFacts, UpdateFacts, UpdateKind
from osrecipe.model.moments import unix_seconds
from osrecipe.model.problems import Place, Problem
from osrecipe.model.recipe import UpdateInput
from osrecipe.model.tasks import (
    AddPackage,
    ApplyTweak,
    ArtifactRef,
    CleanupImage,
    CopyFolder,
    EnableNetfx3,
    HarvestSetup,
    HarvestSources,
    InjectWinre,
    InputRef,
    SetCapability,
    SetFeature,
)
from osrecipe.plan.digests import input_digest
from osrecipe.plan.order import Step
from osrecipe.plan.postconditions import WINRE_PATH, after_files, after_package, after_registry
from osrecipe.plan.selection import Selected, holds
from osrecipe.plan.short_names import short_names
from osrecipe.windows.capabilities import is_declared
from osrecipe.windows.ordering import TOLERATED, StepKind
from osrecipe.windows.targets import DEFAULT_TARGETS, STEP_OF_KIND

if TYPE_CHECKING:
    from osrecipe.model.facts import Facts, ImageFacts
    from osrecipe.model.names import InputId
    from osrecipe.model.origins import Origins
    from osrecipe.model.recipe import CapabilityFrom, Cleanup, PeTarget, Recipe, TargetName, Tweak
    from osrecipe.model.registry import RegistryChange

_RESERVED = re.compile(
    r"(cleanup|netfx3|harvest|winre|export|settings|unattend|unattend-file)$"
    r"|(update|feature|tweak|capability|appx|drivers)-",
    re.IGNORECASE,
)
"""Names that steps of other kinds have; an update that is called so is `update-NAME`."""
NETFX3_FEATURE = "NetFx3"
_NUMBERED = frozenset({UpdateKind.CUMULATIVE, UpdateKind.CHECKPOINT, UpdateKind.SAFE_OS})
"""Kinds whose packages' versions begin with build and revision."""


@dataclass(frozen=True)
class Compiling:
    """What every part of the compiler reads, and where it leaves the problems it finds."""

    recipe: Recipe
    facts: Facts
    origins: Origins
    problems: list[Problem]

    @property
    def media(self) -> MediaFacts:
        """Facts of the source ISO."""
        facts = self.facts.inputs[self.recipe.source]
        if not isinstance(facts, MediaFacts):
            msg = f"`{self.recipe.source}` is not an ISO: the recipe room lets no such source through"
            raise TypeError(msg)
        return facts

    @property
    def stated_time(self) -> int | None:
        """The recipe's time for what is written, Unix seconds; None when it states none."""
        stated = self.recipe.media.timestamp
        return None if stated is None else unix_seconds(stated)

    @property
    def media_ref(self) -> InputRef:
        """The source ISO."""
        return self.ref(self.recipe.source)

    def ref(self, name: InputId) -> InputRef:
        """A reference to an input by id."""
        return InputRef(input=name, digest=input_digest(self.facts.inputs[name]))

    def problem(self, slug: Slug, reason: str, place: Place, hint: str = "") -> None:
        """Note a problem; compiling goes on to find the others."""
        self.problems.append(Problem(slug, reason, place, hint))


def targets_of(work: Compiling, name: InputId) -> tuple[TargetName, ...]:
    """The targets an update goes to: as written, or by its kind."""
    written = work.recipe.updates.apply[name]
    facts = work.facts.inputs[name]
    if written != "auto":
        return written
    return DEFAULT_TARGETS.get(facts.update_kind, ()) if isinstance(facts, UpdateFacts) else ()


def update_steps(work: Compiling, target: TargetName, image: ImageFacts) -> tuple[Step, ...]:
    """One step for each update that goes to this target, in the recipe's order."""
    steps: list[Step] = []
    for name in work.recipe.updates.apply:
        facts = work.facts.inputs[name]
        if isinstance(facts, UpdateFacts) and target in targets_of(work, name):
            place = work.origins.key("updates", "apply", name)
            _check_architecture(work, name, facts, image, place)
            checkpoints = _checkpoints(work, name, facts)
            step = _update_step(name, facts, image, place, target, checkpoints)
            steps += [*_stack_alone(work, step, facts, target), step]
    steps = _told_apart(steps)
    _check_one_cumulative(work, target, steps)
    return tuple(steps)


def _update_step(
    name: InputId,
    facts: UpdateFacts,
    image: ImageFacts,
    place: Place,
    target: TargetName,
    checkpoints: tuple[InputRef, ...],
) -> Step:
    op = AddPackage(
        input=name,
        package=facts.package.identity,
        update_kind=facts.update_kind,
        kb=facts.kb,
        content=input_digest(facts),
        checkpoints=checkpoints,
    )
    short = f"update-{name}" if _RESERVED.match(name) else str(name)
    title = f"add {label_of(facts)}{_beside(checkpoints)}"
    return Step(short, STEP_OF_KIND[facts.update_kind], op, title, place, after_package(facts, image, target))


def _beside(checkpoints: tuple[InputRef, ...]) -> str:
    """The end of a title that says which checkpoints lie beside the update."""
    names = ", ".join(f"`{one.input}`" for one in checkpoints)
    return f" ({names} beside it)" if names else ""


def _stack_alone(work: Compiling, step: Step, facts: UpdateFacts, target: TargetName) -> tuple[Step, ...]:
    """The pass that brings the servicing stack of a combined update into the image.

    In images of the PE family it is what may end with a tolerated code; in install images it is needed when something
    is added between stack and update.
    """
    combined = bool(facts.stack) and step.kind is StepKind.CUMULATIVE
    if not combined or not isinstance(step.op, AddPackage):
        return ()
    added = [each for each in work.recipe.targets.install.capabilities.values() if each != "removed"]
    if target == "install" and not added:
        return ()
    tolerated = tuple(
        code
        for row in TOLERATED
        if row.step is StepKind.STACK_ALONE and target in row.targets
        for code in row.codes
    )
    op = step.op.model_copy(update={"stack_only": True, "package": facts.stack, "tolerates": tolerated})
    title = f"add the servicing stack of {label_of(facts)}{_beside(step.op.checkpoints)}"
    check = PackagePresent(identity=facts.stack)
    return (Step(f"{step.name}-stack", StepKind.STACK_ALONE, op, title, step.place, (check,)),)


def _told_apart(steps: list[Step]) -> list[Step]:
    """Passes of stacks under names that no update of the recipe has."""
    taken = {step.name.lower() for step in steps if step.kind is not StepKind.STACK_ALONE}
    made: list[Step] = []
    for step in steps:
        name = step.name
        while step.kind is StepKind.STACK_ALONE and name.lower() in taken:
            name += "-alone"
        made.append(replace(step, name=name))
    return made


def _checkpoints(work: Compiling, name: InputId, facts: UpdateFacts) -> tuple[InputRef, ...]:
    """The checkpoint updates that travel with an update, each once; what can't be one is a problem."""
    stated = work.recipe.inputs[name]
    names = stated.checkpoints if isinstance(stated, UpdateInput) else ()
    place = work.origins.at("inputs", name, "checkpoints")
    made: list[InputRef] = []
    for other in dict.fromkeys(names):
        found = work.facts.inputs[other]
        if not isinstance(found, UpdateFacts):
            continue  # refused at the recipe's line before
        if facts.update_kind is not UpdateKind.CUMULATIVE:
            reason = f"only a cumulative update builds on checkpoints, the kind of `{name}` is: {facts.update_kind.value}"
            work.problem(Slug.PLAN_CHECKPOINT, reason, place)
        elif found.update_kind not in {UpdateKind.CHECKPOINT, UpdateKind.CUMULATIVE}:
            reason = f"`{other}` is no checkpoint of `{name}`, its kind is: {found.update_kind.value}"
            work.problem(Slug.PLAN_CHECKPOINT, reason, place)
        elif found.package.architecture != facts.package.architecture:
            reason = (
                f"the checkpoint `{other}` is for {found.package.architecture}, "
                f"`{name}` is for {facts.package.architecture}"
            )
            work.problem(Slug.PLAN_CHECKPOINT, reason, place)
        elif found.package.version >= facts.package.version:
            reason = f"the checkpoint `{other}` is {found.package.version}, not older than `{name}`: {facts.package.version}"
            work.problem(Slug.PLAN_CHECKPOINT, reason, place, "checkpoints come before what builds on them")
        elif isinstance(own := work.recipe.inputs[other], UpdateInput) and own.checkpoints:
            named = ", ".join(f"`{one}`" for one in own.checkpoints)
            reason = (
                f"the checkpoint `{other}` states checkpoints of its own, which would not travel: {named}"
            )
            hint = f"name all that `{name}` builds on here, those that come first, too"
            work.problem(Slug.PLAN_CHECKPOINT, reason, work.origins.at("inputs", other, "checkpoints"), hint)
        else:
            made.append(work.ref(other))
    return tuple(made)


def label_of(facts: UpdateFacts) -> str:
    """An update in a few words: `cumulative KB4343909 17134.228`."""
    kb = f" KB{facts.kb}" if facts.kb else ""
    version = facts.package.version
    numbers = f" {version.major}.{version.minor}" if facts.update_kind in _NUMBERED else ""
    if not kb and not numbers:
        numbers = f" {version}"
    return f"{facts.update_kind.value}{kb}{numbers}"


def _check_architecture(
    work: Compiling, name: InputId, facts: UpdateFacts, image: ImageFacts, place: Place
) -> None:
    found = facts.package.architecture
    if found != image.architecture:
        reason = f"`{name}` is for {found}, but the image `{image.name}` is {image.architecture}"
        work.problem(
            Slug.PLAN_ARCHITECTURE, reason, place, f"take the {image.architecture} package of this update"
        )


def _check_one_cumulative(work: Compiling, target: TargetName, steps: list[Step]) -> None:
    cumulatives = [s for s in steps if s.kind is StepKind.CUMULATIVE]
    for extra in cumulatives[1:]:
        first = cumulatives[0].name
        reason = f"two cumulative updates for `{target}`: `{first}` and `{extra.name}`"
        work.problem(
            Slug.PLAN_TWO_CUMULATIVES, reason, extra.place, "keep the later one: it holds the earlier one"
        )


def cleanup_step(
    work: Compiling, selected: Selected, level: Cleanup, *, has_updates: bool
) -> tuple[Step, ...]:
    """Cleanup when the recipe asks for it, or by default when there is something to clean up after."""
    loc = ("targets", selected.target, "cleanup")
    stated = loc in work.origins.values
    if level == "none" or not (has_updates or stated):
        return ()
    op = CleanupImage(level=level)
    title = "clean up superseded components" + (" and reset the base" if level == "reset-base" else "")
    return (Step("cleanup", StepKind.CLEANUP, op, title, work.origins.at(*loc), (NothingPending(),)),)


def netfx3_step(work: Compiling, source: ArtifactRef | None) -> tuple[Step, ...]:
    """.NET Framework 3.5 from the media, when the recipe enables it."""
    package = work.media.netfx3
    if source is None or package is None:
        return ()
    return (
        Step(
            "netfx3",
            StepKind.NETFX3,
            EnableNetfx3(source=source, package=package.identity),
            "enable .NET Framework 3.5 from the media",
            work.origins.at("targets", "install", "netfx3"),
            (FeatureIs(name=NETFX3_FEATURE, state="enabled"),),
        ),
    )


def feature_steps(work: Compiling, image: ImageFacts) -> tuple[Step, ...]:
    """One step for each optional feature the recipe switches."""
    steps: list[Step] = []
    known = {name.lower(): (name, facts) for name, facts in image.features.items()}
    names = short_names(image.features, "feature")
    for written, state in work.recipe.targets.install.features.items():
        place = work.origins.key("targets", "install", "features", written)
        if written.lower() not in known:
            hint = "its features are: " + (", ".join(f"`{n}`" for n in sorted(image.features)) or "none")
            work.problem(Slug.PLAN_NO_FEATURE, f"`{image.name}` has no feature `{written}`", place, hint)
            continue
        name, facts = known[written.lower()]
        if names[name] in (s.name for s in steps):
            reason = f"the feature `{name}` is switched twice, in different letters"
            work.problem(Slug.RECIPE_DUPLICATE_KEY, reason, place, "Windows ignores case in their names")
            continue
        op = SetFeature(feature=name, state=state, package=facts.package)
        verb = "enable" if state == "enabled" else "disable"
        check = FeatureIs(name=name, state=state)
        adds = state == "enabled" and not facts.enabled
        title = f"{verb} feature {name}"
        steps.append(Step(names[name], StepKind.FEATURE, op, title, place, (check,), adds=adds))
    return tuple(steps)


def capability_steps(work: Compiling, image: ImageFacts) -> tuple[Step, ...]:
    """One step for each capability the recipe adds or removes."""
    steps: list[Step] = []
    stated = work.recipe.targets.install.capabilities
    names = short_names(stated, "capability", _without_version)
    for name, wanted in stated.items():
        place = work.origins.key("targets", "install", "capabilities", name)
        if any(name.lower() == other.lower() for other in list(stated)[: list(stated).index(name)]):
            reason = f"the capability `{name}` is there twice, in different letters"
            work.problem(Slug.RECIPE_DUPLICATE_KEY, reason, place, "Windows ignores case in their names")
            continue
        _check_capability(work, name, wanted, image)
        adds = wanted != "removed"
        op = SetCapability(capability=name, source=work.ref(wanted.from_) if wanted != "removed" else None)
        title = f"{'add' if adds else 'remove'} capability {name}"
        check = CapabilityIs(name=name, state=op.state)
        steps.append(Step(names[name], StepKind.CAPABILITY, op, title, place, (check,), adds=adds))
    return tuple(steps)


def _without_version(capability: str) -> str:
    """A capability's name and language."""
    return "-".join(filter(None, capability.rpartition("~")[0].split("~"))) or capability


def _check_capability(
    work: Compiling, name: str, wanted: CapabilityFrom | Literal["removed"], image: ImageFacts
) -> None:
    """One that no package of its folder is, or that is to go and is not there, is a problem."""
    place = work.origins.key("targets", "install", "capabilities", name)
    if wanted == "removed":
        if work.media.capabilities_read and is_declared(name) and name.lower() not in image.capabilities:
            hint = "its capabilities are: " + (", ".join(f"`{n}`" for n in image.capabilities) or "none")
            reason = f"`{image.name}` has no capability `{name}`"
            work.problem(Slug.PLAN_NO_CAPABILITY, reason, place, hint)
        return
    facts = work.facts.inputs[wanted.from_]
    if isinstance(facts, FolderFacts) and facts.capabilities.get(name.lower()) is False:
        reason = f"no package in `{wanted.from_}` is the capability `{name}`"
        hint = (
            "name the folder of the features-on-demand disc of the image's build, and compare the capability's "
            "name, language and version with what is in it"
        )
        work.problem(Slug.PLAN_NO_CAPABILITY, reason, place, hint)


def harvest_sources_step(work: Compiling, by: str) -> Step:
    """Take matching newer files for the media's `sources`."""
    op = HarvestSources(media=work.media_ref, by="version" if by == "version" else "time")
    title = "take matching newer files for the media's sources"
    return Step("harvest", StepKind.HARVEST_SOURCES, op, title, work.origins.at("media", "sync-sources"))


def harvest_setup_step(work: Compiling) -> Step:
    """Take setup.exe (and setuphost.exe) for the media."""
    place = work.origins.at("targets", "setup")
    return Step("harvest", StepKind.HARVEST_SETUP, HarvestSetup(), "take setup.exe for the media", place)


def winre_step(work: Compiling, winre: ArtifactRef) -> Step:
    """Put the serviced recovery image back."""
    place = work.origins.at("targets", "winre")
    check = FileIs(path=WINRE_PATH, state="present")
    return Step(
        "winre", StepKind.WINRE, InjectWinre(winre=winre), "put the serviced winre in", place, (check,)
    )


def tweak_steps(work: Compiling, selected: Selected) -> tuple[Step, ...]:
    """One step for each tweak of the target whose condition holds for the image."""
    target: PeTarget | None = getattr(work.recipe.targets, selected.target)
    tweaks = target.tweaks if target else {}
    return tuple(
        _tweak_step(work, selected.target, name, tweak)
        for name, tweak in tweaks.items()
        if holds(tweak.when, selected.image)
    )


def _tweak_step(work: Compiling, target: TargetName, name: str, tweak: Tweak) -> Step:
    changes: tuple[RegistryChange, ...] = tweak.registry
    if tweak.reg_file is not None:
        changes = (*work.facts.reg_files[tweak.reg_file].changes, *changes)
    delete = tuple(path for path, source in tweak.files.items() if source is None)
    copies = tuple(
        CopyFolder(to=path, source=work.ref(source))
        for path, source in tweak.files.items()
        if source is not None
    )
    op = ApplyTweak(
        tweak=name, because=tweak.because or "", registry=changes, delete=delete, copy_folders=copies
    )
    checks = (*after_registry(changes, target), *after_files(delete, copies))
    place = work.origins.key("targets", target, "tweaks", name)
    return Step(f"tweak-{name}", StepKind.TWEAK, op, f"tweak {name}", place, checks)
