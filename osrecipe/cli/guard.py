"""What happens to exceptions: a problem is shown and ends with its exit code, a bug says where to report it."""

from __future__ import annotations

import errno
import functools
import os
import sys
from typing import TYPE_CHECKING, ParamSpec

import typer

from osrecipe.model.codes import ExitCode
from osrecipe.model.problems import OsrecipeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

_P = ParamSpec("_P")
TRACKER = "https://github.com/osrecipe/osrecipe/issues"


def guarded(command: Callable[_P, None]) -> Callable[_P, None]:
    """Wrap a command so that whatever it raises is shown in one form and becomes the right exit code."""

    @functools.wraps(command)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except OsrecipeError as error:
            show(error)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            print("interrupted", file=sys.stderr)
            raise typer.Exit(ExitCode.INTERRUPTED) from error
        except BrokenPipeError as error:
            # whoever read our output has stopped reading; there is nobody left to tell
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(ExitCode.DONE) from error
        except (typer.Exit, typer.Abort):
            raise
        except OSError as error:
            if error.errno is None:  # not the host's answer
                _show_bug(error)
                raise typer.Exit(ExitCode.UNEXPECTED) from error
            told = _host_problem(error)
            show(told)
            raise typer.Exit(told.exit_code) from error
        except Exception as error:
            _show_bug(error)
            raise typer.Exit(ExitCode.UNEXPECTED) from error

    return run


def _host_problem(error: OSError) -> OsrecipeError:
    """What the host refused: a folder nobody may write to, a full disk. No bug, and no task's failure either."""
    from osrecipe.model.codes import Slug
    from osrecipe.model.problems import error as problem

    space = error.errno == errno.ENOSPC
    reason = (error.strerror or type(error).__name__).lower()
    names = [str(name) for name in (error.filename, error.filename2) if name is not None]
    where = ": " + " → ".join(f"`{name}`" for name in names) if names else ""
    hint = "free space there" if space else "look at the path and at who may read and write it"
    slug = Slug.RUN_SPACE if space else Slug.RUN_TASK_FAILED
    return problem(slug, f"the host refused: {reason}{where}", hint=hint, exit_code=ExitCode.TASK)


def show(error: OsrecipeError) -> None:
    """Print the problems of an error to standard error."""
    from osrecipe.render.problems import text

    print(text(error.problems, color=wants_color(sys.stderr)), end="", file=sys.stderr)


def wants_color(stream: TextIO) -> bool:
    """Whether a stream shows colour, by the one rule of the render room."""
    from osrecipe.render import style

    return style.wants_color(stream, os.environ)


def _show_bug(error: Exception) -> None:
    import traceback

    from osrecipe import __version__

    traceback.print_exception(error, file=sys.stderr)
    print(f"\nerror[internal/bug]: {type(error).__name__}: {error}", file=sys.stderr)
    print(
        f"  hint: this is a bug in osrecipe {__version__}: please report it with the lines above: {TRACKER}",
        file=sys.stderr,
    )
