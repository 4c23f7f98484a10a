"""The worker process: does units' work, away from the engine. Started by `IsolatedExecutor`, never by a person.

It reads a request from standard input, writes events and then the outcome to standard output, and waits for the next
request. The word to cancel, or the end of its input, stops it at the next progress report.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Final

from osrecipe.adapters import wire
from osrecipe.cli.adapters import worker_adapter
from osrecipe.engine import session
from osrecipe.media import jobs
from osrecipe.model.adapter import CancelledError
from osrecipe.model.events import ResourceAcquired
from osrecipe.model.plan import Session

_TICK: Final = 0.05

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from osrecipe.model.adapter import Adapter
    from osrecipe.model.events import Event
    from osrecipe.model.execution import UnitOutcome, UnitRequest


class Pipe:
    """The engine's end of our standard streams; lines are written whole, from any thread."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._source = source
        self._sink = sink
        self._lock = threading.Lock()
        self._requests: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._noted: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.stopped = threading.Event()

    def listen(self) -> None:
        """Take requests until the word to cancel, or the end of the engine."""
        for line in iter(self._source.readline, b""):
            if wire.is_cancel(line):
                break
            if (name := wire.noted(line)) is not None:
                self._noted.put(name)
            else:
                self._requests.put(line)
        self.stopped.set()
        self._requests.put(None)

    def requests(self) -> Iterator[bytes]:
        """Each request as it comes."""
        return iter(self._requests.get, None)

    def emit(self, event: Event) -> None:
        """Send an event; for an acquired resource, wait until the engine's journal has it.

        Raises:
            CancelledError: the run is to stop, so that the resource must not come into being.
        """
        self._write(wire.encode_event(event))
        if isinstance(event, ResourceAcquired):
            self._wait_for(event.name)

    def _wait_for(self, name: str) -> None:
        while not self.stopped.is_set():
            with contextlib.suppress(queue.Empty):
                if self._noted.get(timeout=_TICK) == name:
                    return
        raise CancelledError

    def end(self, outcome: UnitOutcome) -> None:
        """Send a unit's final word."""
        self._write(wire.encode_outcome(outcome))

    def _write(self, line: bytes) -> None:
        with self._lock:
            self._sink.write(line)
            self._sink.flush()


def main() -> None:
    """Serve requests until there are no more."""
    # Native libraries print to descriptor 1 when they feel like it: events get a descriptor of their own.
    events = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    pipe = Pipe(sys.stdin.buffer, events)
    threading.Thread(target=pipe.listen, daemon=True).start()
    try:
        for line in pipe.requests():
            request, secrets = wire.decode_request(line)
            pipe.end(_do(request, secrets, pipe, worker_adapter(request.adapter, sys.argv[1:])))
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the engine must read it in the unit's log
        traceback.print_exc()
        status = 1
    sys.stderr.flush()
    events.close()
    # The listener sits in a read that only the engine can end; an orderly exit would wait for its lock.
    os._exit(status)


def _do(request: UnitRequest, secrets: dict[str, str], pipe: Pipe, adapter: Adapter) -> UnitOutcome:
    work = session.carry_out if isinstance(request.unit, Session) else jobs.carry_out
    return work(request, adapter, secrets=secrets, emit=pipe.emit, cancelled=pipe.stopped.is_set)


if __name__ == "__main__":
    main()
