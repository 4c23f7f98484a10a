"""The lock: facts written down, one line for each input, so that a plan can be made where the inputs are not.

    {"format": "osrecipe-lock/1", "recipe": "quickstart"}
    {"input": "lcu", "path": "kb9000002-x64.msu", "facts": {"kind": "update", "sha256": "…", "size": …, …}}
    {"reg-file": "tweaks/explorer.reg", "facts": {"sha256": "…", "changes": […]}}

JSON lines: a changed input is a changed line. Text in, text out; files are looked at elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from pydantic import Field, ValidationError

from osrecipe.inputs.lock_text import LockLine, position, split
from osrecipe.model.codes import Slug
from osrecipe.model.facts import Facts, InputFacts, RegFileFacts
from osrecipe.model.frozen import Frozen, normal_form
from osrecipe.model.problems import OsrecipeError, Place, Problem, error
from osrecipe.model.recipe import HostPath, Id, InputName
from osrecipe.model.version import Version

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.model.names import InputId

FORMAT = "osrecipe-lock/1"
MAX_BYTES = 64 << 20
"""Of a lock: its longest lines are `.reg` files', which have at most that."""
_FAMILY = FORMAT.rpartition("/")[0]
_MOST = 20
"""Problems shown of one line."""


class LockedInput(Frozen):
    """A line for an input: its id, its path as the recipe has it, and what was read."""

    input: InputName
    path: HostPath
    facts: InputFacts


class LockedRegFile(Frozen):
    """A line for a `.reg` file, by its path as the recipe has it."""

    path: HostPath = Field(alias="reg-file")
    facts: RegFileFacts


class _Head(Frozen):
    """The first line."""

    format: str
    recipe: Id


@dataclass(frozen=True)
class Lock:
    """A lock's content.

    Attributes:
        recipe: the recipe's name.
        inputs: in the order of the lines.
        reg_files: in the order of the lines.
        places: where each line is, by input id or `.reg` path; empty for a lock that was not read from a file.
    """

    recipe: str
    inputs: Mapping[InputId, LockedInput] = field(default_factory=dict)
    reg_files: Mapping[str, LockedRegFile] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)

    @property
    def facts(self) -> Facts:
        """The facts of all lines."""
        return Facts(
            inputs={name: line.facts for name, line in self.inputs.items()},
            reg_files={path: line.facts for path, line in self.reg_files.items()},
        )


def lock_path(recipe: Path) -> Path:
    """Where a recipe's lock is: beside it, under its name, because several recipes share a folder."""
    return recipe.with_suffix(".lock")


def read_lock(path: Path) -> Facts:
    """The facts a lock holds; see `load_lock`."""
    return load_lock(path).facts


def load_lock(path: Path, *, shown_as: str | None = None) -> Lock:
    """Read a lock.

    Args:
        path: the lock's file.
        shown_as: its name in messages; as given, with forward slashes, when left out.

    Raises:
        OsrecipeError: `lock/missing`, or what `parse` raises.
    """
    shown = shown_as if shown_as is not None else path.as_posix()
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        hint = "write it with `osrecipe lock RECIPE`"
        raise error(Slug.LOCK_MISSING, "there is no lock", place=Place(shown), hint=hint) from None
    except OSError as cause:
        reason = f"the lock can't be read: {cause.strerror or cause}"
        raise error(Slug.LOCK_MISSING, reason, place=Place(shown)) from cause
    if len(data) > MAX_BYTES:
        raise error(Slug.LOCK_SYNTAX, f"a lock has at most {MAX_BYTES >> 20} MiB", place=Place(shown))
    return parse(data, shown)


def parse(data: bytes, shown: str) -> Lock:
    """Read a lock's bytes.

    Raises:
        OsrecipeError: with all problems, each at its line and column: no JSON, a key that is not known or there
            twice, a value of the wrong kind (`lock/syntax`), another version of the format (`lock/format`).
    """
    head, *rest = split(data, shown)
    name = _head(head)
    problems: list[Problem] = []
    inputs: dict[InputId, LockedInput] = {}
    reg_files: dict[str, LockedRegFile] = {}
    places: dict[str, Place] = {}
    for line in rest:
        try:
            made = _entry(line)
        except OsrecipeError as cause:
            problems += cause.problems
            continue
        key = str(made.input) if isinstance(made, LockedInput) else made.path
        table = inputs if isinstance(made, LockedInput) else reg_files
        if key in table:
            problems.append(line.problem(f"`{key}` has two lines", hint=f"the first is {places[key]}"))
        places.setdefault(key, Place(shown, line.number, 1))
        if isinstance(made, LockedInput):
            inputs.setdefault(made.input, made)
        else:
            reg_files.setdefault(made.path, made)
    if problems:
        raise OsrecipeError(*problems)
    return Lock(name, inputs, reg_files, places)


def _head(line: LockLine) -> str:
    stated = line.data.get("format")
    if isinstance(stated, str) and stated.startswith(f"{_FAMILY}/") and stated != FORMAT:
        problem = line.problem(
            f"the lock is of another version: {stated}",
            ("format",),
            slug=Slug.LOCK_FORMAT,
            hint=f"this version of osrecipe reads `{FORMAT}`; write the lock anew with `osrecipe lock RECIPE`",
        )
        raise OsrecipeError(problem)
    if stated != FORMAT:
        hint = f'the first line of a lock is {{"format": "{FORMAT}", "recipe": …}}'
        raise OsrecipeError(line.problem("this is no lock", slug=Slug.LOCK_FORMAT, hint=hint))
    return _validated(_Head, line).recipe


def _entry(line: LockLine) -> LockedInput | LockedRegFile:
    if "input" in line.data:
        return _validated(LockedInput, line)
    if "reg-file" in line.data:
        return _validated(LockedRegFile, line)
    raise OsrecipeError(line.problem("a line is for an `input` or a `reg-file`"))


_Line = TypeVar("_Line", bound=Frozen)


def _validated(kind: type[_Line], line: LockLine) -> _Line:
    try:
        return kind.model_validate_json(line.text)
    except ValidationError as cause:
        found = [
            line.problem(
                f"`{item['loc'][-1]}`: {item['msg'][:1].lower()}{item['msg'][1:]}", position(item["loc"])
            )
            for item in cause.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise OsrecipeError(*found[:_MOST]) from None


def dump(lock: Lock) -> str:
    """A lock's text: the head, inputs in the order given, `.reg` files by path; equal locks give equal text."""
    lines = [_text({"format": FORMAT, "recipe": lock.recipe})]
    lines += [dump_line(line) for line in lock.inputs.values()]
    lines += [dump_line(lock.reg_files[path]) for path in sorted(lock.reg_files)]
    return "".join(f"{line}\n" for line in lines)


def dump_line(line: LockedInput | LockedRegFile) -> str:
    """One line, without its break: keys in the models' order, defaults left out, versions as text."""
    name = {"input": line.input} if isinstance(line, LockedInput) else {}
    key = "path" if isinstance(line, LockedInput) else "reg-file"
    return _text({**name, key: line.path, "facts": _plain(line.facts)})


def _text(data: Mapping[str, object]) -> str:
    return json.dumps(data, ensure_ascii=False)


def _plain(value: object) -> object:
    """As `normal_form`, with versions as people write them."""
    if isinstance(value, Version):
        return str(value)
    if isinstance(value, Frozen):
        kept = normal_form(value)
        names = {info.alias or name: name for name, info in type(value).model_fields.items()}
        return {key: _plain(getattr(value, names[key])) for key in kept} if isinstance(kept, dict) else kept
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value.value if isinstance(value, Enum) else value
