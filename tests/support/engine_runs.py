"""Whole runs for the engine's tests: a workspace, its inputs, and what may be left afterwards."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support.dict_images import DictAdapter, LocalExecutor, MountUndoer
from support.dict_plans import sample_plan, write_inputs

from osrecipe.engine.interrupts import Stop
from osrecipe.engine.runner import Options, run
from osrecipe.engine.store import Store
from osrecipe.engine.workspace import Workspace, workspace_for
from osrecipe.model.monitor import Monitor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osrecipe.model.events import Event
    from osrecipe.model.names import InputId
    from osrecipe.model.plan import Plan
    from osrecipe.model.result import RunResult

_KEPT = tuple(
    re.compile(pattern)
    for pattern in (
        r"sample\.iso",
        r"sample\.report\.json",
        r"\.osrecipe/\.locks/sample\.iso\.lock",
        r"\.osrecipe/sample/lock",
        r"\.osrecipe/sample/runs/[^/]+/(plan\.json|journal\.jsonl|report\.json|logs/[^/]+\.log)",
        r"\.osrecipe/sample/store/v1/\.lock",
        r"\.osrecipe/sample/store/v1/[0-9a-f]{64}/[^/]+/(evidence\.json|artifacts/.+)",
    )
)


class Watcher(Monitor):
    """Remembers every event."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def event(self, event: Event) -> None:
        """Remember."""
        self.events.append(event)


@dataclass
class World:
    """A folder with inputs, an output folder and a folder of mounts; `apply` runs the sample plan in it."""

    folder: Path
    images: int = 2
    overwrite: bool = False
    inputs: Mapping[InputId, Path] = field(init=False)
    undoer: MountUndoer = field(default_factory=MountUndoer)
    executor: LocalExecutor = field(init=False)
    watcher: Watcher = field(default_factory=Watcher)
    stop: Stop = field(default_factory=Stop)

    def __post_init__(self) -> None:
        self.inputs = write_inputs(self.folder / "in")
        self.mounts = self.folder / "mounts"
        self.mounts.mkdir(exist_ok=True)
        (self.folder / "out").mkdir(exist_ok=True)
        self.fresh()

    def fresh(self) -> DictAdapter:
        """A new executor over a new adapter."""
        adapter = DictAdapter(mounts=self.mounts)
        self.executor = LocalExecutor(adapter)
        return adapter

    @property
    def workspace(self) -> Workspace:
        """The workspace."""
        return workspace_for(self.folder / "out" / "sample.iso", "sample")

    @property
    def store(self) -> Store:
        """The store beside the output."""
        return Store(self.workspace.store)

    @property
    def plan(self) -> Plan:
        """The sample plan."""
        return sample_plan(dict(self.inputs), images=self.images)

    def apply(self, plan: Plan | None = None, **changes: object) -> RunResult:
        """Run a plan, the sample one if none is given."""
        options = {
            "parallel": 2,
            "undoers": {"mount": self.undoer},
            "stop": self.stop,
            "overwrite": self.overwrite,
        }
        return run(
            plan or self.plan,
            self.executor,
            self.workspace,
            self.store,
            self.watcher,
            resolve_inputs=self.inputs,
            secrets={"join": "s3cret-value"},
            options=Options(**(options | changes)),  # type: ignore[arg-type]  # tests name real fields
        )

    def leftovers(self) -> list[str]:
        """Files that no run should leave, in the output folder or among the mounts."""
        out = self.folder / "out"
        found = [p.relative_to(out).as_posix() for p in sorted(out.rglob("*")) if not p.is_dir()]
        odd = [name for name in found if not any(kept.fullmatch(name) for kept in _KEPT)]
        return odd + [f"mounted: {p.name}" for p in self.mounts.iterdir()]
