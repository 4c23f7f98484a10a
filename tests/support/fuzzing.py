"""The frame of the mutation fuzzers in `tests/fuzz`: mutation, a worker process, findings.

Cases run in a child process, so that a crash of native code is seen and not shared. The child writes each case down
before it runs it; what kills the child is then on disk. A finding is a crash, an exception that is no FormatError, a
case that is slow, or one that runs out of memory.
"""

from __future__ import annotations

import argparse
import random
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from osrecipe.formats.errors import FormatError

if TYPE_CHECKING:
    from types import FrameType

SLOW = 10
"""Seconds after which one case counts as a hang."""
_MEMORY = 3 << 30
_EDGES = (
    0,
    1,
    2,
    7,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFD,
    0xFFFE,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
)

Case = Callable[[random.Random, bytes], None]
"""Runs one mutated input; what it raises is judged."""


class Hang(Exception):  # noqa: N818 - a finding, not an error of the product
    """A case took too long."""


def mutate(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Change a few things: bytes, numbers, order, length; or splice in a piece of another input."""
    made = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        _change(rng, made, others)
    return bytes(made)


def _change(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    place = rng.randrange(len(data) + 1)
    size = rng.choice((1, 2, 4, 8, rng.randint(1, 64)))
    match rng.randrange(8):
        case 0 | 1 if place < len(data):
            data[place] = rng.choice((rng.randrange(256), data[place] ^ 1 << rng.randrange(8)))
        case 2 | 3:
            width = rng.choice((1, 2, 4))
            value = rng.choice(_EDGES) + rng.choice((0, 0, 1, -1))
            data[place : place + width] = (value % (1 << 8 * width)).to_bytes(width, "little")
        case 4:
            del data[place : place + size]
        case 5:
            data[place:place] = data[place : place + size] * rng.choice((1, 1, 2, 50))
        case 6:
            del data[place:]
        case 7:
            other = rng.choice(others)
            at = rng.randrange(len(other) + 1)
            data[place : place + rng.choice((0, size))] = other[at : at + size]


def main(script: str, seeds: Callable[[], list[bytes]], case: Case) -> int:
    """Parse the command line and fuzz; 1 when there were findings.

    Args:
        script: the fuzzer's own path.
        seeds: makes the inputs to start from.
        case: runs one input.
    """
    parser = argparse.ArgumentParser(description=f"Mutation fuzzing: {Path(script).stem}")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("out/fuzz") / Path(script).stem)
    parser.add_argument("--worker", action="store_true", help="run cases in this process")
    chosen = parser.parse_args()
    chosen.keep.mkdir(parents=True, exist_ok=True)
    if chosen.worker:
        return _work(seeds(), case, chosen.seconds, chosen.seed, chosen.keep)
    return _supervise(script, chosen.seconds, chosen.seed, chosen.keep)


def _supervise(script: str, seconds: float, seed: int, keep: Path) -> int:
    """Start workers until the time is up; one that dies is a finding, and the next goes on with another seed."""
    end, findings = time.monotonic() + seconds, 0
    while (left := end - time.monotonic()) > 0:
        command = [
            sys.executable,
            script,
            "--worker",
            f"--seconds={left}",
            f"--seed={seed}",
            f"--keep={keep}",
        ]
        code = subprocess.run(command, check=False).returncode
        if code < 0:
            kept = keep / f"crash-{seed}"
            (keep / "current").rename(kept)
            _say(f"worker died of signal {-code}: {kept}")
        findings += code != 0
        seed += 1
    _say(f"findings: {findings}")
    return int(findings > 0)


def _work(inputs: list[bytes], case: Case, seconds: float, seed: int, keep: Path) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    signal.signal(signal.SIGALRM, _ring)
    rng = random.Random(seed)  # noqa: S311 - the same seed has to give the same cases
    outcomes: Counter[str] = Counter()
    end, findings, slowest = time.monotonic() + seconds, 0, 0.0
    while time.monotonic() < end:
        data = mutate(rng, rng.choice(inputs), inputs)
        (keep / "current").write_bytes(data)
        begin = time.monotonic()
        outcome = _judge(case, rng, data)
        slowest = max(slowest, time.monotonic() - begin)
        outcomes[outcome.splitlines()[0]] += 1
        if outcome.startswith("finding"):
            findings += 1
            kept = keep / f"finding-{seed}-{outcomes.total()}"
            kept.write_bytes(data)
            _say(f"{kept}: {outcome}")
    _say(f"seed {seed}: {outcomes.total()} cases, slowest {slowest:.2f} s, {findings} findings")
    _say(", ".join(f"{name} {count}" for name, count in outcomes.most_common(15)))
    return int(findings > 0)


def _judge(case: Case, rng: random.Random, data: bytes) -> str:
    signal.alarm(SLOW)
    try:
        case(rng, data)
    except FormatError as error:
        return error.slug
    except Exception:  # noqa: BLE001 - whatever else comes out is what is being looked for
        return f"finding\n{traceback.format_exc()}"
    finally:
        signal.alarm(0)
    return "read"


def _ring(_signal: int, _frame: FrameType | None) -> None:
    raise Hang


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
