"""From what `diff` was told to two sides, and from two sides to a comparison of all their recipes."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from osrecipe.cli.sides import PREFIX, Side, Snapshots
from osrecipe.model.codes import ExitCode, Slug
from osrecipe.model.problems import OsrecipeError, error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osrecipe.adapters.git import Repository
    from osrecipe.model.diff import Comparison, RecipeDiff
    from osrecipe.model.plan import Plan
    from osrecipe.model.problems import Problem

_SHORT = 8
"""Digits of a commit that are shown."""
_HERE = "the working tree"
_MOST_PROBLEMS = 20
"""Problems of one side of a recipe that a comparison keeps."""


@contextmanager
def sides(before: str, after: Sequence[str], inputs: Sequence[Path]) -> Iterator[list[tuple[Side, Side]]]:
    """The pairs of sides that the arguments of `diff` mean; what was copied out of git is removed afterwards.

    A side without a path of its own has the other's; without any it is the whole folder. `git:X..Y` and `git:X...Y`
    (from where they parted) are both sides at once. After a revision, several paths are several pairs.

    Raises:
        OsrecipeError: an argument means nothing, or git does not know it.
    """
    with TemporaryDirectory(prefix="osrecipe-diff-") as folder:
        chosen = _Chosen(Snapshots(Path(folder)), tuple(inputs))
        first = chosen.parse(before)
        has_path = not before.startswith(PREFIX) or bool(first[0][1])
        if len(after) > 1 and has_path:
            raise _usage(f"`{before}` is a path: it is compared with one other, not with {len(after)}")
        yield [chosen.pair(first, argument) for argument in after or [""]]


def _usage(reason: str) -> OsrecipeError:
    return error(Slug.USAGE_ARGUMENT, reason, exit_code=ExitCode.USAGE)


class _Chosen:
    """Arguments on their way to sides: a revision (None for the disk) and a path (empty for the other side's)."""

    def __init__(self, snapshots: Snapshots, inputs: tuple[Path, ...]) -> None:
        self._snapshots = snapshots
        self._inputs = inputs
        self._repository: Repository | None = None

    @property
    def repository(self) -> Repository:
        """The one around the current folder."""
        from osrecipe.adapters.git import Repository

        if self._repository is None:
            self._repository = Repository.around(Path.cwd())
        return self._repository

    def parse(self, argument: str) -> list[tuple[str | None, str]]:
        """One revision and path, or two for a range."""
        if not argument.startswith(PREFIX):
            return [(None, argument)]
        revision, _, path = argument.removeprefix(PREFIX).partition(":")
        for dots in ("...", ".."):
            one, found, other = revision.partition(dots)
            if found:
                start, end = one or "HEAD", other or "HEAD"
                first = self.repository.merge_base(start, end) if dots == "..." else start
                return [(first, path), (end, path)]
        return [(revision or "HEAD", path)]

    def pair(self, first: list[tuple[str | None, str]], argument: str) -> tuple[Side, Side]:
        """Both sides of one comparison."""
        if len(first) > 1:
            if argument.startswith(PREFIX):
                raise _usage(f"after a range, a file or folder is meant: `{argument}`")
            path = argument or first[0][1]
            return self._side(first[0][0], path), self._side(first[1][0], path)
        second = self.parse(argument)
        if len(second) > 1:
            raise _usage(f"a range is both sides, so nothing comes before it: `{argument}`")
        (one, one_path), (other, other_path) = first[0], second[0]
        return self._side(one, one_path or other_path), self._side(other, other_path or one_path)

    def _side(self, revision: str | None, path: str) -> Side:
        """The side, its files on disk."""
        if revision is None:
            if not Path(path or ".").exists():
                raise _usage(f"there is no file or folder `{path}`")
            return Side(_HERE, Path(), _tidy(path), self._inputs)
        commit = self.repository.commit(revision)
        root = self._snapshots.of(self.repository, commit)
        label = commit[:_SHORT] if commit.startswith(revision) else f"{revision} ({commit[:_SHORT]})"
        return Side(label, root, self._inside(path), self._inputs, is_revision=True)

    def _inside(self, path: str) -> str:
        """A path as seen from the repository's top."""
        found = Path(os.path.relpath(Path(path or ".").resolve(), self.repository.top.resolve())).as_posix()
        if found.startswith("../"):
            raise _usage(f"`{path}` is not in the repository `{self.repository.top.as_posix()}`")
        return found


def _tidy(path: str) -> str:
    return Path(path or ".").as_posix()


def plan_of(recipe: Path, inputs: Sequence[Path]) -> Plan:
    """The plan of one recipe, or of a plan file, as `diff` makes it.

    Raises:
        OsrecipeError: with all that is wrong.
    """
    if not recipe.is_file():
        raise _usage(f"there is no file `{recipe.as_posix()}`")
    return Side(_HERE, Path(), recipe.as_posix(), tuple(inputs)).plan("")


# --- recipes ---------------------------------------------------------------------------------------------------------


def compare(pairs: Sequence[tuple[Side, Side]]) -> Comparison:
    """Compare every recipe of pairs of sides; what can't be compiled is part of the result.

    Raises:
        OsrecipeError: no side has a recipe.
    """
    from osrecipe.model.diff import Comparison

    found: dict[str, RecipeDiff] = {}
    for before, after in pairs:
        compared = [_compared(before, after, left, right) for left, right in _names(before, after)]
        for diff, *_ in _renamed(compared):
            found.setdefault(diff.path, diff)
    if not found:
        where = ", ".join(f"`{after.path}`" for _, after in pairs)
        hint = "a recipe is a YAML file that states `schema: osrecipe/1`"
        raise error(Slug.RECIPE_MISSING, f"there is no recipe in {where}", hint=hint)
    before, after = pairs[0]
    return Comparison(before=before.label, after=after.label, recipes=tuple(found.values()))


def _names(before: Side, after: Side) -> list[tuple[str | None, str | None]]:
    """Recipes by name on each side; a name that only one side counts as a recipe is one on the other if it is there."""
    left, right = before.recipes(), after.recipes()
    if left == [""] and right == [""]:
        return [("", "")]
    names = sorted({*left, *right})
    return [
        (name if before.file(name).is_file() else None, name if after.file(name).is_file() else None)
        for name in names
    ]


_Compared = tuple["RecipeDiff", "Plan | None", "Plan | None"]


def _compared(before: Side, after: Side, left: str | None, right: str | None) -> _Compared:
    one, problems = _plan(before, left) if left is not None else (None, ())
    other, wrong = _plan(after, right) if right is not None else (None, ())
    was = before.shown(left) if left is not None else ""
    path = after.shown(right) if right is not None else was
    return _diff(path, "" if was == path else was, (one, problems, left), (other, wrong, right)), one, other


_Known = tuple["Plan | None", "Sequence[Problem]", "str | None"]


def _diff(path: str, was: str, before: _Known, after: _Known) -> RecipeDiff:
    from osrecipe.model.diff import RecipeDiff
    from osrecipe.plan.diff import diff_plans, empty_plan

    (one, wrong_before, left), (other, wrong_after, right) = before, after
    found = None
    if one is not None or other is not None:
        some = one or other
        if some is not None and not (right is not None and other is None):
            found = diff_plans(one or empty_plan(some), other or empty_plan(some))
    if right is None:
        state = "removed"
    elif other is None:
        state = "broken"
    elif left is None:
        state = "added"
    elif one is None:
        state = "mended"
    else:
        state = "same" if found is not None and found.is_empty else "changed"
    problems = tuple(_problem(p) for p in [*wrong_after, *wrong_before][:_MOST_PROBLEMS])
    return RecipeDiff.model_validate(
        {"path": path, "was": was, "state": state, "diff": found, "problems": problems}
    )


def _problem(problem: Problem) -> object:
    from osrecipe.model.diff import DiffProblem
    from osrecipe.plan.units import origin_of

    origin = origin_of(problem.place) if problem.place else None
    return DiffProblem(slug=str(problem.slug), reason=problem.reason, hint=problem.hint, origin=origin)


def _plan(side: Side, name: str) -> tuple[Plan | None, Sequence[Problem]]:
    try:
        return side.plan(name), ()
    except OsrecipeError as cause:
        return None, cause.problems


def _renamed(found: list[_Compared]) -> list[_Compared]:
    """Recipes whose file has another name: one that is gone and one that is new, of one name or with one plan."""
    gone = [item for item in found if item[0].state == "removed" and item[1] is not None]
    made: list[_Compared] = []
    for item in found:
        new = item[2]
        partner = None
        if item[0].state == "added" and new is not None:
            partner = next((g for g in gone if g[1] is not None and _is_same(g[1], new)), None)
        if partner is None:
            made.append(item)
            continue
        gone.remove(partner)
        diff = _diff(item[0].path, partner[0].path, (partner[1], (), ""), (new, (), ""))
        made.append((diff, partner[1], new))
    left = {id(g) for g in gone}
    return [m for m in made if m[0].state != "removed" or m[1] is None or id(m) in left]


def _is_same(one: Plan, other: Plan) -> bool:
    return one.recipe == other.recipe or one.digest == other.digest
