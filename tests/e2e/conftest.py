"""The example recipes, each carried out once for the whole test run, and what independent programs see in the results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import pytest
from support.applied import Applied, carry_out
from support.images import extract_file, extract_image, tree, unpack
from support.shelf import Shelf, shelf_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.images import Seen
    from support.samples import Samples

WINRE = "Windows\\System32\\Recovery\\winre.wim"


class Media:
    """One ISO, unpacked; its images by the names answer keys use: `install-1`, `install-2`, `winpe`, `setup`, `winre`."""

    def __init__(self, shelf: Shelf, name: str, iso: Path) -> None:
        self._shelf = shelf
        self._name = name
        self._iso = iso
        self._trees: dict[str, dict[str, Seen]] = {}

    @classmethod
    def of(cls, folder: Path, iso: Path) -> Self:
        """One ISO that only one test looks at; what is taken out of it lies in the test's folder."""
        return cls(Shelf(folder / "shelf"), "media", iso)

    @property
    def files(self) -> Path:
        """Everything on the disc."""
        return self._shelf.take(f"{self._name}-media", lambda to: unpack(self._iso, to))

    def wim(self, image: str) -> tuple[Path, int]:
        """The WIM an image is in, and its number there."""
        if image.startswith("winre"):
            edition = f"install-{image.removeprefix('winre').removeprefix('-') or 1}"
            name = f"{self._name}-winre-of-{edition}"
            found = self._shelf.take(name, lambda to: extract_file(*self.wim(edition), WINRE, to))
            return found / "winre.wim", 1
        if image.startswith("install"):
            return self.files / "sources" / "install.wim", int(image.removeprefix("install-"))
        return self.files / "sources" / "boot.wim", 1 + ("winpe", "setup").index(image)

    def folder(self, image: str) -> Path:
        """All files of an image."""
        return self._shelf.take(f"{self._name}-{image}", lambda to: extract_image(*self.wim(image), to))

    def tree(self, image: str) -> dict[str, Seen]:
        """Everything in an image with all that a WIM keeps of it."""
        if image not in self._trees:
            self._trees[image] = tree(*self.wim(image))
        return self._trees[image]


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """What is made once for all workers."""
    return shelf_of(tmp_path_factory)


@pytest.fixture(scope="session")
def applied(shelf: Shelf, samples: Samples) -> Callable[[str], Applied]:
    """Carries out an example recipe by name, the first time it is asked for."""

    def get(name: str) -> Applied:
        folder = shelf.take(f"recipe-{name}", lambda to: carry_out(to, name, samples.folder))
        return Applied(folder, name)

    return get


@pytest.fixture(scope="session")
def quickstart(applied: Callable[[str], Applied]) -> Applied:
    """The main job, done."""
    return applied("quickstart")


@pytest.fixture(scope="session")
def source(shelf: Shelf, samples: Samples) -> Media:
    """The sample media as they are delivered."""
    return Media(shelf, "source", samples.media)


@pytest.fixture(scope="session")
def finished(shelf: Shelf, applied: Callable[[str], Applied]) -> Callable[[str], Media]:
    """The media an example recipe makes, unpacked."""
    return lambda name: Media(shelf, name, applied(name).iso)


@pytest.fixture(scope="session")
def result(finished: Callable[[str], Media]) -> Media:
    """What the main job made."""
    return finished("quickstart")
