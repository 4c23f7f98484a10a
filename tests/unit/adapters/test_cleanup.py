"""What a cleanup takes away, and that the bytes it reports are those the image no longer holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.servicing import Bench, add, sha256, take_media

from osrecipe.adapters.embedded import EmbeddedAdapter
from osrecipe.adapters.embedded.ledger import LEDGER, load_ledger
from osrecipe.adapters.embedded.records import ViewFiles
from osrecipe.formats.wim.capture import LZX
from osrecipe.formats.wim.export import ExportSource, export_images
from osrecipe.formats.wim.reader import WimReader
from osrecipe.model.tasks import CleanupImage

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from support.samples import Samples

    from osrecipe.model.adapter import OpenImage

pytest_plugins = ["support.fixtures"]
SSU, LCU, NEXT_LCU = "kb9000001-x64", "kb9000002-x64", "kb9000003-x64"
"""A stack, a cumulative update, and the one of the next month."""


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory, samples: Samples) -> Path:
    """The sample media's WIMs, taken out once; read only."""
    return take_media(samples, tmp_path_factory.mktemp("media"))


@pytest.fixture
def bench(tmp_path: Path, samples: Samples, media: Path) -> Bench:
    """A place to work in with the embedded adapter."""
    return Bench(tmp_path, samples, media, EmbeddedAdapter())


@pytest.fixture
def outdated(bench: Bench) -> Path:
    """An image that two months' updates went into, saved: the first month's components are superseded."""
    image, _ = bench.open("install")
    for stem in (SSU, LCU, NEXT_LCU):
        image.service(add(stem, bench.samples.answer(stem)), bench.context())
    return saved(bench, image, "outdated")


def saved(bench: Bench, image: OpenImage, name: str) -> Path:
    """The image as a WIM file."""
    to = bench.folder / f"{name}.wim"
    image.commit(to)
    return to


def contents(wim: Path, to: Path) -> tuple[dict[bytes, int], int]:
    """The blobs of an image once it is exported, by their sizes unpacked; and the file's size."""
    export_images([ExportSource(wim, 1)], to, compression=LZX)
    with WimReader.open(to) as reader:
        return {sha1: size for sha1, size in reader.table.sizes.items() if sha1}, to.stat().st_size


def clean(bench: Bench, wim: Path, level: str, name: str) -> tuple[Path, dict[str, int]]:
    """The image after a cleanup, and the figures reported."""
    image, _ = bench.open(str(wim))
    outcome = image.service(CleanupImage.model_validate({"level": level}), bench.context())
    return saved(bench, image, name), dict(outcome.figures)


@pytest.mark.parametrize("level", ["superseded", "reset-base"])
def test_the_bytes_reported_are_gone(bench: Bench, outdated: Path, level: str) -> None:
    """Exported, the image lacks exactly the contents that were counted, but for the ledger that grew; the file is smaller."""
    cleaned, figures = clean(bench, outdated, level, "cleaned")
    before, size_before = contents(outdated, bench.folder / "before.wim")
    after, size_after = contents(cleaned, bench.folder / "after.wim")
    with WimReader.open(outdated) as wim:
        ledger = wim.tree(1).get(str(LEDGER))
    gone = {sha1: size for sha1, size in before.items() if sha1 not in after and sha1 != ledger.sha1}
    metadata = {row for row in gone if row not in shown(outdated)}
    assert figures["bytes-reclaimed"] == sum(size for sha1, size in gone.items() if sha1 not in metadata)
    assert figures["bytes-reclaimed"] > 1 << 20
    assert size_before > size_after


def shown(wim: Path) -> set[bytes]:
    """The hashes of all streams of an image's entries."""
    with WimReader.open(wim) as reader:
        found = list(reader.tree(1).walk())
        return {one.sha1 for one in found} | {s.sha1 for one in found for s in one.streams}


def test_what_is_installed_and_what_came_with_the_image_stays(bench: Bench, outdated: Path) -> None:
    """Every name outside the superseded store folders is as it was, under every hard link."""
    cleaned, _ = clean(bench, outdated, "superseded", "cleaned")
    with WimReader.open(outdated) as one, WimReader.open(cleaned) as two:
        old = {entry.path: entry for entry in one.tree(1).walk()}
        new = {entry.path: entry for entry in two.tree(1).walk()}
    missing = {
        path.split("\\")[2] for path in old.keys() - new.keys() if path.startswith("Windows\\WinSxS\\")
    }
    assert {f for f in missing if f != "Manifests"} == superseded(bench, outdated)
    others = [
        p
        for p in old.keys() - new.keys()
        if not p.startswith(("Windows\\WinSxS\\", "Windows\\servicing\\Packages\\"))
    ]
    assert [] == others
    changed = [path for path in new if path in old and new[path].sha1 != old[path].sha1]
    assert [str(LEDGER)] == changed
    installed: dict[str, Any] = bench.samples.answer(NEXT_LCU)["images"]["install"]
    image, _ = bench.open(str(cleaned))
    assert [] == [row for row in installed["files"] if sha256(image, row["path"]) != row["sha256"]]
    image.discard()


def superseded(bench: Bench, wim: Path) -> set[str]:
    """The store folders of components a later version took the places of."""
    image, _ = bench.open(str(wim))
    found = load_ledger(ViewFiles(image._staged)).components  # type: ignore[attr-defined]  # this adapter's own
    image.discard()
    return {one.key_form for one in found if one.state == "superseded" and one.files}


def test_nothing_superseded_is_nothing_to_do(bench: Bench, outdated: Path) -> None:
    """A second cleanup finds nothing; a reset still forgets what values were before."""
    cleaned, _ = clean(bench, outdated, "superseded", "first")
    again, figures = clean(bench, cleaned, "superseded", "second")
    assert {} == figures
    reset, figures = clean(bench, again, "reset-base", "third")
    assert 0 == figures["bytes-reclaimed"]
    image, _ = bench.open(str(reset))
    ledger = load_ledger(ViewFiles(image._staged))  # type: ignore[attr-defined]  # this adapter's own
    image.discard()
    assert {True} == {package.permanent for package in ledger.packages}
    assert {None} == {value.was_type for one in ledger.components for value in one.values}
