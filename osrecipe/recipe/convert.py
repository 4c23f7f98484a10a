"""The written tree to the model: short forms written out, paths seen from the recipe's folder, registry maps to changes.

Works on trees that may still be wrong elsewhere, so that all problems are found in one go; what is not understood here
was reported by the structure check.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from osrecipe.model.codes import Slug
from osrecipe.model.recipe import TARGETS, Recipe
from osrecipe.model.winpath import WinPath
from osrecipe.recipe import paths, registry
from osrecipe.recipe.merge import matches
from osrecipe.recipe.nodes import Map, Node, Scalar, Seq, Span, entries, find
from osrecipe.recipe.words import clip, dotted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osrecipe.model.origins import Loc, Origins
    from osrecipe.recipe.sink import Sink

HOST_PATHS: tuple[Loc, ...] = (
    ("inputs", "*", "iso"),
    ("inputs", "*", "update"),
    ("inputs", "*", "folder"),
    ("inputs", "*", "drivers"),
    ("inputs", "*", "answer-file"),
    ("output", "iso"),
    *(("targets", t, "tweaks", "*", "reg-file") for t in TARGETS),
)
_IMAGE_PATHS: tuple[Loc, ...] = (("targets", "*", "tweaks", "*", "files"), ("expect", "*", "files"))
_TWEAK_REGISTRY: Loc = ("targets", "*", "tweaks", "*", "registry")
_EXPECT_REGISTRY: Loc = ("expect", "*", "registry")
_SHORT: dict[Loc, str] = {
    ("updates", "ordering"): "use",
    ("targets", "install", "unattend"): "from",
    ("drivers", "*"): "targets",
}
"""Where a map may be written as one of its values, and which."""


@dataclass(frozen=True)
class Converter:
    """Turns trees into what `Recipe` is validated from.

    Attributes:
        sink: takes what is wrong.
        folders: by shown file name, the file's folder as seen from the recipe's.
        secrets: names of the declared secrets.
    """

    sink: Sink
    folders: Mapping[str, str]
    secrets: tuple[str, ...]

    @classmethod
    def of(cls, root: Map, folders: Mapping[str, str], sink: Sink) -> Converter:
        """Make the converter of one recipe."""
        return cls(sink, folders, tuple(e.key for e in entries(find(root, "secrets"))))

    def value(self, node: Node, loc: Loc = ()) -> object:
        """The model form of one branch; depth is bounded by the parser."""
        if matches(loc, _TWEAK_REGISTRY):
            return registry.changes(node, self.secrets, self.sink)
        if matches(loc, _EXPECT_REGISTRY):
            return registry.changes(node, None, self.sink)
        if isinstance(node, Map):
            if any(matches(loc, p) for p in _IMAGE_PATHS):
                return self.image_paths(node, loc)
            return {k: self.value(e.value, (*loc, k)) for k, e in node.entries.items()}
        if isinstance(node, Seq):
            made: object = tuple(self.value(item, (*loc, i)) for i, item in enumerate(node.items))
        else:
            made = self.scalar(node, loc)
        key = _short(loc)
        return made if key is None else {key: made}

    def scalar(self, node: Scalar, loc: Loc) -> object:
        """The model form of one value."""
        if isinstance(node.value, str) and any(matches(loc, p) for p in HOST_PATHS):
            paths.check(node.value, dotted(loc), node.span, self.sink)
            return paths.rebase(node.value, self.folders.get(node.span.place.file, ""))
        return node.value

    def image_paths(self, node: Map, loc: Loc) -> dict[WinPath, object]:
        """A map by image path, in which no path is there twice."""
        out: dict[WinPath, object] = {}
        spans: dict[WinPath, Span] = {}
        for key, entry in node.entries.items():
            try:
                path = WinPath(key)
            except ValueError as e:
                self.sink.add(Slug.RECIPE_BAD_PATH, clip(str(e), 160), entry.span, r"such as `Windows\OEM`")
                continue
            if path in spans:
                hint = f"the first is at {spans[path].place}; Windows ignores case"
                reason = f"the path `{clip(str(path))}` is written twice"
                self.sink.add(Slug.RECIPE_DUPLICATE_KEY, reason, entry.span, hint)
            spans.setdefault(path, entry.span)
            out[path] = self.value(entry.value, (*loc, key))
        return out


def _short(loc: Loc) -> str | None:
    return next((key for pattern, key in _SHORT.items() if matches(loc, pattern)), None)


def recipe(data: object, origins: Origins, sink: Sink) -> Recipe | None:
    """Validate against the model: the second wall, behind the structure check; None with the reasons in `sink`."""
    try:
        return Recipe.model_validate(data)
    except ValidationError as e:
        for item in e.errors(include_url=False, include_context=False, include_input=False):
            loc = item["loc"]
            words = f"`{dotted(loc)}` is not valid: {clip(item['msg'], 160)}"
            sink.add(Slug.RECIPE_BAD_VALUE, words, Span(origins.at(*loc)))
        return None
