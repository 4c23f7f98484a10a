"""A plan's units as a graph: what each refers to, what it waits for, and what may come from the store.

A plan may have been read from a file, so it is checked before anything is made of its names. No ordering is decided
here: dependencies are the plan's references and edges, and the jobs that change the media tree keep their order.
"""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import TYPE_CHECKING

from pydantic import BaseModel

from osrecipe.model.codes import Slug
from osrecipe.model.execution import ref_key
from osrecipe.model.problems import error
from osrecipe.model.tasks import AddPackage, ArtifactRef, InputRef, Ref

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from osrecipe.model.names import UnitId
    from osrecipe.model.plan import Job, Plan, Session

MEDIA_LANE = "media"
_UNIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_TASK = re.compile(rf"{_UNIT.pattern}/{_UNIT.pattern}")
_ARTIFACT = _UNIT


def references(unit: Session | Job) -> tuple[Ref, ...]:
    """Every input and artifact a unit reads, each once, in order: its base, its inputs, and those in its operations."""
    found: dict[str, Ref] = {}
    for ref in _refs(unit):
        found.setdefault(key_of(ref), ref)
    return tuple(found.values())


def key_of(ref: Ref) -> str:
    """The key under which a request resolves a reference."""
    return ref_key(ref.input) if isinstance(ref, InputRef) else ref_key(ref.unit, ref.name)


def _refs(value: object) -> Iterator[Ref]:
    if isinstance(value, InputRef | ArtifactRef):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _refs(item)
    elif isinstance(value, BaseModel):
        if isinstance(value, AddPackage):
            yield InputRef(input=value.input, digest=value.content)
        for name in type(value).model_fields:
            yield from _refs(getattr(value, name))


class Graph:
    """The units of a checked plan.

    Attributes:
        units: by id, in the plan's order.
        needs: the units each waits for.

    Raises:
        OsrecipeError: the plan contradicts itself, or names something that can't be a file's name.
    """

    def __init__(self, plan: Plan) -> None:
        self.units: Mapping[UnitId, Session | Job] = {unit.id: unit for unit in plan.units}
        _check_names(plan)
        self.references = {unit.id: references(unit) for unit in plan.units}
        self.needs: Mapping[UnitId, frozenset[UnitId]] = self._needs(plan)
        self.order = self._order(plan)
        self.storable = self._storable()

    def users(self, unit: UnitId) -> frozenset[UnitId]:
        """The units that read an artifact of `unit`."""
        return frozenset(other for other in self.units if unit in self.producers(other))

    def producers(self, unit: UnitId) -> frozenset[UnitId]:
        """The units whose artifacts `unit` reads."""
        return frozenset(ref.unit for ref in self.references[unit] if isinstance(ref, ArtifactRef))

    def read_artifacts(self, unit: UnitId, by: frozenset[UnitId]) -> frozenset[str]:
        """The names of the artifacts of `unit` that the units `by` read."""
        refs = (ref for other in by for ref in self.references[other])
        return frozenset(r.name for r in refs if isinstance(r, ArtifactRef) and r.unit == unit)

    def _needs(self, plan: Plan) -> dict[UnitId, frozenset[UnitId]]:
        needs = {unit: set(self.producers(unit)) for unit in self.units}
        home = {task.id: unit.id for unit in plan.units for task in unit.tasks}
        for edge in plan.edges:
            for task in (edge.before, edge.after):
                if task not in home:
                    raise error(
                        Slug.PLAN_UNKNOWN_TASK, f"an edge names a task that is not in the plan: `{task}`"
                    )
            if home[edge.before] != home[edge.after]:
                needs[home[edge.after]].add(home[edge.before])
        tree = [unit.id for unit in plan.units if changes_tree(unit)]
        for before, after in pairwise(tree):
            needs[after].add(before)
        return {unit: frozenset(found) for unit, found in needs.items()}

    def _order(self, plan: Plan) -> tuple[UnitId, ...]:
        try:
            tuple(TopologicalSorter(self.needs).static_order())
        except CycleError as found:
            circle = " → ".join(f"`{unit}`" for unit in found.args[1])
            raise error(Slug.PLAN_ORDER_CYCLE, f"units of the plan wait for each other: {circle}") from None
        return _stable_order([unit.id for unit in plan.units], self.needs)

    def _storable(self) -> frozenset[UnitId]:
        """Units whose artifacts may be stored: nothing that holds a secret, and nothing made from it."""
        good: set[UnitId] = set()
        for unit in self.order:
            planned = self.units[unit]
            if planned.cacheable and planned.produces and self.producers(unit) <= good:
                good.add(unit)
        return frozenset(good)


def changes_tree(unit: Session | Job) -> bool:
    """Whether a unit is one of the jobs on the media tree, which go strictly one after the other."""
    return unit.kind == "job" and not unit.cacheable and unit.lane == MEDIA_LANE


def _stable_order(wanted: list[UnitId], needs: Mapping[UnitId, frozenset[UnitId]]) -> tuple[UnitId, ...]:
    """The plan's own order where it is valid; otherwise each unit as soon as what it needs has come."""
    rank = {unit: number for number, unit in enumerate(wanted)}
    sorter = TopologicalSorter(needs)
    sorter.prepare()
    done: list[UnitId] = []
    ready: list[UnitId] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()], key=rank.__getitem__)
        unit = ready.pop(0)
        done.append(unit)
        sorter.done(unit)
    return tuple(done)


def _check_names(plan: Plan) -> None:
    tasks = [task.id for unit in plan.units for task in unit.tasks]
    artifacts = [name for unit in plan.units for name in unit.produces]
    for pattern, names in ((_UNIT, [u.id for u in plan.units]), (_TASK, tasks), (_ARTIFACT, artifacts)):
        for name in names:
            if not pattern.fullmatch(name):
                raise error(Slug.INPUT_UNSAFE, f"a name in the plan can't be a file's name: `{name}`")
    for names in ([u.id for u in plan.units], tasks):
        seen: set[str] = set()
        for name in names:
            if name.lower() in seen:
                raise error(Slug.INPUT_UNSAFE, f"the plan has two of one name: `{name}`")
            seen.add(name.lower())
    _check_references(plan)


def _check_references(plan: Plan) -> None:
    made = {unit.id: (unit.digest, unit.produces) for unit in plan.units}
    inputs = {known.id: known.digest for known in plan.inputs}
    for unit in plan.units:
        for ref in references(unit):
            if isinstance(ref, InputRef):
                good = inputs.get(ref.input) == ref.digest
            else:
                digest, names = made.get(ref.unit, ("", ()))
                good = digest == ref.digest and ref.name in names
            if not good:
                raise error(
                    Slug.INPUT_UNSAFE,
                    f"unit `{unit.id}` refers to something else than the plan has: `{key_of(ref)}`",
                    hint="compile the plan again from its recipe",
                )
