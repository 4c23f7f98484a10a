"""The jobs that change the media tree, one after the other, and the two that finish it: the ISO and its verification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.model.checks import BuildIs, FileIs, PackagePresent
from osrecipe.model.tasks import (
    CopyMedia,
    Expectation,
    PlaceFile,
    PlaceSetup,
    SyncSources,
    VerifyMedia,
    WriteIso,
)
from osrecipe.plan.expecting import contradictions, stated
from osrecipe.plan.exports import BOOT_WIM, INSTALL_WIM
from osrecipe.plan.labels import label
from osrecipe.plan.postconditions import WINRE_PATH
from osrecipe.plan.units import artifact, job
from osrecipe.windows.ordering import (
    COPIED_FIRST,
    EXPORT_BEFORE_PLACE,
    HARVEST_BEFORE_SYNC,
    ISO_BEFORE_VERIFY,
    PLACE_IN_ORDER,
    SETUP_WINS,
    TREE_BEFORE_ISO,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osrecipe.model.checks import Check
    from osrecipe.model.facts import ImageFacts
    from osrecipe.model.names import TaskId
    from osrecipe.model.plan import Job, Session
    from osrecipe.model.recipe import TargetName
    from osrecipe.model.tasks import ArtifactRef, JobOp
    from osrecipe.model.winpath import WinPath
    from osrecipe.plan.exports import Serviced
    from osrecipe.plan.lanes import Winre
    from osrecipe.plan.steps import Compiling
    from osrecipe.plan.units import Draft
    from osrecipe.windows.ordering import Rule

ISO = "iso"


@dataclass
class Tree:
    """The working tree while its chain of jobs is put together; one writer at a time."""

    work: Compiling
    draft: Draft
    last: Job

    def change(
        self, name: str, op: JobOp, title: str, ref: ArtifactRef, maker: Job | Session, rule: Rule
    ) -> None:
        """Add a job that puts `ref`, which `maker` left, into the tree."""
        first = self.last.tasks[0].id == "media/copy"
        before = self.last
        place = self.work.origins.at("media") if name != "media/copy" else self.work.origins.at("source")
        self.last = job(self.draft, name, op, title, place, inputs=(ref,), after=before)
        self.draft.join(before, self.last, COPIED_FIRST if first else PLACE_IN_ORDER)
        self.draft.link(_leaver(maker, ref), self.last.tasks[0].id, rule)
        self.draft.join(maker, self.last, rule)  # what a session leaves is there when it is saved


def tree_jobs(
    work: Compiling, draft: Draft, sessions: Sequence[Session], exports: Mapping[WinPath, Job]
) -> Job:
    """Copy the media, swap the WIMs in, bring `sources` up to date; returns the last job."""
    tree = Tree(work, draft, _copy(work, draft, tuple(exports)))
    for path, export in exports.items():
        ref = artifact(export, path.name)
        name = f"media/{path.name.removesuffix('.wim')}-wim"
        op = PlaceFile(source=ref, to=path)
        tree.change(name, op, f"put the new {path.name} into the tree", ref, export, EXPORT_BEFORE_PLACE)
    for made in sessions:
        if "sources" in made.produces:
            ref = artifact(made, "sources")
            title = "bring the media's sources up to date"
            tree.change("media/sync-sources", SyncSources(harvest=ref), title, ref, made, HARVEST_BEFORE_SYNC)
    for made in sessions:
        if "setup" in made.produces:
            ref = artifact(made, "setup")
            title = "make the media's setup.exe the setup image's"
            synced = tree.last
            tree.change("media/setup-files", PlaceSetup(harvest=ref), title, ref, made, HARVEST_BEFORE_SYNC)
            if synced.tasks[0].id == "media/sync-sources":
                draft.join(synced, tree.last, SETUP_WINS)
    return tree.last


def _copy(work: Compiling, draft: Draft, without: tuple[WinPath, ...]) -> Job:
    op = CopyMedia(media=work.media_ref, without=without)
    title = "copy the media to a working tree"
    return job(draft, "media/copy", op, title, work.origins.at("source"), inputs=(work.media_ref,))


def _leaver(maker: Job | Session, ref: ArtifactRef) -> TaskId:
    """The task that leaves an artifact: a session's harvest, or its last task."""
    wanted = {"sources": "harvest-sources", "setup": "harvest-setup"}.get(ref.name)
    return next((t.id for t in maker.tasks if t.op.op == wanted), maker.tasks[-1].id)


def finish(
    work: Compiling,
    draft: Draft,
    last: Job,
    install: Sequence[Serviced],
    expectations: tuple[Expectation, ...],
    setup: bool,
) -> None:
    """Write the ISO from the finished tree, then read it back and verify it."""
    op = WriteIso(
        label=label(work, install),
        firmware=work.media.firmware,
        timestamp=work.media.modified if work.stated_time is None else work.stated_time,
        output=work.recipe.output.iso,
        writer=None if work.recipe.output.writer == "osrecipe" else work.recipe.output.writer,
    )
    place = work.origins.at("output", "iso" if op.writer is None else "writer")
    iso = job(
        draft,
        "media/iso",
        op,
        f"write {work.recipe.output.iso}",
        place,
        inputs=(),
        produces=(ISO,),
        after=last,
    )
    draft.join(last, iso, TREE_BEFORE_ISO)
    verify = VerifyMedia(
        expectations=expectations,
        same_setup=work.media.setup_files if setup else (),
        source=work.media_ref,
        iso=artifact(iso, ISO),
    )
    title = "read the ISO back and verify it"
    inputs = (artifact(iso, ISO), work.media_ref)
    checked = job(draft, "media/verify", verify, title, work.origins.at("expect"), inputs=inputs, after=iso)
    draft.join(iso, checked, ISO_BEFORE_VERIFY)


def expectations(
    work: Compiling,
    install: Sequence[Serviced],
    boot: Sequence[Serviced],
    winres: Mapping[int, Winre],
) -> tuple[Expectation, ...]:
    """What must be true of the finished media: what the recipe expects, and what its tasks promised."""
    made: list[Expectation] = []
    for number, each in enumerate(install, start=1):
        if not each.chosen:
            continue
        made.append(_expect(work, "install", INSTALL_WIM, number, each.selected.image, each.sessions))
        winre = winres.get(each.selected.image.index)
        if winre is not None:
            made.append(_expect(work, "winre", INSTALL_WIM, number, each.selected.image, winre.sessions))
    for number, each in enumerate(boot, start=1):
        selected = each.selected
        made.append(_expect(work, selected.target, BOOT_WIM, number, selected.image, each.sessions))
    return tuple(e for e in made if e.checks)


def _expect(
    work: Compiling,
    target: TargetName,
    path: WinPath,
    index: int,
    image: ImageFacts,
    sessions: Sequence[Session],
) -> Expectation:
    wanted = stated(work, target)
    contradictions(work, target, image, sessions, wanted)
    places = {check: str(place) for check, place in wanted}
    distinct = tuple(dict.fromkeys((*places, *_promised(sessions))))
    name = f"winre of {image.name}" if target == "winre" else image.name
    said = tuple(places.get(check, "") for check in distinct) if places else ()
    return Expectation(target=target, path=path, index=index, checks=distinct, name=name, places=said)


def _promised(sessions: Sequence[Session]) -> tuple[Check, ...]:
    """The post-conditions that must still hold on the finished media."""
    checks = [check for made in sessions for task in made.tasks for check in task.checks]
    return tuple(c for c in checks if isinstance(c, BuildIs | PackagePresent) or _is_winre(c))


def _is_winre(check: Check) -> bool:
    return isinstance(check, FileIs) and check.path == WINRE_PATH
