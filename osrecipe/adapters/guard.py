"""The guard: a tiny program that ends other programs' process groups when the process that started it is gone.

Started once by `process` on POSIX systems, by path and without site packages, so it imports next to nothing.
It reads lines `+GROUP` and `-GROUP` from its standard input. The pipe's other end is held by our process alone, so
its end of file means that we are gone, however we died; what is then still listed is killed.
It must not end anything it was not told of.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys


def main() -> None:
    """Watch until the pipe ends, then kill what is left."""
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        (groups.add if line[0] == "+" else groups.discard)(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
