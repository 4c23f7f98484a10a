"""What must be true after each kind of task, read back from the image before it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.checks import (
    BuildIs,
    Check,
    FileIs,
    PackagePresent,
    RegistryKeyAbsent,
    RegistryValueIs,
)
from osrecipe.model.registry import CreateKey, DeleteKey, DeleteValue, SetValue
from osrecipe.model.version import Version
from osrecipe.model.winpath import WinPath, upcase
from osrecipe.windows.hives import hive_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from osrecipe.model.facts import ImageFacts, UpdateFacts
    from osrecipe.model.recipe import ExpectImage, TargetName
    from osrecipe.model.registry import RegistryChange, RegistryKey
    from osrecipe.model.tasks import CopyFolder

WINRE_PATH = WinPath("Windows\\System32\\Recovery\\winre.wim")


def after_package(facts: UpdateFacts, image: ImageFacts, target: TargetName) -> tuple[Check, ...]:
    """The package is recorded; a cumulative update has raised the build's revision."""
    checks: list[Check] = [PackagePresent(identity=facts.package.identity)]
    if (raised := raised_to(facts, image, target)) is not None:
        checks.append(BuildIs(version=raised, at_least=True))
    return tuple(checks)


def raised_to(facts: UpdateFacts, image: ImageFacts, target: TargetName) -> Version | None:
    """The build an image has after a cumulative update; None for other updates.

    `Package_for_RollupFix` carries build.revision as its version. The build number in it can be the family's base
    (19041 for 19045), so only its revision is taken. Of a recovery image no facts are known but those of the install
    image around it, which may have been enabled to a later build of the family: there the lower number is promised.
    """
    if not facts.package.identity.lower().startswith("package_for_rollupfix~"):
        return None
    own, package = image.version, facts.package.version
    build = min(own.build, package.major) if target == "winre" else own.build
    return Version(major=own.major, minor=own.minor, build=build, revision=package.minor)


def after_registry(changes: Sequence[RegistryChange], target: TargetName) -> tuple[Check, ...]:
    """What the last change to each value and key left; secrets are not read back, so that they reach no report.

    Keys are the same when they lie at the same place of the same hive, by whatever root they are named.
    """
    final: dict[tuple[str, str], Check | None] = {}
    for change in changes:
        key = registry_identity(change.key, target)
        match change:
            case SetValue(data=data) if data.kind == "secret":
                final[key, upcase(change.name)] = None
            case SetValue():
                final[key, upcase(change.name)] = RegistryValueIs(
                    key=change.key, name=change.name, data=change.data
                )
            case DeleteValue():
                final[key, upcase(change.name)] = RegistryValueIs(key=change.key, name=change.name, data=None)
            case DeleteKey():
                gone = [k for k in final if k[0] == key or k[0].startswith(key + "\\")]
                for place in gone:
                    del final[place]
                final[key, "\0key"] = RegistryKeyAbsent(key=change.key)
            case CreateKey():
                pass
        if not isinstance(change, DeleteKey):
            _revive(final, key)
    return tuple(check for check in final.values() if check is not None)


def registry_identity(key: RegistryKey, target: TargetName) -> str:
    """Where a key lies, by whatever root it is named: the hive's file and the path in it."""
    place = hive_place(key.root, target)
    return upcase("\\".join(part for part in (str(place.file), place.below, key.path) if part))


def _revive(final: dict[tuple[str, str], Check | None], key: str) -> None:
    """A key written below a deleted one is there again: its absence is no longer expected."""
    for place in [p for p in final if p[1] == "\0key" and (key == p[0] or key.startswith(p[0] + "\\"))]:
        del final[place]


def after_files(delete: Iterable[WinPath], copies: Iterable[CopyFolder]) -> tuple[Check, ...]:
    """Deleted paths are gone, copied folders are there."""
    copied = list(copies)
    gone = [path for path in delete if not any(c.to.within(path) for c in copied)]
    return (
        *(FileIs(path=path, state="absent") for path in gone),
        *(FileIs(path=c.to, state="present") for c in copied),
    )


def expected(expect: ExpectImage | None, target: TargetName) -> tuple[Check, ...]:
    """The checks an `expect:` entry stands for."""
    if expect is None:
        return ()
    build: tuple[Check, ...] = (BuildIs(version=Version.parse(expect.build)),) if expect.build else ()
    files = tuple(FileIs(path=path, state=state) for path, state in expect.files.items())
    return (*build, *after_registry(expect.registry, target), *files)
