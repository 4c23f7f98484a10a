"""Plans that were saved: held against their own digests, and compared with a fresh one.

A plan file is a promise: what it says is what `apply` does. Reading the file is `inputs.saved_plan`'s work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.frozen import digest_of
from osrecipe.model.problems import Place, error
from osrecipe.plan.digests import base_digest, task_digest, unit_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.model.frozen import Digest
    from osrecipe.model.plan import Job, Plan, Session

_AGAIN = "save it again with `osrecipe plan RECIPE --out FILE`"
_WORDS = frozenset({"origin", "title", "because", "notes", "rules", "home", "summary", "places"})
"""Keys that say what people read, and where; a plan that differs only there does the same."""


def check_digests(plan: Plan, shown: str) -> None:
    """Hold a plan against its own digests, which its artifacts are stored under.

    Raises:
        OsrecipeError: it was changed after it was saved, or saved by a version that does it otherwise
            (`plan/damaged`).
    """
    for unit, wanted in _computed(plan):
        if [task.digest for task in unit.tasks] != wanted or unit.digest != unit_digest(
            wanted, unit.produces
        ):
            reason = (
                f"`{unit.id}` is not what its digest says: the plan was changed, or saved by another version"
            )
            raise error(Slug.PLAN_DAMAGED, reason, place=Place(shown), hint=_AGAIN)
    if plan.digest != digest_of([unit.digest for unit in plan.units]):
        raise error(
            Slug.PLAN_DAMAGED,
            "the plan is not what its digest says: it was changed",
            place=Place(shown),
            hint=_AGAIN,
        )


def _computed(plan: Plan) -> Iterator[tuple[Session | Job, list[Digest]]]:
    """Every unit with the digests its tasks must have; jobs on the media tree follow each other."""
    tree: Digest | None = None
    for unit in plan.units:
        is_tree = unit.kind == "job" and not unit.cacheable
        before = base_digest(unit.base) if unit.kind == "session" else tree if is_tree else None
        made: list[Digest] = []
        for task in unit.tasks:
            before = task_digest(task.op, before)
            made.append(before)
        yield unit, made
        tree = unit.digest if is_tree else tree


def same_work(one: Plan, other: Plan) -> bool:
    """Whether two plans do the same with the same files, whatever their texts and places say."""
    return not differing_parts(one, other)


def _bare(value: object) -> object:
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items() if key not in _WORDS}
    return [_bare(each) for each in value] if isinstance(value, list) else value


def differing_parts(saved: Plan, fresh: Plan) -> tuple[str, ...]:
    """The names of the parts in which two plans differ, such as `inputs` or `output`."""
    one, other = saved.model_dump(mode="json"), fresh.model_dump(mode="json")
    found = [key for key in other if key not in _WORDS and _bare(one[key]) != _bare(other[key])]
    # a secret may be called like a word
    return tuple(dict.fromkeys([*found, *(["secrets"] if saved.secrets != fresh.secrets else [])]))
