"""The adapter's side of the house: what carries sessions out.

`dism` drives dism.exe, `embedded` needs no Windows. Everything that is the same for both (registry values, files,
harvesting, checks) is written once over `OpenImage`, in the engine; only packages, features, cleanup and export differ.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol

from osrecipe.model.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from osrecipe.model.changes import ChangeSet, FileInfo
    from osrecipe.model.facts import Facts
    from osrecipe.model.plan import Job, Session, Task
    from osrecipe.model.tasks import ExportImages, Ref, Servicing
    from osrecipe.model.version import Version
    from osrecipe.model.winpath import WinPath

StateKind = Literal["package", "feature", "capability", "app", "driver", "setting"]
"""What an image can be asked about by name."""


class AdapterVersion(Frozen):
    """Who did the work: name, its own version, and the tools it uses (`libwim` → `1.13.6`). Part of store keys."""

    name: str
    version: str
    tools: tuple[tuple[str, str], ...] = ()


class Refusal(Frozen):
    """Why an adapter can't carry a task out faithfully, and what can."""

    reason: str
    hint: str


class Action(Frozen):
    """One thing an adapter will do for a task, for people: a command line that can be pasted, or a sentence.

    Attributes:
        argv: the command's arguments, with names in braces (`{mount}`, `{input:ID}`) for paths only a run knows.
    """

    text: str
    is_command: bool = False
    argv: tuple[str, ...] = ()


class CancelledError(Exception):
    """Raised inside long work when the run was asked to stop."""


@dataclass(frozen=True)
class Context:
    """What a unit may use while it is carried out.

    Attributes:
        work: an empty private folder, removed afterwards.
        resolve: the host path of an input or of another unit's artifact; read-only.
        progress: called with 0.0 to 1.0 and a short text; raises `CancelledError` when the run is to stop.
        log: appends a line to the task's log.
        keep: keeps the end of a log that a tool wrote beside the task's, under a name of its own (`dism.log`); for what
            failed, whose logs would go with `work` or the image. Takes an open file, leaves it open, never raises.
        now: the time written into what has none of its own, Unix seconds; from the plan, so that runs are repeatable.
        shared: a folder of the run that its units use at the same time, to do once what several need; it may not be
            there yet, whatever is in it may be missing, and results must not depend on it. None for none.
        secrets: values by the recipe's names; never logged.
        acquired: called BEFORE something outside `work` comes into being (a mount, a loaded hive) with its kind
            and name, so that the janitor can undo it.
        released: called when it is gone.
    """

    work: Path
    resolve: Callable[[Ref], Path]
    progress: Callable[[float, str], None]
    log: Callable[[str], None]
    now: int
    shared: Path | None = None
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    acquired: Callable[[str, str], None] = lambda _kind, _name: None
    released: Callable[[str, str], None] = lambda _kind, _name: None
    keep: Callable[[str, BinaryIO], None] = lambda _name, _file: None


class Outcome(Frozen):
    """How a servicing operation ended when it did not fail.

    Attributes:
        status: `not-applicable` only where the plan tolerates it; `nothing-to-do` when it was so already.
        detail: one line for people: what was done.
        figures: counts and bytes for the report (`files` → 120).
    """

    status: str = "done"
    detail: str = ""
    figures: tuple[tuple[str, int], ...] = ()


class TaskError(Exception):
    """A task could not be done; the session is discarded.

    Attributes:
        slug: a `Slug`, or a format's own.
        code: the tool's code where there is one (`0x800f0823`), else an empty string.
        remedy: what to do.
    """

    def __init__(self, slug: str, reason: str, *, code: str = "", remedy: str = "") -> None:
        super().__init__(reason)
        self.slug = slug
        self.reason = reason
        self.code = code
        self.remedy = remedy


class OpenImage(Protocol):
    """An image that is open for change. Reads see what was applied before."""

    def read(self, path: WinPath) -> BinaryIO:
        """Open a file for reading.

        Raises:
            FileNotFoundError: it is not there, or is a folder.
        """

    def info(self, path: WinPath) -> FileInfo | None:
        """What is at `path`, or None."""

    def walk(self, folder: WinPath) -> Iterator[FileInfo]:
        """Every file and folder below `folder`, in a stable order; nothing when it is not there."""

    def apply(self, changes: ChangeSet) -> None:
        """Write files, links and folders, in order."""

    def service(self, op: Servicing, ctx: Context) -> Outcome:
        """Carry a servicing operation out.

        Raises:
            TaskError: it can't be done; the image must be discarded.
        """

    def state(self, kind: StateKind, name: str) -> str | None:
        """What the image says of something, in the same words whoever opened it; None when it is not there.

        | kind | name | answer |
        |---|---|---|
        | package | identity | `installed`, `superseded` |
        | feature | name | `enabled`, `disabled` |
        | capability | name | `installed` |
        | app | whole name | `provisioned` |
        | driver | file name of the INF | versions of the packages it has, with `, ` between them |
        | setting | name in the recipe | the value; None also where it can't be asked |
        """

    def commit(self, to: Path) -> None:
        """Save as a one-image WIM at `to`, which does not exist yet; the image is closed."""

    def discard(self) -> None:
        """Give everything up; safe to call twice and after a failed commit."""


class ReadImage(Protocol):
    """An image that is open for reading only (the finished media's)."""

    def read(self, path: WinPath) -> BinaryIO:
        """As `OpenImage.read`."""

    def info(self, path: WinPath) -> FileInfo | None:
        """As `OpenImage.info`."""

    def state(self, kind: StateKind, name: str) -> str | None:
        """As `OpenImage.state`; settings are not asked of a saved image."""

    def close(self) -> None:
        """Let the file go."""


@dataclass(frozen=True)
class Exported:
    """What an export wrote: bytes, and each image's version as read from the image."""

    size: int
    versions: tuple[Version, ...]


class Adapter(Protocol):
    """What carries a plan's images out."""

    @property
    def version(self) -> AdapterVersion:
        """Name, version and tools; asking may load a library but changes nothing."""

    def refuse(self, task: Task, unit: Session | Job, facts: Facts) -> Refusal | None:
        """Whether a task can't be carried out faithfully. Pure; asked for every task before anything is opened."""

    def describe(self, task: Task, unit: Session | Job) -> tuple[Action, ...]:
        """What will be done for a task. Pure."""

    def open(self, session: Session, ctx: Context) -> OpenImage:
        """Open the session's base image for change."""

    def open_read(self, wim: BinaryIO, index: int) -> ReadImage:
        """Open an image for reading, from a WIM that may lie inside an ISO."""

    def export(self, op: ExportImages, to: Path, ctx: Context) -> Exported:
        """Write a WIM of the parts, in order, with correct metadata, to `to`, which does not exist yet."""
