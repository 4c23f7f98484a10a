"""What every module has, and what none has."""

from __future__ import annotations

import ast
import io
import tokenize

import pytest
from support.house import Module, at, modules, uses

MAX_LINES = 400
LONG: dict[str, str] = {}
"""Modules of more code lines, and why they can't be parted."""
_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
    tokenize.ENCODING,
}


def _docstrings(tree: ast.Module) -> set[int]:
    """Lines of docstrings, and of texts that describe a constant."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def _code_lines(module: Module) -> int:
    """Lines that hold code: not blank, not a comment, not a docstring."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type not in _NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - _docstrings(module.tree))


def test_every_module_says_what_it_is_for() -> None:
    """In a docstring of at least a sentence."""
    short = 20
    assert [] == [m.path for m in modules() if len(ast.get_docstring(m.tree) or "") < short]


def test_every_module_postpones_annotations() -> None:
    """Wherever there is anything to annotate."""
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.AnnAssign)
    wrong = [
        m.path
        for m in modules()
        if any(isinstance(n, definitions) for n in ast.walk(m.tree))
        and "from __future__ import annotations" not in m.text
    ]
    assert [] == wrong


def test_no_module_is_long() -> None:
    """About 400 lines; a longer one is on the list with its reason, and a reason that is needless is struck."""
    long = {m.path: n for m in modules() if (n := _code_lines(m)) > MAX_LINES}
    assert set(LONG) == set(long), long


def test_no_error_is_swallowed() -> None:
    """No bare `except`, none whose whole body is `pass` or `...`."""
    wrong = []
    for m in modules():
        for node in ast.walk(m.tree):
            if isinstance(node, ast.ExceptHandler):
                if node.type is None:
                    wrong.append(at(m, node.lineno, "bare `except`"))
                if all(_empty(statement) for statement in node.body):
                    wrong.append(at(m, node.lineno, "the error is swallowed"))
    assert [] == wrong


def _empty(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and statement.value.value is Ellipsis
    )


def test_nothing_is_left_for_later() -> None:
    """No stub, no reminder: what is not supported is refused with a clear error."""
    wrong = [
        at(m, line, name) for m in modules() for line, name in uses(m) if name.startswith("NotImplemented")
    ]
    words = ("TODO", "FIXME", "XXX", "HACK")
    wrong += [
        at(m, number, line.strip())
        for m in modules()
        for number, line in enumerate(m.text.splitlines(), 1)
        if any(word in line.replace("(", " ").replace(":", " ").split() for word in words)
    ]
    wrong = [w for w in wrong if not w.endswith(": NotImplemented")]  # an operator's answer, not a stub
    assert [] == wrong


def test_no_function_is_a_stub() -> None:
    """A body of `...` or `pass` is for protocols and for the signatures of one function."""
    wrong = []
    for m in modules():
        protocols = {
            id(f)
            for c in ast.walk(m.tree)
            if isinstance(c, ast.ClassDef) and any("Protocol" in ast.unparse(b) for b in c.bases)
            for f in ast.walk(c)
        }
        wrong += [
            at(m, f.lineno, f.name)
            for f in ast.walk(m.tree)
            if isinstance(f, ast.FunctionDef)
            and id(f) not in protocols
            and not any("overload" in ast.unparse(d) for d in f.decorator_list)
            and all(map(_empty, f.body))
        ]
    assert [] == wrong


@pytest.mark.parametrize("line", ["x = 1", "# a comment", '"""a docstring"""', "", "y = [\n 1,\n]"])
def test_lines_of_code_are_counted(line: str) -> None:
    """Only those that hold code."""
    expected = {"x = 1": 1, "y = [\n 1,\n]": 3}.get(line, 0)
    assert expected == _code_lines(Module("m", "m.py", line, ast.parse(line)))
