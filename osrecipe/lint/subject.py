"""What rules look at: one recipe with all that is known of it, and the questions several of them ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from osrecipe.lint.keys import texts_by_key
from osrecipe.model.facts import MediaFacts, UpdateFacts, UpdateKind
from osrecipe.model.recipe import TARGETS
from osrecipe.plan.lanes import boot_images
from osrecipe.plan.selection import select_install
from osrecipe.plan.steps import Compiling, targets_of
from osrecipe.recipe.parse import parse
from osrecipe.recipe.sink import Sink
from osrecipe.recipe.source import from_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from osrecipe.model.facts import Facts, ImageFacts
    from osrecipe.model.names import InputId, TweakId
    from osrecipe.model.origins import Loc, Origins
    from osrecipe.model.plan import Plan
    from osrecipe.model.recipe import PeTarget, Recipe, TargetName, Tweak
    from osrecipe.recipe import LoadedRecipe
    from osrecipe.recipe.nodes import Map


@dataclass(frozen=True)
class TweakAt:
    """A tweak and where it is."""

    target: TargetName
    name: TweakId
    tweak: Tweak

    @property
    def loc(self) -> Loc:
        """Its place in the recipe."""
        return ("targets", self.target, "tweaks", self.name)


@dataclass(frozen=True)
class Subject:
    """One recipe under the rules.

    Attributes:
        facts: what was read from all its inputs, or from a lock that covers them; None when neither is there.
        plan: None when there are no facts, or nothing can be compiled from them.
        locked: inputs a lock has a line for.
        has_lock: whether there is a lock.
        listings: files of folder inputs that were found, by relative path with forward slashes.
        before: recipes that were looked at before it in the same run.
    """

    loaded: LoadedRecipe
    facts: Facts | None = None
    plan: Plan | None = None
    locked: frozenset[InputId] = frozenset()
    has_lock: bool = False
    listings: Mapping[InputId, tuple[str, ...]] = field(default_factory=dict)
    before: tuple[LoadedRecipe, ...] = ()

    @property
    def recipe(self) -> Recipe:
        """The recipe's model."""
        return self.loaded.recipe

    @property
    def origins(self) -> Origins:
        """Where everything was written."""
        return self.loaded.origins

    def wrote(self, *loc: str | int) -> bool:
        """Whether a value was written at all, here or in a fragment."""
        return loc in self.origins.values

    def is_own(self, *loc: str | int) -> bool:
        """Whether the recipe's own file says it; what a fragment offers to many need not be taken by each."""
        return self.origins.key(*loc).file == self.origins.main

    @cached_property
    def trees(self) -> tuple[Map, ...]:
        """Each file as written, before merging and templates; the recipe itself is one of them."""
        made = []
        for shown, lines in self.origins.lines.items():
            tree = parse(from_text("\n".join(lines), shown), Sink())
            made += [tree] if tree is not None else []
        return tuple(made)

    def tweaks(self) -> Iterator[TweakAt]:
        """Every tweak of every target, in the order written."""
        for target in TARGETS:
            settings: PeTarget = getattr(self.recipe.targets, target)
            for name, tweak in settings.tweaks.items():
                yield TweakAt(target, name, tweak)

    def key_texts(self, loc: Loc) -> dict[tuple[str, str], str]:
        """How the registry keys of the map at a location are written, by the key they name."""
        return texts_by_key(self._below.get(loc, ()))

    @cached_property
    def _below(self) -> dict[Loc, list[str]]:
        """The keys written directly below each location."""
        found: dict[Loc, list[str]] = {}
        for loc in self.origins.keys:
            found.setdefault(loc[:-1], []).append(str(loc[-1]))
        return found

    @cached_property
    def media(self) -> MediaFacts | None:
        """Facts of the source ISO."""
        found = self.facts.inputs.get(self.recipe.source) if self.facts else None
        return found if isinstance(found, MediaFacts) else None

    @cached_property
    def selected(self) -> tuple[ImageFacts, ...]:
        """The install images the recipe selects; empty without facts."""
        if self.media is None:
            return ()
        return select_install(self.recipe.targets.install, self.media.install, self.origins, [])

    def images(self, target: TargetName) -> tuple[ImageFacts, ...]:
        """The images of a kind that are serviced; for winre the install images that hold them. Empty without facts."""
        if self.media is None:
            return ()
        if target in {"install", "winre"}:
            return tuple(i for i in self.selected if target == "install" or i.winre is not None)
        boot = self.media.boot
        found = boot_images(boot.images, boot.boot_index) if boot else ()
        return tuple(s.image for s in found if s.target == target)

    def updates(self, *kinds: UpdateKind) -> Iterator[tuple[InputId, UpdateFacts]]:
        """The updates that are applied, with facts, of these kinds or of all; none without facts."""
        if self.facts is not None:
            for name in self.recipe.updates.apply:
                found = self.facts.inputs.get(name)
                if isinstance(found, UpdateFacts) and (not kinds or found.update_kind in kinds):
                    yield name, found

    def goes_to(self, name: InputId) -> tuple[TargetName, ...] | None:
        """The targets of an update; None when only facts could tell."""
        written = self.recipe.updates.apply[name]
        if written != "auto":
            return written
        if self.facts is None or name not in self.facts.inputs:
            return None
        return targets_of(Compiling(self.recipe, self.facts, self.origins, []), name)

    def has_kind(self, kind: UpdateKind, target: TargetName) -> bool:
        """Whether an update of a kind goes to a target, as far as facts tell."""
        return any(target in (self.goes_to(name) or ()) for name, _ in self.updates(kind))
