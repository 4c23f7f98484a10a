"""A mounted image and the DISM that services it: what every kind of servicing needs.

It asks and commands; what a command is for, its caller knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osrecipe.adapters.dism import command, output
from osrecipe.adapters.dism.calls import DismError, failed, watching
from osrecipe.adapters.dism.codes import Kind
from osrecipe.model.codes import Slug

if TYPE_CHECKING:
    from collections.abc import Callable

    from osrecipe.adapters.dism.calls import Dism, Done
    from osrecipe.adapters.dism.command import Verb
    from osrecipe.adapters.dism.folder import ImageFolder
    from osrecipe.model.adapter import Context, TaskError

LISTED: Final = 0.97
"""The share of a task at which the work is done and the listing begins."""


@dataclass(frozen=True)
class Workplace:
    """A mounted image.

    Attributes:
        dism: who services it.
        folder: the mount folder, as commands name it.
        files: the same folder's files.
    """

    dism: Dism
    folder: str
    files: ImageFolder

    def ask(self, verb: Verb, ctx: Context, share: float = 0.0) -> list[str]:
        """The lines of a listing.

        Raises:
            DismError: DISM can't list.
        """
        return self.dism.run(verb, watching(ctx, share, share)).said.text

    def packages(self, ctx: Context, share: float = 0.0) -> dict[str, str]:
        """DISM's states of packages by lower-case identity.

        Raises:
            DismError: DISM can't list them.
            TaskError: it lists none, which no image has.
        """
        found = output.packages(self.ask(command.get_packages(self.folder), ctx, share))
        if not found:
            raise failed(Slug.RUN_TASK_FAILED, "DISM lists no package at all in the image")
        return found

    def is_told(self, ctx: Context) -> bool:
        """For commands the image tells nothing of: ask it something, as DISM wants it after its process died; never done.

        Raises:
            TaskError: it does not even answer.
        """
        self.packages(ctx)
        return False

    def command(
        self,
        verb: Verb,
        ctx: Context,
        is_done: Callable[[], bool],
        tolerated: frozenset[int] = frozenset(),
        *,
        low: float = 0.0,
        high: float = LISTED,
    ) -> Done | None:
        """Carry a command out, and judge the death of DISM's host process by what the image says.

        Args:
            verb: what to do.
            ctx: of the task.
            is_done: whether the image says that it was done.
            tolerated: canonical numbers of codes that end the command but not the task.
            low: the task's share when it begins.
            high: the task's share when it ends.

        Returns:
            How it ended; None when the process died after the work was done.

        Raises:
            DismError: it failed.
        """
        for last in (False, True):
            try:
                return self.dism.run(verb, watching(ctx, low, high), tolerated=tolerated)
            except DismError as cause:
                if cause.row.kind is not Kind.PROBE:
                    raise
                ctx.log(f"{cause.reason}; the image is asked")
                if is_done():
                    ctx.log("the image says that it was done")
                    return None
                if last:
                    raise
        raise AssertionError(verb)


def otherwise(what: str, said: str) -> TaskError:
    """DISM says that something was done, and lists it otherwise: the image is of no use."""
    return failed(Slug.RUN_CHECK_FAILED, f"DISM says that {what}, but {said}", GIVEN_UP)


GIVEN_UP: Final = "see the task's log; the image is given up"
