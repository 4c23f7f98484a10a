"""What is shown of a plan and its run: `NN-name.json` (a plan) beside what is made of it; `OSRECIPE_REGOLD=1` writes anew.

Plans are files, not compiled here, so that a change in the compiler changes nothing in these.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import results

from osrecipe.model.plan import Plan
from osrecipe.render import plan_json, plan_markdown, plan_text, report_html, run_svg, summary

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent / "render"
CASES = sorted(p.stem for p in FOLDER.glob("*.json"))


def _last_session_task(plan: Plan) -> str:
    return next(unit for unit in reversed(plan.units) if unit.kind == "session").tasks[-1].id


VIEWS: dict[str, Callable[[Plan], str]] = {
    "txt": plan_text.text,
    "assessed.txt": lambda plan: plan_text.text(
        plan, results.assessment(plan, ("winre",), ("setup",)), width=80
    ),
    "md": plan_markdown.markdown,
    "assessed.md": lambda plan: plan_markdown.markdown(
        plan, results.assessment(plan, ("winre",), ("setup",))
    ),
    "done.txt": lambda plan: summary.text(results.done(plan, ("winre",)), plan),
    "failed.txt": lambda plan: summary.text(results.failed(plan, _last_session_task(plan), left=True), plan),
    "svg": lambda plan: run_svg.svg(results.done(plan, ("winre",)), plan),
    "html": lambda plan: report_html.html(results.failed(plan, _last_session_task(plan)), plan),
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("case", CASES)
def test_view(case: str, view: str) -> None:
    """Each view of each plan is, to the byte, what was looked at and kept."""
    plan = Plan.model_validate_json((FOLDER / f"{case}.json").read_bytes())
    said = VIEWS[view](plan)
    golden = FOLDER / f"{case}.{view}"
    if os.environ.get("OSRECIPE_REGOLD"):
        golden.write_text(said, encoding="utf-8", newline="\n")

    assert golden.read_text(encoding="utf-8") == said


@pytest.mark.parametrize("case", CASES)
def test_plan_json_is_read_back(case: str) -> None:
    """A plan that is read and written again is the same file."""
    text = (FOLDER / f"{case}.json").read_text(encoding="utf-8")

    assert text == plan_json.dump(Plan.model_validate_json(text))
