"""Templates: what they give, and that they reach nothing but `vars`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osrecipe.recipe.nodes import Map, Scalar, find, text_of
from osrecipe.recipe.parse import parse
from osrecipe.recipe.sink import Sink
from osrecipe.recipe.source import from_text
from osrecipe.recipe.templates import MAX_TEMPLATE, render


def rendered(text: str, variables: str = "{a: 1, yes-it-is: true, items: x}") -> tuple[str | None, list[str]]:
    """What a text becomes, None when it is refused, and the kinds of problems."""
    sink = Sink()
    quoted = text.replace("'", "''")
    root = parse(from_text(f"vars: {variables}\ndescription: '{quoted}'\n", "x"), sink)
    assert isinstance(root, Map)
    value = text_of(find(render(root, sink), "description"))
    return value, [p.slug for p in sink.error().problems] if sink else []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ vars.a }}", "1"),
        ("x{{vars.a}}y{{ vars['a'] }}", "x1y1"),
        ('{{ vars["yes-it-is"] | upper }}', "TRUE"),
        ("{{ 'A' ~ vars.a | trim ~ \"b\" }}", "A1b"),
        ("{{ vars.items }}", "x"),
        ("{{ '{{' }} }}", "{{ }}"),
        ("<&> {{ vars.a }}", "<&> 1"),
        ("{ {% }", None),
    ],
)
def test_result(text: str, expected: str | None) -> None:
    """A template gives text, unescaped; variables win over methods of the same name."""
    value, problems = rendered(text)
    assert expected == value
    assert (expected is None) == bool(problems)


@pytest.mark.parametrize(
    "expression",
    [
        "''.__class__",
        "vars.a.__class__",
        "vars.__class__",
        "vars['__class__']",
        "vars['a']['__class__']",
        "vars.a | attr('__class__')",
        "vars.items()",
        "self",
        "cycler",
        "lipsum.__globals__",
        "range(1000000)",
        "namespace()",
        "'x' * 100000000",
        "9 ** 9 ** 9",
        "vars | tojson",
        "vars",
        "[vars.a]",
        "{'a': 1}",
        "vars.a if vars.a else 1",
        "vars.a[0:1]",
        "not vars.a",
        "vars.a is defined",
        "vars.a == 1",
        "_",
        "env.PATH",
        "vars[vars.a]",
        "vars.a | upper('x')",
        "vars.a | map('upper')",
        "vars.a | replace('1', 'x')",
        "vars.a | format(1)",
        "loop",
        "1",
        "none",
    ],
)
def test_reaches_nothing_else(expression: str) -> None:
    """Attributes, calls, methods, loops, sums, other filters and other names are refused."""
    value, problems = rendered(f"{{{{ {expression} }}}}")
    assert value is None
    assert problems
    assert set(problems) <= {"recipe/template", "recipe/unknown-var"}


@pytest.mark.parametrize(
    "text", ["{% include 'x' %}", "{% raw %}{% endraw %}", "{# note #}", "{%- set x = 1 -%}"]
)
def test_no_blocks(text: str) -> None:
    """Blocks and comments are refused, whatever is in them."""
    assert (None, ["recipe/template"]) == rendered(text)


def test_variables_may_use_variables() -> None:
    """A variable is rendered after those it uses, wherever they are written."""
    value, problems = rendered("{{ vars.c }}", "{c: '{{ vars.b }}!', b: '{{ vars.a }}?', a: x}")
    assert ("x?!", []) == (value, problems)


def test_growth_is_bounded() -> None:
    """Variables that double each other stop at the size a variable may have."""
    doubled = ", ".join(f"v{i + 1}: '{{{{ vars.v{i} }}}}{{{{ vars.v{i} }}}}'" for i in range(40))
    _, problems = rendered("{{ vars.v40 }}", f"{{v0: {'x' * 64}, {doubled}}}")
    assert set(problems) == {"recipe/template"}
    assert len(problems) == 1


def test_length_is_bounded() -> None:
    """A text with a template has a size."""
    _, problems = rendered("{{ vars.a }}" + "x" * MAX_TEMPLATE)
    assert ["recipe/template"] == problems


@given(st.text(st.sampled_from("{}%#vars.a|'\"[]()~ _-1+upper"), max_size=40))
def test_any_text_is_rendered_or_refused(text: str) -> None:
    """Whatever stands in a text, the answer is a text or a problem."""
    value, problems = rendered(text.replace("\n", " "))
    assert (value is None) == bool(problems)
    assert all(p in {"recipe/template", "recipe/unknown-var"} for p in problems)


def test_other_values_stay_as_they_are() -> None:
    """Numbers and texts without braces are not touched."""
    sink = Sink()
    root = parse(from_text("a: 5\nb: '5'\n", "x"), sink)
    assert isinstance(root, Map)
    a, b = find(render(root, sink), "a"), find(render(root, sink), "b")
    assert isinstance(a, Scalar)
    assert isinstance(b, Scalar)
    assert (5, "5") == (a.value, b.value)
