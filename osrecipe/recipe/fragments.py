"""Finds a recipe's fragments and puts all files in the order in which they are laid over each other.

What a file extends comes before it, in the order written; each file is laid once, where it is first needed.
"""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.problems import OsrecipeError
from osrecipe.recipe import paths, source
from osrecipe.recipe.nodes import Map, Seq, Span, text_of
from osrecipe.recipe.parse import parse
from osrecipe.recipe.words import clip, kind

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.recipe.sink import Sink

MAX_FILES = 64
MAX_DEPTH = 8


@dataclass(frozen=True)
class Layer:
    """One file, read.

    Attributes:
        path: where it is on this machine.
        shown: its name in messages and origins.
        folder: its folder as seen from the main recipe's folder, forward slashes.
    """

    path: Path
    shown: str
    folder: str
    root: Map


@dataclass
class _Walk:
    sink: Sink
    home: Path
    shown_home: str
    layers: list[Layer] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    open: list[tuple[str, str]] = field(default_factory=list)
    broken: bool = False


def gather(path: Path, shown: str, sink: Sink) -> tuple[Layer, ...]:
    """Read a recipe and all it extends, the main recipe last; problems are in `sink`.

    Raises:
        OsrecipeError: a file can't be read or is no YAML; nothing can be said about the whole then.
    """
    walk = _Walk(sink, path.parent, posixpath.dirname(shown))
    text = source.read(path, shown)
    _visit(walk, text, path, "")
    if walk.broken:
        sink.raise_any()
    return tuple(walk.layers)


def _visit(walk: _Walk, text: source.Source, path: Path, folder: str) -> None:
    root = parse(text, walk.sink)
    if root is None:
        walk.broken = True
        return
    walk.open.append((os.path.realpath(path), text.shown))
    for name, span in _extends(root, walk.sink):
        _follow(walk, name, span, folder)
    walk.open.pop()
    walk.layers.append(Layer(path, text.shown, folder, root))


def _extends(root: Map, sink: Sink) -> list[tuple[str, Span]]:
    entry = root.entries.get("extends")
    if entry is None:
        return []
    if not isinstance(entry.value, Seq):
        reason = f"`extends` must be a list of files, not {kind(entry.value)}"
        sink.add(Slug.RECIPE_EXTENDS, reason, entry.value.span, "write `extends: [fragments/base.yaml]`")
        return []
    found = []
    for item in entry.value.items:
        name = text_of(item)
        if name is None:
            sink.add(Slug.RECIPE_EXTENDS, f"`extends` names files, not {kind(item)}", item.span)
        elif "{{" in name:
            hint = "fragments are read before `vars` are known"
            sink.add(Slug.RECIPE_EXTENDS, "`extends` takes no template", item.span, hint)
        elif paths.check(name, "extends", item.span, sink):
            found.append((name, item.span))
    return found


def _follow(walk: _Walk, name: str, span: Span, folder: str) -> None:
    relative = paths.rebase(name, folder)
    path = walk.home / relative
    identity = os.path.realpath(path)
    shown = posixpath.normpath(posixpath.join(walk.shown_home, relative))
    opened = [real for real, _ in walk.open]
    if identity in opened:
        circle = [s for _, s in walk.open[opened.index(identity) :]] + [shown]
        reason = f"the fragments go in a circle: {' → '.join(circle)}"
        walk.sink.add(Slug.RECIPE_EXTENDS_CYCLE, reason, span)
    elif identity in walk.done:
        return
    elif len(walk.open) > MAX_DEPTH:
        walk.sink.add(Slug.RECIPE_EXTENDS, f"fragments extend each other deeper than {MAX_DEPTH} files", span)
    elif len(walk.done) >= MAX_FILES:
        walk.sink.add(Slug.RECIPE_EXTENDS, f"a recipe has at most {MAX_FILES} fragments", span)
    else:
        walk.done.add(identity)
        _enter(walk, path, shown, span, relative)


def _enter(walk: _Walk, path: Path, shown: str, span: Span, relative: str) -> None:
    try:
        text = source.read(path, shown)
    except OsrecipeError as e:
        for problem in e.problems:
            at = Span(problem.place) if problem.place and problem.place.line else span
            walk.sink.add(Slug(problem.slug), clip(problem.reason, 300), at, problem.hint)
        walk.broken = True
        return
    _visit(walk, text, path, posixpath.dirname(relative))
