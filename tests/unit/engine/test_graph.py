"""`osrecipe.engine.graph`: dependencies, what may be stored, and hostile plans."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.dict_plans import sample_plan, write_inputs
from support.plans import facts, recipe

from osrecipe.engine.graph import Graph, key_of, references
from osrecipe.model.names import TaskId, UnitId
from osrecipe.model.origins import Origins
from osrecipe.model.plan import Edge, Plan
from osrecipe.model.problems import OsrecipeError
from osrecipe.plan.compile import compile_plan

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """The sample plan."""
    return sample_plan(write_inputs(tmp_path / "in"))


def _u(text: str) -> UnitId:
    return UnitId(text)


def _slug(plan: Plan) -> str:
    with pytest.raises(OsrecipeError) as caught:
        Graph(plan)
    return str(caught.value.problems[0].slug)


def _edited(plan: Plan, old: str, new: str) -> Plan:
    text = plan.model_dump_json()
    assert old in text
    return Plan.model_validate_json(text.replace(old, new))


def test_needs_come_from_references(plan: Plan) -> None:
    """A unit waits for what its base, inputs and operations refer to."""
    needs = Graph(plan).needs

    assert set() == needs[_u("source.images")]
    assert {"source.images"} == needs[_u("image-2.service")]
    assert {"image-1.customize", "image-2.customize"} == needs[_u("install.export")]


def test_tree_jobs_keep_their_order(plan: Plan) -> None:
    """Jobs on the media tree wait for the one before, even where nothing refers to it."""
    needs = Graph(plan).needs

    assert {"media.copy", "install.export"} == needs[_u("media.install-wim")]
    assert {"media.install-wim"} == needs[_u("media.iso")]
    assert set() == needs[_u("media.copy")]


def test_edges_between_units_count(plan: Plan) -> None:
    """An edge between tasks of two units makes one wait for the other; one inside a unit adds nothing."""
    edges = (
        Edge(before=TaskId("image-1/lcu"), after=TaskId("image-2/lcu"), rule="because"),  # type: ignore[arg-type]
        Edge(before=TaskId("image-1/lcu"), after=TaskId("image-1/lcu"), rule="because"),  # type: ignore[arg-type]
    )
    needs = Graph(plan.model_copy(update={"edges": edges})).needs

    assert {"source.images", "image-1.service"} == needs[_u("image-2.service")]
    assert {"source.images"} == needs[_u("image-1.service")]


def test_references_are_complete(plan: Plan) -> None:
    """Every reference of a unit is found once, also those only its operations hold."""
    service = plan.units[1]

    assert ["artifact:source.images:install.wim", "input:lcu"] == [key_of(r) for r in references(service)]


def test_plan_order_is_kept(plan: Plan) -> None:
    """The plan's units are in a valid order, and the engine prefers it."""
    assert [u.id for u in plan.units] == list(Graph(plan).order)


def test_order_is_mended(plan: Plan) -> None:
    """Units that are not in a valid order are brought into one; only the tree's jobs insist on theirs."""
    tree = [u for u in plan.units if u.lane == "media"]
    others = [u for u in plan.units if u.lane != "media"]
    graph = Graph(plan.model_copy(update={"units": (*tree, *reversed(others))}))
    place = {unit: number for number, unit in enumerate(graph.order)}

    assert [u.id for u in tree] == [u for u in graph.order if u.startswith("media.")]
    assert all(place[before] < place[unit] for unit, needs in graph.needs.items() for before in needs)


def test_nothing_made_from_a_secret_is_stored(tmp_path: Path) -> None:
    """What is made from an image with a secret in it holds the secret too, so neither is stored."""
    plan = sample_plan(write_inputs(tmp_path / "in"), images=1, secret=True)

    assert {"source.images", "image-1.service"} == Graph(plan).storable


def test_circle(plan: Plan) -> None:
    """Units that wait for each other are named."""
    edge = Edge(before=TaskId("media/verify"), after=TaskId("source/images"), rule="x")  # type: ignore[arg-type]
    assert "plan/order-cycle" == _slug(plan.model_copy(update={"edges": (edge,)}))


def test_edge_to_nowhere(plan: Plan) -> None:
    """An edge names tasks of the plan."""
    edge = Edge(before=TaskId("no/where"), after=TaskId("source/images"), rule="x")  # type: ignore[arg-type]
    assert "plan/unknown-task" == _slug(plan.model_copy(update={"edges": (edge,)}))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"source.images"', '"../../evil"'),
        ('"source.images"', '"a/b"'),
        ('"source.images"', '".hidden"'),
        ('"source/images"', '"source/../../x"'),
        ('"source/images"', '"source"'),
        ('"produces":["iso"]', '"produces":["../iso"]'),
        ('"produces":["install.wim"]', '"produces":["C:evil"]'),
        ('"image-2.service"', '"IMAGE-1.service"'),
        ('"image-2/lcu"', '"image-1/LCU"'),
        ('"unit":"image-1.service"', '"unit":"image-9.service"'),
        ('"name":"image.wim"', '"name":"other.wim"'),
    ],
)
def test_hostile_names(plan: Plan, old: str, new: str) -> None:
    """A plan read from a file can't name what leaves its folder, is there twice, or is not there."""
    assert "input/unsafe" == _slug(_edited(plan, old, new))


def test_digests_must_agree(plan: Plan) -> None:
    """A reference carries the digest of what it refers to: a plan that was tampered with is refused."""
    text = json.loads(plan.model_dump_json())
    text["units"][0]["digest"] = "sha256:" + "0" * 64

    assert "input/unsafe" == _slug(Plan.model_validate_json(json.dumps(text)))


def test_compiled_plans_are_accepted() -> None:
    """What the compiler makes is consistent by the engine's rules, also after it was written and read."""
    compiled = compile_plan(recipe(), facts(), Origins("recipe.yaml"))
    graph = Graph(Plan.model_validate_json(compiled.model_dump_json()))

    assert [unit.id for unit in compiled.units] == list(graph.order)
    cacheable = {unit.id for unit in compiled.units if unit.cacheable and unit.produces}
    assert cacheable == graph.storable
