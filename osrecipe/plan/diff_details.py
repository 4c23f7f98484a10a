"""What a task does otherwise: every value of its operation that differs, in words.

What refers to other units is left out: their own tasks say what changed there.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from osrecipe.model.checks import (
    AppAbsent,
    BuildIs,
    CapabilityIs,
    DriverPresent,
    FeatureIs,
    FileIs,
    NothingPending,
    PackagePresent,
    RegistryKeyAbsent,
    RegistryValueIs,
    SettingIs,
)
from osrecipe.model.diff import Detail
from osrecipe.model.frozen import canonical, normal_form
from osrecipe.model.tasks import (
    AddDrivers,
    AddPackage,
    ApplyTweak,
    ApplyUnattend,
    ArtifactRef,
    ChangeSettings,
    ExportImages,
    ImageRef,
    InputRef,
    Op,
    SetCapability,
    VerifyMedia,
    WriteIso,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from osrecipe.model.checks import Check
    from osrecipe.model.names import InputId
    from osrecipe.model.plan import Plan
    from osrecipe.model.registry import RegistryChange

_CLIP = 200
"""Characters of a value; a longer one ends with a hash, so that two that differ late still differ."""
_NAMES = frozenset({"op", "input", "tweak", "because", "content", "package", "registry", "delete"})
_OTHERS = frozenset(
    {
        "copy_folders",
        "parts",
        "expectations",
        "timestamp",
        "drivers",
        "whole",
        "checkpoints",
        "settings",
        "writer",
    }
)
"""`timestamp` follows from the media, whose change is told itself; the others have words of their own below."""


def details(before: Op, after: Op, promised: tuple[frozenset[bytes], frozenset[bytes]]) -> tuple[Detail, ...]:
    """What differs between two operations of one kind.

    Args:
        before: the operation on the one side.
        after: the operation on the other side.
        promised: checks that tasks make themselves on either side (see `promises`), which no recipe has to state.
    """
    left, right = _values(before, promised[0]), _values(after, promised[1])
    found = [
        Detail(what=what, before=left.get(what), after=right.get(what))
        for what in dict.fromkeys([*left, *right])
        if left.get(what) != right.get(what)
    ]
    if isinstance(after, AddPackage) and len(found) > 1:
        found = [d for d in found if d.what != "content"]  # another update has other content, of course
    if isinstance(before, ApplyTweak) and isinstance(after, ApplyTweak) and not found:
        found += _order(before, after)
    return tuple(found)


def content(op: Op, *, is_new: bool) -> tuple[Detail, ...]:
    """What a tweak does that comes or goes; of other tasks the title says all."""
    values = _tweak(op) if isinstance(op, ApplyTweak) else {}
    return tuple(
        Detail(what=what, before=None if is_new else value, after=value if is_new else None)
        for what, value in values.items()
    )


def _values(op: Op, promised: frozenset[bytes]) -> dict[str, str]:
    """Every value of an operation by what it is, in words."""
    found = dict(_plain(op))
    match op:
        case AddPackage():
            found |= {"version": version_of(op.package) or op.package, "content": _short(op.content)}
            if op.checkpoints:
                found["checkpoints"] = ", ".join(_short(each.digest) for each in op.checkpoints)
        case ApplyTweak():
            found |= _tweak(op)
        case AddDrivers() | ChangeSettings() | ApplyUnattend():
            found |= _listed(op)
        case ExportImages():
            found["images"] = str(len(op.parts))
        case VerifyMedia():
            found |= _expectations(op, promised)
        case WriteIso():
            found["writer"] = op.writer or "osrecipe"
        case _:
            if package := getattr(op, "package", ""):
                found["package"] = package
    return found


def _listed(op: AddDrivers | ChangeSettings | ApplyUnattend) -> dict[str, str]:
    match op:
        case AddDrivers():
            return {f"driver `{each.inf}`": each.version or "of no version" for each in op.drivers}
        case ChangeSettings():
            return {each.name: each.value for each in op.settings}
        case ApplyUnattend():
            return {"settings": ", ".join(op.settings)}


def _plain(op: Op) -> Iterator[tuple[str, str]]:
    """Values that need no words of their own."""
    source = getattr(op, "source", None)
    if isinstance(source, InputRef):
        yield "content", _short(source.digest)
    if isinstance(op, SetCapability):
        yield "state", op.state
    for name in type(op).model_fields:
        value = getattr(op, name)
        if name in _NAMES | _OTHERS or value is None or isinstance(value, ArtifactRef | InputRef):
            continue
        if isinstance(value, ImageRef):
            yield "image", str(value.index)
        elif isinstance(value, tuple):
            yield name.replace("_", " "), ", ".join(map(str, value))
        elif isinstance(value, bool):
            yield name.replace("_", " "), "yes" if value else "no"
        else:
            yield name.replace("_", " "), str(value)


def _tweak(op: ApplyTweak) -> dict[str, str]:
    found: dict[str, str] = {}
    for change in op.registry:
        what, value = _registry(change)
        found[what] = value
    for path in op.delete:
        found[f"`{path}`"] = "deleted"
    for copy in op.copy_folders:
        found[f"`{copy.to}`"] = f"files with digest {_short(copy.source.digest)}"
    return found


def _registry(change: RegistryChange) -> tuple[str, str]:
    match change.do:
        case "set":
            return _value_of(str(change.key), change.name), clip(str(change.data))
        case "delete-value":
            return _value_of(str(change.key), change.name), "deleted"
        case "create-key":
            return f"key `{change.key}`", "there"
        case "delete-key":
            return f"key `{change.key}`", "deleted with all below it"


def _value_of(key: str, name: str) -> str:
    return f"`{key}` `{name}`" if name else f"`{key}` (default)"


def _order(before: ApplyTweak, after: ApplyTweak) -> list[Detail]:
    """A tweak whose changes are the same, but not in the same order or number: a later one wins."""
    if normal_form(before.registry) == normal_form(after.registry) and before.delete == after.delete:
        return []
    return [Detail(what="order of its changes", before=_numbers(before), after=_numbers(after))]


def _numbers(op: ApplyTweak) -> str:
    found = hashlib.sha256(canonical(normal_form(op.registry))).hexdigest()[:12]
    return f"{len(op.registry)} registry changes, {found}"


def promises(plan: Plan) -> frozenset[bytes]:
    """Every check that the tasks of a plan make themselves."""
    return frozenset(_key(c) for unit in plan.units for task in unit.tasks for c in task.checks)


def _key(check: Check) -> bytes:
    return check.model_dump_json().encode()


def _expectations(op: VerifyMedia, promised: frozenset[bytes]) -> dict[str, str]:
    """What the recipe expects of each kind of image, beside what its tasks promise anyway."""
    found: dict[str, str] = {}
    seen: set[tuple[str, bytes]] = set()
    for each in op.expectations:
        for check in each.checks:
            key = _key(check)
            if key not in promised and (each.target, key) not in seen:
                seen.add((each.target, key))
                what, value = _check(check)
                found[f"expected of {each.target}: {what}"] = value
    return found


def _check(check: Check) -> tuple[str, str]:
    """What a check is about, and what it wants of it."""
    found: tuple[str, str]
    match check:
        case BuildIs():
            found = "build", f"{check.version}" + (" or later" if check.at_least else "")
        case PackagePresent():
            found = f"package `{check.identity}`", "present"
        case RegistryValueIs():
            shown = "absent" if check.data is None else clip(str(check.data))
            found = _value_of(str(check.key), check.name), shown
        case RegistryKeyAbsent():
            found = f"key `{check.key}`", "absent"
        case FileIs():
            found = f"`{check.path}`", check.state
        case FeatureIs() | CapabilityIs():
            found = f"{check.check} `{check.name}`", check.state
        case AppAbsent() | DriverPresent() | SettingIs():
            found = _customized(check)
        case NothingPending():
            found = "pending actions", "none"
    return found


def _customized(check: AppAbsent | DriverPresent | SettingIs) -> tuple[str, str]:
    match check:
        case AppAbsent():
            return f"app `{check.package}`", "absent"
        case DriverPresent():
            return f"driver `{check.inf}`", check.version or "present"
        case SettingIs():
            return check.name, check.value


def clip(text: str) -> str:
    """A value of at most a few hundred characters."""
    if len(text) <= _CLIP:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
    return f"{text[:_CLIP]}… ({len(text)} characters, {digest})"


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]


def fingerprint(op: Op) -> bytes:
    """What an operation does, whatever things are called and whichever unit made what it reads."""
    return canonical(_local(normal_form(op)))


def _local(form: object) -> object:
    if isinstance(form, dict):
        is_artifact = form.get("ref") == "artifact"
        return {k: _local(v) for k, v in form.items() if not (is_artifact and k in {"unit", "digest"})}
    return [_local(v) for v in form] if isinstance(form, list) else form


def package_versions(plan: Plan) -> Mapping[InputId, tuple[str, str]]:
    """KB and package version of each update that a plan adds, by input."""
    return {
        task.op.input: (task.op.kb, version_of(task.op.package))
        for unit in plan.units
        for task in unit.tasks
        if isinstance(task.op, AddPackage)
    }


def version_of(identity: str) -> str:
    """The version in a package's identity `name~token~arch~lang~version`; empty when it has none."""
    return identity.rpartition("~")[2] if identity.count("~") == 4 else ""  # noqa: PLR2004 - its five parts


def number(version: str) -> tuple[int, ...]:
    """A version to compare by; empty for what is none."""
    parts: Iterable[str] = version.split(".")
    return tuple(int(p) for p in parts) if version and all(p.isdecimal() for p in version.split(".")) else ()
