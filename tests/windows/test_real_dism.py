"""What a real DISM can do on the sample media: on Windows with the host's own, elsewhere with the stand-in.

The sample packages are not signed, so adding them is not asked of a real DISM; the kit's own components are.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.servicing import NO_DIGEST, Bench, session_of, take_media
from support.standins import LAUNCHER, machine

from osrecipe.adapters.dism import DismAdapter
from osrecipe.adapters.dism.calls import Dism, Watch
from osrecipe.adapters.dism.command import Verb
from osrecipe.adapters.dism.janitor import MountUndoer
from osrecipe.adapters.dism.output import blocks
from osrecipe.adapters.dism.tool import find
from osrecipe.engine.registry import edit_hives
from osrecipe.formats.wim.reader import WimReader
from osrecipe.model.changes import DeletePath, PutFile
from osrecipe.model.facts import UpdateKind
from osrecipe.model.names import InputId, UnitId
from osrecipe.model.registry import RegistryData, RegistryKey, RegistryRoot, SetValue
from osrecipe.model.tasks import (
    AddPackage,
    ArtifactRef,
    ChangeSettings,
    CleanupImage,
    ExportImages,
    ExportPart,
    ImageRef,
    Setting,
)
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from support.samples import Samples

    from osrecipe.adapters.dism.tool import Tool

pytest_plugins = ["support.fixtures"]
MARK = WinPath("Windows\\osrecipe-mark.txt")
KEY = RegistryKey(root=RegistryRoot.SOFTWARE, path="Contoso\\osrecipe")
KIT = Path(
    "C:\\Program Files (x86)\\Windows Kits\\10\\Assessment and Deployment Kit\\Windows Preinstallation Environment\\amd64"
)
COMPONENT = "WinPE-WMI"


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """The host's DISM, or the stand-in on a machine of its own."""
    if sys.platform == "win32":
        return find()
    machine(tmp_path / "machine", monkeypatch)
    return find(str(LAUNCHER))


@pytest.fixture
def bench(tmp_path: Path, samples: Samples, tool: Tool) -> Bench:
    """A place to work in, its paths with spaces."""
    media, work = tmp_path / "the media", tmp_path / "a place to work"
    media.mkdir()
    work.mkdir()
    return Bench(work, samples, take_media(samples, media), DismAdapter(tool))


def test_files_and_values_come_back_from_a_saved_image(bench: Bench) -> None:
    """Mounted, changed, saved, read by our own reader and mounted again."""
    image, _ = bench.open("winpe")
    change = SetValue(key=KEY, name="Mark", data=RegistryData(kind="sz", text="here"))
    edited = edit_hives([change], image, "winpe", {}, 1_600_000_000)
    image.apply((*edited.files, PutFile(MARK, b"here")))
    saved = bench.folder / "saved.wim"
    image.commit(saved)
    with WimReader.open(saved) as wim:
        assert wim.image_count == 1
        assert wim.read_file(1, str(MARK)) == b"here"
    again, _ = bench.open(str(saved))
    assert () == edit_hives([change], again, "winpe", {}, 1_600_000_000).files
    again.apply((DeletePath(MARK),))
    assert again.info(MARK) is None
    again.discard()


def test_images_are_exported_in_order(bench: Bench) -> None:
    """Two images appended to one new file, the second bootable."""
    ref = ArtifactRef(unit=UnitId("take"), name="boot.wim", digest=NO_DIGEST)
    parts = tuple(ExportPart(image=ImageRef(wim=ref, index=index), refresh=False) for index in (1, 2))
    to = bench.folder / "boot.wim"
    made = bench.adapter.export(
        ExportImages(wim="boot.wim", parts=parts, compress="max", boot_index=2), to, bench.context()
    )
    assert made.size == to.stat().st_size
    with WimReader.open(to) as wim, WimReader.open(bench.media / "boot.wim") as source:
        assert (2, 2) == (wim.image_count, wim.boot_index)
        for index in (1, 2):
            assert source.xml.info(index).name == wim.xml.info(index).name


def test_images_are_what_dism_says_they_are(bench: Bench, tool: Tool) -> None:
    """Numbers and names of a WIM's images: DISM's listing and our reading of the XML agree."""
    wim = bench.media / "install.wim"
    listed = Verb(("/Get-ImageInfo", f"/ImageFile:{wim}"), "list the images")
    rows = blocks(Dism(tool).run(listed, Watch()).said.text, "Index")
    with WimReader.open(wim) as reader:
        assert [(str(i.index), i.name) for i in reader.infos()] == [(r["Index"], r["Name"]) for r in rows]


def test_a_wim_that_dism_split_is_read(bench: Bench, tool: Tool) -> None:
    """In parts of one megabyte; every part is one of a set, and the set has the source's images."""
    wim, to = bench.media / "boot.wim", bench.folder / "boot.swm"
    parts = Verb(("/Split-Image", f"/ImageFile:{wim}", f"/SWMFile:{to}", "/FileSize:1"), "split")
    Dism(tool).run(parts, Watch())
    made = sorted(bench.folder.glob("boot*.swm"))
    assert len(made) > 1
    others = [part for part in made if part != to]
    with WimReader.open(to, others=others) as split, WimReader.open(wim) as source:
        assert source.image_count == split.image_count
        assert [i.name for i in source.infos()] == [i.name for i in split.infos()]


def test_a_forgotten_mount_is_undone(bench: Bench, tool: Tool) -> None:
    """By the janitor, from the folder's name alone; a second time there is nothing to do."""
    bench.adapter.open(session_of("winpe", "boot.wim", 1), bench.context())
    name = str(next(bench.folder.glob("work-*/mount")))
    assert any(Path(name).iterdir())
    undoer = MountUndoer(lambda: tool)
    undoer.undo(name)
    assert not any(Path(name).iterdir())
    undoer.undo(name)


@pytest.mark.skipif(not KIT.is_dir(), reason="needs Windows with the ADK's Windows PE add-on")
def test_an_optional_component_of_the_adk_is_added(tmp_path: Path) -> None:
    """Genuine Windows PE, a genuine component: added, listed, cleaned up, saved, exported smaller."""
    from osrecipe.formats.msu import open_package

    package = KIT / "WinPE_OCs" / f"{COMPONENT}.cab"
    with open_package(package) as opened:
        data = dict(opened.archives[0].read_each(["update.mum"], limit=1 << 24))["update.mum"]
    from osrecipe.formats.mum import read_package

    identity = read_package(data).identity.package_name
    made = Bench(tmp_path, None, KIT / "en-us", DismAdapter(find()))  # type: ignore[arg-type]  # no samples here
    made.packages["component"] = package
    image, _ = made.open("winpe.wim")
    op = AddPackage(
        input=InputId("component"),
        package=identity,
        update_kind=UpdateKind.WINPE_COMPONENT,
        content=NO_DIGEST,
    )
    assert image.service(op, made.context()).status == "done"
    assert image.state("package", identity) == "installed"
    assert image.service(CleanupImage(level="reset-base"), made.context()).status == "done"
    wanted = (Setting(name="all", value="en-US"), Setting(name="time-zone", value="UTC"))
    assert image.service(ChangeSettings(settings=wanted), made.context()).status == "done"
    assert image.state("setting", "time-zone") == "UTC"
    image.commit(tmp_path / "saved.wim")
    with (tmp_path / "saved.wim").open("rb") as wim:
        read = made.adapter.open_read(wim, 1)
        assert read.state("package", identity) == "installed"
        read.close()
