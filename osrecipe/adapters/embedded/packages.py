"""Adding an update: open it, choose what the image takes, carry the components out, write it down.

A package that is in the image already is looked at again: parts whose parent has come since are added, the rest
stays. Nothing here decides the order of updates.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from osrecipe.adapters.embedded.ledger import LedgerPackage
from osrecipe.adapters.embedded.planning import Selection, fits_architecture, select, unmet_words
from osrecipe.adapters.embedded.update import Update
from osrecipe.formats.msu import MemberKind, open_package
from osrecipe.model.adapter import Outcome, TaskError
from osrecipe.model.codes import Slug
from osrecipe.model.words import count
from osrecipe.windows.applicability import is_newer
from osrecipe.windows.component_store import PACKAGES, key_form, version_of, winner

if TYPE_CHECKING:
    from osrecipe.adapters.embedded.update import ComponentSource, Description
    from osrecipe.adapters.embedded.work import Work
    from osrecipe.formats.mum import Identity, Package
    from osrecipe.model.version import Version

NOT_APPLICABLE: Final = "0x800f081e"
_STACK_NEEDED: Final = "0x800f0823"


@dataclass(frozen=True)
class Added:
    """What one package brought: components carried out and passed over because a newer version is there; figures."""

    components: int = 0
    older: int = 0
    files: int = 0
    values: int = 0
    bytes: int = 0

    def __add__(self, other: Added) -> Added:
        return Added(
            self.components + other.components,
            self.older + other.older,
            self.files + other.files,
            self.values + other.values,
            self.bytes + other.bytes,
        )

    def outcome(self, name: str) -> Outcome:
        """As the task's outcome."""
        if not self.components:
            return Outcome(
                status="nothing-to-do", detail=f"{name} has nothing that is not in the image already"
            )
        return Outcome(
            detail=f"{name}: {count(self.components, 'component')}, {count(self.files, 'file')}, "
            f"{count(self.values, 'registry value')}",
            figures=(
                ("components", self.components),
                ("files", self.files),
                ("registry-values", self.values),
                ("bytes", self.bytes),
            ),
        )


def add_update(work: Work, path: Path, kb: str) -> Added:
    """Add every package of an update file that applies.

    Raises:
        TaskError: none applies, the servicing stack is too old, or something is not carried out here.
        FormatError: the update is damaged.
    """
    return _add_file(work, path, kb, stack_only=False)


def add_stack(work: Work, path: Path, kb: str) -> Added:
    """Add the servicing stack that travels with a combined update, and nothing else of it.

    Raises:
        TaskError: it has none, it does not apply, or something is not carried out here.
        FormatError: the update is damaged.
    """
    return _add_file(work, path, kb, stack_only=True)


def _add_file(work: Work, path: Path, kb: str, *, stack_only: bool) -> Added:
    scratch = work.image.new_folder()
    total, inapplicable = Added(), list[TaskError]()
    with TemporaryDirectory(dir=work.ctx.work) as room, open_package(path, scratch=Path(room)) as opened:
        packages = [
            archive
            for archive in opened.archives
            if archive.has("update.mum") and (archive.kind is MemberKind.STACK or not stack_only)
        ]
        if not packages:
            reason = f"`{path.name}` is no package: loose files belong into the media's sources"
            raise TaskError(Slug.INPUT_NOT_UPDATE, reason)
        for number, archive in enumerate(packages):
            update = Update(archive, work.manifests)
            try:
                total += _add(work, update, scratch / f"payload-{number}", kb)
            except TaskError as error:
                if error.slug != Slug.RUN_NOT_APPLICABLE:
                    raise
                inapplicable.append(error)
                work.ctx.log(f"{archive.name}: {error.reason}")
        if len(inapplicable) == len(packages):
            raise inapplicable[0]
    return total


def _add(work: Work, update: Update, payload: Path, kb: str) -> Added:
    root = update.root.package
    _check(work, update)
    nested = {name: description.package for name, description in update.nested.items()}
    selection = select(
        root, nested, work.records.installed(work.ledger), lambda one: work.newest(one) is not None
    )
    if not selection.applies:
        raise _not_applicable(root, unmet_words(selection.unmet))
    for name in selection.passed_over:
        work.ctx.log(f"not for this image: {name}")
    fresh, older = _fresh(work, update, selection)
    added = _carry_out(work, update, fresh, payload)
    _write_down(work, update, selection, kb)
    return added + Added(older=older)


def _check(work: Work, update: Update) -> None:
    """Refuse what can't go into this image at all."""
    root = update.root.package
    if not fits_architecture(root, work.image.architecture):
        raise _not_applicable(
            root, f"it is for {root.identity.architecture}, the image is {work.image.architecture}"
        )
    if root.psf_name:
        reason = f"the payload of `{root.identity.name}` is differential: `{root.psf_name}`"
        raise TaskError(Slug.PLAN_REFUSED, reason, remedy="the dism adapter on Windows can")
    there = work.records.installed(work.ledger).versions(root.identity)
    newer = [version for version in there if is_newer(version, root.identity.version)]
    if newer:
        raise _not_applicable(root, f"a newer version is in the image: {newer[0]}")
    if root.installer is not None:
        _check_stack(work, root, version_of(root.installer))


def _check_stack(work: Work, root: Package, wanted: Version) -> None:
    stack = work.stack_version()
    if stack is None or stack < wanted:
        has = f"the image has {stack}" if stack is not None else "the image has none"
        raise TaskError(
            Slug.RUN_TASK_FAILED,
            f"`{root.identity.package_name}` needs servicing stack {wanted}, {has}",
            code=_STACK_NEEDED,
            remedy="the servicing stack goes first: add its update before this one",
        )


def _fresh(work: Work, update: Update, selection: Selection) -> tuple[list[ComponentSource], int]:
    """The components to carry out, and how many are passed over because the image has a newer version."""
    fresh, older = [], 0
    there = {one.key_form for one in work.ledger.components if one.state != "superseded"}
    for component in update.components(selection.components):
        if component.key_form in there:
            continue
        newest = work.newest(component.manifest.identity)
        if newest is not None and version_of(component.manifest.identity) < newest:
            work.ctx.log(f"older than what the image has: {component.key_form}")
            older += 1
        else:
            fresh.append(component)
    return fresh, older


def _carry_out(work: Work, update: Update, components: list[ComponentSource], payload: Path) -> Added:
    names = {
        (component.key_form, file.source_name): update.payload_path(
            component, file.source_name, file.source_path
        )
        for component in components
        for file in component.manifest.files
    }
    paths = update.extract(names.values(), payload) if names else {}
    total, rows = Added(), []
    off = work.records.switched_off() if components else frozenset[str]()
    for number, component in enumerate(components):
        work.ctx.progress(number / len(components), component.manifest.identity.name)
        own = {
            file.source_name: paths[names[component.key_form, file.source_name]]
            for file in component.manifest.files
        }
        staged = winner(component.manifest.identity) in off
        row = work.components.install(component.manifest, component.data, own, staged=staged)
        rows.append(row)
        size = sum(file.size for file in row.files)
        total += Added(1, 0, len(row.files), len(row.values), size)
        where = "into the store alone, its feature is off" if staged else f"{len(row.values)} registry values"
        work.ctx.log(f"{component.key_form}: {len(row.files)} files, {where}")
    work.record(rows)
    return total


def _write_down(work: Work, update: Update, selection: Selection, kb: str) -> None:
    r"""Descriptions into `servicing\Packages`, packages into the ledger; older versions are superseded."""
    root = update.root.package.identity.package_name
    rows = []
    for package, own in selection.packages:
        identity = package.identity.package_name
        description = update.root if identity == root else update.nested[identity.lower()]
        _copy_description(work, identity, description)
        rows.append(_row(work, description, own, "" if identity == root else root, kb))
    superseded = {
        package.identity
        for package in work.ledger.packages
        if not package.part_of and _family(package.identity) == _family(root) and package.identity != root
    }
    lost = [
        package.model_copy(update={"state": "superseded"})
        for package in work.ledger.packages
        if package.identity in superseded or package.part_of in superseded
    ]
    work.ledger = work.ledger.with_packages([*lost, *rows])


def _row(
    work: Work, description: Description, own: tuple[Identity, ...], part_of: str, kb: str
) -> LedgerPackage:
    identity = description.package.identity.package_name
    known = work.ledger.package(identity)
    return LedgerPackage(
        identity=identity,
        part_of=part_of,
        kb=kb,
        content=description.sha256,
        components=tuple(key_form(one) for one in own),
        permanent=known is not None and known.permanent,
    )


def _copy_description(work: Work, identity: str, description: Description) -> None:
    if work.image.info(PACKAGES / f"{identity}.mum") is None:
        work.image.put(PACKAGES / f"{identity}.mum", description.data)
        if description.catalogue is not None:
            work.image.put(PACKAGES / f"{identity}.cat", description.catalogue)


def _not_applicable(root: Package, why: str) -> TaskError:
    return TaskError(
        Slug.RUN_NOT_APPLICABLE,
        f"`{root.identity.package_name}` is not applicable: {why}",
        code=NOT_APPLICABLE,
        remedy="leave the update out for this image, or check that it is for this build, edition and architecture",
    )


def _family(identity: str) -> str:
    return identity.lower().rpartition("~")[0]
