"""`python -m support.samples --out DIR`: make the samples and list them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from support.samples.build import build_samples, sample_names


def main() -> int:
    """Read the arguments, make the samples, print each file with its size in bytes."""
    parser = argparse.ArgumentParser(
        prog="python -m support.samples", description="Make stand-in Windows media and updates."
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder to fill")
    parser.add_argument(
        "--only", action="append", choices=sample_names(), help="make only this; can be repeated"
    )
    arguments = parser.parse_args()
    made = build_samples(arguments.out, only=arguments.only)
    for path in sorted(made.folder.iterdir()):
        sys.stdout.write(f"{path.stat().st_size:>12}  {path}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
