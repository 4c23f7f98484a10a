"""What goes over the pipes between the engine's process and a worker's: one line of JSON for each message.

To the worker, on its standard input: first the request with its secrets, a word for each acquired resource once the
journal has it, later perhaps the word to cancel. From it,
on its standard output: events, and one outcome as the final word. Its standard error is free text for the log.
Both ends use this module, so that they can't disagree. It moves no bytes itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError

from osrecipe.model.events import Event
from osrecipe.model.execution import UnitOutcome, UnitRequest
from osrecipe.model.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_MESSAGE: Final = 64 << 20
"""Bytes of one message; a session with every tweak of a large recipe has less than 1 MiB."""


class Request(Frozen):
    """The first line a worker reads. Secrets travel here alone: not in arguments, not in the environment."""

    request: UnitRequest
    secrets: tuple[tuple[str, str], ...] = ()


class Cancel(Frozen):
    """The run is to stop: discard, say `cancelled`, and end."""

    cancel: bool = True


class Noted(Frozen):
    """The journal has the resource that was announced: it may come into being."""

    noted: str


class LastWord(Frozen):
    """The worker's last word."""

    outcome: UnitOutcome


_EVENTS: TypeAdapter[Event] = TypeAdapter(Event)


def encode_request(request: UnitRequest, secrets: Mapping[str, str]) -> bytes:
    """The first line for a worker."""
    return _line(Request(request=request, secrets=tuple(sorted(secrets.items()))).model_dump_json())


def decode_request(line: bytes) -> tuple[UnitRequest, dict[str, str]]:
    """What a worker is to do, and the secrets it may use.

    Raises:
        ValueError: the line is no request.
    """
    if len(line) > MAX_MESSAGE:
        raise ValueError(f"the request has more than {MAX_MESSAGE} bytes")
    message = Request.model_validate_json(line)
    return message.request, dict(message.secrets)


def encode_cancel() -> bytes:
    """The word to cancel."""
    return _line(Cancel().model_dump_json())


def is_cancel(line: bytes) -> bool:
    """Whether a line on a worker's input is the word to cancel. The end of its input means the same."""
    return not line.strip() or _is(line, Cancel)


def encode_noted(name: str) -> bytes:
    """The word that the journal has a resource."""
    return _line(Noted(noted=name).model_dump_json())


def noted(line: bytes) -> str | None:
    """The name of the resource a line says the journal has; None for any other line."""
    if not line.startswith(b'{"noted"'):
        return None
    try:
        return Noted.model_validate_json(line).noted
    except ValidationError:
        return None


def encode_event(event: Event) -> bytes:
    """An event for the engine."""
    return _line(_EVENTS.dump_json(event).decode())


def encode_outcome(outcome: UnitOutcome) -> bytes:
    """The final word for the engine."""
    return _line(LastWord(outcome=outcome).model_dump_json())


def decode(line: str) -> Event | UnitOutcome | None:
    """What a worker said; None for a line that is no message, such as one a native library printed."""
    if not line.startswith("{"):
        return None
    try:
        if line.startswith('{"outcome"'):
            return LastWord.model_validate_json(line).outcome
        return _EVENTS.validate_json(line)
    except ValidationError:
        return None


def _is(line: bytes, kind: type[Frozen]) -> bool:
    try:
        kind.model_validate_json(line)
    except ValidationError:
        return False
    return True


def _line(text: str) -> bytes:
    return text.encode() + b"\n"
