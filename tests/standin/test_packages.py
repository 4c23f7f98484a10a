"""Packages: what each sample's answer key says, and every way of being refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.expected import Expected, hive_of, wrong_files, wrong_values
from support.samples import names as n
from support.samples.answers import image_answer
from support.samples.names import ImageKind
from support.samples.packages import package_bytes
from support.samples.updates import checkpointed
from support.servicing import IMAGES
from support.standin import apply_image
from support.witness import witness

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.samples import Samples
    from support.samples.spec import UpdatePackage
    from support.standin import Said, Standin

SSU, LCU, NEXT_LCU = "kb9000001-x64", "kb9000002-x64", "kb9000003-x64"
STEMS = [SSU, LCU, NEXT_LCU, "kb9000004-x64", "kb9000005-x64", "kb9000006-x64", "kb9000008-x64"]
STACK_PACKAGE = f"Package_for_ServicingStack_191~{n.TOKEN}~amd64~~17134.191.1.0"


@pytest.fixture
def image(tmp_path: Path, media: Path) -> Callable[[str], Path]:
    """An image's files in a folder."""

    def extract(kind: str) -> Path:
        name, index = IMAGES[kind]
        return apply_image(media / name, index, tmp_path / "image")

    return extract


def add(dism: Standin, root: Path, *packages: Path) -> Said:
    """Add packages."""
    return dism(f"/Image:{root}", "/Add-Package", *(f"/PackagePath:{package}" for package in packages))


def states(dism: Standin, root: Path) -> dict[str, str]:
    """The listed packages with their states."""
    lines = dism(f"/Image:{root}", "/Get-Packages").lines
    values = [line.partition(" : ")[2] for line in lines if line.startswith(("Package Identity", "State"))]
    return dict(zip(values[::2], values[1::2], strict=True))


def split_links(root: Path, groups: list[list[str]]) -> list[list[str]]:
    """Groups of paths that are not one file."""
    return [group for group in groups if len({hive_of(root, path).stat().st_ino for path in group}) != 1]


def wrong(root: Path, answer: dict[str, Any]) -> list[str]:
    """Where an image is not as an answer says."""
    expected = Expected().add(answer)
    return wrong_files(expected, root) + wrong_values(expected, root)


@pytest.mark.parametrize("kind", ["install", "winre", "winpe", "setup"])
@pytest.mark.parametrize("stem", STEMS)
def test_a_package_does_what_its_answer_key_says(
    dism: Standin, image: Callable[[str], Path], samples: Samples, stem: str, kind: str
) -> None:
    """Files, links, manifests, descriptions, values; not applicable where no part of it applies."""
    root, answer = image(kind), samples.answer(stem)
    expected = answer["images"][kind]
    if answer["requires_stack"]:
        assert 0 == add(dism, root, samples.package(SSU)).code
    done = add(dism, root, samples.package(stem))
    if not expected["applicable"]:
        assert (0x800F081E, "Error: 0x800f081e") == (done.code, done.lines[-3])
        assert answer["identity"] not in states(dism, root)
        return
    assert 0 == done.code
    assert [] == wrong(root, expected)
    assert [] == split_links(root, expected["links"])
    stated = "Installed" if stem == SSU else "Install Pending"
    assert stated == states(dism, root)[answer["identity"]]


def test_saved_and_read_by_others(
    dism: Standin, mounted: Callable[..., Path], samples: Samples, tmp_path: Path
) -> None:
    """After saving, an independent program takes the same out of the WIM, links included."""
    folder = mounted("install.wim")
    for stem in (SSU, LCU):
        assert 0 == add(dism, folder, samples.package(stem)).code
    assert 0 == dism("/Unmount-Image", f"/MountDir:{folder}", "/Commit").code
    expected = samples.answer(LCU)["images"]["install"]
    again = apply_image(tmp_path / "install.wim", 1, tmp_path / "again")
    assert [] == wrong(again, expected)
    assert [] == split_links(again, expected["links"])
    detail = dism("/Get-ImageInfo", f"/ImageFile:{tmp_path / 'install.wim'}", "/Index:1").lines
    assert "ServicePack Build : 228" in detail
    assert witness("wimlib-imagex", "verify", str(tmp_path / "install.wim"))


def test_the_stack_goes_first(dism: Standin, image: Callable[[str], Path], samples: Samples) -> None:
    """A cumulative update without its stack changes nothing; with it on the same line it is fine."""
    root = image("winpe")
    done = add(dism, root, samples.package(LCU))
    assert 0x800F0823 == done.code
    assert f"Processing 1 of 1 - Adding package {samples.package(LCU)}" in done.lines
    assert f"An error occurred - {samples.package(LCU)} Error: 0x800f0823" in done.lines
    assert STACK_PACKAGE not in states(dism, root)
    assert 0 == add(dism, root, samples.package(SSU), samples.package(LCU)).code


def test_one_of_several_fails(dism: Standin, image: Callable[[str], Path], samples: Samples) -> None:
    """The others are added; each failure is a line, and the end is no error block."""
    root = image("winpe")
    six = samples.package("kb9000006-x64")
    done = add(dism, root, six, samples.package(SSU))
    identity = samples.answer("kb9000006-x64")["identity"]
    assert f"An error occurred - {identity} Error: 0x800f081e" in done.lines
    assert [
        "The command completed with errors.",
        "For more information, refer to the log file.",
    ] == done.lines[-2:]
    assert (0x800F081E, "Installed") == (done.code, states(dism, root)[STACK_PACKAGE])
    missing = add(dism, root, root / "no" / "no.msu")
    assert f"An error occurred trying to open - {root}/no/no.msu Error: 0x80070003" in missing.lines
    assert "Error: 3" in missing.lines


def test_a_newer_one_supersedes(dism: Standin, image: Callable[[str], Path], samples: Samples) -> None:
    """The older can't come back; adding the newer twice is fine."""
    root = image("install")
    for stem in (SSU, LCU, NEXT_LCU, NEXT_LCU):
        assert 0 == add(dism, root, samples.package(stem)).code
    assert [] == wrong(root, samples.answer(NEXT_LCU)["images"]["install"])
    found = states(dism, root)
    assert "Superseded" == found[samples.answer(LCU)["identity"]]
    assert 0x800F081E == add(dism, root, samples.package(LCU)).code


def test_again_after_netfx3_adds_the_part_for_it(
    dism: Standin, image: Callable[[str], Path], samples: Samples, media: Path
) -> None:
    """The cumulative update added again brings exactly what .NET 3.5 brought up to date."""
    root, answer = image("install"), samples.answer(LCU)["images"]
    for stem in (SSU, LCU):
        add(dism, root, samples.package(stem))
    enable = [f"/Image:{root}", "/Enable-Feature", "/FeatureName:NetFx3"]
    assert 0 == dism(*enable, f"/Source:{media}", "/LimitAccess", "/All").code
    assert wrong(root, answer["install+netfx3"])
    assert 0 == add(dism, root, samples.package(LCU)).code
    assert [] == wrong(root, answer["install+netfx3"])


def test_containers_and_folders(
    dism: Standin, image: Callable[[str], Path], samples: Samples, tmp_path: Path
) -> None:
    """A WIM that is called .msu, a folder searched through, an unpacked package's update.mum."""
    root = image("winpe")
    unpacked = tmp_path / "unpacked"
    witness("cabextract", "-q", "-d", str(unpacked), str(samples.package("kb9000005-x64")))
    parts = tmp_path / "parts"
    witness("cabextract", "-q", "-d", str(parts), str(samples.package(SSU)))
    witness("wimlib-imagex", "capture", str(parts), str(tmp_path / "stack.msu"), "--no-acls")
    assert 0 == add(dism, root, tmp_path / "stack.msu").code
    assert [] == wrong(root, samples.answer(SSU)["images"]["winpe"])
    folder = tmp_path / "updates/more"
    folder.mkdir(parents=True)
    (folder / "lcu.msu").write_bytes(samples.package(LCU).read_bytes())
    assert 0 == add(dism, root, folder.parent).code
    done = add(dism, root, unpacked / "update.mum")
    assert "Processing 1 of 1 - Adding package Package_for_KB9000005~" in done.text
    assert [] == wrong(root, samples.answer("kb9000005-x64")["images"]["winpe"])


def test_what_is_no_package(
    dism: Standin, image: Callable[[str], Path], samples: Samples, tmp_path: Path
) -> None:
    """Loose files, an empty folder, something else, a damaged cabinet, nothing there."""
    root = image("winpe")
    assert 0x800F0805 == add(dism, root, samples.package("kb9000007-x64")).code
    (tmp_path / "empty").mkdir()
    assert 0x800F0805 == add(dism, root, tmp_path / "empty").code
    (tmp_path / "setup.exe").write_bytes(b"MZ" * 50)
    assert 0x800F0805 == add(dism, root, tmp_path / "setup.exe").code
    content = samples.package(SSU).read_bytes()
    (tmp_path / "cut.msu").write_bytes(content[: len(content) // 2])
    assert 13 == add(dism, root, tmp_path / "cut.msu").code
    assert 2 == add(dism, root, tmp_path / "no.msu").code
    assert 3 == add(dism, root, tmp_path / "no" / "no.msu").code


def test_installers_and_differential_payload_are_beyond_it(
    dism: Standin, image: Callable[[str], Path], samples: Samples
) -> None:
    """A package with either is refused before anything is written."""
    root = image("install")
    before = sorted(path for path in root.rglob("*"))
    assert add(dism, root, samples.package("kb9000009-x64")).code in {0x800F0922, 0x800F0986}
    assert before == sorted(path for path in root.rglob("*"))


@pytest.fixture
def cu(tmp_path: Path) -> Callable[..., Path]:
    """Writes packages into a folder of their own; returns the last."""

    def write(*packages: UpdatePackage) -> Path:
        folder = tmp_path / f"cu-{len(list(tmp_path.glob('cu-*')))}"
        folder.mkdir()
        for package in packages:
            (folder / package.file_name).write_bytes(package_bytes(package))
        return folder / packages[-1].file_name

    return write


def rollups(dism: Standin, root: Path) -> dict[str, str]:
    """States of the cumulative updates, by version."""
    found = states(dism, root).items()
    return {name.rpartition("~")[2]: s for name, s in found if name.startswith("Package_for_RollupFix")}


def test_a_checkpoint_is_looked_for_beside_the_target(
    dism: Standin, image: Callable[[str], Path], samples: Samples, cu: Callable[..., Path]
) -> None:
    """The target alone is 0x800f0838 and changes nothing; with its checkpoint in its folder both go in, in order."""
    checkpoint, target = checkpointed()
    root = image("winpe")
    add(dism, root, samples.package(SSU))
    done = add(dism, root, cu(target))
    assert (0x800F0838, "Error: 0x800f0838") == (done.code, done.lines[-3])
    assert {} == rollups(dism, root)
    both = cu(checkpoint, target)
    done = add(dism, root, both)
    assert 0 == done.code
    assert f"Processing 1 of 1 - Adding package {both}" in done.lines
    assert {"17134.228.1.0": "Superseded", "17134.345.1.0": "Install Pending"} == rollups(dism, root)
    assert [] == wrong(root, image_answer(target, ImageKind("winpe")))


def test_a_folder_with_a_target_and_its_checkpoint(
    dism: Standin, image: Callable[[str], Path], samples: Samples, cu: Callable[..., Path]
) -> None:
    """Named as a folder its packages go in one by one, a checkpoint before what is built upon it, whatever their names."""
    checkpoint, target = checkpointed()
    root = image("winpe")
    add(dism, root, samples.package(SSU))
    assert 0x800F0838 == add(dism, root, cu(target).parent).code
    folder = cu(replace(checkpoint, stem="z-checkpoint"), replace(target, stem="a-target")).parent
    done = add(dism, root, folder)
    assert 0 == done.code
    shown = [line.rpartition("/")[2] for line in done.lines if line.startswith("Processing")]
    assert ["z-checkpoint.msu", "a-target.msu"] == shown
    assert {"17134.228.1.0": "Superseded", "17134.345.1.0": "Install Pending"} == rollups(dism, root)


def test_a_checkpoint_that_is_in_the_image_is_not_needed_again(
    dism: Standin, image: Callable[[str], Path], samples: Samples, cu: Callable[..., Path]
) -> None:
    """One by one is fine too, where the image keeps the checkpoint."""
    checkpoint, target = checkpointed()
    root = image("winpe")
    add(dism, root, samples.package(SSU))
    assert [0, 0] == [add(dism, root, cu(one)).code for one in (checkpoint, target)]
    assert {"17134.228.1.0": "Superseded", "17134.345.1.0": "Install Pending"} == rollups(dism, root)


def test_checkpoints_of_checkpoints_and_what_else_is_in_the_folder(
    dism: Standin, image: Callable[[str], Path], samples: Samples, cu: Callable[..., Path]
) -> None:
    """A chain goes in from its beginning; one that is broken is 0x800f0838; a newer update beside them is left alone."""
    first, target = checkpointed()
    second = replace(
        first,
        stem="second",
        kb="KB9000014",
        identity=replace(first.identity, version="17134.300.1.0"),
        checkpoints=(first.identity,),
        supersedes=(first.identity,),
    )
    last = replace(target, checkpoints=(second.identity,))
    newer = replace(
        target, stem="newer", kb="KB9000015", identity=replace(target.identity, version="17134.400.1.0")
    )
    root = image("winpe")
    add(dism, root, samples.package(SSU))
    assert 0x800F0838 == add(dism, root, cu(second, last)).code
    assert {} == rollups(dism, root)
    assert 0 == add(dism, root, cu(first, newer, second, last)).code
    assert {
        "17134.228.1.0": "Superseded",
        "17134.300.1.0": "Superseded",
        "17134.345.1.0": "Install Pending",
    } == rollups(dism, root)


def test_removing_brings_the_old_version_back(
    dism: Standin, image: Callable[[str], Path], samples: Samples
) -> None:
    """By name, or by the cabinet; not by an .msu, not what others are built on, not while actions are pending."""
    root = image("winpe")
    cab = samples.package("kb9000005-x64")
    answer = samples.answer("kb9000005-x64")
    remove = [f"/Image:{root}", "/Remove-Package"]
    before = hive_of(root, "Windows\\System32\\wer.dll").read_bytes()
    assert 0x800F0805 == dism(*remove, f"/PackagePath:{cab}").code
    add(dism, root, cab)
    assert before != hive_of(root, "Windows\\System32\\wer.dll").read_bytes()
    pending = root / "Windows/WinSxS/pending.xml"
    pending.write_text("<x/>", encoding="utf-8")
    assert 0x800F0825 == dism(*remove, f"/PackageName:{answer['identity']}").code
    pending.unlink()
    assert 0 == dism(*remove, f"/PackageName:{answer['identity']}").code
    assert before == hive_of(root, "Windows\\System32\\wer.dll").read_bytes()
    assert answer["identity"] not in states(dism, root)
    assert 50 == dism(*remove, f"/PackagePath:{samples.package(SSU)}").code
    assert 0x800F0825 == dism(*remove, f"/PackageName:{n.WINPE.package_name}").code


def test_package_information(dism: Standin, image: Callable[[str], Path], samples: Samples) -> None:
    """Of the image's by name, nested ones too; of a file with whether it applies; not of an .msu."""
    root = image("winpe")
    ask = [f"/Image:{root}", "/Get-PackageInfo"]
    cab = samples.package("kb9000005-x64")
    fresh = dism(*ask, f"/PackagePath:{cab}").lines
    assert {"Applicable : Yes", "State : Not Present", "Release Type : Update"} <= set(fresh)
    assert "(No features found for this package)" in fresh
    other = dism(*ask, f"/PackagePath:{samples.package('kb9000006-x64')}").lines
    assert {"Applicable : No", "Completely offline capable : Undetermined"} <= set(other)
    add(dism, root, cab)
    nested = samples.answer("kb9000005-x64")["images"]["winpe"]["packages"][0]
    assert "State : Install Pending" in dism(*ask, f"/PackageName:{nested}").lines
    assert nested not in states(dism, root)
    assert 50 == dism(*ask, f"/PackagePath:{samples.package(SSU)}").code
    assert 0x800F0805 == dism(*ask, "/PackageName:nobody").code


def test_prevent_pending_passes_over(dism: Standin, image: Callable[[str], Path], samples: Samples) -> None:
    """With actions pending in the image nothing is added, and that is a success."""
    root = image("winpe")
    (root / "Windows/WinSxS/pending.xml").write_text("<x/>", encoding="utf-8")
    line = [f"/Image:{root}", "/Add-Package", f"/PackagePath:{samples.package(SSU)}"]
    assert 0 == dism(*line, "/PreventPending").code
    assert STACK_PACKAGE not in states(dism, root)
