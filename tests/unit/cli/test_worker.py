"""The worker's end of the pipe: a resource comes into being only when the engine has noted it."""

from __future__ import annotations

import io
import os
import threading
import time

import pytest

from osrecipe.adapters import wire
from osrecipe.cli.worker import Pipe
from osrecipe.model.adapter import CancelledError
from osrecipe.model.events import ResourceAcquired
from osrecipe.model.names import UnitId

EVENT = ResourceAcquired(unit=UnitId("u"), kind="mount", name="C:\\m")


def open_pipe() -> tuple[Pipe, int, io.BytesIO]:
    """A worker's pipe that listens, the engine's end of its input, and what it said."""
    ours, theirs = os.pipe()
    said = io.BytesIO()
    pipe = Pipe(os.fdopen(ours, "rb"), said)
    threading.Thread(target=pipe.listen, daemon=True).start()
    return pipe, theirs, said


def test_emitting_a_resource_waits_for_the_word() -> None:
    """Another resource's word is not enough."""
    pipe, engine, said = open_pipe()
    ended = threading.Event()
    threading.Thread(target=lambda: (pipe.emit(EVENT), ended.set()), daemon=True).start()
    os.write(engine, wire.encode_noted("C:\\other"))
    time.sleep(0.2)
    assert not ended.is_set()
    assert b"resource-acquired" in said.getvalue()
    os.write(engine, wire.encode_noted("C:\\m"))
    assert ended.wait(5)
    os.close(engine)


def test_the_word_to_cancel_ends_the_wait() -> None:
    """The resource is not made then."""
    pipe, engine, _ = open_pipe()
    os.write(engine, wire.encode_cancel())
    with pytest.raises(CancelledError):
        pipe.emit(EVENT)
    os.close(engine)


def test_the_engine_s_death_ends_the_wait() -> None:
    """The end of the input means the same."""
    pipe, engine, _ = open_pipe()
    os.close(engine)
    with pytest.raises(CancelledError):
        pipe.emit(EVENT)
