"""Facts of media, read from the sample ISO in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import used

from osrecipe.formats.errors import FormatError
from osrecipe.formats.iso import IsoFile, write_iso
from osrecipe.inputs.media import Wanted, media_facts
from osrecipe.model.problems import OsrecipeError

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples import Samples

HASH = "0" * 64


def test_images_are_read_with_their_identity(samples: Samples) -> None:
    """Name, edition, installation, architecture, build and language come from the WIM's XML."""
    image = media_facts(samples.media, HASH, Wanted()).install.images[1]

    expected = ("Sample 10 Enterprise", "Enterprise", "Client", "amd64", "10.0.17134.1", "xml", ("en-US",))
    found = (
        image.name,
        image.edition,
        image.installation,
        image.architecture,
        str(image.version),
        image.version_from,
        image.languages,
    )
    assert expected == found


def test_equal_winre_images_have_equal_hashes(samples: Samples) -> None:
    """Both editions carry the same recovery image, which the WIM's own hashes show."""
    first, second = media_facts(samples.media, HASH, Wanted()).install.images

    assert first.winre is not None
    assert first.winre == second.winre


def test_boot_entries_and_setup_files_are_seen(samples: Samples) -> None:
    """The ISO boots by BIOS and UEFI, and `sources` has both setup programs."""
    facts = media_facts(samples.media, HASH, Wanted())

    expected = (("bios", "efi"), ("setup.exe", "setuphost.exe"), "OSR_SAMPLE_X64")
    assert expected == (facts.firmware, facts.setup_files, facts.label)


def test_boot_wim_marks_setup_bootable(samples: Samples) -> None:
    """boot.wim has two images, of which the second boots."""
    boot = media_facts(samples.media, HASH, Wanted()).boot

    assert boot is not None
    expected = (2, 2)
    assert expected == (len(boot.images), boot.boot_index)


def test_features_are_listed_only_when_asked_for(samples: Samples) -> None:
    """Listing features reads every package of every image, so it waits until a recipe switches one."""
    without = media_facts(samples.media, HASH, Wanted()).install.images[0].features
    features = media_facts(samples.media, HASH, Wanted(features=True)).install.images[0].features

    assert {} == dict(without)
    expected = {"NetFx3": False, "SMB1Protocol": True, "SampleTelnetClient": False}
    assert expected == {name: each.enabled for name, each in features.items()}


def test_the_netfx3_package_is_found_on_the_media(samples: Samples) -> None:
    r"""`sources\sxs` holds the package that enables .NET Framework 3.5."""
    netfx3 = media_facts(samples.media, HASH, Wanted()).netfx3

    assert netfx3 is not None
    assert netfx3.identity.startswith("Microsoft-Windows-NetFx3-OnDemand-Package~")
    assert "payload:whole" in netfx3.elements


def test_an_iso_without_install_wim_is_refused(tmp_path: Path) -> None:
    """Any other ISO is named as what it is, with what to do for media that carry an ESD."""
    content = tmp_path / "content"
    content.write_bytes(b"data")
    path = tmp_path / "other.iso"
    files = [IsoFile("sources\\install.esd", content)]
    write_iso(files, [], path, label="OTHER", bios_boot=None, efi_boot=None, timestamp=1_500_000_000)

    with pytest.raises(OsrecipeError) as caught:
        media_facts(path, HASH, Wanted())

    problem = caught.value.problems[0]
    assert problem.slug == "input/not-media"
    assert "install.esd" in problem.hint


def test_a_file_that_is_no_iso_is_refused(tmp_path: Path) -> None:
    """Bytes that are no disc end in a format error, not in a crash."""
    path = tmp_path / "broken.iso"
    path.write_bytes(b"MZ" * 50_000)

    with pytest.raises(FormatError) as caught:
        media_facts(path, HASH, Wanted())

    assert caught.value.slug.startswith("iso/")


def test_captured_images_are_told_from_others(tmp_path: Path) -> None:
    """Each image has its answer and the traces it was told by; sysprep's alone leave it unknown."""
    iso = used.media(tmp_path, Plain=used.factory(), Sealed=used.sealed(), Used=used.captured())

    images = media_facts(iso, HASH, Wanted()).install.images

    assert ["uncaptured", "unknown", "captured"] == [image.capture for image in images]
    assert [0, 3, 7] == [len(image.traces) for image in images]


def test_another_build_than_the_xml_says_is_in_the_facts(tmp_path: Path) -> None:
    """As 19045 media does, whose XML says 19041: the XML's counts, the registry's is known."""
    iso = used.media(tmp_path, Newer=used.factory("17135", 9))

    image = media_facts(iso, HASH, Wanted()).install.images[0]

    assert ("10.0.17134.1", "xml") == (str(image.version), image.version_from)
    assert {"registry": "10.0.17135.9"} == {who: str(version) for who, version in image.also.items()}


def test_windows_pe_is_not_asked_who_ran_it(samples: Samples) -> None:
    """Windows PE runs from memory; the sample's editions carry one of sysprep's traces."""
    facts = media_facts(samples.media, HASH, Wanted())

    assert facts.boot is not None
    assert [None, None] == [image.capture for image in facts.boot.images]
    assert ["unknown", "unknown"] == [image.capture for image in facts.install.images]
