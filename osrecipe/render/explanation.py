"""Why a task is in a plan and what is done for it, as text for `osrecipe explain`. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.render import words
from osrecipe.render.style import Ink, clean, hang, paint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osrecipe.plan.explain import Explanation, Reason
    from osrecipe.windows.ordering import Rule

_MOST = 200
"""Registry changes or checks shown; a registry script can hold tens of thousands."""
_DRIVERS = 10
"""Drivers shown; they are as many lines that differ in a name only."""
_LONGEST = 2000
"""Characters of a command that is shown whole; longer ones name hundreds of drivers, and nobody pastes them from here."""
_HEAD = 600


def text(explanation: Explanation, *, color: bool = False, width: int = 100) -> str:
    """The task with its place, its neighbours and their rules, what will be done, and what is read back."""
    parts = [
        _head(explanation, color=color, width=width),
        _neighbours("comes after", explanation.after, color=color, width=width),
        _neighbours("comes before", explanation.before, color=color, width=width),
        _actions(explanation, color=color, width=width),
        _changes(explanation, color=color, width=width),
        _checks(explanation, color=color, width=width),
        [f"digest {clean(explanation.task.digest)}"],
    ]
    return "\n".join("\n".join(part) + "\n" for part in parts if part)


def _head(explanation: Explanation, *, color: bool, width: int) -> list[str]:
    task, unit = explanation.task, explanation.unit
    lines = hang(f"{paint(clean(task.id), Ink.BOLD, color=color)}: ", clean(task.title), width)
    where = f"in the {unit.kind} `{clean(unit.id)}`"
    if unit.kind == "session":
        where += f", on the image `{clean(unit.name)}` ({unit.target})"
    lines += hang("  ", where, width)
    if task.origin is not None:
        lines.append(f"  from {clean(str(task.origin))}")
    if why := words.because(task):
        lines += hang("  because: ", why, width)
    if explanation.again is not None:
        lines += _rule("  again: ", explanation.again, width)
    return lines


def _neighbours(title: str, reasons: Sequence[Reason], *, color: bool, width: int) -> list[str]:
    """Tasks by the rule that binds them, each rule once."""
    by_rule: dict[Rule, list[str]] = {}
    for each in reasons:
        by_rule.setdefault(each.rule, []).append(clean(each.task))
    if not by_rule:
        return []
    lines = [paint(title, Ink.BOLD, color=color)]
    for rule, tasks in by_rule.items():
        lines += hang("  ", words.listed(tasks, _MOST), width)
        lines += _rule("    because ", rule, width)
    return lines


def _rule(first: str, rule: Rule, width: int) -> list[str]:
    lines = hang(first, f"{clean(rule.reason)} [{clean(rule.id)}]", width)
    return [*lines, *hang(" " * len(first) + "source: ", clean(rule.source), width)]


def _actions(explanation: Explanation, *, color: bool, width: int) -> list[str]:
    """Commands stand whole on their lines, so that they can be pasted."""
    if not explanation.actions:
        return []
    lines = [paint("what is done", Ink.BOLD, color=color)]
    for action in explanation.actions:
        shown = clean(action.text)
        lines += _command(shown, width) if action.is_command else hang("  - ", shown, width)
    return lines


def _command(shown: str, width: int) -> list[str]:
    """A command on one line; of a very long one its beginning, and where the whole is."""
    cut = shown.rfind(" /", 0, _HEAD) if len(shown) > _LONGEST else -1
    if cut < 0:
        return [f"  {shown}"]
    more = words.count(shown.count(" /", cut), "more argument")
    return [
        f"  {shown[:cut]} …",
        *hang("    ", f"and {more}; `osrecipe plan --format powershell` has all", width),
    ]


def _changes(explanation: Explanation, *, color: bool, width: int) -> list[str]:
    op = explanation.task.op
    if op.op != "tweak":
        return []
    said = [words.change(change) for change in op.registry]
    said += [f"delete `{path}`" for path in op.delete]
    said += [f"copy the folder `{clean(c.source.input)}` to `{c.to}`" for c in op.copy_folders]
    return _list("what the tweak changes", said, color=color, width=width)


def _checks(explanation: Explanation, *, color: bool, width: int) -> list[str]:
    title = "what is read back afterwards"
    said = [words.check(check) for check in explanation.task.checks]
    op = explanation.task.op
    if op.op != "verify-media":
        most = _DRIVERS if op.op == "add-drivers" else _MOST
        return _list(title, said, most, color=color, width=width)
    said += [f"`sources\\{clean(name)}` equals the setup image's" for name in op.same_setup]
    lines = _list(title, said, color=color, width=width)
    for each in op.expectations:
        where = f"{title}: {each.target}, `{each.path}`, image {each.index}"
        lines += _list(clean(where), [words.check(check) for check in each.checks], color=color, width=width)
    return lines


def _list(title: str, said: Sequence[str], most: int = _MOST, *, color: bool, width: int) -> list[str]:
    if not said:
        return []
    lines = [paint(title, Ink.BOLD, color=color)]
    for each in said[:most]:
        lines += hang("  - ", each, width)
    if len(said) > most:
        lines.append(f"  and {len(said) - most:,} more")
    return lines
