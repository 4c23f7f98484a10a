"""The package's source as the house's tests see it: modules, their rooms, their syntax trees."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "osrecipe"
ROOMS = (
    "model",
    "formats",
    "windows",
    "recipe",
    "inputs",
    "plan",
    "lint",
    "engine",
    "adapters",
    "media",
    "render",
    "cli",
)
"""The rooms, from the foundation up; a room may import those before it."""


@dataclass(frozen=True)
class Module:
    """A module of the package; `name` is dotted, `path` relative to the checkout with forward slashes."""

    name: str
    path: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """Its room, or an empty string for the package itself."""
        return self.name.split(".")[1] if "." in self.name else ""


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package."""
    found = []
    for file in sorted(PACKAGE.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        parts = file.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(Module(name, file.relative_to(ROOT).as_posix(), text, ast.parse(text)))
    return tuple(found)


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Every import anywhere in a module, for types too: its line and the dotted name, members included."""
    package = module.name if module.path.endswith("__init__.py") else module.name.rpartition(".")[0]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def dotted(node: ast.expr) -> str:
    """`os.environ.get` for such an expression; an empty string for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (base := dotted(node.value)):
        return f"{base}.{node.attr}"
    return ""


def uses(module: Module) -> Iterator[tuple[int, str]]:
    """Every dotted name a module reads, as written: its line and the name (`sys.stdout.write`, `print`)."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name | ast.Attribute) and (name := dotted(node)):
            yield node.lineno, name


def at(module: Module, line: int, what: str) -> str:
    """A finding, so that an editor can jump to it."""
    return f"{module.path}:{line}: {what}"
