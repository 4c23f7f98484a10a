"""A plan as JSON: what `apply` takes back, and what a diff of files shows line by line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from osrecipe.model.plan import Plan


def dump(plan: Plan) -> str:
    """The whole plan; fields in the model's order, rules by name, UTF-8 text, one line break at the end."""
    data = plan.model_dump(mode="json")
    data["rules"] = dict(sorted(data["rules"].items()))
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
