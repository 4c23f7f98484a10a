"""Update files and the packages inside."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import cabarchive
import pytest
from support.samples.packages import package_bytes
from support.samples.updates import all_updates
from support.witness import witness

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.msu import Container, MemberKind, open_package, read_msu
from osrecipe.formats.msu.contents import kind_of, read_answer, read_properties

LIMIT = 1 << 30
MUM = b"""<assembly xmlns="urn:schemas-microsoft-com:asm.v3"><assemblyIdentity name="%s" version="1.0.0.0"
processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35"/><package identifier="KB1234567"/></assembly>"""
ANSWER = b"""<?xml version="1.0" encoding="utf-8"?><unattend xmlns="urn:schemas-microsoft-com:unattend"><servicing>
<package action="install"><assemblyIdentity name="Package_for_KB1234567" version="1.0.0.0" language="neutral"
processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35"/>
<source location="%configsetroot%\\Windows10.0-KB1234567-x64.cab"/></package></servicing></unattend>"""


def cab(files: dict[str, bytes]) -> bytes:
    """A cabinet."""
    archive = cabarchive.CabArchive()
    for name, data in files.items():
        archive[name] = cabarchive.CabFile(data)
    made: bytes = archive.save(compress=True)
    return made


def package(name: bytes, **files: bytes) -> bytes:
    """A package cabinet."""
    return cab({"update.mum": MUM % name, **files})


def members() -> dict[str, bytes]:
    """What a modern update file holds, in the order Microsoft stores it."""
    return {
        "DesktopDeployment.cab": cab({"x": b""}),
        "onepackage.AggregatedMetadata.cab": cab(
            {"LCUCompDB_KB1234567.xml.cab": b"", "HotpatchCompDB_1.xml.cab": b""}
        ),
        "Windows10.0-KB1234567-x64.cab": package(b"Package_for_RollupFix", payload=b"data"),
        "Windows10.0-KB1234567-x64.psf": b"psf",
        "SSU-19041.903-x64.cab": package(b"Package_for_ServicingStack"),
        "Windows10.0-KB1234567-x64.xml": ANSWER,
        "Windows10.0-KB1234567-x64-pkgProperties.txt": 'KB Article Number="1234567"\r\n'.encode("utf-16"),
        "WSUSSCAN.cab": b"not even a cabinet",
    }


@pytest.fixture
def msu(tmp_path: Path) -> Path:
    """An update file in a cabinet."""
    path = tmp_path / "windows10.0-kb1234567-x64.msu"
    path.write_bytes(cab(members()))
    return path


def as_wim(folder: Path, files: dict[str, bytes], name: str) -> Path:
    """The files in a WIM of one image without compression, as update files since build 25336 are."""
    tree = folder / f"{name}.tree"
    for file, data in files.items():
        (tree / file).parent.mkdir(parents=True, exist_ok=True)
        (tree / file).write_bytes(data)
    path = folder / name
    witness("wimlib-imagex", "capture", str(tree), str(path), "update", "--compress=none", "--no-acls")
    return path


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("WSUSSCAN.cab", MemberKind.SCAN),
        ("DesktopDeployment.cab", MemberKind.INSTALLER),
        ("DesktopDeployment_x86.cab", MemberKind.INSTALLER),
        ("onepackage.AggregatedMetadata.cab", MemberKind.METADATA),
        ("SSU-26100.1742-x64.wim", MemberKind.STACK),
        ("RCU-1-x64.cab", MemberKind.REVISED),
        ("Windows11.0-KB5043080-x64.wim", MemberKind.PACKAGE),
        ("Windows11.0-KB5043080-x64.psf", MemberKind.PAYLOAD),
        ("toc.xml", MemberKind.CONTENTS),
        ("Windows10.0-KB1234567-x64.xml", MemberKind.ANSWER),
        ("Windows10.0-KB1234567-x64-pkgProperties.txt", MemberKind.PROPERTIES),
        ("update.mum", MemberKind.OTHER),
        ("folder\\a.cab", MemberKind.OTHER),
    ],
)
def test_members_are_classed_by_name(name: str, kind: MemberKind) -> None:
    """Every name that occurs in update files is known for what it is."""
    assert kind is kind_of(name)


def test_an_update_in_a_cabinet_is_described(msu: Path) -> None:
    """Members, properties and the answer file's package arrive."""
    found = read_msu(msu)
    assert found.container is Container.CAB
    assert [(member.name, member.size) for member in found.of_kind(MemberKind.PAYLOAD)] == [
        ("Windows10.0-KB1234567-x64.psf", 3)
    ]
    assert found.properties is not None
    assert found.properties.kb == "KB1234567"
    (named,) = found.packages
    assert named.action == "install"
    assert named.identity.package_name == "Package_for_KB1234567~31bf3856ad364e35~amd64~~1.0.0.0"
    assert named.location == "%configsetroot%\\Windows10.0-KB1234567-x64.cab"


def test_the_stack_is_the_first_package(msu: Path) -> None:
    """Packages are opened in the order to install them, with their files and descriptions."""
    with open_package(msu) as opened:
        assert [archive.kind for archive in opened.archives] == [MemberKind.STACK, MemberKind.PACKAGE]
        names = [found.identity.name for archive in opened.archives if (found := archive.package())]
        assert names == ["Package_for_ServicingStack", "Package_for_RollupFix"]
        assert opened.archives[1].read("PAYLOAD", limit=4) == b"data"
        assert opened.archives[1].has("Update.MUM")
        assert opened.metadata_names() == ("HotpatchCompDB_1.xml.cab", "LCUCompDB_KB1234567.xml.cab")


def test_an_update_in_a_wim_reads_the_same(tmp_path: Path) -> None:
    """The newer container, with packages that are WIMs themselves, says the same as the older one."""
    inner = as_wim(tmp_path, {"update.mum": MUM % b"Package_for_RollupFix", "a/b.dll": b"dll"}, "inner.wim")
    files = members()
    del files["Windows10.0-KB1234567-x64.cab"]
    path = as_wim(tmp_path, {**files, "Windows10.0-KB1234567-x64.wim": inner.read_bytes()}, "kb1234567.msu")
    found = read_msu(path)
    assert found.container is Container.WIM
    assert found.properties is not None
    assert found.properties.kb == "KB1234567"
    scratch = tmp_path / "scratch"
    with open_package(path, scratch=scratch) as opened:
        stack, update = opened.archives
        assert stack.kind is MemberKind.STACK
        description = update.package()
        assert description is not None
        assert description.identity.name == "Package_for_RollupFix"
        assert min((file.name, file.size) for file in update.files) == ("a\\b.dll", 3)
        (written,) = update.extract(["A/B.dll"], tmp_path / "out", limit_bytes=3)
        assert written.read_bytes() == b"dll"
        assert opened.metadata_names() == ("HotpatchCompDB_1.xml.cab", "LCUCompDB_KB1234567.xml.cab")
        for limit, name, fault in ((2, "a\\b.dll", Fault.TOO_LARGE), (9, "absent", Fault.MISSING)):
            with pytest.raises(FormatError) as caught:
                update.read(name, limit=limit)
            assert fault == caught.value.fault


def test_a_package_cabinet_is_its_own_package(tmp_path: Path) -> None:
    """A plain package is opened by the same call and has no members of an update file."""
    (tmp_path / "a.cab").write_bytes(package(b"P", other=b"x"))
    with open_package(tmp_path / "a.cab") as opened:
        assert opened.msu is None
        (archive,) = opened.archives
        assert (archive.name, archive.kind) == ("a.cab", MemberKind.PACKAGE)
        assert [file.name for file in archive.files] == ["other", "update.mum"]
        assert dict(archive.read_each(["other", "update.mum"], limit=LIMIT))["other"] == b"x"
        assert opened.metadata_names() == ()


def test_a_combined_cabinet_is_opened_to_its_packages(tmp_path: Path) -> None:
    """A cabinet of a stack and an update, with its own kind of XML, is read like an update file."""
    files = {
        "toc.xml": b"<contents/>",
        "Windows10.0-KB1234567-x64.cab": package(b"Package_for_RollupFix"),
        "SSU-19041.903-x64.cab": package(b"Package_for_ServicingStack"),
    }
    (tmp_path / "a.cab").write_bytes(cab(files))
    with open_package(tmp_path / "a.cab") as opened:
        assert opened.msu is not None
        assert opened.msu.packages == ()
        assert [archive.name for archive in opened.archives] == [
            "SSU-19041.903-x64.cab",
            "Windows10.0-KB1234567-x64.cab",
        ]


def test_packages_may_be_split_into_cabinets(tmp_path: Path) -> None:
    """A package that is made of further package cabinets is opened down to them, but not without end."""
    inner = package(b"Part")
    for expected in (True, True, True, False):
        inner = cab({"Cab_1_for_KB1234567.cab": inner})
        (tmp_path / "a.cab").write_bytes(inner)
        if expected:
            with open_package(tmp_path / "a.cab") as opened:
                assert [found.identity.name for a in opened.archives if (found := a.package())] == ["Part"]
        else:
            with pytest.raises(FormatError) as caught:
                open_package(tmp_path / "a.cab")
            assert caught.value.fault is Fault.UNSUPPORTED


def test_loose_files_stay_loose(tmp_path: Path) -> None:
    """A cabinet of files for the media is one archive without description, whatever cabinets and XML are among them."""
    (tmp_path / "a.cab").write_bytes(
        cab({"setup.exe": b"MZ", "data.cab": b"no cabinet", "some.xml": b"<not-an-answer/>"})
    )
    with open_package(tmp_path / "a.cab") as opened:
        (archive,) = opened.archives
        assert archive.package() is None
        assert [file.name for file in archive.files] == ["data.cab", "setup.exe", "some.xml"]


def test_scratch_is_removed_only_when_it_is_ours(
    msu: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of our own goes on closing; one the caller gave stays."""
    own = tmp_path / "temporary"
    own.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(own))
    with open_package(msu) as opened:
        assert len(opened.archives) == 2
        assert list(own.iterdir()) != []
    assert list(own.iterdir()) == []
    with open_package(msu, scratch=tmp_path / "given"):
        pass
    assert list(own.iterdir()) == []
    assert len([path for path in (tmp_path / "given").rglob("*") if path.is_file()]) == 2


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are looked up in /proc")
def test_scratch_is_removed_after_its_files_are_closed(msu: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows removes no file that is open."""
    open_then: list[str] = []
    remove = tempfile.TemporaryDirectory.cleanup

    def cleanup(folder: tempfile.TemporaryDirectory[str]) -> None:
        for number in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                open_then.extend([str(number.readlink())] if folder.name in str(number.readlink()) else [])
        remove(folder)

    monkeypatch.setattr(tempfile.TemporaryDirectory, "cleanup", cleanup)
    with open_package(msu) as opened:
        assert len(opened.archives) == 2
    assert [] == open_then


def test_damage_inside_leaves_nothing_open(
    msu: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When a package inside is no cabinet, the error comes out and the scratch folder is gone."""
    own = tmp_path / "temporary"
    own.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(own))
    msu.write_bytes(cab({**members(), "SSU-19041.903-x64.cab": b"garbage"}))
    with pytest.raises(FormatError) as caught:
        open_package(msu)
    assert caught.value.fault is Fault.CORRUPT
    assert list(own.iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"MSCF", b"MSWIM\0\0\0"])
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    """An archive of another kind, and a torn one, are no updates."""
    (tmp_path / "a.msu").write_bytes(data)
    with pytest.raises(FormatError) as caught:
        read_msu(tmp_path / "a.msu")
    assert caught.value.fault in {Fault.CORRUPT, Fault.TRUNCATED}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_properties_are_read_in_every_encoding(encoding: str) -> None:
    """Rows are found with and without quotes and marks; other lines are left out."""
    text = 'Applies to="Windows 10.0"\r\nKB Article Number="KB1234567"\r\nfree text\r\nCompany=Contoso\r\n'
    found = read_properties(text.encode(encoding))
    assert found.rows == (
        ("Applies to", "Windows 10.0"),
        ("KB Article Number", "KB1234567"),
        ("Company", "Contoso"),
    )
    assert found.kb == "KB1234567"
    assert found.value("applies TO") == "Windows 10.0"


def test_properties_without_an_article_have_none() -> None:
    """No row, or one that is no article, gives no KB."""
    assert read_properties(b"").kb == ""
    assert read_properties(b'KB Article Number="none"').kb == ""


@pytest.mark.parametrize(
    "data",
    [
        b"<unattend/",
        b"<other/>",
        b'<unattend xmlns="urn:schemas-microsoft-com:unattend"><servicing><package/></servicing></unattend>',
    ],
)
def test_damaged_answer_files_are_refused(data: bytes) -> None:
    """An answer file whose package is none is CORRUPT."""
    with pytest.raises(FormatError) as caught:
        read_answer(data)
    assert caught.value.fault is Fault.CORRUPT


def test_a_wim_of_two_images_is_no_update(tmp_path: Path) -> None:
    """Which of two images would be the update is not known, so neither is taken."""
    path = as_wim(tmp_path, {"a": b"1"}, "two.msu")
    witness("wimlib-imagex", "append", f"{path}.tree", str(path), "second", "--no-acls")
    with pytest.raises(FormatError) as caught:
        read_msu(path)
    assert caught.value.fault is Fault.UNSUPPORTED


def test_every_sample_update_opens(tmp_path: Path) -> None:
    """The sample updates, authored apart from this reader, open with the identity they were made with."""
    for update in all_updates():
        path = tmp_path / update.file_name
        path.write_bytes(package_bytes(update))
        with open_package(path) as opened:
            descriptions = [found for archive in opened.archives if (found := archive.package())]
        expected = [] if update.loose else [update.identity.package_name]
        assert expected == [found.identity.package_name for found in descriptions]


def test_in_memory_cabinets_match(msu: Path) -> None:
    """The description made from the file equals what the cabinet's own list says."""
    listed = cabarchive.CabArchive(msu.read_bytes())
    assert {member.name: member.size for member in read_msu(msu).members} == {
        name: len(file.buf or b"") for name, file in listed.items()
    }
