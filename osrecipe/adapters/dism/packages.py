"""Update packages added by DISM, each alone with its checkpoints. What DISM says is compared with what it lists afterwards."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

from osrecipe.adapters.dism import codes, command, output
from osrecipe.adapters.dism.workplace import LISTED, otherwise
from osrecipe.model.adapter import Outcome, TaskError
from osrecipe.model.codes import Slug
from osrecipe.model.frozen import Digest
from osrecipe.model.tasks import InputRef
from osrecipe.model.words import count

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.adapters.dism.workplace import Workplace
    from osrecipe.model.adapter import Context
    from osrecipe.model.tasks import AddPackage

_PIECE: Final = 4 << 20


def add_package(place: Workplace, op: AddPackage, ctx: Context) -> Outcome:
    """Add an update.

    Raises:
        TaskError: DISM fails, or does not list what it says it added.
    """
    name = f"KB{op.kb}" if op.kb else f"`{op.package}`"
    package = _put_together(op, ctx)
    before = place.packages(ctx)
    tolerated = frozenset(number for text in op.tolerates if (number := codes.parse(text)) is not None)
    done = place.command(
        command.add_package(place.folder, str(package)),
        ctx,
        lambda: _is_there(place.packages(ctx).get(op.package.lower())),
        tolerated,
    )
    after = place.packages(ctx, LISTED)
    state = after.get(op.package.lower())
    is_tolerated = done is not None and done.is_tolerated
    if not _is_there(state):
        ended = (
            f"{name} ended with {done.row.text}, tolerated here"
            if done and is_tolerated
            else f"{name} was added"
        )
        raise otherwise(ended, f"lists `{op.package}` as {state or 'not there'}")
    if done is not None and is_tolerated:
        return Outcome(
            detail=f"`{op.package.partition('~')[0]}` is {(state or '').lower()}; the rest of {name} ended with "
            f"{done.row.text}, which the plan tolerates here: {done.row.meaning}"
        )
    if _is_there(before.get(op.package.lower())) and before == after:
        return Outcome(detail=f"{name} was added again: nothing new is listed", figures=(("packages", 0),))
    fresh = sum(1 for identity, word in after.items() if before.get(identity) != word)
    return Outcome(
        detail=f"{name} is {(state or '').lower()}, {count(fresh, 'package')} changed",
        figures=(("packages", fresh),),
    )


def _put_together(op: AddPackage, ctx: Context) -> Path:
    """The update in a folder of its own, its checkpoints beside it; those of a name that is taken have their id before it."""
    folder = ctx.work / "package"
    package = alone(ctx.resolve(InputRef(input=op.input, digest=Digest(op.content))), folder)
    taken = {package.name.casefold()}
    for checkpoint in op.checkpoints:
        file = ctx.resolve(checkpoint)
        name = f"{checkpoint.input}-{file.name}" if file.name.casefold() in taken else file.name
        taken.add(alone(file, folder, name).name.casefold())
    return package


def _is_there(state: str | None) -> bool:
    return output.package_word(state) == "installed"


def alone(file: Path, folder: Path, name: str = "") -> Path:
    """A file in a folder of its own, for DISM takes other packages it finds beside one: linked, or else copied.

    What has the name already is never written to: it may be a link to somebody's input.

    Raises:
        TaskError: it can't be put there.
    """
    folder.mkdir(exist_ok=True)
    place = folder / (name or file.name)
    try:
        os.link(file, place)
    except OSError:
        try:
            with file.open("rb") as source, place.open("xb") as copy:
                shutil.copyfileobj(source, copy, _PIECE)
        except OSError as cause:
            raise TaskError(
                Slug.RUN_TASK_FAILED, f"the package can't be put aside: {cause.strerror}: `{file}`"
            ) from cause
    return place
