"""Whether the program that a recipe wants its ISO written with is on this host. It writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from osrecipe.adapters.dism.preflight import Finding
    from osrecipe.model.adapter import Adapter
    from osrecipe.model.origins import Origins
    from osrecipe.model.plan import Plan, Task


def can_work(adapter: Adapter) -> bool:
    """Whether an adapter could carry a plan out here; one that has no DISM only speaks of another host."""
    return adapter.version.name != "dism" or bool(adapter.version.tools)


def require_writer(plan: Plan, origins: Origins) -> None:
    """Go on only if the ISO can be written as the recipe asks.

    Raises:
        OsrecipeError: the recipe asks for `oscdimg` and there is none (`plan/refused`); at the recipe line that asks.
    """
    from osrecipe.adapters.oscdimg import find
    from osrecipe.model.codes import Slug
    from osrecipe.model.problems import OsrecipeError, Place, Problem

    asking = _asking(plan)
    if asking is None:
        return
    try:
        find()
    except OsrecipeError as cause:
        at = asking.origin
        place = Place(at.file, at.line, at.column) if at else None
        reason = f"`{asking.id}` can't be done as `output.writer` asks: {cause.problems[0].reason}"
        hint = f"{cause.problems[0].hint}; without `writer`, osrecipe writes the ISO itself"
        line = origins.line(place) if place else ""
        raise OsrecipeError(Problem(Slug.PLAN_REFUSED, reason, place, hint, line)) from cause


def _asking(plan: Plan) -> Task | None:
    """The task that writes the ISO with `oscdimg`; None where osrecipe does."""
    from osrecipe.model.tasks import WriteIso

    tasks = (task for unit in plan.units for task in unit.tasks)
    return next((t for t in tasks if isinstance(t.op, WriteIso) and t.op.writer == "oscdimg"), None)


def look(plan: Plan | None = None) -> Finding:
    """What can be said of `oscdimg` on this host; a recipe that does not ask for it needs none."""
    from osrecipe.adapters.dism.preflight import Finding, Level
    from osrecipe.adapters.oscdimg import find
    from osrecipe.model.problems import OsrecipeError

    try:
        tool = find()
    except OsrecipeError as cause:
        problem = cause.problems[0]
        is_needed = plan is not None and _asking(plan) is not None
        level = Level.FAIL if is_needed else Level.WARN
        return Finding("oscdimg", level, problem.reason, problem.hint)
    return Finding("oscdimg", Level.OK, f"`{tool.path}`, version {tool.version} ({tool.origin})")
