"""Rules about updates, the images they go to, and their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.lint.rule import Facts, Hit, Severity, rule
from osrecipe.model.facts import UpdateFacts, UpdateKind
from osrecipe.model.recipe import TARGETS
from osrecipe.windows import ordering
from osrecipe.windows.ordering import (
    CLASSIC,
    CODES,
    DYNAMIC_UPDATE,
    DYNAMIC_UPDATE_FROM,
    PRACTICE,
    PROCESS,
    StepKind,
)
from osrecipe.windows.targets import STEP_OF_KIND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.lint.subject import Subject
    from osrecipe.model.names import InputId
    from osrecipe.model.recipe import Move, TargetName


def _cumulatives(subject: Subject) -> Iterator[tuple[InputId, UpdateFacts, tuple[TargetName, ...]]]:
    """Cumulative updates with the targets they go to, as far as the media has them."""
    for name, facts in subject.updates(UpdateKind.CUMULATIVE):
        yield name, facts, tuple(t for t in subject.goes_to(name) or () if subject.images(t))


@rule(
    "cumulative-without-stack",
    Severity.WARNING,
    Facts.NEEDED,
    says="a cumulative update goes to an image that gets no servicing stack",
    why="A cumulative update needs the servicing stack of its time and is refused with 0x800f0823 without it. Add the "
    "stack to `updates.apply`. Combined updates bring their own and are not counted. Waive this rule if the media "
    "already has a stack that is new enough.",
    source=f"{CODES}; {PROCESS}",
)
def cumulative_without_stack(subject: Subject) -> Iterator[Hit]:
    """Cumulative updates whose stack stays out of one of their images."""
    for name, facts, targets in _cumulatives(subject):
        bare = [t for t in targets if not subject.has_kind(UpdateKind.SERVICING_STACK, t)]
        if bare and not facts.stack:
            where = ", ".join(f"`{t}`" for t in bare)
            hint = "add the servicing stack of the same month to `updates.apply`, with the same targets"
            yield Hit(("updates", "apply", name), f"`{name}` goes to {where} without a servicing stack", hint)


@rule(
    "boot-left-behind",
    Severity.WARNING,
    Facts.NEEDED,
    says="a cumulative update goes to the install images, but not to `setup` or `winpe`",
    why="The media's `sources` and the Setup image must be of one level, or Setup meets its own parts at two; and what "
    "boots the machine has the holes the update closes. `auto` takes all images.",
    source=f"{DYNAMIC_UPDATE}; {PROCESS}",
)
def boot_left_behind(subject: Subject) -> Iterator[Hit]:
    """Cumulative updates that leave out an image of boot.wim."""
    for name, _, targets in _cumulatives(subject):
        left: list[TargetName] = [t for t in ("setup", "winpe") if t not in targets and subject.images(t)]
        if "install" in targets and left:
            where = " and ".join(f"`{t}`" for t in left)
            yield Hit(
                ("updates", "apply", name),
                f"`{name}` goes to `install`, but not to {where}",
                "write `auto`, or add them",
            )


@rule(
    "winre-left-behind",
    Severity.WARNING,
    Facts.NEEDED,
    says="a cumulative update goes to the install images, but not to the recovery image inside them",
    why="In the classic order the recovery image takes the whole cumulative update; left behind, a reset of the machine "
    "starts from the old level, and BitLocker and Secure Boot holes stay open in it. From build 22000 on it has updates "
    "of its own, and this rule is silent.",
    source=f"{PROCESS}; {PRACTICE} (recovery images stay unpatched unless someone does it by hand)",
)
def winre_left_behind(subject: Subject) -> Iterator[Hit]:
    """Cumulative updates that leave out winre."""
    newest = max((i.version.build for i in subject.selected), default=0)
    for name, _, targets in _cumulatives(subject):
        left = "install" in targets and "winre" not in targets and subject.images("winre")
        if left and newest < DYNAMIC_UPDATE_FROM:
            reason = f"`{name}` goes to `install`, but not to `winre`"
            yield Hit(("updates", "apply", name), reason, "write `auto`, or add `winre`")


@rule(
    "order-against-rule",
    Severity.WARNING,
    Facts.HELPFUL,
    says="a move puts a step before one that a rule of the order wants first",
    why="Each rule of the order is there because something broke without it. The move's `because` says why it is moved; "
    "a waiver says that the rule's reason was read. Which rule an update falls under is known with a lock or the inputs.",
    source="the rules' own sources, shown by `osrecipe explain`",
)
def order_against_rule(subject: Subject) -> Iterator[Hit]:
    """Moves that a row of the order contradicts."""
    for number, move in enumerate(subject.recipe.updates.ordering.move):
        first, second = _kind(subject, move, move.before), _kind(subject, move, move.step)
        row = next((r for r in CLASSIC if (r.before, r.after) == (first, second)), None)
        if row is not None and (first is not StepKind.CLEANUP or _cleans(subject, move.target)):
            reason = f"`{move.step}` before `{move.before}` goes against the rule `{row.rule.id}`: {row.rule.reason}"
            yield Hit(
                ("updates", "ordering", "move", number), reason, "drop the move, or waive this with a reason"
            )


def _kind(subject: Subject, move: Move, step: str) -> StepKind | None:
    """What a step of a plan does, by the name moves call it; None when that is not known."""
    if step == "harvest":
        return StepKind.HARVEST_SETUP if move.target == "setup" else StepKind.HARVEST_SOURCES
    if step in {"cleanup", "netfx3"}:
        return StepKind(step)
    if step.startswith("feature-"):
        return StepKind.FEATURE
    wanted = step.removeprefix("update-")
    for name, facts in subject.updates():
        if name in {step, wanted}:
            return STEP_OF_KIND.get(facts.update_kind)
    return None


def _cleans(subject: Subject, target: TargetName) -> bool:
    return bool(getattr(subject.recipe.targets, target).cleanup != "none")


@rule(
    "cleanup-none",
    Severity.NOTE,
    Facts.HELPFUL,
    says="`cleanup: none` where updates go",
    why="The image keeps every component the updates superseded, and grows with each month. `superseded` removes them and "
    "keeps updates removable.",
    source=f"{ordering.UPDATES_BEFORE_CLEANUP.source}, the step after the updates",
)
def cleanup_none(subject: Subject) -> Iterator[Hit]:
    """Images that are updated and not cleaned up."""
    for target in TARGETS:
        if _cleans(subject, target):
            continue
        if any(target in (subject.goes_to(name) or ()) for name in subject.recipe.updates.apply):
            reason = f"`{target}` is updated and keeps what the updates superseded"
            yield Hit(("targets", target, "cleanup"), reason, "write `cleanup: superseded`")


@rule(
    "reset-base-on-install",
    Severity.WARNING,
    says="`cleanup: reset-base` on the install images",
    why="After a reset of the base no update in the image can ever be uninstalled, on any machine made from it; and on "
    "24H2 it was seen to set the image back to its first build. For recovery and boot images it is the default, because "
    "nobody uninstalls updates there.",
    source=f"{PRACTICE}: reset the base for PE and RE only",
)
def reset_base_on_install(subject: Subject) -> Iterator[Hit]:
    """A base that is reset where people might want back."""
    if subject.recipe.targets.install.cleanup == "reset-base":
        reason = "with `reset-base` the updates in the install images can't be removed any more"
        yield Hit(("targets", "install", "cleanup"), reason, "write `cleanup: superseded`")


@rule(
    "netfx3-at-first-level",
    Severity.WARNING,
    Facts.HELPFUL,
    says=".NET Framework 3.5 is enabled, and no cumulative update goes to the install images",
    why="The media has .NET 3.5 at its first level; only a cumulative update applied after it brings it up to date.",
    source=ordering.AGAIN_AFTER_NETFX3.source,
)
def netfx3_at_first_level(subject: Subject) -> Iterator[Hit]:
    """.NET 3.5 that nothing updates."""
    netfx3 = subject.recipe.targets.install.netfx3
    if netfx3 is None or not netfx3.enable:
        return
    bare = subject.facts is not None and not subject.has_kind(UpdateKind.CUMULATIVE, "install")
    if bare or not subject.recipe.updates.apply:
        reason = ".NET 3.5 stays at the media's first level: no cumulative update goes to `install`"
        yield Hit(("targets", "install", "netfx3"), reason, "apply the media's cumulative update with it")
