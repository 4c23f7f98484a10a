"""Properties of compiled plans: for any recipe, and in any order its edges allow, servicing never errs."""

from __future__ import annotations

import itertools
import os
from random import Random
from typing import TYPE_CHECKING

import networkx as nx
import pytest
from hypothesis import HealthCheck, assume, event, given, reject, settings
from hypothesis import strategies as st
from support.image_model import ModelError, Run
from support.plan_recipes import ENABLED, Case, cases
from support.plans import compiled, origins

from osrecipe.model.facts import Facts, ImageFacts, MediaFacts, WimFacts
from osrecipe.model.origins import Origins
from osrecipe.model.plan import Plan, Session
from osrecipe.model.problems import OsrecipeError
from osrecipe.model.tasks import (
    ArtifactRef,
    ExportImages,
    InjectWinre,
    PlaceFile,
    PlaceSetup,
    SyncSources,
    VerifyMedia,
)
from osrecipe.windows.ordering import MOVED, RULES

if TYPE_CHECKING:
    from osrecipe.model.plan import Task

EXAMPLES = int(os.environ.get("OSRECIPE_EXAMPLES", "80"))
QUICK = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _graph(plan: Plan) -> nx.DiGraph[str]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(str(t.id) for u in plan.units for t in u.tasks)
    graph.add_edges_from((str(e.before), str(e.after)) for e in plan.edges)
    return graph


def _any_order(plan: Plan, chance: Random) -> list[Task]:
    """A random topological order of all tasks: any task may be next of which all predecessors are done."""
    graph = _graph(plan)
    waiting = {node: graph.in_degree(node) for node in graph}
    ready = [node for node, count in waiting.items() if not count]
    found: list[str] = []
    while ready:
        node = ready.pop(chance.randrange(len(ready)))
        found.append(node)
        for after in graph.successors(node):
            waiting[after] -= 1
            if not waiting[after]:
                ready.append(after)
    by_id = {str(t.id): t for u in plan.units for t in u.tasks}
    assert len(by_id) == len(found), "the plan's edges go in a circle"
    return [by_id[name] for name in found]


def _carried_out(plan: Plan, order: list[Task]) -> Run:
    run = Run(plan, ENABLED)
    run.carry_out(order)
    return run


@QUICK
@given(case=cases(), chance=st.randoms(use_true_random=True))
def test_servicing_never_errs_in_any_order_the_edges_allow(case: Case, chance: Random) -> None:
    """Stack first, payload brought up to date, cleanup without pending actions, nothing after a save, verified last."""
    plan = compiled(case.recipe, case.facts)
    run = _carried_out(plan, _any_order(plan, chance))
    sessions = [u.id for u in plan.units if isinstance(u, Session)]
    event(f"sessions: {min(len(sessions), 5)}")
    assert dict.fromkeys(sessions, 1) == run.saved
    assert "media/verify" == run.verified


@QUICK
@given(case=cases())
def test_the_plan_s_own_order_is_one_of_them(case: Case) -> None:
    """Units as listed, tasks as listed: what the engine does with one worker."""
    plan = compiled(case.recipe, case.facts)
    order = [t for u in plan.units for t in u.tasks]
    place = {t.id: n for n, t in enumerate(order)}
    assert all(place[e.before] < place[e.after] for e in plan.edges)
    assert _carried_out(plan, order).verified


@QUICK
@given(case=cases(moves=True), chance=st.randoms(use_true_random=True))
def test_a_move_is_the_only_excuse(case: Case, chance: Random) -> None:
    """Whatever errs in a recipe with moves errs because of one: a moved edge lies between the two tasks."""
    plan = _compiled_unless_refused(case)
    assume(any(e.rule == MOVED.id for e in plan.edges))
    for order in (_any_order(plan, chance), [t for u in plan.units for t in u.tasks]):
        error = _error(plan, order)
        event("none" if error is None else str(error).partition(":")[0])
        assert error is None or _excused(plan, error.earlier, error.later), error


def _compiled_unless_refused(case: Case) -> Plan:
    """The plan; contradictory moves end the example, any other refusal fails the test."""
    try:
        return compiled(case.recipe, case.facts)
    except OsrecipeError as cause:
        slugs = {p.slug for p in cause.problems}
    assert {"plan/order-cycle"} == slugs
    return reject()


def _error(plan: Plan, order: list[Task]) -> ModelError | None:
    try:
        _carried_out(plan, order)
    except ModelError as error:
        return error
    return None


def _excused(plan: Plan, earlier: str, later: str) -> bool:
    graph = _graph(plan)
    return any(
        nx.has_path(graph, earlier, e.before) and nx.has_path(graph, e.after, later)
        for e in plan.edges
        if e.rule == MOVED.id
    )


@QUICK
@given(case=cases(moves=True))
def test_moves_are_obeyed(case: Case) -> None:
    """Every move of a recipe that compiles holds in each lane of its target."""
    plan = _compiled_unless_refused(case)
    for unit in plan.units:
        if isinstance(unit, Session) and unit.id.endswith(".service"):
            names = [str(t.id).partition("/")[2] for t in unit.tasks]
            for move in case.recipe.updates.ordering.move:
                if move.target == unit.target:
                    assert names.index(move.step) < names.index(move.before)


@QUICK
@given(case=cases())
def test_compiling_is_deterministic(case: Case) -> None:
    """The same bytes twice, and whatever order facts and features were found in."""
    plan = compiled(case.recipe, case.facts)
    assert plan.model_dump_json() == compiled(case.recipe, case.facts).model_dump_json()
    assert plan.model_dump_json() == compiled(case.recipe, _shuffled(case.facts)).model_dump_json()
    assert plan == Plan.model_validate_json(plan.model_dump_json())


def _shuffled(known: Facts) -> Facts:
    inputs = dict(reversed(list(known.inputs.items())))
    return Facts(
        inputs={n: _media(f) if isinstance(f, MediaFacts) else f for n, f in inputs.items()},
        reg_files=dict(reversed(list(known.reg_files.items()))),
    )


def _media(iso: MediaFacts) -> MediaFacts:
    images: list[ImageFacts] = [
        i.model_copy(update={"features": dict(reversed(list(i.features.items())))})
        for i in iso.install.images
    ]
    install = WimFacts(images=tuple(images), compression=iso.install.compression, size=iso.install.size)
    return iso.model_copy(update={"install": install})


@QUICK
@given(case=cases())
def test_places_and_the_order_of_inputs_change_no_digest(case: Case) -> None:
    """They are for people."""
    plan = compiled(case.recipe, case.facts)
    turned = case.recipe.model_copy(update={"inputs": dict(reversed(list(case.recipe.inputs.items())))})
    other = compiled(turned, case.facts, Origins("elsewhere.yaml"))
    assert plan.digest == other.digest
    assert [u.digest for u in plan.units] == [u.digest for u in other.units]


@QUICK
@given(case=cases())
def test_every_edge_has_a_rule_and_every_reference_a_maker(case: Case) -> None:
    """Nothing in a plan is unexplained, dangling, or called the same as something else."""
    plan = compiled(case.recipe, case.facts)
    assert all(e.rule in RULES and plan.rules[e.rule] == RULES[e.rule].reason for e in plan.edges)
    ids = [str(t.id).lower() for u in plan.units for t in u.tasks]
    assert len(ids) == len(set(ids))
    units = {u.id: u for u in plan.units}
    assert len(units) == len(plan.units)
    for unit in plan.units:
        refs = [*unit.inputs, *([unit.base.wim] if isinstance(unit, Session) else [])]
        assert all(r.name in units[r.unit].produces for r in refs if isinstance(r, ArtifactRef))


@QUICK
@given(case=cases())
def test_one_writer_for_each_wim_and_for_the_tree(case: Case) -> None:
    """A WIM is written by one task, placed once; jobs on the tree are in one line, whatever else runs."""
    plan = compiled(case.recipe, case.facts)
    graph = _graph(plan)
    exported = [(u.id, t.op.wim) for u in plan.units for t in u.tasks if isinstance(t.op, ExportImages)]
    assert len(exported) == len({unit for unit, _wim in exported})
    placed = [t.op.to for u in plan.units for t in u.tasks if isinstance(t.op, PlaceFile)]
    assert len(placed) == len(set(placed))
    tree = [str(t.id) for u in plan.units if u.lane == "media" for t in u.tasks]
    assert all(nx.has_path(graph, a, b) for a, b in itertools.pairwise(tree))


@QUICK
@given(case=cases())
def test_every_selected_image_gets_its_serviced_recovery_image(case: Case) -> None:
    """Each that has one, the lane of its own content, once; unless nothing was done to it."""
    plan = compiled(case.recipe, case.facts)
    iso = case.facts.inputs[case.recipe.source]
    assert isinstance(iso, MediaFacts)
    picked = {s.index for s in case.recipe.targets.install.select}
    sessions = [u for u in plan.units if isinstance(u, Session)]
    serviced = {u.name for u in sessions if u.target == "winre"}
    for image in iso.install.images:
        own = [u for u in sessions if u.target == "install" and u.name == image.name]
        given_back = [t.op for u in own for t in u.tasks if isinstance(t.op, InjectWinre)]
        wanted = image.winre is not None and (not picked or image.index in picked)
        assert len(given_back) <= int(wanted)
        if wanted and _always_serviced(case):
            assert serviced
            assert 1 == len(given_back)


def _always_serviced(case: Case) -> bool:
    """Whether something is done to every recovery image, whatever edition it is in."""
    updates = case.recipe.updates.apply
    everywhere = {"ssu", "stack2", "lcu"}
    return any(
        (targets == "auto" and name in everywhere) or (targets != "auto" and "winre" in targets)
        for name, targets in updates.items()
    )


@QUICK
@given(case=cases())
def test_setup_files_win_and_verification_is_last(case: Case) -> None:
    """In every order: synced files come before setup's, everything before verification."""
    plan = compiled(case.recipe, case.facts)
    graph = _graph(plan)
    kinds = {str(t.id): t.op for u in plan.units for t in u.tasks}
    synced = [t for t, op in kinds.items() if isinstance(op, SyncSources)]
    placed = [t for t, op in kinds.items() if isinstance(op, PlaceSetup)]
    assert all(nx.has_path(graph, a, b) for a in synced for b in placed)
    (last,) = [t for t, op in kinds.items() if isinstance(op, VerifyMedia)]
    assert set(kinds) - {last} == nx.ancestors(graph, last)


# the model itself: it has to err where servicing would


def _mutilated(rule: str) -> Plan:
    from support.plans import facts, recipe

    plan = compiled(recipe(), facts(), origins())
    return plan.model_copy(update={"edges": tuple(e for e in plan.edges if e.rule != rule)})


@pytest.mark.parametrize(
    "rule",
    [
        "stack-first",
        "cleanup-before-netfx3",
        "cumulative-again-last",
        "service-before-customize",
        "saved-before-export",
        "images-taken-first",
        "winre-into-install",
        "netfx3-from-media",
        "setup-taken-last",
        "verify-last",
    ],
)
def test_the_model_errs_when_a_rule_is_missing(rule: str) -> None:
    """Without its edges some order goes wrong; a model that never errs would prove nothing."""
    plan = _mutilated(rule)
    errors = 0
    for seed in range(300):
        try:
            _carried_out(plan, _any_order(plan, Random(seed)))  # noqa: S311 - not a secret
        except ModelError:
            errors += 1
    assert errors
