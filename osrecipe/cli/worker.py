"""The worker process: does units' work, away from the engine. Started by `IsolatedExecutor`, never by a person.

It reads a request from standard input, writes events and then the outcome to standard output, and waits for the next
request. The word to cancel, or the end of its input, stops it at the next progress report.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import traceback
from typing import TYPE_CHECKING

from osrecipe.adapters import wire
from osrecipe.adapters.embedded import EmbeddedAdapter
from osrecipe.engine import session
from osrecipe.media import jobs
from osrecipe.model.plan import Session

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
        self.stopped = threading.Event()

    def listen(self) -> None:
        """Take requests until the word to cancel, or the end of the engine."""
        for line in iter(self._source.readline, b""):
            if wire.is_cancel(line):
                break
            self._requests.put(line)
        self.stopped.set()
        self._requests.put(None)

    def requests(self) -> Iterator[bytes]:
        """Each request as it comes."""
        return iter(self._requests.get, None)

    def emit(self, event: Event) -> None:
        """Send an event."""
        self._write(wire.encode_event(event))

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
            pipe.end(_do(request, secrets, pipe, _adapter(request.adapter)))
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the engine must read it in the unit's log
        traceback.print_exc()
        status = 1
    sys.stderr.flush()
    events.close()
    # The listener sits in a read that only the engine can end; an orderly exit would wait for its lock.
    os._exit(status)


def _adapter(name: str) -> Adapter:
    adapter: Adapter = EmbeddedAdapter()
    if name != adapter.version.name:
        msg = f"no such adapter: {name}"
        raise ValueError(msg)
    return adapter


def _do(request: UnitRequest, secrets: dict[str, str], pipe: Pipe, adapter: Adapter) -> UnitOutcome:
    work = session.carry_out if isinstance(request.unit, Session) else jobs.carry_out
    return work(request, adapter, secrets=secrets, emit=pipe.emit, cancelled=pipe.stopped.is_set)


if __name__ == "__main__":
    main()
