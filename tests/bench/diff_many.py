"""How long a comparison of many recipes takes, beside what it takes to load and compile them.

Run it by hand: `python tests/bench/diff_many.py [--recipes 50] [--tasks 200]`. It writes recipes with their locks and a
second side where each has another cumulative update, a changed value, a new tweak and two that changed places, and prints
seconds and ratios of one run. It asserts nothing: machines differ.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support import reviewed  # noqa: E402 - the path is set above

from osrecipe.cli.comparing import compare  # noqa: E402
from osrecipe.cli.sides import Side  # noqa: E402
from osrecipe.plan.diff import diff_plans  # noqa: E402
from osrecipe.render.diff_json import dump  # noqa: E402
from osrecipe.render.diff_markdown import markdown  # noqa: E402

TWEAK = """      t{number:03}:
        because: a reason for {number}
        registry:
          HKLM\\SOFTWARE\\Contoso\\T{number}: {{A: {value}, B: text of {number}}}
"""
RECIPE = """schema: osrecipe/1
name: r{name}
inputs:
  media: {{iso: sample-media.iso}}
  ssu: {{update: kb9000001-x64.msu}}
  lcu: {{update: {lcu}-x64.msu}}
source: media
updates:
  apply: {{ssu: auto, lcu: auto}}
targets:
  install:
    netfx3: {{enable: true}}
    tweaks:
{tweaks}output: {{iso: out/r{name}.iso}}
"""
FIXED = 40
"""About so many tasks a recipe has besides its tweaks, each of which is done to two images."""


def write(root: Path, recipes: int, tweaks: int, *, changed: bool) -> Side:
    """One side."""
    (root / "recipes").mkdir(parents=True)
    order = list(range(tweaks))
    if changed:
        order[1], order[tweaks // 2] = order[tweaks // 2], order[1]
        order.append(tweaks)
    text = "".join(TWEAK.format(number=n, value=n + (changed and n == 2)) for n in order)
    for name in range(recipes):
        made = RECIPE.format(name=name, lcu="kb9000003" if changed else "kb9000002", tweaks=text)
        (root / "recipes" / f"r{name:03}.yaml").write_text(made, encoding="utf-8")
    reviewed.relock(root)
    return Side("after" if changed else "before", root, "recipes")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", type=int, default=50)
    parser.add_argument("--tasks", type=int, default=200)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tweaks = max((chosen.tasks - FIXED) // 2, 4)
        before = write(Path(folder) / "a", chosen.recipes, tweaks, changed=False)
        after = write(Path(folder) / "b", chosen.recipes, tweaks, changed=True)
        start = time.perf_counter()
        left, right = ([side.plan(name) for name in side.recipes()] for side in (before, after))
        pairs = list(zip(left, right, strict=True))
        compiled = time.perf_counter()
        for one, other in pairs:
            diff_plans(one, other)
        differed = time.perf_counter()
        for one, _ in pairs:
            diff_plans(one, one)
        same = time.perf_counter()
        compared = compare([(before, after)])
        whole = time.perf_counter()
        comment, data = markdown(compared), dump(compared)
        shown = time.perf_counter()
    tasks = sum(len(unit.tasks) for unit in left[0].units)
    base = compiled - start
    lines = [f"{len(left)} recipes of {tasks} tasks, both sides"]
    for what, seconds in (
        ("load and compile both sides", base),
        ("diff of what differs", differed - compiled),
        ("diff of what is equal", same - differed),
        ("all of `osrecipe diff`", whole - same),
        ("markdown and json", shown - whole),
    ):
        lines.append(f"{what:30} {seconds:7.2f} s   {seconds / base:6.3f}")
    lines.append(f"comment {len(comment.encode()):,} bytes, json {len(data.encode()):,} bytes")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
