"""A session carried out: open the image, do its tasks, read back what they promise, save or give up.

Written once for every adapter: packages, features and cleanup are the adapter's (`OpenImage.service`), all else is
changes to files and hives. Whatever happens, the image is saved once or given up once. It runs in the worker process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.engine.checks import PENDING, Checker
from osrecipe.engine.clock import filetime
from osrecipe.engine.expectations import in_force
from osrecipe.engine.folders import copy_folder
from osrecipe.engine.harvest import harvest_setup, harvest_sources
from osrecipe.engine.registry import edit_hives
from osrecipe.engine.worker import CheckError, Worker, outcome_of
from osrecipe.model.adapter import Outcome, TaskError
from osrecipe.model.changes import DeletePath, MakeFolder, PutFile
from osrecipe.model.checks import SettingIs, difference
from osrecipe.model.codes import Slug
from osrecipe.model.plan import Session
from osrecipe.model.tasks import (
    ApplyTweak,
    CleanupImage,
    HarvestSetup,
    HarvestSources,
    InjectWinre,
    PlaceUnattend,
    Servicing,
)
from osrecipe.model.winpath import WinPath
from osrecipe.model.words import count
from osrecipe.windows.answer_files import PLACE as UNATTEND

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from osrecipe.engine.checks import Checkable
    from osrecipe.engine.clock import Clock
    from osrecipe.model.adapter import Adapter, Context, OpenImage
    from osrecipe.model.changes import Change
    from osrecipe.model.checks import Check, CheckResult
    from osrecipe.model.events import Event
    from osrecipe.model.execution import UnitOutcome, UnitRequest
    from osrecipe.model.plan import Task

IMAGE = "image.wim"
"""The artifact every session leaves."""
WINRE = WinPath("Windows\\System32\\Recovery\\winre.wim")
"""Where an install image keeps its recovery image."""


def carry_out(
    request: UnitRequest,
    adapter: Adapter,
    *,
    secrets: Mapping[str, str],
    emit: Callable[[Event], None],
    cancelled: Callable[[], bool],
    clock: Clock | None = None,
) -> UnitOutcome:
    """Carry a session out; on success its artifacts are in `request.artifacts`.

    Args:
        request: the session and its folders.
        adapter: who opens, services and saves the image.
        secrets: values by name.
        emit: takes events in order; for an acquired resource it returns only when the journal has it.
        cancelled: whether to give up; asked between tasks and whenever an adapter reports progress.
        clock: for durations.

    Returns:
        `done`, `failed` (the last event about a task is its `TaskFailed`) or `cancelled`. Never raises for a task.

    Raises:
        TypeError: the request is no session's.
    """
    session = request.unit
    if not isinstance(session, Session):
        raise TypeError(session.id)
    worker = Worker(request, secrets=secrets, emit=emit, cancelled=cancelled, clock=clock)
    return outcome_of(_Sitting(worker, adapter, session).run)


class _Sitting:
    """One session from its opening to its end."""

    def __init__(self, worker: Worker, adapter: Adapter, session: Session) -> None:
        self._worker = worker
        self._adapter = adapter
        self._session = session
        self._saved = worker.request.artifacts / IMAGE

    def run(self) -> None:
        """Do it all."""
        tasks = self._session.tasks
        if not tasks:
            raise ValueError(f"the session has no tasks: `{self._session.id}`")
        with self._worker.blame(tasks[0]):
            self._worker.require_wanted()
            image = self._adapter.open(
                self._session, self._worker.context(self._worker.request.work / "image")
            )
        try:
            for task in tasks:
                self._worker.do(task, lambda ctx, task=task: self._do(task, image, ctx))  # type: ignore[misc]  # bound
            self._read_back(image)
            with self._worker.blame(tasks[-1]):
                self._worker.require_wanted()
                image.commit(self._saved)
        except BaseException:
            self._discard(image)
            raise
        self._reopen()

    def _discard(self, image: OpenImage) -> None:
        """Give the image up. What goes wrong here never hides why."""
        try:
            image.discard()
        except Exception as cause:  # noqa: BLE001 - the first cause must survive whatever this is
            self._worker.warn(f"the image could not be given up cleanly: {type(cause).__name__}: {cause}")

    # -- tasks -------------------------------------------------------------------------------------------------------

    def _do(self, task: Task, image: OpenImage, ctx: Context) -> Outcome:
        match task.op:
            case ApplyTweak() as op:
                return self._tweak(op, image, ctx)
            case InjectWinre() as op:
                return _inject(op, image, ctx)
            case PlaceUnattend() as op:
                return _place_unattend(op, image, ctx)
            case HarvestSources() | HarvestSetup() as op:
                return self._harvest(op, image, ctx)
            case CleanupImage() as op:
                _require_nothing_pending(image)
                return image.service(op, ctx)
            case op if isinstance(op, Servicing):
                return image.service(op, ctx)
        raise TaskError(Slug.INTERNAL, f"this is nothing to do inside an image: `{task.op.op}`")

    def _harvest(self, op: HarvestSources | HarvestSetup, image: OpenImage, ctx: Context) -> Outcome:
        """Leave files of the image beside it, for the media."""
        artifacts = self._worker.request.artifacts
        if isinstance(op, HarvestSetup):
            return harvest_setup(image, artifacts, ctx)
        return harvest_sources(op, image, artifacts, ctx)

    def _tweak(self, op: ApplyTweak, image: OpenImage, ctx: Context) -> Outcome:
        """Registry first, then deletions, then files: in one change set."""
        edited = edit_hives(op.registry, image, self._session.target, ctx.secrets, ctx.now)
        changes: list[Change] = list(edited.files)
        changes += [DeletePath(path) for path in op.delete]
        for copy in op.copy_folders:
            changes += copy_folder(ctx.resolve(copy.source), copy.to)
        image.apply(tuple(changes))
        files = sum(isinstance(change, PutFile) for change in changes) - len(edited.files)
        figures = (("registry change", edited.changed), ("deletion", len(op.delete)), ("file", files))
        return Outcome(
            status="done" if changes else "nothing-to-do",
            detail=", ".join(count(number, what) for what, number in figures if number)
            or "it was so already",
            figures=tuple((what + "s", number) for what, number in figures if number),
        )

    # -- reading back ------------------------------------------------------------------------------------------------

    def _read_back(self, image: OpenImage) -> None:
        """Evaluate what each task promises, once, on the image that is about to be saved."""
        checker = Checker(image, self._session.target, self._worker.secrets)
        for task, checks in zip(self._session.tasks, in_force(self._session), strict=True):
            with self._worker.blame(task):
                self._worker.require_wanted()
                results = tuple(checker.evaluate(check) for check in checks)
                _require(results, "before the image was saved")
                self._worker.checked(task, results)

    def _reopen(self) -> None:
        """Evaluate one task's checks, the last that has any a saved image can answer, on what was saved."""
        wanted = [
            (task, answered)
            for task, checks in zip(self._session.tasks, in_force(self._session), strict=True)
            if (answered := tuple(check for check in checks if not isinstance(check, SettingIs)))
        ]
        task, checks = wanted[-1] if wanted else (self._session.tasks[-1], ())
        with self._worker.blame(task), self._saved.open("rb") as wim:
            image = self._adapter.open_read(wim, 1)
            try:
                _require(self._evaluate(checks, image), "in the saved image")
            finally:
                image.close()

    def _evaluate(self, checks: tuple[Check, ...], image: Checkable) -> tuple[CheckResult, ...]:
        checker = Checker(image, self._session.target, self._worker.secrets)
        return tuple(checker.evaluate(check) for check in checks)


def _inject(op: InjectWinre, image: OpenImage, ctx: Context) -> Outcome:
    source = ctx.resolve(op.winre)
    folder = WINRE.parent
    makes = (MakeFolder(folder),) if folder is not None and image.info(folder) is None else ()
    image.apply((*makes, PutFile(WINRE, source, filetime(ctx.now))))
    return Outcome(
        detail="the serviced recovery image is in its place", figures=(("bytes", source.stat().st_size),)
    )


def _place_unattend(op: PlaceUnattend, image: OpenImage, ctx: Context) -> Outcome:
    source = ctx.resolve(op.source)
    folder = UNATTEND.parent
    makes = (MakeFolder(folder),) if folder is not None and image.info(folder) is None else ()
    image.apply((*makes, PutFile(UNATTEND, source, filetime(ctx.now))))
    return Outcome(detail=f"the answer file is `{UNATTEND}`", figures=(("files", 1),))


def _require_nothing_pending(image: OpenImage) -> None:
    """Cleanup while actions are pending makes an image that can't be serviced any more."""
    if image.info(PENDING) is not None:
        raise TaskError(
            Slug.RUN_PENDING,
            f"actions are pending in the image, so it can't be cleaned up: `{PENDING}` is there",
            remedy="leave cleanup out for this image (`cleanup: none`), or do what is pending after its first start",
        )


def _require(results: tuple[CheckResult, ...], when: str) -> None:
    failed = [result for result in results if not result.passed]
    if failed:
        said = "\n".join(difference(result) for result in failed)
        raise CheckError(Slug.RUN_CHECK_FAILED, f"read back {when}: {said}", results)
