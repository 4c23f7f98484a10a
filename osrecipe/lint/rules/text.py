"""Rules about how values are written: variables, words that other YAML readers take for something else, labels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from osrecipe.lint.rule import Hit, Severity, rule
from osrecipe.recipe.nodes import Scalar, find, walk
from osrecipe.recipe.templates import has_template, variables_in
from osrecipe.recipe.words import clip, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.lint.subject import Subject
    from osrecipe.recipe.nodes import Node

_YEAR: Final = re.compile(
    r"(?<!\d)(19|20)\d\d[-_.]?(0[1-9]|1[0-2])(?!\d)|(?<!\d)(19|20)\d\d[-_.]?(0[1-9]|1[0-2])[-_.]?[0-3]\d(?!\d)"
)
_BOOLEAN: Final = re.compile(r"yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|y|Y|n|N")
_TIMES: Final = re.compile(r"[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|\d{4}-\d{1,2}-\d{1,2}")


@rule(
    "unused-var",
    Severity.WARNING,
    says="a variable is set and used nowhere",
    why="A value that was meant to change something changes nothing. Variables that a fragment offers are not counted; one "
    "that only other unused ones refer to is.",
    source="this tool's design: what is written in a recipe has an effect",
)
def unused_var(subject: Subject) -> Iterator[Hit]:
    """Variables nothing refers to."""
    needs = {name: frozenset[str]() for name in subject.recipe.vars}
    used: set[str] = set()
    for tree in subject.trees:
        for loc, _, node in walk(tree):
            names = _variables(node)
            if loc[:1] == ("vars",) and len(loc) > 1:
                needs[str(loc[1])] = needs.get(str(loc[1]), frozenset()) | names
            else:
                used |= names
    queue = list(used)
    while queue:
        new = needs.get(queue.pop(), frozenset()) - used
        used |= new
        queue += new
    for name in subject.recipe.vars:
        if name not in used and subject.is_own("vars", name):
            yield Hit(
                ("vars", name),
                f"the variable `{name}` is not used",
                f"write `{{{{ vars.{name} }}}}`, or remove it",
            )


def _variables(node: Node) -> frozenset[str]:
    if isinstance(node, Scalar) and isinstance(node.value, str) and has_template(node.value):
        return variables_in(node.value)
    return frozenset()


@rule(
    "ambiguous-scalar",
    Severity.WARNING,
    says="an unquoted value is one thing in YAML 1.2 and another to most other readers, or loses its form",
    why="`no`, `on`, `12:30` and `2018-08-14` are text in a recipe, but a boolean, a number or a date to YAML 1.1 readers "
    "(editors, linters, scripts). And `007` or `0x1F` in a variable is a number: what a template writes is `7` and `31`. "
    "Quotes say what is meant.",
    source="YAML 1.2.2, chapter 10.3 (core schema), against YAML 1.1's types `bool`, `int` and `timestamp`",
)
def ambiguous_scalar(subject: Subject) -> Iterator[Hit]:
    """Values that should be in quotes."""
    for tree in subject.trees:
        for loc, _, node in walk(tree):
            if (
                isinstance(node, Scalar)
                and node.plain
                and (why := _ambiguous(node, is_var=loc[:1] == ("vars",)))
            ):
                reason = f"`{dotted(loc)}` without quotes {why}: {clip(node.text)}"
                yield Hit(loc, reason, f'write "{clip(node.text)}"', node.span.place)


def _ambiguous(node: Scalar, *, is_var: bool) -> str:
    if isinstance(node.value, str):
        if _BOOLEAN.fullmatch(node.text):
            return "is text here and a boolean to YAML 1.1"
        if _TIMES.fullmatch(node.text):
            return "is text here and a time or a date to YAML 1.1"
    elif (
        isinstance(node.value, int)
        and not isinstance(node.value, bool)
        and is_var
        and str(node.value) != node.text
    ):
        return f"is the number {node.value}, and so it stands in templates"
    return ""


@rule(
    "dated-label",
    Severity.NOTE,
    says="the media's label holds a date that is written out",
    why="With the next month's updates the label is wrong, and nothing says so. Take the date from a variable that stands "
    "beside the updates' names, or let `auto` name the build.",
    source="this tool's design: what changes together is written once",
)
def dated_label(subject: Subject) -> Iterator[Hit]:
    """Labels that go stale."""
    label = subject.recipe.media.label
    written = next((n for tree in subject.trees if (n := find(tree, "media", "label")) is not None), None)
    if _YEAR.search(label) and isinstance(written, Scalar) and not has_template(written.text):
        hint = 'write `label: "…{{ vars.release }}"` and set the variable beside the updates'
        yield Hit(("media", "label"), f"the label holds a date: {label}", hint)
