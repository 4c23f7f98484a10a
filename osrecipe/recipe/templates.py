"""`{{ vars.name }}` inside the text values of a recipe, after the YAML has been read.

Jinja2 reads the expression; what it found must consist of a few known parts before anything is evaluated: `vars.name`
or `vars["name"]`, text in quotes, `~`, and the filters `lower`, `upper` and `trim`. There are no blocks, loops, calls,
attributes, macros or comments, so a template can neither reach out nor run long. Its result is always text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.recipe.nodes import Entry, Map, Node, Scalar, Seq, Span, entries
from osrecipe.recipe.words import clip, near

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2 import Environment, Template, nodes

    from osrecipe.recipe.sink import Sink

FILTERS: tuple[str, ...] = ("lower", "upper", "trim")
MAX_TEMPLATE = 4096
MAX_VAR = 4096
MAX_TEXT = 65536
MAX_TOTAL = 8 << 20
MAX_TEMPLATES = 2000

_OPENERS = ("{{", "{%", "{#")
_LITERAL = "to write it as text: {{ '{{' }}"


class _RefusedError(Exception):
    """A template that may not be evaluated.

    Attributes:
        hint: what to do.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.hint = hint


@dataclass(frozen=True)
class _Template:
    names: frozenset[str]
    compiled: Template


def has_template(text: str) -> bool:
    """Whether a text would be taken for a template."""
    return any(o in text for o in _OPENERS)


def variables_in(text: str) -> frozenset[str]:
    """The variables a text names in templates; none for a text that is no valid template."""
    try:
        return _read(text).names
    except _RefusedError:
        return frozenset()


def render(root: Map, sink: Sink) -> Map:
    """The same tree with every template in a value replaced by its text; what can't be is in `sink`."""
    return _Renderer(root, sink).run()


class _Renderer:
    def __init__(self, root: Map, sink: Sink) -> None:
        self.root = root
        self.sink = sink
        self.values: dict[str, str] = {}
        self.known: frozenset[str] = frozenset()
        self.spent = 0
        self.count = 0

    def run(self) -> Map:
        declared = self.root.entries.get("vars")
        variables = {e.key: e for e in entries(declared.value if declared else None)}
        self.known = frozenset(variables)
        rendered = self.variables(variables)
        out = {}
        for key, entry in self.root.entries.items():
            if key == "vars" and isinstance(entry.value, Map):
                value: Node = replace(entry.value, entries=rendered)
            elif key == "extends":
                value = entry.value
            else:
                value = self.node(entry.value)
            out[key] = replace(entry, value=value)
        return replace(self.root, entries=out)

    def variables(self, variables: Mapping[str, Entry]) -> dict[str, Entry]:
        """Render the variables, each after those it refers to."""
        needs = {key: self.needs(entry.value) & self.known for key, entry in variables.items()}
        out = dict(variables)
        for key in self.order(needs, variables):
            value = self.node(variables[key].value, limit=MAX_VAR)
            out[key] = replace(variables[key], value=value)
            if isinstance(value, Scalar) and not value.failed:
                self.values[key] = _as_text(value)
        return out

    def needs(self, value: Node) -> frozenset[str]:
        if not isinstance(value, Scalar) or not isinstance(value.value, str) or not has_template(value.value):
            return frozenset()
        return variables_in(value.value)  # a broken one is reported when it is rendered

    def order(self, needs: Mapping[str, frozenset[str]], variables: Mapping[str, Entry]) -> tuple[str, ...]:
        try:
            return tuple(TopologicalSorter(needs).static_order())
        except CycleError as e:
            circle = list(reversed(e.args[1]))
            start = circle.index(min(circle[:-1]))
            circle = [*circle[start:-1], *circle[:start], circle[start]]
            reason = f"variables refer to each other in a circle: {' → '.join(circle)}"
            self.sink.add(Slug.RECIPE_TEMPLATE, reason, variables[circle[0]].value.span)
            return ()

    def node(self, node: Node, limit: int = MAX_TEXT) -> Node:
        """Render a branch; depth is bounded by the parser."""
        if isinstance(node, Map):
            for key, entry in node.entries.items():
                self.check_key(key, entry.span)
            return replace(
                node,
                entries={k: replace(e, value=self.node(e.value, limit)) for k, e in node.entries.items()},
            )
        if isinstance(node, Seq):
            return replace(node, items=tuple(self.node(i, limit) for i in node.items))
        if isinstance(node.value, str) and has_template(node.value):
            return self.scalar(node, limit)
        return node

    def check_key(self, key: str, span: Span) -> None:
        if "{{" in key:
            hint = "templates work in values; keys are the same in every run"
            self.sink.add(Slug.RECIPE_TEMPLATE, f"a key takes no template: {clip(key)}", span, hint)

    def scalar(self, node: Scalar, limit: int) -> Scalar:
        try:
            text = self.text(str(node.value), limit)
        except _UnknownVarError as e:
            for name in e.names:
                meant = near(name, self.known)
                hint = f"did you mean `vars.{meant}`?" if meant else "declare it under `vars`"
                reason = f"`vars.{clip(name)}` is not declared"
                self.sink.add(Slug.RECIPE_UNKNOWN_VAR, reason, node.span, hint)
        except _BrokenVarError:
            return replace(node, failed=True)  # the variable's own problem is reported where it is written
        except _RefusedError as e:
            self.sink.add(Slug.RECIPE_TEMPLATE, str(e), node.span, e.hint)
        else:
            return replace(node, value=text, text=text, plain=False)
        return replace(node, failed=True)

    def text(self, text: str, limit: int) -> str:
        self.count += 1
        if self.count > MAX_TEMPLATES or self.spent > MAX_TOTAL:
            msg = f"the recipe holds more templates than can be rendered: {MAX_TEMPLATES}"
            raise _RefusedError(msg)
        template = _read(text)
        if unknown := sorted(template.names - self.known):
            raise _UnknownVarError(unknown)
        if not template.names <= self.values.keys():
            raise _BrokenVarError
        result = template.compiled.render(vars=self.values)
        self.spent += len(result)
        if len(result) > limit:
            msg = f"a rendered text has at most {limit} characters: {len(result)}"
            raise _RefusedError(msg)
        return result


class _BrokenVarError(Exception):
    """A template uses a variable that has no value, for a reason that is reported."""


class _UnknownVarError(Exception):
    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(names))
        self.names = names


def _as_text(node: Scalar) -> str:
    """What a variable is inside a text; as written, but `True` is `true`."""
    return str(node.value).lower() if isinstance(node.value, bool) else str(node.value)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class ItemsOnly(ImmutableSandboxedEnvironment):
        """`vars.items` is the variable `items`, never a method."""

        def getattr(self, obj: object, attribute: str) -> object:
            return self.getitem(obj, attribute)

    env = ItemsOnly(
        undefined=StrictUndefined,
        autoescape=False,  # the result is a value of a recipe, not HTML
        keep_trailing_newline=True,
        cache_size=0,
    )
    env.globals.clear()
    env.tests.clear()
    for name in [f for f in env.filters if f not in FILTERS]:
        del env.filters[name]
    return env


@lru_cache(maxsize=256)
def _read(text: str) -> _Template:
    """Parse a template and make sure it holds nothing but what is allowed.

    Raises:
        _RefusedError: with the reason and a hint.
    """
    from jinja2.exceptions import TemplateError

    if len(text) > MAX_TEMPLATE:
        msg = f"a text with a template has at most {MAX_TEMPLATE} characters: {len(text)}"
        raise _RefusedError(msg)
    if block := next((b for b in ("{%", "{#") if b in text), None):
        msg = f"`{block}` is not allowed in a text, only `{{{{ … }}}}` is"
        raise _RefusedError(msg, _LITERAL.replace("{{ '{{' }}", "{{ '" + block[0] + "' }}" + block[1]))
    try:
        tree = _environment().parse(text)
    except RecursionError:
        msg = "the template is nested too deeply"
        raise _RefusedError(msg) from None
    except TemplateError as e:
        msg = f"not a template: {clip(str(e), 120)}"
        raise _RefusedError(msg, _LITERAL) from None
    return _Template(frozenset(_names(tree)), _environment().from_string(tree))


def _names(tree: nodes.Template) -> list[str]:
    """The variables a template uses; refuses any part that is not on the list."""
    found: list[str] = []
    stack: list[nodes.Node] = [tree]
    while stack:
        node = stack.pop()
        rule = _rules().get(type(node).__name__)
        if rule is None:
            raise _refuse(node)
        name, below = rule(node)
        found += [name] if name is not None else []
        stack += below
    return found


@lru_cache(maxsize=1)
def _rules() -> dict[str, Callable[[nodes.Node], tuple[str | None, list[nodes.Node]]]]:
    def children(node: nodes.Node) -> tuple[str | None, list[nodes.Node]]:
        return None, list(node.iter_child_nodes())

    return {
        "Template": children,
        "Output": children,
        "Concat": children,
        "TemplateData": children,
        "Const": _const,
        "Getattr": _variable,
        "Getitem": _variable,
        "Filter": _filter,
    }


def _const(node: nodes.Node) -> tuple[str | None, list[nodes.Node]]:
    if not isinstance(getattr(node, "value", None), str):
        raise _refuse(node)
    return None, []


def _variable(node: nodes.Node) -> tuple[str | None, list[nodes.Node]]:
    base = getattr(node, "node", None)
    name = getattr(node, "attr", None) or getattr(getattr(node, "arg", None), "value", None)
    if getattr(base, "name", None) != "vars" or not isinstance(name, str):
        raise _refuse(node)
    return name, []


def _filter(node: nodes.Node) -> tuple[str | None, list[nodes.Node]]:
    if getattr(node, "name", "") not in FILTERS:
        msg = f"there is no filter `{clip(str(getattr(node, 'name', '')))}`"
        raise _RefusedError(msg, f"the filters: {', '.join(FILTERS)}")
    if any(getattr(node, part, None) for part in ("args", "kwargs", "dyn_args", "dyn_kwargs")):
        msg = f"the filter `{getattr(node, 'name', '')}` takes nothing in brackets"
        raise _RefusedError(msg)
    inner = getattr(node, "node", None)
    return None, [inner] if inner is not None else []


def _refuse(node: nodes.Node) -> _RefusedError:
    what = type(node).__name__
    if what == "Name":
        name = str(getattr(node, "name", ""))
        name = "name" if name == "vars" else name
        return _RefusedError("a template names a variable of `vars`", f"write `vars.{clip(name)}`")
    if what == "Sub":
        return _RefusedError("a template does not calculate", 'a name with `-` is written vars["my-name"]')
    return _RefusedError(
        "only `vars.name`, text in quotes, `~` and filters can stand in a template", _LITERAL
    )
