"""What is wrong or noteworthy with folders of drivers, each said once, however many images a folder goes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.model.codes import Slug
from osrecipe.model.facts import DriversFacts
from osrecipe.model.plan import Note
from osrecipe.model.words import count
from osrecipe.plan.selection import Selected
from osrecipe.plan.units import origin_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osrecipe.model.facts import DriverFacts
    from osrecipe.model.names import InputId
    from osrecipe.model.recipe import DriverUse
    from osrecipe.model.version import Architecture
    from osrecipe.plan.steps import Compiling

_SIGNED: Final[frozenset[Architecture]] = frozenset({"amd64", "arm64"})
"""Architectures whose drivers have to be signed (Microsoft, "DISM driver servicing": `/ForceUnsigned`)."""
_NAMED: Final = 3


def check_drivers(work: Compiling, install: Sequence[Selected], boot: Sequence[Selected]) -> None:
    """Leave a problem for each folder that has nothing for an image, or a driver no image would take."""
    for name, use, facts, images in _used(work, install, boot):
        _check_architectures(work, name, facts, images)
        mine = _mine(facts, images)
        if not use.unsigned:
            _check_catalogs(work, name, mine)
        _check_files(work, name, mine)


def _used(
    work: Compiling, install: Sequence[Selected], boot: Sequence[Selected]
) -> Iterator[tuple[InputId, DriverUse, DriversFacts, list[Selected]]]:
    """Folders of drivers with the images they go to; a recovery image is its install image's architecture."""
    inside = [Selected(s.lane, "winre", s.image) for s in install if s.image.winre is not None]
    for name, use in work.recipe.drivers.items():
        facts = work.facts.inputs[name]
        if isinstance(facts, DriversFacts):
            images = [s for s in (*install, *inside, *boot) if s.target in use.targets]
            yield name, use, facts, images


def _mine(facts: DriversFacts, images: Sequence[Selected]) -> list[tuple[DriverFacts, list[Architecture]]]:
    """Drivers that go somewhere, with the architectures they go to."""
    architectures = sorted({s.image.architecture for s in images})
    pairs = [(driver, [a for a in architectures if driver.is_for(a)]) for driver in facts.drivers]
    return [(driver, there) for driver, there in pairs if there]


def _check_architectures(
    work: Compiling, name: InputId, facts: DriversFacts, images: Sequence[Selected]
) -> None:
    for architecture in sorted({s.image.architecture for s in images}):
        if any(driver.is_for(architecture) for driver in facts.drivers):
            continue
        those = [_shown(s) for s in images if s.image.architecture == architecture]
        listed = ", ".join(dict.fromkeys(those))
        reason = f"`{name}` has no driver for {architecture}, which these images are: {listed}"
        others = sorted({a for d in facts.drivers for a in d.architectures})
        hint = f"its drivers are for {', '.join(others)}; leave these targets out, or name a folder that has some"
        work.problem(Slug.PLAN_NO_DRIVER, reason, work.origins.key("drivers", name), hint)


def _shown(selected: Selected) -> str:
    return f"`{selected.image.name}`" if selected.target != "winre" else f"winre of `{selected.image.name}`"


def _check_catalogs(
    work: Compiling, name: InputId, mine: Sequence[tuple[DriverFacts, list[Architecture]]]
) -> None:
    """A driver without a catalogue has no signature that could be looked at."""
    unsigned: list[str] = []
    for driver, architectures in mine:
        for architecture in (a for a in architectures if a in _SIGNED):
            named = driver.catalogs_of(architecture)
            if not any(each.there for each in named):
                lacks = " and ".join(f"`{each.name}`" for each in named)
                unsigned.append(f"`{driver.inf}` ({f'{lacks} is not there' if lacks else 'names none'})")
                break
    if unsigned:
        reason = f"no catalogue signs {count(len(unsigned), 'driver')} of `{name}`: {_some(unsigned)}"
        hint = "take the vendor's complete package, or state `unsigned: true` beside `targets`"
        work.problem(Slug.PLAN_DRIVER, reason, work.origins.key("drivers", name), hint)


def _check_files(
    work: Compiling, name: InputId, mine: Sequence[tuple[DriverFacts, list[Architecture]]]
) -> None:
    """A file that every model copies is one that the package can't be taken in without."""
    lacking = [
        f"`{driver.inf}` ({_some([f'`{each}`' for each in files])})"
        for driver, architectures in mine
        if (files := [f.path for f in driver.missing if set(f.copied) & set(architectures)])
    ]
    if lacking:
        reason = (
            f"files of {count(len(lacking), 'driver')} of `{name}` are not in the folder: {_some(lacking)}"
        )
        hint = "take the vendor's complete package: DISM takes no driver without its files"
        work.problem(Slug.PLAN_DRIVER, reason, work.origins.key("drivers", name), hint)


def driver_notes(work: Compiling, install: Sequence[Selected], boot: Sequence[Selected]) -> Iterator[Note]:
    """What is left alone, and files that a driver may do without."""
    for name, _, facts, images in _used(work, install, boot):
        origin = origin_of(work.origins.key("drivers", name))
        for inf in facts.others:
            text = f"`{inf}` in `{name}` describes no driver for any image and is left alone"
            yield Note(text=text, origin=origin)
        for architecture in sorted({s.image.architecture for s in images}):
            left = [f"`{d.inf}`" for d in facts.drivers if not d.is_for(architecture)]
            if left:
                text = f"{count(len(left), 'driver')} of `{name}` {'is' if len(left) == 1 else 'are'} not for {architecture} and left out: {_some(left)}"
                yield Note(text=text, origin=origin)
        lacking = [
            f"`{driver.inf}` ({_some([f'`{each}`' for each in files])})"
            for driver, architectures in _mine(facts, images)
            if (files := [f.path for f in driver.missing if set(f.listed) & set(architectures)])
        ]
        if lacking:
            text = f"files that drivers of `{name}` list are not in the folder: {_some(lacking)}"
            yield Note(text=text, origin=origin)


def _some(shown: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = f" and {len(shown) - _NAMED:,} more" if len(shown) > _NAMED else ""
    return ", ".join(shown[:_NAMED]) + more
