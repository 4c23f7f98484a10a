r"""A command line taken apart: `/Switch:value` and `/Switch=value`, in any case (dism fact sheet §2, "General").

Knows the form only; which options exist is `commands`' business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standin.codes import DismError

if TYPE_CHECKING:
    from collections.abc import Sequence

_HINT = "For more information, refer to the help by running DISM.exe /?."


@dataclass(frozen=True)
class Option:
    """One switch: its name in lower case, its value or None, and the name as written."""

    name: str
    value: str | None
    written: str


def parse(arguments: Sequence[str]) -> list[Option]:
    """Every argument as an option.

    Raises:
        DismError: 87, an argument that is no switch.
    """
    return [_option(argument) for argument in arguments]


def _option(argument: str) -> Option:
    if not argument.startswith("/"):
        raise unknown(argument)
    body = argument[1:]
    ends = [at for sign in ":=" if (at := body.find(sign)) >= 0]
    if not ends:
        return Option(body.lower(), None, body)
    name, value = body[: min(ends)], body[min(ends) + 1 :]
    return Option(name.lower(), _unquoted(value), name)


def _unquoted(value: str) -> str:
    """A value without the quotes a caller put around it, or around its end."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def unknown(name: str) -> DismError:
    """87 for an option that does not exist, or not here."""
    return DismError(87, f"The {name.lstrip('/').lower()} option is unknown.\r\n{_HINT}")


def missing(name: str) -> DismError:
    """87 for an option that is needed and not there."""
    return DismError(87, f"A required option is missing from the command line: {name}.\r\n{_HINT}")


def conflict(text: str) -> DismError:
    """87 for options that do not go together."""
    return DismError(87, f"{text}\r\n{_HINT}")
