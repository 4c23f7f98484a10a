"""`compile_plan`: recipe and facts in, plan out. The order of lanes here is the order people read the plan in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx

from osrecipe.model.codes import Slug
from osrecipe.model.frozen import digest_of
from osrecipe.model.plan import Note, Plan
from osrecipe.model.problems import OsrecipeError, Problem, Problems
from osrecipe.plan.absent import check_absent
from osrecipe.plan.drivers import check_drivers
from osrecipe.plan.exports import (
    BOOT_WIM,
    INSTALL_WIM,
    Serviced,
    carried_over,
    export_boot,
    export_install,
    take_images,
    take_netfx3,
)
from osrecipe.plan.kinds import check_kinds
from osrecipe.plan.lanes import Sources, boot_images, boot_lane, install_lane, winre_lanes
from osrecipe.plan.media import expectations, finish, tree_jobs
from osrecipe.plan.notes import notes, planned_input
from osrecipe.plan.selection import Selected, lane_ids, select_install
from osrecipe.plan.steps import Compiling
from osrecipe.plan.units import Draft
from osrecipe.windows.ordering import DYNAMIC_UPDATE_FROM, RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osrecipe.model.facts import Facts
    from osrecipe.model.names import TaskId
    from osrecipe.model.origins import Origins
    from osrecipe.model.plan import Edge, Job, Session
    from osrecipe.model.recipe import Recipe
    from osrecipe.plan.lanes import Winre


def compile_plan(recipe: Recipe, facts: Facts, origins: Origins) -> Plan:
    """Compile a recipe against facts.

    Args:
        recipe: the recipe, fragments merged and templates rendered.
        facts: what was read from every input and `.reg` file the recipe names.
        origins: where each value was written: places for people, and whether a value was written at all.

    Returns:
        The plan; equal arguments give an equal plan, byte for byte.

    Raises:
        OsrecipeError: with all problems found (`plan/…`), each at its recipe line.
    """
    work = Compiling(recipe, facts, origins, [])
    check_kinds(work)
    _check_ordering(work)
    selected = _selected(work)
    _raise(work)
    draft = Draft(work.stated_time)
    boot = boot_images(work.media.boot.images, work.media.boot.boot_index) if work.media.boot else ()
    check_absent(work, selected, boot)
    check_drivers(work, selected, boot)
    sources = Sources(take_images(work, draft, boot=bool(boot)), take_netfx3(work, draft))
    images = sources.images
    winres = winre_lanes(work, draft, images, selected)
    install = _install(work, draft, sources, selected, winres)
    booted = tuple(Serviced(s, boot_lane(work, draft, images, s)) for s in boot)
    exports = {
        INSTALL_WIM: export_install(work, draft, images, install),
        BOOT_WIM: export_boot(work, draft, images, booted),
    }
    sessions = [s for each in (*install, *booted) for s in each.sessions]
    last = tree_jobs(
        work, draft, sessions, {path: made for path, made in exports.items() if made is not None}
    )
    finish(
        work,
        draft,
        last,
        install,
        expectations(work, install, booted, winres),
        any("setup" in s.produces for s in sessions),
    )
    _raise(work)
    draft.prune(images)
    return _plan(work, draft, notes(work, draft, selected, install, boot))


def _raise(work: Compiling) -> None:
    if work.problems:
        distinct: dict[tuple[object, ...], Problem] = {}
        for p in work.problems:  # several lanes find the same, with hints of their own
            distinct.setdefault((p.slug, p.reason, p.place), p)
        lined = [
            Problem(p.slug, p.reason, p.place, p.hint, work.origins.line(p.place) if p.place else "")
            for p in distinct.values()
        ]
        raise OsrecipeError(*Problems.sorted(lined).items)


def _check_ordering(work: Compiling) -> None:
    newest = max((image.version.build for image in work.media.install.images), default=0)
    if (
        work.recipe.updates.ordering.use == "auto"
        and work.recipe.updates.apply
        and newest >= DYNAMIC_UPDATE_FROM
    ):
        work.problem(
            Slug.PLAN_NO_ORDERING,
            f"`auto` knows no order for build {newest} yet",
            work.origins.at("updates", "ordering"),
            "state `ordering: classic` if that is what you want; from Windows 11 on winre has updates of its own",
        )


def _selected(work: Compiling) -> tuple[Selected, ...]:
    if not work.media.install.images:
        reason = "the media's install.wim holds no image"
        work.problem(Slug.PLAN_NO_IMAGE, reason, work.origins.at("source"), "take other media")
    images = select_install(work.recipe.targets.install, work.media.install, work.origins, work.problems)
    ids = lane_ids("install", images)
    return tuple(Selected(lane, "install", image) for lane, image in zip(ids, images, strict=True))


def _sync_from(work: Compiling, selected: Sequence[Selected]) -> tuple[Selected | None, str]:
    """The image whose files the media's `sources` get, and by what they are compared."""
    setting = work.recipe.media.sync_sources
    if setting == "none" or not selected:
        return None, ""
    if setting.from_ == "auto":
        return selected[0], setting.by
    for each in selected:
        if each.image.name.lower() == setting.from_.lower():
            return each, setting.by
    names = ", ".join(f"`{s.image.name}`" for s in selected)
    place = work.origins.at("media", "sync-sources", "from")
    reason = f"`{setting.from_}` is not one of the selected install images"
    work.problem(Slug.PLAN_NO_IMAGE, reason, place, f"the selected ones are: {names}")
    return None, ""


def _install(
    work: Compiling, draft: Draft, sources: Sources, selected: Sequence[Selected], winres: dict[int, Winre]
) -> tuple[Serviced, ...]:
    """Every install image of the finished media, serviced or carried over, in the source's order."""
    sync, by = _sync_from(work, selected)
    made: dict[int, Serviced] = {}
    for each in selected:
        winre = winres.get(each.image.index)
        sessions = install_lane(work, draft, sources, each, winre, sync=by if each is sync else None)
        made[each.image.index] = Serviced(each, sessions)
    kept = carried_over(work.media.install.images, selected, work.recipe.targets.install.others)
    others = lane_ids("install", work.media.install.images)
    by_index = {image.index: lane for image, lane in zip(work.media.install.images, others, strict=True)}
    return tuple(
        made.get(image.index) or Serviced(Selected(by_index[image.index], "install", image), (), chosen=False)
        for image in kept
    )


def _plan(work: Compiling, draft: Draft, notes: tuple[Note, ...]) -> Plan:
    units = _in_order(draft)
    edges = tuple(dict.fromkeys(draft.edges))
    return Plan(
        recipe=work.recipe.name,
        ordering="classic",
        source=work.recipe.source,
        inputs=tuple(
            planned_input(name, stated.path, work.facts.inputs[name])
            for name, stated in work.recipe.inputs.items()
        ),
        units=units,
        edges=edges,
        rules={rule: RULES[rule].reason for rule in sorted({e.rule for e in edges})},
        notes=notes,
        secrets={name: source.env for name, source in work.recipe.secrets.items()},
        output=work.recipe.output.iso,
        digest=digest_of([unit.digest for unit in units]),
    )


def _in_order(draft: Draft) -> tuple[Session | Job, ...]:
    """Units so that each comes after what it needs, otherwise in the order they were made."""
    owner: dict[TaskId, int] = {t.id: n for n, unit in enumerate(draft.units) for t in unit.tasks}
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(len(draft.units)))
    graph.add_edges_from(pair for e in draft.edges if (pair := _units_of(e, owner))[0] != pair[1])
    return tuple(draft.units[n] for n in nx.lexicographical_topological_sort(graph))


def _units_of(edge: Edge, owner: dict[TaskId, int]) -> tuple[int, int]:
    return owner[edge.before], owner[edge.after]
