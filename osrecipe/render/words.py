"""Sizes, durations, checks, registry changes and ends in words: the one place that chooses them. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from osrecipe.model.checks import sentence
from osrecipe.model.codes import ExitCode
from osrecipe.model.registry import CreateKey, DeleteKey, DeleteValue, RegistryChange, SetValue
from osrecipe.model.words import count as count  # noqa: PLC0414 - the other words stand here too
from osrecipe.render.style import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from osrecipe.model.assessment import Cost
    from osrecipe.model.checks import Check, CheckResult
    from osrecipe.model.plan import Session, Task
    from osrecipe.model.tasks import ApplyTweak

SHORT = 12
"""Hexadecimal digits of a digest that are shown to people."""
_KIB, _MIB, _GIB = 1 << 10, 1 << 20, 1 << 30
_TENTH, _SECOND, _MINUTE, _HOUR = 100, 1000, 60_000, 3_600_000
_TENTHS_BELOW = 100

ENDS: dict[ExitCode, str] = {
    ExitCode.DONE: "done",
    ExitCode.UNEXPECTED: "a bug ended it",
    ExitCode.USAGE: "used wrongly",
    ExitCode.INVALID: "a recipe or another input is invalid",
    ExitCode.TASK: "a task failed",
    ExitCode.INTERRUPTED: "interrupted, cleaned up",
    ExitCode.CLEANUP: "cleanup is incomplete",
    ExitCode.DIFFERENT: "a check found a difference",
}
"""What each exit code means, for people."""


def listed(items: Sequence[str], most: int) -> str:
    """The items with commas between them; beyond `most`, how many more there are."""
    if len(items) <= most:
        return ", ".join(items)
    return ", ".join(items[:most]) + f" and {len(items) - most:,} more"


def size(number: int) -> str:
    """Bytes in MiB, or in the unit beside it where that reads better: `4.2 MiB`, `812 bytes`."""
    for unit, name in ((_GIB, "GiB"), (_MIB, "MiB"), (_KIB, "KiB")):
        if number >= unit:
            return f"{number / unit:,.1f} {name}"
    return count(number, "byte")


def duration(milliseconds: int) -> str:
    """`12 ms`, `0.3 s`, `42 s`, `3 min 05 s`, `1 h 02 min`."""
    if milliseconds < _TENTH:
        return f"{milliseconds} ms"
    if milliseconds < _MINUTE:
        tenths = milliseconds // _TENTH
        return f"{tenths / 10:.1f} s" if tenths < _TENTHS_BELOW else f"{milliseconds // _SECOND} s"
    if milliseconds < _HOUR:
        return f"{milliseconds // _MINUTE} min {milliseconds % _MINUTE // _SECOND:02d} s"
    return f"{milliseconds // _HOUR:,} h {milliseconds % _HOUR // _MINUTE:02d} min"


def clock(milliseconds: int) -> str:
    """Elapsed time as a clock shows it, always as wide: `00:42.3`, `1:02:03`."""
    seconds, tenths = milliseconds // _SECOND, milliseconds % _SECOND // _TENTH
    if milliseconds < _HOUR:
        return f"{seconds // 60:02d}:{seconds % 60:02d}.{tenths}"
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def cost(of: Cost | None) -> str:
    """`reads 5 MiB, writes 2 MiB, took 3 s`: what is known of a unit's cost."""
    if of is None:
        return ""
    said = (
        f"reads {size(of.reads)}" if of.reads is not None else "",
        f"writes {size(of.writes)}" if of.writes is not None else "",
        f"took {duration(of.milliseconds)}" if of.milliseconds is not None else "",
    )
    return ", ".join(part for part in said if part)


def costs(of: Iterable[Cost | None]) -> str:
    """The sum of what is known, and how much is not; an empty string when nothing would run."""
    known = [each for each in of if each is not None]
    if not known:
        return ""
    reads = [c.reads for c in known if c.reads is not None]
    writes = [c.writes for c in known if c.writes is not None]
    took = [c.milliseconds for c in known if c.milliseconds is not None]
    said = (
        f"reads {size(sum(reads))}" if reads else "",
        f"writes {size(sum(writes))}" if writes else "",
        f"took {duration(sum(took))} of work" if took else "",
        f"{count(len(known) - len(took), 'unit')} of unknown cost" if len(took) < len(known) else "",
    )
    return ", ".join(part for part in said if part)


def short(digest: str) -> str:
    """The first digits of a digest, without its `sha256:`."""
    return clean(digest.removeprefix("sha256:")[:SHORT])


def figure(name: str, number: int) -> str:
    """One figure of a task: `120 files`, `1 registry value`, `4.2 MiB`, `4.2 MiB reclaimed`."""
    first, _, rest = clean(name).partition("-")
    if first in {"bytes", "size"}:
        return f"{size(number)} {rest.replace('-', ' ')}".rstrip()
    said = clean(name).replace("-", " ")
    return count(number, said.removesuffix("s") if number == 1 else said, said)


def figures(pairs: Sequence[tuple[str, int]], said: str = "") -> str:
    """A task's figures on one line, without those that `said` names already."""
    return ", ".join(f for name, number in pairs if (f := figure(name, number)) not in said)


def check(what: Check) -> str:
    """What must be true, as a sentence without a full stop."""
    return clean(sentence(what))


def found(result: CheckResult) -> str:
    """A check with what reading back showed, and the image it was read from where a task looks at several."""
    read = clean(result.found)
    said = check(result.check)
    image = f"{clean(result.subject)}: " if result.subject else ""
    if result.passed and (not read or read in said):
        return f"{image}{said}"
    return f"{image}{said}; found: {read or 'nothing'}"


def change(what: RegistryChange) -> str:
    """A registry change, as a sentence without a full stop."""
    match what:
        case SetValue():
            said = f"set `{what.key}` {_value_name(what.name)} = {what.data}"
        case DeleteValue():
            said = f"delete `{what.key}` {_value_name(what.name)}"
        case CreateKey():
            said = f"make sure `{what.key}` is there"
        case DeleteKey():
            said = f"delete `{what.key}` with all below it"
        case _:
            assert_never(what)
    return clean(said)


def _value_name(name: str) -> str:
    return f"`{name}`" if name else "(default)"


def tweak(op: ApplyTweak) -> str:
    """What a tweak touches, in figures: `2 registry changes, 1 folder`."""
    parts = (
        (len(op.registry), "registry change", ""),
        (len(op.delete), "deletion", ""),
        (len(op.copy_folders), "folder", ""),
    )
    return ", ".join(count(number, noun, plural) for number, noun, plural in parts if number)


def leaves(unit: Session) -> str:
    """How a session ends: `then saved`, with what it leaves beside the image."""
    others = [clean(name) for name in unit.produces if name != "image.wim"]
    return "then saved" + (f", with `{'`, `'.join(others)}`" if others else "")


def because(task: Task) -> str:
    """Why the recipe's author wants a tweak; an empty string when nobody says so."""
    return clean(task.op.because) if task.op.op == "tweak" else ""
