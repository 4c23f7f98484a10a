"""Servicing a mounted image: packages, features, cleanup. What DISM says is compared with what it lists afterwards."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

from osrecipe.adapters.dism import codes, command, output
from osrecipe.adapters.dism.calls import DismError, failed, watching
from osrecipe.adapters.dism.codes import Kind
from osrecipe.model.adapter import Outcome, TaskError
from osrecipe.model.codes import Slug
from osrecipe.model.frozen import Digest
from osrecipe.model.tasks import AddPackage, CleanupImage, EnableNetfx3, InputRef, SetFeature
from osrecipe.model.winpath import WinPath
from osrecipe.model.words import count

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osrecipe.adapters.dism.calls import Dism, Done
    from osrecipe.adapters.dism.command import Verb
    from osrecipe.adapters.dism.folder import ImageFolder
    from osrecipe.model.adapter import Context
    from osrecipe.model.tasks import Servicing

NETFX3: Final = "NetFx3"
PENDING: Final = WinPath("Windows\\WinSxS\\pending.xml")
_LISTED: Final = 0.97
"""The share of a task at which the work is done and the listing begins."""


def package_states(dism: Dism, mounted: str, ctx: Context, share: float = 0.0) -> dict[str, str]:
    """DISM's states by lower-case identity.

    Raises:
        DismError: DISM can't list them.
    """
    done = dism.run(command.get_packages(mounted), watching(ctx, share, share))
    found = output.packages(done.said.text)
    if not found:
        raise failed(Slug.RUN_TASK_FAILED, "DISM lists no package at all in the image")
    return found


def feature_states(dism: Dism, mounted: str, ctx: Context, share: float = 0.0) -> dict[str, str]:
    """DISM's states by lower-case name; none in an image without features.

    Raises:
        DismError: DISM can't list them.
    """
    return output.features(dism.run(command.get_features(mounted), watching(ctx, share, share)).said.text)


class Servicer:
    """Services one mounted image.

    Args:
        dism: who does it.
        mounted: the mount folder.
        files: the same folder's files.
    """

    def __init__(self, dism: Dism, mounted: Path, files: ImageFolder) -> None:
        self._dism = dism
        self._mounted = str(mounted)
        self._files = files

    def service(self, op: Servicing, ctx: Context) -> Outcome:
        """As `OpenImage.service`."""
        match op:
            case AddPackage():
                return self._add(op, ctx)
            case EnableNetfx3():
                return self._enable_netfx3(op, ctx)
            case SetFeature():
                return self._set_feature(op, ctx)
            case CleanupImage():
                return self._clean_up(op, ctx)

    # -- packages ----------------------------------------------------------------------------------------------------

    def _add(self, op: AddPackage, ctx: Context) -> Outcome:
        name = f"KB{op.kb}" if op.kb else f"`{op.package}`"
        package = alone(
            ctx.resolve(InputRef(input=op.input, digest=Digest(op.content))), ctx.work / "package"
        )
        before = package_states(self._dism, self._mounted, ctx)
        tolerated = frozenset(number for text in op.tolerates if (number := codes.parse(text)) is not None)
        done = self._surely(
            command.add_package(self._mounted, str(package)),
            ctx,
            tolerated,
            lambda: self._has(op.package, ctx),
        )
        if done is not None and done.is_tolerated:
            return Outcome(
                status="not-applicable",
                detail=f"{name} ended with {done.row.text}, which the plan tolerates here: {done.row.meaning}",
            )
        after = package_states(self._dism, self._mounted, ctx, _LISTED)
        return self._added(op, name, before, after)

    def _added(self, op: AddPackage, name: str, before: dict[str, str], after: dict[str, str]) -> Outcome:
        state = after.get(op.package.lower())
        if output.package_word(state) != "installed":
            raise failed(
                Slug.RUN_CHECK_FAILED,
                f"DISM says that {name} was added, but lists `{op.package}` as {state or 'not there'}",
                "see the task's log; the image is given up",
            )
        if output.package_word(before.get(op.package.lower())) == "installed" and before == after:
            return Outcome(
                detail=f"{name} was added again: nothing new is listed", figures=(("packages", 0),)
            )
        fresh = sum(1 for identity, word in after.items() if before.get(identity) != word)
        return Outcome(
            detail=f"{name} is {(state or '').lower()}, {count(fresh, 'package')} changed",
            figures=(("packages", fresh),),
        )

    def _has(self, identity: str, ctx: Context) -> bool:
        return output.package_word(package_states(self._dism, self._mounted, ctx).get(identity.lower())) == (
            "installed"
        )

    def _surely(
        self, verb: Verb, ctx: Context, tolerated: frozenset[int], is_done: Callable[[], bool]
    ) -> Done | None:
        """Carry a command out, and judge the death of DISM's host process by what the image says.

        Returns None when the process died after the work was done.
        """
        for last in (False, True):
            try:
                return self._dism.run(verb, watching(ctx, 0, _LISTED), tolerated=tolerated)
            except DismError as cause:
                if cause.row.kind is not Kind.PROBE:
                    raise
                ctx.log(f"{cause.reason}; the image is asked")
                if is_done():
                    ctx.log("the image says that it was done")
                    return None
                if last:
                    raise
        raise AssertionError(verb)

    # -- features ----------------------------------------------------------------------------------------------------

    def feature(self, name: str, ctx: Context) -> str | None:
        """As `OpenImage.feature_state`."""
        return output.feature_word(feature_states(self._dism, self._mounted, ctx).get(name.lower()))

    def _enable_netfx3(self, op: EnableNetfx3, ctx: Context) -> Outcome:
        source = ctx.work / "sxs"
        cabinet = ctx.resolve(op.source)
        for name in netfx3_names(op.package):
            alone(cabinet, source, name)
        verb = command.enable_feature(self._mounted, NETFX3, str(source))
        return self._switch(verb, NETFX3, "enabled", ctx)

    def _set_feature(self, op: SetFeature, ctx: Context) -> Outcome:
        on = op.state == "enabled"
        make = command.enable_feature if on else command.disable_feature
        return self._switch(make(self._mounted, op.feature), op.feature, op.state, ctx)

    def _switch(self, verb: Verb, name: str, wanted: str, ctx: Context) -> Outcome:
        was = self.feature(name, ctx)
        if was == wanted:
            return Outcome(status="nothing-to-do", detail=f"feature `{name}` was {wanted} already")
        if was is None:
            raise DismError(codes.lookup(0x800F_080C), f"the image has no feature `{name}`")
        self._surely(verb, ctx, frozenset(), lambda: self.feature(name, ctx) == wanted)
        found = self.feature(name, ctx)
        if found != wanted:
            raise failed(
                Slug.RUN_CHECK_FAILED,
                f"DISM says that feature `{name}` is {wanted}, but lists it as {found or 'not there'}",
                "see the task's log; the image is given up",
            )
        return Outcome(detail=f"feature `{name}` is {wanted}")

    # -- cleanup -----------------------------------------------------------------------------------------------------

    def _clean_up(self, op: CleanupImage, ctx: Context) -> Outcome:
        """Once more the question whether actions are pending: DISM may run for an hour before it says so."""
        if self._files.info(PENDING) is not None:
            raise DismError(codes.lookup(0x800F_0806), f"actions are pending in the image: `{PENDING}`")
        before = package_states(self._dism, self._mounted, ctx)
        verb = command.cleanup(self._mounted, reset_base=op.level == "reset-base")
        self._dism.run(verb, watching(ctx, 0, _LISTED))
        after = package_states(self._dism, self._mounted, ctx, _LISTED)
        if lost := _lost(before, after):
            raise failed(Slug.RUN_CHECK_FAILED, f"cleanup lost an installed package: `{lost[0]}`")
        gone = len(before.keys() - after.keys())
        level = " and the base reset" if op.level == "reset-base" else ""
        return Outcome(
            detail=f"superseded components removed{level}, {count(gone, 'package')} no longer listed",
            figures=(("packages", gone),),
        )


def _lost(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Packages that were installed and are no longer listed."""
    return sorted(
        identity
        for identity, state in before.items()
        if output.package_word(state) == "installed" and identity not in after
    )


def netfx3_names(package: str) -> tuple[str, ...]:
    """The names under which DISM may look for the .NET 3.5 cabinet in a source folder, old and new."""
    name, token, architecture, *_ = [*package.split("~"), "", "", ""]
    return (f"{name}.cab".lower(), f"{name}~{token}~{architecture}~~.cab".lower())


def alone(file: Path, folder: Path, name: str = "") -> Path:
    """A file in a folder of its own, for DISM takes other packages it finds beside one: linked, or else copied.

    Raises:
        TaskError: it can't be put there.
    """
    folder.mkdir(exist_ok=True)
    place = folder / (name or file.name)
    try:
        os.link(file, place)
    except OSError:
        try:
            shutil.copyfile(file, place)
        except OSError as cause:
            raise TaskError(
                Slug.RUN_TASK_FAILED, f"the package can't be put aside: {cause.strerror}: `{file}`"
            ) from cause
    return place
