"""Images open for change: reads see changes, a commit writes exactly those, exports say what is in them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.servicing import IMAGES, NO_DIGEST, NOW, Bench, add, sha256, take_media

from osrecipe.adapters.embedded import EmbeddedAdapter
from osrecipe.formats.wim.reader import WimReader
from osrecipe.model.adapter import CancelledError, Context, TaskError
from osrecipe.model.changes import DeletePath, LinkFile, MakeFolder, PutFile
from osrecipe.model.names import UnitId
from osrecipe.model.tasks import ArtifactRef, ExportImages, ExportPart, ImageRef
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Literal

    from support.samples import Samples

    from osrecipe.formats.wim.tree import Entry
    from osrecipe.model.adapter import OpenImage
    from osrecipe.model.changes import Change

pytest_plugins = ["support.fixtures"]
NOTEPAD = WinPath("Windows\\notepad.exe")
NOTEPAD_2 = WinPath("windows\\system32\\NOTEPAD.EXE")
FOREVER = (NOW + 11_644_473_600) * 10_000_000


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory, samples: Samples) -> Path:
    """The sample media's WIMs, taken out once; read only."""
    return take_media(samples, tmp_path_factory.mktemp("media"))


@pytest.fixture
def bench(tmp_path: Path, samples: Samples, media: Path) -> Bench:
    """A place to work in with the embedded adapter."""
    return Bench(tmp_path, samples, media, EmbeddedAdapter())


def saved(bench: Bench, image: OpenImage) -> Path:
    """Commit, and say where."""
    to = bench.folder / "saved.wim"
    image.commit(to)
    return to


def content(image: OpenImage, path: WinPath) -> bytes:
    """A file's bytes."""
    with image.read(path) as file:
        return file.read()


def entries(wim: Path, index: int = 1) -> dict[str, Entry]:
    """Every entry of an image by path."""
    with WimReader.open(wim) as reader:
        return {entry.path: entry for entry in reader.tree(index).walk()}


def test_reads_see_changes(bench: Bench) -> None:
    """Before a commit, files, folders, links and deletions show as they will be, in any case."""
    image, _ = bench.open("install")
    image.apply(
        (
            PutFile(WinPath("Windows\\OEM\\Deep\\new.txt"), b"new"),
            PutFile(NOTEPAD_2, b"changed"),
            LinkFile(WinPath("also.txt"), WinPath("windows\\oem\\deep\\NEW.TXT")),
            MakeFolder(WinPath("Empty\\Inside")),
            DeletePath(WinPath("PerfLogs")),
            DeletePath(WinPath("no such thing")),
        )
    )
    assert content(image, WinPath("ALSO.TXT")) == b"new"
    assert content(image, NOTEPAD) == b"changed"
    found = image.info(WinPath("EMPTY"))
    assert found is not None
    assert (str(found.path), found.is_folder) == ("Empty", True)
    assert image.info(WinPath("PerfLogs")) is None
    listed = [str(each.path) for each in image.walk(WinPath("windows\\oem"))]
    assert listed == ["Windows\\OEM\\Deep", "Windows\\OEM\\Deep\\new.txt"]
    assert list(image.walk(WinPath("nowhere"))) == []
    with pytest.raises(FileNotFoundError):
        image.read(WinPath("Windows"))
    image.discard()
    image.discard()


def test_a_commit_changes_only_what_was_asked(bench: Bench) -> None:
    """Of some thousand entries only the one named differs, and of that only content and write time."""
    before = entries(bench.media / "install.wim")
    image, ctx = bench.open("install")
    image.apply((PutFile(NOTEPAD, b"changed"),))
    after = entries(saved(bench, image))
    changed = {path for path in before if before[path] != after.get(path)}
    assert before.keys() == after.keys()
    groups = {before[path].hard_link_group for path in changed}
    assert groups == {before["Windows\\notepad.exe"].hard_link_group}
    assert len(changed) == 4
    old, new = before["Windows\\notepad.exe"], after["Windows\\notepad.exe"]
    assert (new.security, new.attributes, new.created) == (old.security, old.attributes, old.created)
    assert new.written == FOREVER
    assert list(ctx.work.iterdir()) == []


def test_an_unchanged_image_is_saved_as_it_is(bench: Bench) -> None:
    """A session that changes nothing saves every entry as it was."""
    image, _ = bench.open("winpe")
    assert entries(saved(bench, image)) == entries(bench.media / "boot.wim")


def test_a_host_file_brings_its_time(bench: Bench) -> None:
    """A file from the host keeps its write time; a stated one wins."""
    source = bench.folder / "a.txt"
    source.write_bytes(b"from the host")
    os.utime(source, ns=(0, 1_500_000_000_000_000_000))
    image, _ = bench.open("winpe")
    image.apply((PutFile(WinPath("a.txt"), source), PutFile(WinPath("b.txt"), source, 5_000_000)))
    after = entries(saved(bench, image))
    assert after["a.txt"].written == (1_500_000_000 + 11_644_473_600) * 10_000_000
    assert after["b.txt"].written == 5_000_000


def test_what_is_in_the_way_is_a_task_error(bench: Bench) -> None:
    """A file can't take a folder's place; the error is the format's own."""
    image, _ = bench.open("winpe")
    with pytest.raises(TaskError) as caught:
        image.apply((PutFile(WinPath("Windows"), b""),))
    assert caught.value.slug == "wim/unsupported"
    image.discard()


def test_discard_leaves_nothing(bench: Bench) -> None:
    """After a discard the work folder is empty, also after a failed commit."""
    image, ctx = bench.open("winpe")
    image.apply((PutFile(WinPath("big.bin"), os.urandom(3 << 20)),))
    with pytest.raises(FileNotFoundError):
        image.commit(bench.folder / "no" / "such" / "folder.wim")
    image.discard()
    image.discard()
    assert list(ctx.work.iterdir()) == []


def test_a_cancelled_open_stops(bench: Bench) -> None:
    """The context's progress stops native work by raising."""

    def stop(_share: float, _text: str) -> None:
        raise CancelledError

    base = bench.context()
    ctx = Context(base.work, bench.resolve, stop, bench.log.append, NOW)
    ref = ImageRef(wim=ArtifactRef(unit=UnitId("x"), name="install.wim", digest=NO_DIGEST), index=1)
    op = ExportImages(wim="install.wim", parts=(ExportPart(image=ref, refresh=False),), compress="fast")
    with pytest.raises(CancelledError):
        bench.adapter.export(op, bench.folder / "out.wim", ctx)
    assert not (bench.folder / "out.wim").exists()


NAMES = [
    "a",
    "B",
    "c\\d",
    "c\\e",
    "Windows\\System32\\cmd.exe",
    "Windows\\notepad.exe",
    "Windows\\explorer.exe",
]
PATHS = st.sampled_from(NAMES).map(WinPath)
CHANGES = st.one_of(
    st.builds(PutFile, PATHS, st.binary(max_size=40)),
    st.builds(LinkFile, PATHS, PATHS),
    st.builds(DeletePath, PATHS),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(CHANGES, max_size=12))
def test_the_saved_image_is_what_reads_showed(bench: Bench, changes: list[Change]) -> None:
    """Whatever the order of writes, links and deletions, the saved image has what was read before."""
    image, _ = bench.open("install")
    for change in changes:
        missing = isinstance(change, LinkFile) and image.info(change.target) is None
        if not missing:
            image.apply((change,))
    shown = {name: sha256(image, name) for name in NAMES}
    to = bench.folder / "property.wim"
    to.unlink(missing_ok=True)
    image.commit(to)
    again, _ = bench.open(str(to))
    assert {name: sha256(again, name) for name in NAMES} == shown
    again.discard()


def part(name: str, index: int, *, refresh: bool = False) -> ExportPart:
    """One image to export: a file of the media, or any WIM by its path."""
    wim = ArtifactRef(unit=UnitId("x"), name=name, digest=NO_DIGEST)
    return ExportPart(image=ImageRef(wim=wim, index=index), refresh=refresh)


def test_an_export_keeps_order_names_and_boot_index(bench: Bench) -> None:
    """Images come in the order asked for, with their names and editions; blobs are copied as stored."""
    op = ExportImages(
        wim="boot.wim", parts=(part("boot.wim", 2), part("boot.wim", 1)), compress="keep", boot_index=1
    )
    to = bench.folder / "boot.wim"
    made = bench.adapter.export(op, to, bench.context())
    with WimReader.open(to) as wim, WimReader.open(bench.media / "boot.wim") as source:
        names = [(info.name, info.edition, info.build, info.spbuild) for info in wim.infos()]
        assert names == [(i.name, i.edition, i.build, i.spbuild) for i in reversed(source.infos())]
        assert wim.boot_index == 1
        assert wim.header.codec == source.header.codec
    assert made.size == to.stat().st_size
    assert [str(version) for version in made.versions] == ["10.0.17134.1"] * 2


def test_an_export_refreshes_the_build(bench: Bench) -> None:
    """The XML of a serviced image says the revision its registry has; one that is not refreshed keeps its own."""
    image, _ = bench.open("winpe")
    for stem in ("kb9000001-x64", "kb9000002-x64"):
        image.service(add(stem, bench.samples.answer(stem)), bench.context())
    serviced = str(saved(bench, image))
    op = ExportImages(
        wim="boot.wim", parts=(part(serviced, 1, refresh=True), part("boot.wim", 2)), compress="keep"
    )
    to = bench.folder / "boot.wim"
    made = bench.adapter.export(op, to, bench.context())
    assert [str(version) for version in made.versions] == ["10.0.17134.228", "10.0.17134.1"]
    with WimReader.open(to) as wim:
        assert [(info.build, info.spbuild) for info in wim.infos()] == [(17134, 228), (17134, 1)]


@pytest.mark.parametrize(("compress", "codec"), [("none", 0), ("fast", 1), ("max", 2)])
def test_an_export_compresses_as_asked(
    bench: Bench, compress: Literal["none", "fast", "max"], codec: int
) -> None:
    """The new file has the compression asked for and the same entries."""
    op = ExportImages(wim="winre.wim", parts=(part("winre.wim", 1),), compress=compress)
    to = bench.folder / "winre.wim"
    bench.adapter.export(op, to, bench.context())
    with WimReader.open(to) as wim:
        assert wim.header.codec == codec
    assert entries(to) == entries(bench.media / "winre.wim")


def test_a_read_image_answers_like_an_open_one(bench: Bench) -> None:
    """An image that is only read knows files, packages and features."""
    name, index = IMAGES["install"]
    with (bench.media / name).open("rb") as file:
        image = bench.adapter.open_read(file, index)
        assert image.state("feature", "smb1protocol") == "enabled"
        assert image.state("feature", "SampleTelnetClient") == "disabled"
        assert image.state("feature", "NoSuch") is None
        package = "Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~10.0.17134.1"
        assert image.state("package", package.upper()) == "installed"
        assert image.state("package", "no~such~package~~1.0") is None
        found = image.info(NOTEPAD)
        assert found is not None
        with image.read(NOTEPAD_2) as one:
            assert len(one.read()) == found.size
        image.close()
