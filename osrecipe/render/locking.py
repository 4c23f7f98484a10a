"""What became of a lock, and which updates were found to be newer, as text. Returns text, decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.inputs.covering import content_of
from osrecipe.inputs.relock import told_apart
from osrecipe.model.facts import RegFileFacts
from osrecipe.plan.notes import summary_of
from osrecipe.render.style import clean, pad

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osrecipe.inputs.bump import Bump
    from osrecipe.inputs.relock import Change
    from osrecipe.model.facts import InputFacts

_SIGNS = {"added": "+", "removed": "-", "changed": "!", "kept": "·", "same": "="}


def changes(found: Sequence[Change], *, name: str, end: str) -> str:
    """One line for each line of a lock, one before that counts them, and one that says how it ended."""
    wide = max((len(clean(change.name)) for change in found), default=0)
    lines = [
        f"  {_SIGNS[change.what]} {pad(clean(change.name), wide)}  {_change(change)}" for change in found
    ]
    return "\n".join([f"{clean(name)}: {_counts(found)}", *lines, end, ""])


def _counts(found: Sequence[Change]) -> str:
    held = sum(change.what != "removed" for change in found)
    number = {
        what: sum(change.what == what for change in found) for what in ("added", "changed", "removed", "kept")
    }
    said = [f"{count} {what}" for what, count in number.items() if count]
    return f"{held} input{'' if held == 1 else 's'}, {', '.join(said) or 'none changed'}"


def _change(change: Change) -> str:
    before = _said(change.before) if change.before is not None else ""
    after = _said(change.after) if change.after is not None else ""
    match change.what:
        case "changed":
            return _changed(change, before, after)
        case "kept":
            return f"{after}: not here, so its line stays"
        case "removed":
            return before
        case "added" | "same":
            return after


def _changed(change: Change, before: str, after: str) -> str:
    """Another content, another path, or both; a content that stayed is said once."""
    moved = " → ".join(f"`{clean(path)}`" for path in change.paths)
    if change.before == change.after:
        return f"{after}: the path is another one, the content is the same: {moved}"
    said = f"{before} → {after}" if before != after else f"{after}: {told_apart(change)}"
    return f"{said}; the path too: {moved}" if moved else said


def _said(facts: InputFacts | RegFileFacts) -> str:
    if isinstance(facts, RegFileFacts):
        return f".reg file of {len(facts.changes)} changes"
    return clean(summary_of(facts))


def bumps(found: Sequence[Bump], skipped: Mapping[str, str], places: Mapping[str, Sequence[str]]) -> str:
    """Each newer update with the places that change for it, then what could not be read.

    Args:
        found: the newer updates.
        skipped: files that could not be read, by name, with the reason.
        places: by input, the places in recipe files that change, with what is written there.
    """
    lines: list[str] = []
    for bump in found:
        before, after = _said(bump.before.facts), _said(bump.after.facts)
        if before == after:
            before, after = content_of(bump.before.facts), f"{content_of(bump.after.facts)}, {after}"
        lines.append(f"{clean(bump.name)}: {before} → {after}")
        lines += [f"  {clean(place)}" for place in places.get(bump.name, ())]
    if not found:
        lines.append("nothing newer was found")
    lines += [f"skipped `{clean(name)}`: {clean(reason)}" for name, reason in skipped.items()]
    return "\n".join([*lines, ""])
