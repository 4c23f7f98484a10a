"""A plan as JSON: what `apply` takes back, and what a diff of files shows line by line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from osrecipe.model.assessment import Assessment
    from osrecipe.model.plan import Plan


def dump(plan: Plan) -> str:
    """The whole plan; fields in the model's order, rules by name, UTF-8 text, one line break at the end."""
    data = plan.model_dump(mode="json")
    data["rules"] = dict(sorted(data["rules"].items()))
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def dump_assessed(plan: Plan, assessment: Assessment) -> str:
    """The plan and what of it would run here and now: `{"plan": …, "units": {unit: {status, because, cost}}}`."""
    units = {str(unit): status.model_dump(mode="json") for unit, status in assessment.units.items()}
    data = {"plan": json.loads(dump(plan)), "units": units}
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def schema() -> dict[str, object]:
    """The JSON schema of a saved plan, as `schemas/plan.schema.json` has it."""
    from osrecipe.model.plan import Plan

    made = Plan.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:osrecipe:1:plan",
        **made,
        "title": "A saved plan of osrecipe",
    }


def dump_schema() -> str:
    """The schema as text."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
