"""Why a task is in a plan, and what it does: data for `osrecipe explain`."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.problems import error
from osrecipe.windows.ordering import RULES, Rule

if TYPE_CHECKING:
    from osrecipe.model.adapter import Action, Adapter
    from osrecipe.model.names import TaskId
    from osrecipe.model.plan import Job, Plan, Session, Task


@dataclass(frozen=True)
class Reason:
    """Another task this one follows or precedes, and the rule that says so."""

    task: TaskId
    rule: Rule


@dataclass(frozen=True)
class Explanation:
    """All that is known of a task.

    Attributes:
        after: tasks it follows; before: tasks that follow it.
        again: the rule that makes it a repetition.
        actions: what the adapter will do.
    """

    task: Task
    unit: Session | Job
    after: tuple[Reason, ...]
    before: tuple[Reason, ...]
    again: Rule | None
    actions: tuple[Action, ...]


def explain(plan: Plan, task_id: str, adapter: Adapter) -> Explanation:
    """Explain one task.

    Raises:
        OsrecipeError: the plan has no such task (`plan/unknown-task`).
    """
    for unit in plan.units:
        for task in unit.tasks:
            if task.id == task_id:
                return Explanation(
                    task,
                    unit,
                    tuple(Reason(e.before, RULES[e.rule]) for e in plan.edges if e.after == task.id),
                    tuple(Reason(e.after, RULES[e.rule]) for e in plan.edges if e.before == task.id),
                    RULES[task.again] if task.again else None,
                    adapter.describe(task, unit),
                )
    ids = [t.id for u in plan.units for t in u.tasks]
    close = get_close_matches(task_id, ids, n=1)
    hint = f"did you mean `{close[0]}`?" if close else "`osrecipe plan` lists the tasks"
    raise error(
        Slug.PLAN_UNKNOWN_TASK, f"the plan has no task `{task_id}`", hint=hint, exit_code=ExitCode.USAGE
    )
