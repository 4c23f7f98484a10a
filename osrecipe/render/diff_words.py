"""What a difference of plans says, in rows of words that every format shows; alike changes of several images are one.

Returns plain text that may hold anything a recipe holds: each format makes it harmless itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osrecipe.render import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osrecipe.model.diff import (
        Detail,
        ImageChange,
        InputChange,
        Moved,
        PlanDiff,
        RecipeDiff,
        Risk,
        TaskChange,
    )

SIGNS = {
    "added": "+",
    "removed": "-",
    "changed": "~",
    "bumped": "~",
    "content": "~",
    "serviced": "+",
    "carried": "-",
    "moved": ">",
}
"""What happened to a thing, also for who sees no colours."""
STATES = {
    "changed": "changes",
    "same": "stays as it is",
    "added": "is new",
    "removed": "is gone",
    "broken": "has no plan",
    "mended": "has a plan again",
}
IMAGES = {
    "added": "is new on the media",
    "removed": "is no longer on the media",
    "serviced": "is serviced now",
    "carried": "is carried over as it is now",
}
ARROW = "→"
_NOTHING = "nothing"


@dataclass(frozen=True)
class Row:
    """One line of a section.

    Attributes:
        sign: what happened.
        name: of the thing; an id.
        where: lanes it happened in, where that is not part of the name.
        what: the rest, a few words.
        details: further lines.
    """

    sign: str
    name: str
    where: tuple[str, ...] = ()
    what: str = ""
    details: tuple[str, ...] = ()


def summary(diff: PlanDiff) -> str:
    """A difference in one line of figures: `1 input bumped, 7 tasks changed`."""
    parts: list[str] = []
    parts += _counted(
        "input", (i.change if i.change != "content" else "with new content" for i in diff.inputs)
    )
    parts += _counted("image", (i.change for i in diff.images))
    parts += _counted("task", (t.change for t in diff.tasks))
    if diff.moved:
        parts.append(f"{words.count(len(diff.moved), 'task')} moved")
    parts += [f"another {detail.what}" for detail in diff.settings]
    return ", ".join(parts) or ("nothing changes" if diff.is_empty else "other bytes")


def _counted(noun: str, changes: Iterable[str]) -> Iterator[str]:
    for change, number in Counter(changes).items():
        yield f"{words.count(number, noun)} {change}"


def rebuilds(diff: PlanDiff) -> str:
    """`5 of 11 units`; the media tree and its ISO, which no store keeps, are not counted."""
    storable = len(diff.rebuilt) + len(diff.kept)
    return f"{len(diff.rebuilt):,} of {words.count(storable, 'unit')}" if storable else _NOTHING


def about(recipe: RecipeDiff) -> str:
    """What happens to a recipe, in one line."""
    if recipe.diff is None:
        reason = recipe.problems[0].reason if recipe.problems else ""
        return f"{STATES[recipe.state]}: {reason}" if reason else STATES[recipe.state]
    said = summary(recipe.diff)
    return said if recipe.state in {"changed", "same"} else f"{STATES[recipe.state]}: {said}"


def headline(recipes: Iterable[RecipeDiff]) -> str:
    """`2 of 4 recipes change, 1 has no plan`."""
    states: Counter[str] = Counter(recipe.state for recipe in recipes)
    total = sum(states.values())
    if states["same"] == total:
        return f"nothing changes in {words.count(total, 'recipe')}"
    verbs = {
        "changed": ("changes", "change"),
        "added": ("is new", "are new"),
        "removed": ("is gone", "are gone"),
        "mended": ("has a plan again", "have a plan again"),
        "broken": ("has no plan", "have no plan"),
    }
    parts = [
        f"{states[s]:,} {one if states[s] == 1 else many}" for s, (one, many) in verbs.items() if states[s]
    ]
    first, *rest = parts
    number, _, verb = first.partition(" ")
    return ", ".join([f"{number} of {words.count(total, 'recipe')} {verb}", *rest])


def inputs(diff: PlanDiff) -> list[Row]:
    """Inputs that came, went or hold other bytes."""
    return [_input(change) for change in diff.inputs]


def _input(change: InputChange) -> Row:
    before, after = change.before, change.after
    name = after.id if after else before.id if before else ""
    if before is None or after is None:
        side = after or before
        return Row(SIGNS[change.change], name, what=side.summary if side else "")
    said = f"{before.summary} {ARROW} {after.summary}"
    if change.change == "content" or before.summary == after.summary:
        said = f"{after.summary}: other content: {words.short(before.digest)} {ARROW} {words.short(after.digest)}"
    details = [f"was `{before.id}`"] if before.id != after.id else []
    if before.version != after.version and not _says(after.summary, after.version):
        details.append(f"version {before.version or _NOTHING} {ARROW} {after.version or _NOTHING}")
    return Row(SIGNS[change.change], name, what=said, details=tuple(details))


def _says(summary: str, version: str) -> bool:
    """Whether a summary holds a version's first two numbers, which is what people call an update by."""
    return ".".join(version.split(".")[:2]) in summary


def images(diff: PlanDiff) -> list[Row]:
    """Images that came, went, or are serviced otherwise than before, each with what is done to it."""
    return [_image(change) for change in diff.images]


def _image(change: ImageChange) -> Row:
    what = IMAGES[change.change]
    if change.target == "winre":
        what = {"added": "is serviced now", "removed": "is no longer serviced"}.get(change.change, what)
    name = change.lane or change.name
    called = f"{change.name} {what}" if change.lane and change.lane != change.name else what
    details = tuple(f"{t.id.partition('/')[2]}: {t.title}" for t in change.tasks)
    return Row(SIGNS[change.change], name, what=called, details=details)


def tasks(diff: PlanDiff) -> list[Row]:
    """Tasks that came, went or do something else; the same in several lanes is one row."""
    grouped: dict[tuple[object, ...], list[TaskChange]] = {}
    for change in diff.tasks:
        side = change.after or change.before
        if side is None:
            continue
        title = change.after.title if change.after else ""
        key = (change.change, side.id.partition("/")[2], title, side.because, change.details)
        grouped.setdefault(key, []).append(change)
    return [_task(same) for same in grouped.values()]


def _task(same: list[TaskChange]) -> Row:
    change = same[0]
    side = change.after or change.before
    if side is None:
        return Row("", "")
    what = side.title
    told: frozenset[str] = frozenset()
    if change.before and change.after and change.before.title != change.after.title:
        what = _turned(change.before.title, change.after.title)
        told = _TOLD
    details = [detail(d) for d in change.details if d.what not in told]
    if change.change == "added" and side.because:
        details.insert(0, f"because: {side.because}")
    return Row(
        SIGNS[change.change],
        side.id.partition("/")[2],
        tuple(each.lane for each in same),
        what,
        tuple(details),
    )


_TOLD = frozenset({"kb", "version", "images"})
"""Details that a title which changed says as well, or the input's own row."""


def _turned(before: str, after: str) -> str:
    """Both titles, with the words they have in common at their ends said once."""
    old, new = before.split(" "), after.split(" ")
    most = min(len(old), len(new)) - 1
    first = next((n for n in range(most) if old[n] != new[n]), most)
    last = next((n for n in range(most - first) if old[-1 - n] != new[-1 - n]), most - first)
    was, now = (" ".join(words_[first : len(words_) - last]) for words_ in (old, new))
    if was.endswith(",") and now.endswith(","):
        was = was[:-1]
    return " ".join([*old[:first], was, ARROW, now, *new[len(new) - last :]])


def detail(each: Detail) -> str:
    """One value: `label: OLD → NEW`, `+ label: NEW`, `- label: OLD`."""
    if each.before is None:
        return f"+ {each.what}: {each.after}"
    if each.after is None:
        return f"- {each.what}: {each.before}"
    return f"{each.what}: {each.before} {ARROW} {each.after}"


def order(diff: PlanDiff) -> list[Row]:
    """Tasks at other places; the same in several lanes is one row."""
    grouped: dict[tuple[str, ...], list[Moved]] = {}
    for move in diff.moved:
        grouped.setdefault(_place(move), []).append(move)
    return [
        Row(SIGNS["moved"], name, tuple(m.lane for m in same), f"now {now}, was {was}")
        for (name, was, now), same in grouped.items()
    ]


def _place(move: Moved) -> tuple[str, str, str]:
    def after(task: str | None) -> str:
        return f"after {task.partition('/')[2]}" if task else "first"

    was, now = after(move.was_after), after(move.is_after)
    if move.session.partition(".")[2] != move.from_session.partition(".")[2]:
        was += f" in the {move.from_session.partition('.')[2]} session"
        now += f" in the {move.session.partition('.')[2]} session"
    return (move.task.partition("/")[2], was, now)


def risk(each: Risk) -> tuple[str, str, str]:
    """A risk as its kind, where it is, and what it is."""
    return each.kind.value, ", ".join(each.where), each.text


def quiet(diff: PlanDiff) -> list[str]:
    """What differs without changing any image: names, reasons, notes."""
    found = [
        f"only called otherwise: {r.what} `{_bare(r.before, r.what)}` {ARROW} `{_bare(r.after, r.what)}`"
        for r in diff.renames
        if r.what != "task"
    ]
    reasons: dict[tuple[str, str, str], list[str]] = {}
    for each in diff.because:
        lane, _, short = each.task.partition("/")
        reasons.setdefault((short, each.before, each.after), []).append(lane)
    found += [
        f"only the reason of `{short}` differs: {before or _NOTHING} {ARROW} {after or _NOTHING}"
        for short, before, after in reasons
    ]
    found += [
        f"new note: {n.after}" if n.before is None else f"note no longer there: {n.before}"
        for n in diff.notes
    ]
    return list(dict.fromkeys(found))


def _bare(name: str, what: str) -> str:
    """A tweak as its author calls it."""
    return name.partition("/")[2].removeprefix("tweak-") if what == "tweak" else name
