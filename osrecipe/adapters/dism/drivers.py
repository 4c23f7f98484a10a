"""Drivers added by DISM. It reports an INF it can't use and calls that success, so each is looked for afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from osrecipe.adapters.dism import command, listings
from osrecipe.adapters.dism.workplace import LISTED, otherwise
from osrecipe.model.adapter import Outcome
from osrecipe.model.words import count
from osrecipe.windows.driver_store import driver_versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.adapters.dism.command import Verb
    from osrecipe.adapters.dism.workplace import Workplace
    from osrecipe.model.adapter import Context
    from osrecipe.model.tasks import AddDrivers

LONGEST_LINE: Final = 20_000
"""Characters of paths on one command line; Windows takes 32,767 in all."""
_NAMED: Final = 5


def driver_state(place: Workplace, inf: str) -> str | None:
    """Versions of an INF's packages in the driver store, or None without one."""
    found = driver_versions(place.files, inf)
    return ", ".join(found) if found else None


def add_drivers(place: Workplace, op: AddDrivers, ctx: Context) -> Outcome:
    """Add drivers.

    Raises:
        TaskError: DISM fails, or does not list all of them afterwards.
    """
    before = _listed(place, ctx)
    lines = list(driver_lines(op, str(ctx.resolve(op.source)), place.folder))
    for number, verb in enumerate(lines):
        low, high = (LISTED * n / len(lines) for n in (number, number + 1))
        place.command(verb, ctx, lambda: not _missing(op, _listed(place, ctx)), low=low, high=high)
    after = _listed(place, ctx)
    if missing := _missing(op, after):
        shown = ", ".join(f"`{inf}`" for inf in missing[:_NAMED])
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise otherwise(f"{count(len(op.infs), 'driver')} were looked at", f"does not list {shown}{more}")
    fresh = len(after) - len(before)
    return Outcome(
        status="done" if fresh else "nothing-to-do",
        detail=_detail(len(op.infs), fresh),
        figures=(("drivers", fresh),),
    )


def _detail(drivers: int, fresh: int) -> str:
    new = ("new" if fresh else "not new") if drivers == 1 else f"{fresh:,} of them new"
    return f"{count(drivers, 'driver')} in the driver store, {new}"


def driver_lines(op: AddDrivers, source: str, folder: str) -> Iterator[Verb]:
    """The commands: the folder at once where all of it is wanted, or else INF by INF, several on a line."""
    if op.whole:
        yield command.add_drivers(folder, (source,), recurse=True, unsigned=op.unsigned)
        return
    names: list[str] = []
    for inf in op.infs:
        path = _below(source, inf)
        if names and sum(map(len, names)) + len(path) > LONGEST_LINE:
            yield command.add_drivers(folder, tuple(names), unsigned=op.unsigned)
            names = []
        names.append(path)
    yield command.add_drivers(folder, tuple(names), unsigned=op.unsigned)


def _below(source: str, inf: str) -> str:
    """An INF's path: with the host's separators below a folder of it, with backslashes below a name in braces."""
    return f"{source}\\{inf.replace('/', chr(92))}" if source.startswith("{") else str(Path(source, inf))


def _listed(place: Workplace, ctx: Context) -> list[str]:
    """INF names of the third-party drivers, in lower case, as often as they are there."""
    return listings.drivers(place.ask(command.get_drivers(place.folder), ctx))


def _missing(op: AddDrivers, listed: list[str]) -> list[str]:
    there = set(listed)
    return [inf for inf in op.infs if inf.rpartition("/")[2].lower() not in there]
