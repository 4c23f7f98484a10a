"""Order steps by the rule table: edges with reasons, repetitions, the recipe's moves, one deterministic sequence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import networkx as nx

from osrecipe.model.checks import NothingPending
from osrecipe.model.codes import Slug
from osrecipe.model.problems import Problem, error
from osrecipe.windows.ordering import AS_WRITTEN, MOVED, PENDS, REPEATS, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from osrecipe.model.checks import Check
    from osrecipe.model.names import RuleId
    from osrecipe.model.problems import Place
    from osrecipe.model.recipe import Move
    from osrecipe.model.tasks import SessionOp
    from osrecipe.windows.ordering import Precedes


@dataclass(frozen=True)
class Step:
    """A task before it has an id: its short name (unique in its image), what it does, where it was asked for.

    Attributes:
        again: the rule that makes it a repetition.
        adds: whether it may add payload at its first level; a feature that is switched off adds none.
    """

    name: str
    kind: StepKind
    op: SessionOp
    title: str
    place: Place
    checks: tuple[Check, ...] = ()
    again: RuleId | None = None
    adds: bool = True


@dataclass(frozen=True)
class StepEdge:
    """`before` comes before `after` (short names), because of `rule`."""

    before: str
    after: str
    rule: RuleId


@dataclass(frozen=True)
class Ordered:
    """Steps in the order they will be done, and why."""

    steps: tuple[Step, ...]
    edges: tuple[StepEdge, ...]


_RANK = {kind: rank for rank, kind in enumerate(StepKind)}


def order(
    steps: Sequence[Step], table: Sequence[Precedes], moves: Iterable[tuple[Move, Place]] = ()
) -> Ordered:
    """Order steps by a table, then repeat what must be repeated after what was added.

    Raises:
        OsrecipeError: a move names a step that is not there, or moves contradict each other.
    """
    rules = edges = _edges(steps, table)
    for move, place in moves:
        edges = _moved(steps, edges, move, place)
    if edges is not rules:
        edges = _restored(steps, edges, rules)
    sequence = _sequence(steps, edges)
    repeated = _repeats(sequence)
    if repeated:
        steps = [*sequence, *repeated]
        added = [e for e in _edges(steps, table) if {e.before, e.after} & {s.name for s in repeated}]
        edges = [*edges, *added]
        sequence = _sequence(steps, edges)
    return Ordered(tuple(_settled(sequence)), tuple(edges))


def _edges(steps: Sequence[Step], table: Sequence[Precedes]) -> list[StepEdge]:
    """One edge for each pair of steps a row speaks of; steps of one kind follow each other as written."""
    alike: dict[StepKind, list[str]] = {kind: [] for kind in StepKind}
    for step in steps:
        alike[step.kind].append(step.name)
    found = [
        StepEdge(a, b, row.rule.id) for row in table for a in alike[row.before] for b in alike[row.after]
    ]
    for names in alike.values():
        found += [StepEdge(a, b, AS_WRITTEN.id) for a, b in pairwise(names)]
    return found


def _graph(steps: Iterable[Step], edges: Iterable[StepEdge]) -> nx.DiGraph[str]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(s.name for s in steps)
    graph.add_edges_from((e.before, e.after) for e in edges)
    return graph


def _sequence(steps: Sequence[Step], edges: Sequence[StepEdge]) -> list[Step]:
    """The one topological order that keeps kinds in the table's order and steps of a kind as they were given."""
    by_name = {s.name: s for s in steps}
    position = {s.name: n for n, s in enumerate(steps)}
    names = nx.lexicographical_topological_sort(
        _graph(steps, edges), key=lambda name: (_RANK[by_name[name].kind], position[name])
    )
    return [by_name[name] for name in names]


def _moved(steps: Sequence[Step], edges: list[StepEdge], move: Move, place: Place) -> list[StepEdge]:
    """Put one step before another: rules that say otherwise give way, and the new edge says why.

    What earlier moves put before the step moves along with it, so only rules give way, never a move.
    """
    names = [s.name for s in steps]
    for wanted in (move.step, move.before):
        if wanted not in names:
            hint = "the steps are: " + ", ".join(f"`{n}`" for n in names)
            raise error(
                Slug.PLAN_UNKNOWN_STEP, f"`{move.target}` has no step `{wanted}`", place=place, hint=hint
            )
    moved = _graph(steps, [e for e in edges if e.rule == MOVED.id])
    if move.step == move.before or nx.has_path(moved, move.before, move.step):
        reason = f"`{move.step}` can't come before `{move.before}`: another move says the opposite"
        raise error(Slug.PLAN_ORDER_CYCLE, reason, place=place, hint="drop one of the moves")
    later = nx.descendants(_graph(steps, edges), move.before) | {move.before}
    along = nx.ancestors(moved, move.step) | {move.step}
    kept = [e for e in edges if e.rule == MOVED.id or not (e.after in along and e.before in later)]
    return [*kept, StepEdge(move.step, move.before, MOVED.id)]


def _restored(steps: Sequence[Step], edges: list[StepEdge], rules: Sequence[StepEdge]) -> list[StepEdge]:
    """Put rules back that gave way to one move and, now that all are made, contradict none."""
    graph = _graph(steps, edges)
    kept = [*edges]
    for rule in rules:
        if rule not in edges and not nx.has_path(graph, rule.after, rule.before):
            graph.add_edge(rule.before, rule.after)
            kept.append(rule)
    return kept


def _repeats(sequence: Sequence[Step]) -> list[Step]:
    """Steps to do again, because something that adds payload comes after them."""
    again: list[Step] = []
    taken = {s.name.lower() for s in sequence}
    last = {s.kind: number for number, s in enumerate(sequence) if s.adds}
    for number, step in enumerate(sequence):
        later = {kind for kind, at in last.items() if at > number}
        rules = [row.rule.id for row in REPEATS if row.repeat is step.kind and row.adds in later]
        if rules:
            name = f"{step.name}-{rules[0].removeprefix('lcu-')}"
            while name.lower() in taken:
                name += "-again"
            taken.add(name.lower())
            again.append(
                replace(
                    step,
                    name=name,
                    kind=StepKind.CUMULATIVE_AGAIN,
                    title=f"{step.title} again",
                    again=rules[0],
                )
            )
    return again


def _settled(sequence: Sequence[Step]) -> list[Step]:
    """Steps without the promise that nothing is pending where a later step may leave actions pending again.

    Checks are read back once, at the end of the session.
    """
    made: list[Step] = []
    pends = False
    for step in reversed(sequence):
        checks = tuple(c for c in step.checks if not (pends and isinstance(c, NothingPending)))
        made.append(replace(step, checks=checks))
        pends = pends or step.kind in PENDS
    return made[::-1]


def between_sessions(move: Move, place: Place) -> Problem:
    """The problem of a move from servicing to customizing, or back."""
    return Problem(
        Slug.PLAN_ORDER_CYCLE,
        f"`{move.step}` can't come before `{move.before}`: one services the image, the other customizes it afterwards",
        place,
        "a step moves among those of its own session, as `osrecipe plan` shows them",
    )


def problem_of(move: Move, place: Place) -> Problem:
    """The problem of a move for a target that has no step to move at all."""
    return Problem(
        Slug.PLAN_UNKNOWN_STEP, f"`{move.target}` has nothing to do, so `{move.step}` can't be moved", place
    )
