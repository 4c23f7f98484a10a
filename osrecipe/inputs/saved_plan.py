"""Plans that were saved, read back with care.

The format's major version must be ours; what a later minor version added is ignored. Whether a plan is still what was
saved is for `plan.saved` to say.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, cast

from pydantic import ValidationError

from osrecipe.model.codes import Slug
from osrecipe.model.names import ID_PATTERN
from osrecipe.model.plan import Plan
from osrecipe.model.problems import OsrecipeError, Place, Problem, error

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT = "osrecipe-plan/1"
MAX_BYTES = 256 << 20
_FORMAT = re.compile(r"osrecipe-plan/(\d{1,4})(?:\.(\d{1,4}))?")
_NAMED = re.compile(rb'"format"\s*:\s*"osrecipe-plan/')
_MAJOR = int(FORMAT.rpartition("/")[2])
_MOST = 20
_PASSES = 8
"""How often unknown keys are dropped and the rest looked at again: below a union more can come to light."""
_AGAIN = "save it again with `osrecipe plan RECIPE --out FILE`"


def is_plan(data: bytes) -> bool:
    """Whether a file is meant as a saved plan: JSON that names the format, whole or damaged; any other is a recipe."""
    text = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    return text.startswith(b"{") and _NAMED.search(text) is not None


def parse_plan(data: bytes, shown: str) -> Plan:
    """Read a saved plan.

    Args:
        data: the file.
        shown: its name in messages.

    Raises:
        OsrecipeError: it is damaged (`plan/file`), of another major version (`plan/format`), or names files outside
            what a recipe may name (`input/unsafe`).
    """
    if len(data) > MAX_BYTES:
        raise error(Slug.PLAN_FILE, f"a plan has at most {MAX_BYTES >> 20} MiB", place=Place(shown))
    made = _validated(_loaded(data, shown), shown)
    _check_paths(made, shown)
    return made


def _loaded(data: bytes, shown: str) -> dict[str, object]:
    try:
        made = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise error(Slug.PLAN_FILE, "the plan is not UTF-8", place=Place(shown), hint=_AGAIN) from None
    except json.JSONDecodeError as cause:
        place = Place(shown, cause.lineno, cause.colno)
        reason = f"the plan is no JSON: {cause.msg[:1].lower()}{cause.msg[1:]}"
        raise error(Slug.PLAN_FILE, reason, place=place, hint=_AGAIN) from None
    except (RecursionError, ValueError):
        raise error(Slug.PLAN_FILE, "the plan is nested too deeply", place=Place(shown)) from None
    found = _FORMAT.fullmatch(str(made.get("format"))) if isinstance(made, dict) else None
    if found is None:
        raise error(Slug.PLAN_FILE, "this is no saved plan", place=Place(shown), hint=_AGAIN)
    if int(found[1]) != _MAJOR:
        reason = f"the plan is of another version: {made['format']}"
        raise error(
            Slug.PLAN_FORMAT, reason, place=Place(shown), hint=f"this version reads `{FORMAT}`; {_AGAIN}"
        )
    return cast("dict[str, object]", made)


def _validated(data: dict[str, object], shown: str) -> Plan:
    is_newer = data["format"] != FORMAT
    data["format"] = FORMAT
    problems: list[Problem] = []
    for _ in range(_PASSES):
        try:
            return Plan.model_validate_json(json.dumps(data))
        except ValidationError as cause:
            errors = cause.errors(include_url=False, include_context=False, include_input=False)
            extra = [e["loc"] for e in errors if e["type"] == "extra_forbidden"]
            problems = [
                Problem(
                    Slug.PLAN_FILE, f"`{_dotted(e['loc'])}` is not valid: {e['msg']}", Place(shown), _AGAIN
                )
                for e in errors[:_MOST]
            ]
            if not is_newer or len(extra) < len(errors):
                break
            for loc in extra:
                _drop(data, loc)
    raise OsrecipeError(*problems)


def _dotted(loc: Sequence[int | str]) -> str:
    return ".".join(str(part) for part in loc)


def _drop(data: object, loc: Sequence[int | str]) -> None:
    """Remove a key that is not known; parts of the location that name a union's member are not ways into the data."""
    *way, last = loc
    for part in way:
        if isinstance(part, int):
            data = data[part] if isinstance(data, list) else data
        elif isinstance(data, dict) and isinstance(data.get(part), dict | list):
            data = data[part]
    if isinstance(data, dict):
        data.pop(last, None)


def _check_paths(plan: Plan, shown: str) -> None:
    """Names and paths are those a recipe could have: relative, with forward slashes."""
    place = Place(shown)
    for path in (plan.home, plan.output, *(known.path for known in plan.inputs)):
        if path.startswith(("/", "~")) or "\\" in path or ":" in path or not path.isprintable() or not path:
            raise error(Slug.INPUT_UNSAFE, f"the plan names a path of one machine: `{path}`", place=place)
    if not re.fullmatch(ID_PATTERN, plan.recipe) or not plan.output.lower().endswith(".iso"):
        reason = f"no recipe has this name or output: `{plan.recipe}`, `{plan.output}`"
        raise error(Slug.INPUT_UNSAFE, reason, place=place)
