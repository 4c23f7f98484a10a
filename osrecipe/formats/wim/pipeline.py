"""Compressing chunks on several threads, results in order.

libwim's compressor runs without the interpreter's lock, so threads really help. Memory is bounded: only so many
chunks are under way. It writes nothing.
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, TypeVar

from osrecipe.formats.wim.libwim import Compressor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osrecipe.formats.wim.layout import Codec

_UNDER_WAY: Final = 64 << 20  # bytes of chunks waiting, more only where a single chunk is larger
_PER_THREAD: Final = 8

Job = TypeVar("Job")


class Pipeline:
    """A pool of compressors for one codec and chunk size; 0 threads means one for each CPU."""

    def __init__(self, codec: Codec, chunk: int, *, level: int = 0, threads: int = 0) -> None:
        self._threads = max(1, threads or os.cpu_count() or 1)
        self._free: SimpleQueue[Compressor] = SimpleQueue()
        self._kind = codec, chunk, level
        self._window = max(self._threads, min(self._threads * _PER_THREAD, _UNDER_WAY // chunk))
        self._pool: ThreadPoolExecutor | None = None

    def close(self) -> None:
        """Ends the threads and frees the compressors."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        while not self._free.empty():
            self._free.get().close()

    def _compress(self, raw: bytes) -> bytes | None:
        try:
            compressor = self._free.get_nowait()
        except Empty:
            compressor = Compressor(*self._kind)
        try:
            return compressor.compress(raw)
        finally:
            self._free.put(compressor)

    def run(self, jobs: Iterable[tuple[Job, bytes]]) -> Iterator[tuple[Job, bytes, bytes | None]]:
        """Compresses each chunk: job, the chunk, its compressed form or None; in order."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="osrecipe-wim")
        waiting: deque[tuple[Job, bytes, Future[bytes | None]]] = deque()
        try:
            for job, raw in jobs:
                waiting.append((job, raw, self._pool.submit(self._compress, raw)))
                if len(waiting) >= self._window:
                    done, chunk, result = waiting.popleft()
                    yield done, chunk, result.result()
            while waiting:
                done, chunk, result = waiting.popleft()
                yield done, chunk, result.result()
        finally:
            for _, _, result in waiting:
                result.cancel()
