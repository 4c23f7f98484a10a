"""Images that are dictionaries, and an adapter and executor over them: the engine's tests need no WIM.

An image file is JSON: `{"files": {path: [hex, written]}, "packages": [...], "features": {...}}`. A "WIM" is a list of
such images. Everything is recorded, so that tests can say how often an image was saved or given up.
"""

from __future__ import annotations

import io
import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, BinaryIO, cast

from osrecipe.engine.session import carry_out
from osrecipe.engine.worker import CheckError, Verified, carry_out_job
from osrecipe.model.adapter import AdapterVersion, Exported, Outcome, TaskError
from osrecipe.model.changes import DeletePath, FileInfo, LinkFile, MakeFolder, PutFile
from osrecipe.model.checks import CheckResult, NothingPending
from osrecipe.model.tasks import (
    AddDrivers,
    AddPackage,
    ApplyUnattend,
    ChangeSettings,
    CleanupImage,
    CopyMedia,
    EnableNetfx3,
    ExportImages,
    InputRef,
    PlaceFile,
    PlaceSetup,
    RemoveApp,
    SetCapability,
    SetFeature,
    SyncSources,
    TakeImages,
    TakeWinre,
    VerifyMedia,
    WriteIso,
)
from osrecipe.model.winpath import WinPath
from osrecipe.windows.international import ALL, COVERED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from osrecipe.model.adapter import Action, Context, Refusal, StateKind
    from osrecipe.model.changes import ChangeSet
    from osrecipe.model.events import Event
    from osrecipe.model.execution import UnitOutcome, UnitRequest
    from osrecipe.model.facts import Facts
    from osrecipe.model.plan import Job, Session, Task
    from osrecipe.model.tasks import Ref, Servicing

VERSION = AdapterVersion(name="dict", version="1", tools=(("json", "1"),))

ImageData = dict[str, object]


def image_data(files: Mapping[str, bytes] | None = None, written: int = 0) -> ImageData:
    """An image with these files."""
    return {
        "files": {name: [data.hex(), written] for name, data in (files or {}).items()},
        "packages": [],
        "features": {"NetFx3": "disabled"},
    }


def write_wim(path: Path, images: list[ImageData]) -> None:
    """Write a "WIM"."""
    path.write_text(json.dumps(images, sort_keys=True))


def read_wim(path: Path) -> list[ImageData]:
    """Read a "WIM"."""
    return cast("list[ImageData]", json.loads(path.read_text()))


class DictImage:
    """An open image."""

    def __init__(self, adapter: DictAdapter, name: str, data: ImageData, ctx: Context | None) -> None:
        self._adapter = adapter
        self._name = name
        self._ctx = ctx
        self._files = {
            WinPath(path): (bytes.fromhex(content), written)
            for path, (content, written) in cast("dict[str, tuple[str, int]]", data["files"]).items()
        }
        self._folders: set[WinPath] = set()
        self.mount: Path | None = None
        self.packages = list(cast("list[str]", data["packages"]))
        self.features = dict(cast("dict[str, str]", data["features"]))

    def read(self, path: WinPath) -> BinaryIO:
        """A file."""
        if path not in self._files:
            raise FileNotFoundError(2, "no such file in the image", str(path))
        return io.BytesIO(self._files[path][0])

    def info(self, path: WinPath) -> FileInfo | None:
        """What is there."""
        if path in self._files:
            data, written = self._files[path]
            return FileInfo(path, len(data), written)
        if path in self._folders or any(known.within(path) for known in self._files):
            return FileInfo(path, 0, 0, is_folder=True)
        return None

    def walk(self, folder: WinPath) -> Iterator[FileInfo]:
        """Files only, which is all that tests need."""
        for path in sorted(self._files):
            if path.within(folder) and path != folder:
                data, written = self._files[path]
                yield FileInfo(path, len(data), written)

    def apply(self, changes: ChangeSet) -> None:
        """Make changes."""
        for change in changes:
            match change:
                case PutFile():
                    content = (
                        change.content if isinstance(change.content, bytes) else change.content.read_bytes()
                    )
                    self._files[change.path] = (content, change.written or 0)
                case LinkFile():
                    self._files[change.path] = self._files[change.target]
                case MakeFolder():
                    self._folders.add(change.path)
                case DeletePath():
                    self._files = {p: d for p, d in self._files.items() if not p.within(change.path)}

    def service(self, op: Servicing, ctx: Context) -> Outcome:
        """Pretend to service, visibly."""
        self._adapter.fault("service", self._name)
        ctx.log(f"servicing: {op.op}")
        ctx.progress(0.5, op.op)
        match op:
            case AddPackage():
                payload = ctx.resolve(InputRef(input=op.input, digest=op.content)).read_bytes()
                self._files[WinPath(f"Windows\\Packages\\{op.kb}")] = (payload, 0)
                self.packages.append(op.package)
            case SetFeature():
                self.features[op.feature] = op.state
            case EnableNetfx3():
                self.features["NetFx3"] = "enabled"
            case CleanupImage():
                self._files[WinPath("Windows\\cleaned")] = (op.level.encode(), 0)
            case SetCapability() if op.source is not None:
                self.features[f"capability {op.capability}"] = "installed"
            case AddDrivers():
                self.features |= {f"driver {inf.rpartition('/')[2]}": "1.2.3.4" for inf in op.infs}
            case ChangeSettings():
                for each in op.settings:
                    names = COVERED if each.name == ALL else (each.name,)
                    self.features |= {f"setting {name}": each.value for name in names}
            case SetCapability() | RemoveApp() | ApplyUnattend():
                pass  # what goes was never there
        return Outcome(detail=op.op, figures=(("steps", 1),))

    def state(self, kind: StateKind, name: str) -> str | None:
        """Whether a package was added; what was switched or set, and of which only the wish is known."""
        if kind == "package":
            return "installed" if name in self.packages else None
        return self.features.get(name if kind == "feature" else f"{kind} {name}")

    def commit(self, to: Path) -> None:
        """Save."""
        self._adapter.note("commit", self._name)
        self._adapter.fault("commit", self._name)
        files = {str(path): [data.hex(), written] for path, (data, written) in sorted(self._files.items())}
        write_wim(to, [{"files": files, "packages": self.packages, "features": self.features}])
        self._give_back()

    def discard(self) -> None:
        """Give up."""
        self._adapter.note("discard", self._name)
        self._adapter.fault("discard", self._name)
        self._give_back()

    def close(self) -> None:
        """Let go."""

    def _give_back(self) -> None:
        if self._ctx is not None and self.mount is not None:
            self.mount.unlink()
            self._ctx.released("mount", str(self.mount))


@dataclass
class DictAdapter:
    """Opens dictionaries.

    Attributes:
        mounts: a folder in which each open image is a file, as mounts are outside a work folder; None without.
        faults: what raises, by `(step, session)`.
        notes: every open, commit and discard, as `(step, session)`.
    """

    mounts: Path | None = None
    faults: dict[tuple[str, str], BaseException] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)
    version: AdapterVersion = VERSION

    def note(self, step: str, name: str) -> None:
        """Remember."""
        self.notes.append((step, name))

    def fault(self, step: str, name: str) -> None:
        """Fail where a test wants it."""
        if (cause := self.faults.get((step, name))) is not None:
            raise cause

    def refuse(self, task: Task, unit: Session | Job, facts: Facts) -> Refusal | None:  # noqa: ARG002 - the protocol
        """Nothing is refused."""
        return None

    def describe(self, task: Task, unit: Session | Job) -> tuple[Action, ...]:  # noqa: ARG002 - the protocol
        """Nothing is described."""
        return ()

    def open(self, session: Session, ctx: Context) -> DictImage:
        """Open for change."""
        self.note("open", session.id)
        self.fault("open", session.id)
        images = read_wim(ctx.resolve(session.base.wim))
        image = DictImage(self, session.id, images[session.base.index - 1], ctx)
        if self.mounts is not None:
            image.mount = self.mounts / f"{session.id}.{token_hex(4)}"
            ctx.acquired("mount", str(image.mount))
            image.mount.write_text("mounted")
        return image

    def open_read(self, wim: BinaryIO, index: int) -> DictImage:
        """Open for reading."""
        return DictImage(self, "read", cast("list[ImageData]", json.loads(wim.read()))[index - 1], None)

    def export(self, op: ExportImages, to: Path, ctx: Context) -> Exported:
        """Join images."""
        images = [read_wim(ctx.resolve(part.image.wim))[part.image.index - 1] for part in op.parts]
        write_wim(to, images)
        return Exported(to.stat().st_size, ())


@dataclass
class LocalExecutor:
    """Does units' work in the calling thread.

    Attributes:
        before: called with each request first; may raise or block.
        calls: the units that were executed, in order.
    """

    images: DictAdapter = field(default_factory=DictAdapter)
    before: Callable[[UnitRequest, Callable[[], bool]], None] = lambda _request, _cancelled: None
    calls: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def adapter(self) -> AdapterVersion:
        """Whose versions go into keys."""
        return self.images.version

    def execute(
        self,
        request: UnitRequest,
        secrets: Mapping[str, str],
        emit: Callable[[Event], None],
        cancelled: Callable[[], bool],
    ) -> UnitOutcome:
        """Do the work."""
        with self._lock:
            self.calls.append(request.unit.id)
        self.before(request, cancelled)
        if request.unit.kind == "session":
            return carry_out(request, self.images, secrets=secrets, emit=emit, cancelled=cancelled)
        return carry_out_job(request, self._do, secrets=secrets, emit=emit, cancelled=cancelled)

    def _do(self, task: Task, request: UnitRequest, ctx: Context) -> Outcome | Verified:
        self.images.fault("job", task.id)
        match task.op:
            case TakeImages() as op:
                media = json.loads(ctx.resolve(op.media).read_text())
                for path in op.paths:
                    write_wim(request.artifacts / path.name, media[path.name])
            case TakeWinre() as op:
                image = read_wim(ctx.resolve(op.image.wim))[op.image.index - 1]
                write_wim(request.artifacts / "winre.wim", [image])
            case ExportImages() as op:
                self.images.export(op, request.artifacts / op.wim, ctx)
            case CopyMedia():
                (request.tree / "readme").write_text("media")
            case PlaceFile() as op:
                (request.tree / op.to.name).write_bytes(ctx.resolve(op.source).read_bytes())
            case SyncSources() | PlaceSetup() as op:
                _merge(ctx.resolve(op.harvest), request.tree)
            case WriteIso() as op:
                _write_iso(request.tree, request.artifacts / "iso", op)
            case VerifyMedia():
                return self._verify(ctx, request)
        return Outcome(detail=task.op.op)

    def _verify(self, ctx: Context, request: UnitRequest) -> Verified:
        iso = next(r.path for r in request.resolved if r.key.endswith(":iso"))
        good = "label" in json.loads(iso.read_text()) and ("verify", "media") not in self.images.faults
        result = CheckResult(check=NothingPending(), passed=good, found="read")
        if not good:
            raise CheckError("run/expect-failed", "the media is not as expected", (result,))
        ctx.log("verified")
        return Verified(Outcome(detail="verified"), (result,))


def _merge(source: Path, tree: Path) -> None:
    for path in sorted(p for p in source.rglob("*") if p.is_file()):
        to = tree / path.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(path.read_bytes())


def _write_iso(tree: Path, to: Path, op: WriteIso) -> None:
    files = {
        p.relative_to(tree).as_posix(): p.read_bytes().hex() for p in sorted(tree.rglob("*")) if p.is_file()
    }
    if not files:
        raise TaskError("run/task-failed", "the tree is empty")
    to.write_text(json.dumps({"label": op.label, "files": files, "time": op.timestamp}, sort_keys=True))


class MountUndoer:
    """Undoes the "mounts" of `DictAdapter`."""

    def __init__(self) -> None:
        self.undone: list[str] = []

    def undo(self, name: str) -> None:
        """Remove the file."""
        Path(name).unlink(missing_ok=True)
        self.undone.append(name)

    def command(self, name: str) -> str:
        """How a person would."""
        return f"unmount {name}"


def ref_path(request: UnitRequest, ref: Ref) -> Path:
    """The path of a reference in a request."""
    key = f"input:{ref.input}" if isinstance(ref, InputRef) else f"artifact:{ref.unit}:{ref.name}"
    return next(r.path for r in request.resolved if r.key == key)
