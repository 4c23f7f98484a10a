"""A comparison as JSON for programs, and the schema of it. Fields are only ever added within one format version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from osrecipe.model.diff import Comparison


def dump(comparison: Comparison) -> str:
    """The whole comparison; UTF-8 text, fields in the model's order, one line break at the end."""
    return json.dumps(comparison.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


def schema() -> str:
    """The JSON schema of what `dump` writes; committed as `schemas/diff.schema.json`."""
    from osrecipe.model.diff import Comparison

    made = Comparison.model_json_schema(mode="serialization")
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What `osrecipe diff --format json` writes",
    }
    return (
        json.dumps(head | {k: v for k, v in made.items() if k != "title"}, indent=2, ensure_ascii=False)
        + "\n"
    )
