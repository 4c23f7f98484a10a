"""The sample media: whole, deterministic, and what its answer key says, read by independent programs and readers."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import pytest
from Registry import Registry
from support.fixtures import samples
from support.samples import build_samples, images
from support.samples.names import ENTERPRISE, PACKAGES_OF, ImageKind
from support.samples.tree import Tree
from support.samples.wimfile import Packer, WimImage, write_wim
from support.witness import witness

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples import Samples

__all__ = ["samples"]

CBS = "Microsoft\\Windows\\CurrentVersion\\Component Based Servicing"


@pytest.fixture(scope="module")
def disc(samples: Samples, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The media's files, as 7z unpacks them."""
    folder = tmp_path_factory.mktemp("disc")
    witness("7z", "x", f"-o{folder}", str(samples.media))
    return folder


def taken(wim: Path, index: int, path: str, folder: Path) -> Path:
    """One file of an image, as wimlib-imagex extracts it."""
    witness(
        "wimlib-imagex",
        "extract",
        str(wim),
        str(index),
        f"/{path.replace(chr(92), '/')}",
        f"--dest-dir={folder}",
    )
    return folder / path.rpartition("\\")[2]


def details(wim: Path, index: int, path: str) -> str:
    """What wimlib-imagex says of one entry (and of what is below it)."""
    return witness(
        "wimlib-imagex", "dir", str(wim), str(index), "--detailed", f"--path=/{path.replace(chr(92), '/')}"
    )


def test_disc_holds_what_the_answer_key_says(samples: Samples, disc: Path) -> None:
    """Every file is there with its content, beside the two WIMs."""
    stated = {row["path"]: row["sha256"] for row in samples.answer("media")["files"]}
    found = {
        str(path.relative_to(disc)).replace("/", "\\"): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in disc.rglob("*")
        if path.is_file() and path.suffix != ".wim"
    }
    assert stated == {path: digest for path, digest in found.items() if not path.startswith("[BOOT]")}


@pytest.mark.parametrize("name", ["install.wim", "boot.wim"])
def test_wims_verify(disc: Path, name: str) -> None:
    """`wimlib-imagex` and `7z` find the WIMs whole."""
    path = str(disc / "sources" / name)
    assert "successfully verified" in witness("wimlib-imagex", "verify", path)
    witness("7z", "t", path)


def test_wim_information_is_that_of_windows_media(disc: Path) -> None:
    """Names, editions, version and languages stand in the XML; the Setup image is the one that boots."""
    install = witness("wimlib-imagex", "info", str(disc / "sources" / "install.wim"))
    boot = witness("wimlib-imagex", "info", str(disc / "sources" / "boot.wim"))

    def values(text: str, label: str) -> list[str]:
        return re.findall(rf"^{label}: +(.+?)\s*$", text, re.MULTILINE)

    expected = ["Sample 10 Pro", "Sample 10 Enterprise"]
    assert expected == values(install, "Name")
    assert expected == values(install, "Display Name")
    editions = ["Professional", "Enterprise"]
    assert editions == values(install, "Edition ID")
    assert values(install, "Build") == ["17134", "17134"]
    assert values(install, "Default Language") == ["en-US", "en-US"]
    assert values(install, "Compression") == ["LZX"]
    names = ["Sample Windows PE (amd64)", "Sample Windows Setup (amd64)"]
    assert names == values(boot, "Name")
    assert values(boot, "Boot Index") == ["2"]


@pytest.mark.parametrize(
    ("wim", "index", "listing"),
    [
        ("install.wim", 1, "install-1"),
        ("install.wim", 2, "install-2"),
        ("boot.wim", 1, "winpe"),
        ("boot.wim", 2, "setup"),
    ],
)
def test_images_hold_what_the_answer_key_says(
    samples: Samples, disc: Path, tmp_path: Path, wim: str, index: int, listing: str
) -> None:
    """An image extracted by wimlib-imagex has every file of the key with its content, and no other."""
    witness("wimlib-imagex", "apply", str(disc / "sources" / wim), str(index), str(tmp_path / "out"))
    found = {
        str(path.relative_to(tmp_path / "out")).replace("/", "\\"): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file() and not path.is_symlink()
    }
    assert samples.answer("media")["images"][listing] == found


def test_files_said_to_be_kept_are_in_the_images(samples: Samples) -> None:
    """What an update's key says stays as it is, is in the image as it says."""
    listings = samples.answer("media")["images"]
    places = {"install": "install-2", "winre": "winre", "winpe": "winpe", "setup": "setup"}
    for stem in ("kb9000001-x64", "kb9000002-x64", "kb9000004-x64"):
        answers = samples.answer(stem)["images"]
        for kind, listing in places.items():
            kept = {row["path"]: row["sha256"] for row in answers[kind]["kept"]}
            assert kept == {path: listings[listing].get(path) for path in kept}
    assert len(samples.answer("kb9000002-x64")["images"]["winre"]["kept"]) > 20


def test_what_ntfs_knows_of_files_is_in_the_image(disc: Path) -> None:
    """Hard links, short names, attributes, streams, junctions and descriptors are there."""
    wim = disc / "sources" / "install.wim"
    notepad = details(wim, 1, "Windows\\System32\\notepad.exe")
    assert "Link Count          = 4" in notepad
    group = re.findall(r"Link Group ID +=.*", notepad)
    assert group == re.findall(r"Link Group ID +=.*", details(wim, 1, "Windows\\notepad.exe"))
    assert 'Short Name          = "WIN32C~1.EXE"' in details(wim, 1, "Windows\\System32\\win32calc.exe")
    assert "Attributes          = 0x00002026" in details(wim, 1, images.WINRE_PATH)
    oobe = details(wim, 1, "Windows\\System32\\oobe")
    assert {"folder-note", "Zone.Identifier"} == set(re.findall(r'Named data stream "(.+)"', oobe))
    assert "Reparse Tag         = 0xa0000003" in details(wim, 1, "Users\\Default User")
    assert "Reparse Tag         = 0xa000000c" in details(wim, 1, "Users\\All Users")
    everything = details(wim, 1, "")
    assert len(set(re.findall(r"Security Descriptor = (\w+)", everything))) == 7


def test_descriptors_are_read_as_they_were_meant(disc: Path) -> None:
    """7z names the owners: TrustedInstaller for system files, Administrators for hives."""
    listing = witness("7z", "l", "-slt", str(disc / "sources" / "install.wim"))
    of = {block.splitlines()[0]: block for block in listing.split("Path = ")[1:]}
    assert re.search("NT Security = TrustedInstaller TrustedInstaller", of["1/Windows/System32/ntdll.dll"])
    assert re.search("NT Security = Administrators LocalSystem", of["1/Windows/System32/config/SOFTWARE"])


def test_winre_is_one_wim_in_both_editions(samples: Samples, disc: Path, tmp_path: Path) -> None:
    """The recovery image is the same in both, verifies, and has the recovery packages."""
    answer = samples.answer("media")
    path = taken(disc / "sources" / "install.wim", 2, images.WINRE_PATH, tmp_path)
    assert answer["winre"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    listings = answer["images"]
    assert listings["install-1"][images.WINRE_PATH] == listings["install-2"][images.WINRE_PATH]
    assert "successfully verified" in witness("wimlib-imagex", "verify", str(path))
    files = witness("wimlib-imagex", "dir", str(path), "1", "--path=/Windows/servicing/Packages")
    assert {package.name for package in PACKAGES_OF[ImageKind.WINRE]} == set(
        re.findall(r"Packages/([\w-]+)~\S+\.mum", files)
    )


def _hive(disc: Path, folder: Path, wim: str, index: int, path: str) -> Any:
    return Registry.Registry(str(taken(disc / "sources" / wim, index, path, folder)))


def test_registry_mirrors_the_packages(disc: Path, tmp_path: Path) -> None:
    """Each package description has its installed entry in the SOFTWARE hive, and the edition is its own."""
    hive = _hive(disc, tmp_path, "install.wim", 2, f"{images.CONFIG}\\SOFTWARE")
    version = hive.open("Microsoft\\Windows NT\\CurrentVersion")
    expected = ("Enterprise", "17134", 1)
    assert expected == tuple(version.value(name).value() for name in ("EditionID", "CurrentBuild", "UBR"))
    packages = hive.open(f"{CBS}\\Packages").subkeys()
    assert {112} == {package.value("CurrentState").value() for package in packages}
    files = witness(
        "wimlib-imagex",
        "dir",
        str(disc / "sources" / "install.wim"),
        "2",
        "--path=/Windows/servicing/Packages",
    )
    names = {package.name() for package in packages}
    assert ENTERPRISE.package_name in names
    assert names == set(re.findall(r"Packages/(\S+)\.mum", files))


def test_hives_are_whole(disc: Path, tmp_path: Path) -> None:
    """Other readers walk every hive, the value in segments included."""
    wim = disc / "sources" / "install.wim"
    for name in ("SOFTWARE", "SYSTEM", "COMPONENTS", "DRIVERS", "DEFAULT", "SAM", "SECURITY"):
        path = taken(wim, 1, f"{images.CONFIG}\\{name}", tmp_path)
        assert witness("hivexml", str(path)).startswith("<?xml")
    system = Registry.Registry(str(tmp_path / "SYSTEM"))
    policy = system.open("ControlSet001\\Control\\ProductOptions").value("ProductPolicy").value()
    assert len(policy) == 21_428
    assert system.open("Select").value("Current").value() == 1


def test_features_are_where_the_answer_key_says(samples: Samples) -> None:
    """A feature that is on has its files in place; one that is off and staged has them only in the store."""
    answer = samples.answer("media")
    listing = answer["images"]["install-1"]
    for name, enabled, staged in (
        ("SampleTelnetClient", False, True),
        ("SMB1Protocol", True, True),
        ("NetFx3", False, False),
    ):
        feature = answer["features"][name]
        assert enabled == feature["enabled"]
        for row in feature["when_enabled"]["files"]:
            there = row["path"] in listing
            assert (enabled if row["role"] == "projected" else staged) == there


def test_shared_sources_cover_every_case(samples: Samples) -> None:
    """Among the files in sources and System32 some are equal, some newer on the media, some newer in the image."""
    rows = samples.answer("media")["sync"]
    assert {"same", "media", "image"} == {row["newer"] for row in rows}
    assert all(row["equal"] for row in rows if row["newer"] == "same")
    lone = {row["path"] for row in samples.answer("media")["files"]} - {row["media"] for row in rows}
    assert "sources\\spwizeng.dll" in lone


def test_media_is_the_same_bytes_each_time(samples: Samples, tmp_path: Path) -> None:
    """A second build equals the first."""
    again = build_samples(tmp_path, only=["media"])
    assert samples.answer("media")["sha256"] == again.answer("media")["sha256"]
    assert not (tmp_path / "media.work").exists()


def test_unknown_samples_are_refused(tmp_path: Path) -> None:
    """A name that is no sample is an error that says so."""
    with pytest.raises(ValueError, match="no such sample: kb1"):
        build_samples(tmp_path, only=["kb1"])


def test_empty_and_equal_files_make_a_valid_wim(tmp_path: Path) -> None:
    """Files without content have no blob, equal ones share one."""
    tree = Tree()
    for name in ("a", "b"):
        tree.file(f"folder\\{name}", b"equal" * 10_000)
    tree.file("empty", b"")
    tree.folder("nothing in it")
    path = tmp_path / "small.wim"
    write_wim(path, [WimImage(tree, "<NAME>small</NAME>")], Packer())
    assert "successfully verified" in witness("wimlib-imagex", "verify", str(path))
    assert "Reference Count   = 2" in details(path, 1, "folder\\a")
