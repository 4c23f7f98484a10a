"""The worker's end of the pipe: a resource comes into being only when the engine has noted it."""

from __future__ import annotations

import contextlib
import io
import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from osrecipe.adapters import wire
from osrecipe.cli.worker import Pipe
from osrecipe.model.adapter import CancelledError
from osrecipe.model.events import ResourceAcquired
from osrecipe.model.names import UnitId

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENT = ResourceAcquired(unit=UnitId("u"), kind="mount", name="C:\\m")


@pytest.fixture
def ends() -> Iterator[tuple[Pipe, int, io.BytesIO]]:
    """A worker's pipe that listens, the engine's end of its input, and what it said."""
    ours, engine = os.pipe()
    said = io.BytesIO()
    with os.fdopen(ours, "rb") as source:
        pipe = Pipe(source, said)
        listener = threading.Thread(target=pipe.listen)
        listener.start()
        yield pipe, engine, said
        with contextlib.suppress(OSError):
            os.close(engine)
        listener.join(5)


def test_emitting_a_resource_waits_for_the_word(ends: tuple[Pipe, int, io.BytesIO]) -> None:
    """Another resource's word is not enough."""
    pipe, engine, said = ends
    emitting = threading.Thread(target=pipe.emit, args=(EVENT,))
    emitting.start()
    os.write(engine, wire.encode_noted("C:\\other"))
    time.sleep(0.2)
    assert emitting.is_alive()
    assert b"resource-acquired" in said.getvalue()
    os.write(engine, wire.encode_noted("C:\\m"))
    emitting.join(5)
    assert not emitting.is_alive()


def test_the_word_to_cancel_ends_the_wait(ends: tuple[Pipe, int, io.BytesIO]) -> None:
    """The resource is not made then."""
    pipe, engine, _ = ends
    os.write(engine, wire.encode_cancel())
    with pytest.raises(CancelledError):
        pipe.emit(EVENT)


def test_the_engine_s_death_ends_the_wait(ends: tuple[Pipe, int, io.BytesIO]) -> None:
    """The end of the input means the same."""
    pipe, engine, _ = ends
    os.close(engine)
    with pytest.raises(CancelledError):
        pipe.emit(EVENT)
