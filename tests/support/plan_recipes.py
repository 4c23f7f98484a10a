"""Generated recipes and facts of all shapes the plan room knows, for properties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from support.plans import (
    FEATURES,
    LUA,
    answers,
    compiled,
    declared,
    drivers,
    facts,
    folder,
    media,
    recipe,
    update,
)

from osrecipe.model.facts import UpdateKind
from osrecipe.model.registry import RegistryData, RegistryKey, RegistryRoot, SetValue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osrecipe.model.facts import Facts
    from osrecipe.model.recipe import Recipe

EDITIONS = ("Home", "Pro", "Enterprise")
ENABLED = frozenset(name for name, known in FEATURES.items() if known.enabled)
_KINDS = {
    "ssu": (UpdateKind.SERVICING_STACK, "17134.226.1.0"),
    "stack2": (UpdateKind.SERVICING_STACK, "17134.227.1.0"),
    "lcu": (UpdateKind.CUMULATIVE, "17134.228.1.0"),
    "flash": (UpdateKind.FLASH, "10.0.1.1"),
    "net": (UpdateKind.DOTNET, "10.0.1.2"),
    "extra": (UpdateKind.OPTIONAL, "10.0.1.3"),
}
_KEY = RegistryKey(root=RegistryRoot.SOFTWARE, path="Policies")
_LEVELS = st.sampled_from(["none", "superseded", "reset-base"])


@dataclass(frozen=True)
class Case:
    """What a plan is compiled from."""

    recipe: Recipe
    facts: Facts


def _value(number: int) -> SetValue:
    return SetValue(key=_KEY, name=f"v{number}", data=RegistryData(kind="dword", number=number))


@st.composite
def _tweaks(draw: st.DrawFn) -> dict[str, object]:
    made: dict[str, object] = {}
    for number in range(draw(st.integers(0, 2))):
        tweak: dict[str, object] = {"registry": [_value(number)]}
        if draw(st.booleans()):
            tweak["files"] = {"Windows\\OEM": "oem"}
        if draw(st.booleans()):
            tweak["when"] = draw(
                st.sampled_from(
                    [{"edition": ["Pro"]}, {"edition": ["*e"]}, {"build": ">=17134"}, {"build": "<17134"}]
                )
            )
        made[f"t{number}"] = tweak
    return made


@st.composite
def _apply(draw: st.DrawFn, present: tuple[str, ...]) -> dict[str, object]:
    names = draw(st.lists(st.sampled_from(list(_KINDS)), unique=True, max_size=5))
    targets = st.one_of(
        st.just("auto"),
        st.lists(st.sampled_from(present), unique=True, min_size=1).map(tuple),
    )
    return {name: draw(targets) for name in names}


@st.composite
def cases(draw: st.DrawFn, *, moves: bool = False) -> Case:
    """A recipe and its facts; with `moves`, steps are placed elsewhere, perhaps where they can't be."""
    editions = EDITIONS[: draw(st.integers(1, 3))]
    winres = [draw(st.sampled_from([None, "a", "a", "b"])) for _ in editions]
    boot = draw(st.sampled_from([None, 1, 2, 2, 2]))
    picked = draw(st.lists(st.integers(1, len(editions)), unique=True, max_size=3))
    recovery = any(winres[n - 1] for n in picked or range(1, len(editions) + 1))
    present = (
        "install",
        *(["winre"] if recovery else []),
        *(["winpe"] if boot == 2 else []),
        *(["setup"] if boot else []),
    )
    targets: dict[str, dict[str, object]] = {
        name: {"cleanup": draw(_LEVELS), "tweaks": draw(_tweaks())} for name in present
    }
    targets["install"] |= _install(draw, picked)
    if draw(st.booleans()):
        targets[draw(st.sampled_from(present))]["settings"] = {"all": "de-DE", "time-zone": "UTC"}
    drv = draw(st.lists(st.sampled_from(present), unique=True).map(tuple))
    apply = draw(_apply(present))
    if moves:
        apply = {"lcu": "auto", **apply}
    iso = media(list(zip(editions, winres, strict=True)), boot=boot)
    combined = "17134.225.1.0" if draw(st.booleans()) else ""
    read = {
        name: update(kind, name.encode().hex(), version, stack=combined if name == "lcu" else "")
        for name, (kind, version) in _KINDS.items()
    }
    said = answers("offlineServicing", "oobeSystem", offline=(LUA,))
    known = facts(media=iso, oem=folder("oem"), fod=folder("fod"), drv=drivers(), answers=said, **read)
    pro = "Pro" in editions and (not picked or 2 in picked)

    def written(move: list[dict[str, object]]) -> Recipe:
        return recipe(
            inputs=declared("media", "oem", "fod", "drv", "answers", *apply),
            drivers={"drv": {"targets": drv}} if drv else {},
            updates={"ordering": {"use": "classic", "move": move}, "apply": apply},
            targets=targets,
            media={"sync-sources": sync} if pro else {},
        )

    sync = draw(st.sampled_from(["none", {}, {"from": "Windows 10 Pro"}]))
    if not moves:
        return Case(written([]), known)
    return Case(written(draw(_moves(_movable(written([]), known)))), known)


def _install(draw: st.DrawFn, picked: list[int]) -> Mapping[str, object]:
    return {
        "select": [{"index": n} for n in picked],
        "others": draw(st.sampled_from(["keep", "drop"])),
        "netfx3": {"enable": draw(st.booleans())},
        "features": draw(
            st.dictionaries(st.sampled_from(list(FEATURES)), st.sampled_from(["enabled", "disabled"]))
        ),
        "capabilities": draw(
            st.dictionaries(
                st.sampled_from(["Language.Basic~~~de-de~0.0.1.0", "OpenSSH.Client~~~~0.0.1.0"]),
                st.sampled_from([{"from": "fod"}, "removed"]),
            )
        ),
        "appx": draw(
            st.dictionaries(st.sampled_from(["Microsoft.Xbox*", "*Calculator"]), st.just("removed"))
        ),
        "unattend": draw(st.sampled_from([None, {"from": "answers"}])),
    }


def _movable(made: Recipe, known: Facts) -> dict[str, list[str]]:
    """The steps that every image of a target has, by target, where there are two of them."""
    found: dict[str, list[str]] = {}
    for unit in compiled(made, known).units:
        if unit.kind == "session" and unit.id.endswith(".service"):
            names = [t.id.partition("/")[2] for t in unit.tasks if t.again is None]
            found[unit.target] = [n for n in found.get(unit.target, names) if n in names]
    return {target: names for target, names in found.items() if len(names) > 1}


@st.composite
def _moves(draw: st.DrawFn, steps: Mapping[str, list[str]]) -> list[dict[str, object]]:
    """One to three moves, which may contradict each other."""
    made: list[dict[str, object]] = []
    for _ in range(draw(st.integers(1, 3)) if steps else 0):
        target = draw(st.sampled_from(sorted(steps)))
        step, before = draw(st.permutations(steps[target]))[:2]
        made.append({"step": step, "target": target, "before": before, "because": "a test"})
    return made
