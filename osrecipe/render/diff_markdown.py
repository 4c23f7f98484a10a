"""A comparison as the one comment on a pull request: figures and risks first, each recipe folded below.

The first line is a marker that no reader sees: who posts the comment finds the last one by it and replaces it. A forge
refuses a comment that is too long, so one that would be is cut, and says so in its first lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.render import diff_words, words
from osrecipe.render.markup import md, md_code, md_html
from osrecipe.render.plan_markdown import LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osrecipe.model.diff import Comparison, PlanDiff, RecipeDiff
    from osrecipe.render.diff_words import Row

MARKER = "<!-- osrecipe:diff -->"
_MOST_DETAILS = 30
_MOST_UNITS = 20
_MOST_WHERE = 8
_MOST_PROBLEMS = 10
_HEAD = 24_000
"""Bytes of the first part when the whole is too long."""
_CLOSING = 1_000


def markdown(comparison: Comparison, *, limit: int = LIMIT) -> str:
    """The comparison as GitHub-flavoured Markdown of at most `limit` bytes, of which there are never fewer than characters.

    When it is too long, the values of tasks go first, then whole recipes from the end; the first lines say so.
    """
    for full in (True, False):
        parts = [_folded(recipe, full=full) for recipe in comparison.recipes if _is_told(recipe)]
        warning = "" if full else "**Cut: without the values that differ.** `osrecipe diff` shows them."
        whole = _joined([*_head(comparison, warning), *parts])
        if _bytes(whole) <= limit:
            return whole
    return _cut(comparison, limit)


def _cut(comparison: Comparison, limit: int) -> str:
    """As many recipes, in order, as there is room for."""
    told = [recipe for recipe in comparison.recipes if _is_told(recipe)]
    room = limit - _HEAD - _CLOSING
    parts: list[str] = []
    for recipe in told:
        part = _folded(recipe, full=False)
        if _bytes(part) + 2 > room:
            break
        parts.append(part)
        room -= _bytes(part) + 2
    said = (
        f"**Cut: {len(parts):,} of {words.count(len(told), 'recipe')} that differ are shown below, without the values "
        "that differ.** `osrecipe diff` shows all."
    )
    return _joined([*_fitted(list(_head(comparison, said))), *parts, said])


def _fitted(head: list[str]) -> list[str]:
    """The first part in its room: lines from the end of its longest paragraph go, and it says how many."""
    while _bytes(_joined(head)) > _HEAD:
        longest = max(range(len(head)), key=lambda n: len(head[n]))
        lines = head[longest].splitlines()
        kept = lines[: max(2, len(lines) * 3 // 4)]
        if len(kept) == len(lines):
            break
        left = sum(1 for line in lines if not line.startswith("**Cut")) - len(kept)
        head[longest] = "\n".join([*kept, f"**Cut: {words.count(left, 'more line')}**"])
    return head


def _head(comparison: Comparison, warning: str) -> Iterator[str]:
    """The marker, the headline, the sides, a line for each recipe that differs, the risks."""
    yield f"{MARKER}\n### osrecipe: {md(diff_words.headline(comparison.recipes))}"
    if warning:
        yield warning
    yield f"{md_code(comparison.before, in_table=False)} → {md_code(comparison.after, in_table=False)}"
    differing = comparison.differing
    if not differing:
        yield "Every image comes out the same: what changed is only how recipes are written."
        return
    rows = [
        (
            md_code(r.path) + (f"<br>was {md_code(r.was)}" if r.was else ""),
            _spans(diff_words.about(r)),
            _rebuilds(r),
        )
        for r in differing
    ]
    yield _table(("recipe", "what changes", "rebuilds"), rows)
    if risks := list(_risks(differing)):
        yield "**Look twice**"
        yield "\n".join(risks)
    if problems := list(_problems(differing)):
        yield "**Without a plan**"
        yield "\n".join(dict.fromkeys(problems))  # a fragment's problem is every recipe's


def _rebuilds(recipe: RecipeDiff) -> str:
    is_told = recipe.diff is not None and recipe.state not in {"removed", "broken"}
    return md(diff_words.rebuilds(recipe.diff)) if is_told and recipe.diff is not None else ""


def _risks(recipes: Sequence[RecipeDiff]) -> Iterator[str]:
    several = len(recipes) > 1
    for recipe in recipes:
        for risk in recipe.diff.risks if recipe.diff else ():
            where = ", ".join(md_code(w, in_table=False) for w in risk.where[:_MOST_WHERE])
            if len(risk.where) > _MOST_WHERE:
                where += f" and {len(risk.where) - _MOST_WHERE:,} more"
            of = f"{md_code(recipe.path, in_table=False)}: " if several else ""
            yield f"- {of}**{risk.kind.value}** {where}: {_spans(risk.text)}"


def _problems(recipes: Sequence[RecipeDiff]) -> Iterator[str]:
    for recipe in recipes:
        for problem in recipe.problems[:_MOST_PROBLEMS]:
            place = md_code(str(problem.origin) if problem.origin else recipe.path, in_table=False)
            hint = f"; {_spans(problem.hint)}" if problem.hint else ""
            yield f"- {place}: {_spans(problem.reason)} ({md_code(problem.slug, in_table=False)}){hint}"
        if len(recipe.problems) > _MOST_PROBLEMS:
            yield f"- and {len(recipe.problems) - _MOST_PROBLEMS:,} more in {md_code(recipe.path, in_table=False)}"


# --- one recipe ------------------------------------------------------------------------------------------------------


def _is_told(recipe: RecipeDiff) -> bool:
    if recipe.diff is None or recipe.state in {"removed", "broken"}:
        return False
    return recipe.state != "same" or bool(diff_words.quiet(recipe.diff))


def _folded(recipe: RecipeDiff, *, full: bool) -> str:
    diff = recipe.diff
    if diff is None:
        return ""
    was = f" (was {recipe.was})" if recipe.was else ""
    title = f"{recipe.path}{was}: {diff_words.about(recipe)}"
    parts = [*_sections(diff, full=full), *_ends(diff, is_new=recipe.state == "added")]
    body = "\n\n".join(parts)
    # the empty line is what makes a forge read Markdown inside HTML again
    return f"<details><summary>{md_html(title)}</summary>\n\n{body}\n\n</details>"


def _sections(diff: PlanDiff, *, full: bool) -> Iterator[str]:
    if rows := diff_words.inputs(diff):
        yield _table(("", "input", "what"), [_row(row, full=True) for row in rows])
    if rows := diff_words.images(diff):
        yield _table(("", "image", "what"), [_row(row, full=full) for row in rows])
    if rows := diff_words.tasks(diff):
        yield _table(("", "task", "in", "what"), [_placed(row, full=full) for row in rows])
    if rows := diff_words.order(diff):
        yield _table(("", "moved task", "in", "where"), [_placed(row, full=full) for row in rows])


def _row(row: Row, *, full: bool) -> tuple[str, ...]:
    return (md_code(row.sign), md_code(row.name), _what(row, full=full))


def _placed(row: Row, *, full: bool) -> tuple[str, ...]:
    where = ", ".join(md_code(lane) for lane in row.where[:_MOST_WHERE])
    if len(row.where) > _MOST_WHERE:
        where += f" and {len(row.where) - _MOST_WHERE:,} more"
    return (md_code(row.sign), md_code(row.name), where, _what(row, full=full))


def _what(row: Row, *, full: bool) -> str:
    lines = [_spans(row.what)]
    if full:
        lines += [_spans(detail) for detail in row.details[:_MOST_DETAILS]]
        if len(row.details) > _MOST_DETAILS:
            lines.append(f"and {len(row.details) - _MOST_DETAILS:,} more")
    elif row.details:
        lines.append(words.count(len(row.details), "line") + " not shown")
    return "<br>".join(lines)


def _spans(said: str) -> str:
    """Text whose names stand in backticks already."""
    pieces = said.split("`")
    if len(pieces) % 2 == 0:
        return md(said)
    return "".join(md_code(piece) if n % 2 else _plain(piece) for n, piece in enumerate(pieces))


def _plain(piece: str) -> str:
    """Text between code spans; the spaces at its ends belong to it."""
    before = " " if piece[:1] == " " else ""
    after = " " if piece.strip() and piece[-1:] == " " else ""
    return before + md(piece) + after


def _ends(diff: PlanDiff, *, is_new: bool) -> Iterator[str]:
    for setting in diff.settings:
        yield _spans(diff_words.detail(setting))
    if not diff.is_empty and not is_new:
        yield f"Rebuilds {diff_words.rebuilds(diff)}{_units(diff.rebuilt)}"
        if diff.kept:
            yield f"Stays{_units(diff.kept)}"
    if quiet := diff_words.quiet(diff):
        yield "\n".join(f"- {_spans(said)}" for said in quiet[:_MOST_DETAILS])


def _units(names: Sequence[str]) -> str:
    shown = [md_code(name, in_table=False) for name in names]
    return f": {words.listed(shown, _MOST_UNITS)}" if shown else ""


# --- parts -----------------------------------------------------------------------------------------------------------


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headers, *rows]
    shown = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([shown[0], "|" + "---|" * len(headers), *shown[1:]])


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(parts) + "\n"


def _bytes(shown: str) -> int:
    return len(shown.encode())
