"""What must agree inside one recipe: ids and what they name, secrets, moves, tweaks that do nothing.

Looks at the written tree, so that these problems come together with the structural ones.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osrecipe.model.codes import Slug
from osrecipe.model.names import ID_PATTERN
from osrecipe.model.recipe import TARGETS, IsoInput
from osrecipe.recipe.nodes import Entry, Map, Node, Seq, Span, entries, find, is_null, text_of
from osrecipe.recipe.paths import not_on_windows
from osrecipe.recipe.words import clip, dotted, near
from osrecipe.windows.time_zones import is_possible, meant_zone

if TYPE_CHECKING:
    from osrecipe.model.origins import Loc, Origins
    from osrecipe.model.problems import Place
    from osrecipe.model.recipe import Recipe
    from osrecipe.recipe.sink import Sink

_KINDS = {
    "iso": "an ISO",
    "update": "an update",
    "folder": "a folder",
    "drivers": "a folder of drivers",
    "answer-file": "an answer file",
}
_CHANGES = ("registry", "reg-file", "files")


def check(root: Map, sink: Sink) -> None:
    """Report what contradicts itself in a merged, rendered recipe."""
    declared = list(entries(find(root, "inputs")))
    inputs = {e.key: _kind(e.value) for e in declared}
    checker = _Checker(sink, inputs, {e.key: e.span.place for e in declared})
    checker.name(find(root, "name"))
    checker.refer(find(root, "source"), "iso", ("source",))
    checker.updates(find(root, "updates", "apply"), _checkpoints(root))
    checker.others(root)
    checker.apart(find(root, "inputs"), ("inputs",))
    for target in TARGETS:
        checker.apart(find(root, "targets", target, "tweaks"), ("targets", target, "tweaks"))
        checker.settings(find(root, "targets", target), target)
        for tweak in entries(find(root, "targets", target, "tweaks")):
            checker.tweak(tweak, ("targets", target, "tweaks", tweak.key))
        checker.time_zone(find(root, "targets", target, "settings", "time-zone"), target)
    checker.selectors(find(root, "targets", "install", "select"))


def check_output(made: Recipe, origins: Origins, sink: Sink) -> None:
    """Report an output that would take the place of an input; sources are never modified."""
    place = Span(origins.at("output", "iso"), len(made.output.iso))
    for name, item in made.inputs.items():
        if isinstance(item, IsoInput) and item.iso.casefold() == made.output.iso.casefold():
            reason = f"`output.iso` is the input `{name}`: {clip(made.output.iso)}"
            sink.add(Slug.RECIPE_BAD_PATH, reason, place, "write to another file; inputs are never changed")


def _checkpoints(root: Map) -> dict[str, str]:
    """Ids of checkpoints, with the first update that is applied and builds on each."""
    applied = {entry.key for entry in entries(find(root, "updates", "apply"))}
    found: dict[str, str] = {}
    for each in entries(find(root, "inputs")):
        for item in getattr(find(each.value, "checkpoints"), "items", ()):
            name = text_of(item)
            if name is not None and name != each.key and each.key in applied:
                found.setdefault(name, each.key)
    return found


def _kind(node: Node) -> str | None:
    """The kind of an input; None when it has none or several, which is reported elsewhere."""
    found = [k for k in _KINDS if isinstance(node, Map) and k in node.entries]
    return found[0] if len(found) == 1 else None


class _Checker:
    def __init__(self, sink: Sink, inputs: dict[str, str | None], places: dict[str, Place]) -> None:
        self.sink = sink
        self.inputs = inputs
        self.places = places

    def name(self, node: Node | None) -> None:
        """The recipe's name is a folder's on every host that builds it."""
        text = text_of(node)
        if text is not None and node is not None and (why := not_on_windows(text)):
            self.sink.add(Slug.RECIPE_BAD_VALUE, f"`name` is a folder's name, too: {why}", node.span)

    def apart(self, ids: Node | None, loc: Loc) -> None:
        """Ids are in names of files, which Windows compares without regard to case."""
        seen: dict[str, str] = {}
        for entry in entries(ids):
            other = seen.setdefault(entry.key.casefold(), entry.key)
            if other != entry.key:
                reason = (
                    f"`{dotted(loc)}` has `{clip(other)}` and `{clip(entry.key)}`, which differ in case only"
                )
                hint = "call one of them otherwise: Windows ignores case in names of files, as logs have"
                self.sink.add(Slug.RECIPE_DUPLICATE_KEY, reason, entry.span, hint)

    def settings(self, target: Node | None, name: str) -> None:
        """Settings that state nothing."""
        given = target.entries.get("settings") if isinstance(target, Map) else None
        if given is not None and isinstance(given.value, Map) and not given.value.entries:
            reason = f"`{dotted(('targets', name, 'settings'))}` states no setting"
            self.sink.add(
                Slug.RECIPE_BAD_VALUE, reason, given.span, "remove it to leave the image's as they are"
            )

    def refer(self, node: Node | None, kind: str, loc: Loc) -> None:
        """A value that names an input of a kind."""
        name = text_of(node)
        if name is not None and node is not None:
            self.named(name, node.span, kind, loc)

    def named(self, name: str, span: Span, kind: str, loc: Loc) -> None:
        if not re.match(ID_PATTERN, name):  # reported by the structure check
            return
        if name not in self.inputs:
            meant = near(name, [i for i, k in self.inputs.items() if k == kind])
            hint = (
                f"did you mean `{meant}`?"
                if meant
                else f"declare it: `inputs: {{{clip(name)}: {{{kind}: …}}}}`"
            )
            reason = f"`{dotted(loc)}` names no input: {clip(name)}"
            self.sink.add(Slug.RECIPE_UNKNOWN_INPUT, reason, span, hint)
        elif self.inputs[name] not in (kind, None):
            is_a = _KINDS[str(self.inputs[name])]
            reason = f"`{dotted(loc)}` needs {_KINDS[kind]}, and the input `{clip(name)}` is {is_a}"
            at = self.places[name]
            hint = f"if it is {_KINDS[kind]}, write `{clip(name)}: {{{kind}: …}}` at {at.file}:{at.line}"
            self.sink.add(Slug.RECIPE_WRONG_INPUT, reason, span, hint)

    def updates(self, apply: Node | None, checkpoints: dict[str, str]) -> None:
        """What is applied; a checkpoint is not, it goes with the update that builds on it."""
        for entry in entries(apply):
            if (builder := checkpoints.get(entry.key)) is not None:
                reason = (
                    f"`{clip(entry.key)}` is a checkpoint of `{clip(builder)}`, and is applied by itself, too"
                )
                hint = f"take it out here: it goes into each image with `{clip(builder)}`, which builds on it"
                self.sink.add(Slug.RECIPE_BAD_VALUE, reason, entry.span, hint)
                continue
            self.named(entry.key, entry.span, "update", ("updates", "apply"))
            self.targets(entry)

    def others(self, root: Map) -> None:
        """Checkpoints, drivers, capabilities and the answer file name inputs, too."""
        for each in entries(find(root, "inputs")):
            loc = ("inputs", each.key, "checkpoints")
            for item in getattr(find(each.value, "checkpoints"), "items", ()):
                self.refer(item, "update", loc)
                if text_of(item) == each.key:
                    self.sink.add(
                        Slug.RECIPE_BAD_VALUE, f"`{dotted(loc)}` names the update itself", item.span
                    )
        for entry in entries(find(root, "drivers")):
            self.named(entry.key, entry.span, "drivers", ("drivers",))
            listed = entry.value if isinstance(entry.value, Seq) else find(entry.value, "targets")
            self.targets(Entry(entry.key, entry.span, listed) if listed is not None else entry, ("drivers",))
        for entry in entries(find(root, "targets", "install", "capabilities")):
            self.refer(
                find(entry.value, "from"), "folder", ("targets", "install", "capabilities", entry.key, "from")
            )
        unattend = find(root, "targets", "install", "unattend")
        named = find(unattend, "from") if isinstance(unattend, Map) else unattend
        self.refer(named, "answer-file", ("targets", "install", "unattend"))

    def targets(self, entry: Entry, front: Loc = ("updates", "apply")) -> None:
        seen: set[str] = set()
        items = getattr(entry.value, "items", None)
        if items is None:
            return
        loc = (*front, entry.key)
        if not items:
            hint = "write `auto`, or name targets" if front[0] == "updates" else "name targets"
            self.sink.add(Slug.RECIPE_BAD_VALUE, f"`{dotted(loc)}` names no target", entry.span, hint)
        for item in items:
            name = text_of(item)
            if name is not None and name in seen:
                reason = f"`{dotted(loc)}` names a target twice: {clip(name)}"
                self.sink.add(Slug.RECIPE_BAD_VALUE, reason, item.span)
            seen.add(name or "")

    def tweak(self, tweak: Entry, loc: Loc) -> None:
        value = tweak.value
        if not isinstance(value, Map):
            return
        given = [value.entries[c].value for c in _CHANGES if c in value.entries]
        misspelled = any(k not in (*_CHANGES, "because", "when") for k in value.entries)
        if not misspelled and not any(not isinstance(g, Map) or g.entries for g in given):
            hint = f"give it one of: {', '.join(_CHANGES)}"
            self.sink.add(
                Slug.RECIPE_MISSING_KEY, f"the tweak `{dotted(loc)}` changes nothing", tweak.span, hint
            )
        for entry in entries(find(value, "files")):
            if not is_null(entry.value):
                self.refer(entry.value, "folder", (*loc, "files"))
        when = value.entries.get("when")
        if when is not None and isinstance(when.value, Map) and not when.value.entries:
            reason = f"`{dotted((*loc, 'when'))}` holds no condition"
            self.sink.add(Slug.RECIPE_BAD_VALUE, reason, when.span, "remove it to apply the tweak everywhere")

    def time_zone(self, node: Node | None, target: str) -> None:
        """A zone has Windows' name; one that is not known is taken as long as it looks like one."""
        zone = text_of(node)
        if not zone or node is None or is_possible(zone):
            return
        meant = meant_zone(zone)
        hint = f"did you mean `{meant}`?" if meant else "`tzutil /l` lists the names Windows has"
        reason = f"`{dotted(('targets', target, 'settings', 'time-zone'))}` is no time zone of Windows: {clip(zone)}"
        self.sink.add(Slug.RECIPE_BAD_VALUE, reason, node.span, hint)

    def selectors(self, select: Node | None) -> None:
        for i, item in enumerate(getattr(select, "items", ())):
            if isinstance(item, Map) and not item.entries:
                reason = f"`{dotted(('targets', 'install', 'select', i))}` is empty"
                hint = "give it a name, an index, an edition or an installation"
                self.sink.add(Slug.RECIPE_BAD_VALUE, reason, item.span, hint)
