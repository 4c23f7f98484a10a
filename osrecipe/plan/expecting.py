"""What the recipe expects of each image, with the lines that say so, and what can't be because of what is planned.

Only what is certain before anything runs is a contradiction; all else is read back from the finished media.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.checks import BuildIs, RegistryValueIs
from osrecipe.model.codes import Slug
from osrecipe.model.facts import UpdateKind
from osrecipe.model.tasks import AddPackage, ApplyTweak
from osrecipe.model.winpath import upcase
from osrecipe.plan.postconditions import after_registry, expected, registry_identity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osrecipe.model.checks import Check
    from osrecipe.model.facts import ImageFacts
    from osrecipe.model.plan import Session
    from osrecipe.model.problems import Place
    from osrecipe.model.recipe import TargetName
    from osrecipe.plan.steps import Compiling

Stated = tuple[tuple["Check", "Place"], ...]

_LONG = (
    ("HKEY_LOCAL_MACHINE", "HKLM"),
    ("HKEY_CURRENT_USER", "HKCU"),
    ("HKEY_USERS", "HKU"),
    ("HKEY_CLASSES_ROOT", "HKCR"),
)


def stated(work: Compiling, target: TargetName) -> Stated:
    """The checks that `expect` states for a kind of image, each with its place."""
    checks = expected(getattr(work.recipe.expect, target), target)
    return tuple((check, _place(work, target, check)) for check in checks)


def _place(work: Compiling, target: TargetName, check: Check) -> Place:
    match check:
        case BuildIs():
            return work.origins.at("expect", target, "build")
        case RegistryValueIs():
            return _value_place(work, target, check)
    return work.origins.at("expect", target)


def _value_place(work: Compiling, target: TargetName, check: RegistryValueIs) -> Place:
    """A key can be written in several ways, so it is looked for among those that are there."""
    front = ("expect", target, "registry")
    length = len(front) + 2
    for loc, place in work.origins.values.items():
        if len(loc) == length and loc[:3] == front and upcase(str(loc[4])) == upcase(check.name):
            written = upcase(str(loc[3]))
            for long, short in _LONG:
                written = written.replace(long, short, 1)
            if written == upcase(str(check.key)):
                return place
    return work.origins.at(*front)


def contradictions(
    work: Compiling, target: TargetName, image: ImageFacts, sessions: Sequence[Session], wanted: Stated
) -> None:
    """Leave a problem for each expectation that what is planned for an image makes impossible."""
    for check, place in wanted:
        match check:
            case BuildIs():
                _build(work, target, image, sessions, check, place)
            case RegistryValueIs():
                _value(work, target, image, sessions, check, place)


def _build(
    work: Compiling,
    target: TargetName,
    image: ImageFacts,
    sessions: Sequence[Session],
    check: BuildIs,
    place: Place,
) -> None:
    """A cumulative update brings one revision exactly, unless the image has a later one.

    An enablement package changes the build too, and of a recovery image's build too little is known.
    """
    brings = [
        (promised.version, task.op.input)
        for made in sessions
        for task in made.tasks
        if isinstance(task.op, AddPackage)
        for promised in task.checks
        if isinstance(promised, BuildIs)
    ]
    kinds = {t.op.update_kind for s in sessions for t in s.tasks if isinstance(t.op, AddPackage)}
    if not brings or target == "winre" or UpdateKind.ENABLEMENT in kinds:
        return
    version, name = max(brings)
    if max(version, image.version) == check.version:
        return
    if image.version > version:
        reason, cause = f"`{image.name}` is at build {image.version} already", "take another build's media"
    else:
        reason, cause = f"`{name}` brings `{image.name}` to build {version}", f'write "{version}"'
    work.problem(
        Slug.PLAN_EXPECTATION,
        f"{reason}, so build {check.version} can't be expected",
        place,
        f"{cause}, or apply the update that brings what is expected",
    )


def _value(
    work: Compiling,
    target: TargetName,
    image: ImageFacts,
    sessions: Sequence[Session],
    check: RegistryValueIs,
    place: Place,
) -> None:
    """The last tweak that writes a value decides what it is."""
    tweaks = [t.op for s in sessions for t in s.tasks if isinstance(t.op, ApplyTweak)]
    identity = _identity(check, target)
    left = after_registry([change for op in tweaks for change in op.registry], target)
    for found in left:
        if isinstance(found, RegistryValueIs) and _identity(found, target) == identity:
            if found.data == check.data:
                return
            writers = [op.tweak for op in tweaks if identity in _written(op, target)]
            wanted, written = (c.data if c.data is not None else "absent" for c in (check, found))
            work.problem(
                Slug.PLAN_EXPECTATION,
                f"tweak `{writers[-1]}` leaves `{check.name or '(default)'}` of `{image.name}` {written}, "
                f"but it is expected to be {wanted}",
                place,
                "change the tweak or what is expected",
            )


def _written(op: ApplyTweak, target: TargetName) -> set[tuple[str, str]]:
    left = after_registry(op.registry, target)
    return {_identity(each, target) for each in left if isinstance(each, RegistryValueIs)}


def _identity(check: RegistryValueIs, target: TargetName) -> tuple[str, str]:
    return registry_identity(check.key, target), upcase(check.name)
