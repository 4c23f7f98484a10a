"""The XML: what is read, what is kept, what is refused."""

from __future__ import annotations

import pytest

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.wim.xmlinfo import ImageInfo, WimXml

TEXT = """<WIM><TOTALBYTES>5</TOTALBYTES><IMAGE INDEX="2"><NAME>two</NAME></IMAGE><IMAGE INDEX="1"><DIRCOUNT>9</DIRCOUNT>
<FILECOUNT>8</FILECOUNT><TOTALBYTES>7</TOTALBYTES><HARDLINKBYTES>6</HARDLINKBYTES>
<CREATIONTIME><HIGHPART>0x01D80000</HIGHPART><LOWPART>0x0000000A</LOWPART></CREATIONTIME>
<WINDOWS><ARCH>9</ARCH><PRODUCTNAME>Microsoft® Windows®</PRODUCTNAME><EDITIONID>Core</EDITIONID>
<INSTALLATIONTYPE>Client</INSTALLATIONTYPE><PRODUCTTYPE>WinNT</PRODUCTTYPE><PRODUCTSUITE>Terminal Server</PRODUCTSUITE>
<HAL>acpiapic</HAL><LANGUAGES><LANGUAGE>en-US</LANGUAGE><LANGUAGE>de-DE</LANGUAGE><FALLBACK LANGUAGE="de-DE">en-US</FALLBACK>
<DEFAULT>en-US</DEFAULT></LANGUAGES><SERVICINGDATA><IMAGESTATE>IMAGE_STATE</IMAGESTATE></SERVICINGDATA>
<VERSION><MAJOR>10</MAJOR><MINOR>0</MINOR><BUILD>19041</BUILD><SPBUILD>1</SPBUILD><SPLEVEL>0</SPLEVEL><BRANCH>vb</BRANCH></VERSION>
<SYSTEMROOT>WINDOWS</SYSTEMROOT></WINDOWS><NAME>Windows 10</NAME><DESCRIPTION>D</DESCRIPTION><FLAGS>Core</FLAGS>
<DISPLAYNAME>N</DISPLAYNAME><DISPLAYDESCRIPTION>DD</DISPLAYDESCRIPTION></IMAGE></WIM>"""


def encoded(text: str) -> bytes:
    """As a WIM holds it."""
    return ("\ufeff" + text).encode("utf-16-le")


def test_everything_known_is_read() -> None:
    """Each field of the XML's image, found by its index and not by its place."""
    assert ImageInfo(
        index=1,
        name="Windows 10",
        description="D",
        display_name="N",
        display_description="DD",
        flags="Core",
        edition="Core",
        installation="Client",
        product_type="WinNT",
        product_suite="Terminal Server",
        hal="acpiapic",
        architecture="amd64",
        major=10,
        minor=0,
        build=19041,
        spbuild=1,
        splevel=0,
        branch="vb",
        system_root="WINDOWS",
        languages=("en-US", "de-DE"),
        default_language="en-US",
        directories=9,
        files=8,
        total_bytes=7,
        hard_link_bytes=6,
        created=0x01D80000 << 32 | 10,
        modified=None,
    ) == WimXml.parse(encoded(TEXT)).info(1)


def test_what_is_not_there_is_empty() -> None:
    """Missing and meaningless fields are None or empty, never invented."""
    info = WimXml.parse(
        encoded('<WIM><IMAGE INDEX="1"><FILECOUNT>x</FILECOUNT><DIRCOUNT>-1</DIRCOUNT></IMAGE></WIM>')
    ).info(1)
    assert ("", "", None, None, ()) == (
        info.name,
        info.architecture,
        info.files,
        info.directories,
        info.languages,
    )


def test_unknown_elements_survive() -> None:
    """Setting one field leaves all others, known or not."""
    xml = WimXml.parse(encoded(TEXT))
    xml.set(1, "WINDOWS/VERSION/SPBUILD", 4046)
    assert encoded(TEXT.replace("<SPBUILD>1<", "<SPBUILD>4046<")) == xml.serialise()
    assert 4046 == WimXml.parse(xml.serialise()).info(1).spbuild


def test_fields_are_made_and_removed() -> None:
    """A path is made on the way; None takes it away."""
    xml = WimXml.parse(encoded(TEXT))
    xml.set(2, "A/B", "text")
    assert "text" == xml.images()[1].findtext("A/B")
    xml.set(2, "A/B", None)
    xml.set(2, "X/Y", None)
    assert (None, None) == (xml.images()[1].find("A/B"), xml.images()[1].find("X"))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<WIM><ESD><ENCRYPTED/></ESD></WIM>", Fault.ENCRYPTED),
        ("<NOT/>", Fault.CORRUPT),
        ("<WIM>", Fault.CORRUPT),
        ("", Fault.CORRUPT),
        ('<!DOCTYPE WIM [<!ENTITY a "b">]><WIM>&a;</WIM>', Fault.CORRUPT),
        ("<WIM>" + "<A>" * 100 + "</A>" * 100 + "</WIM>", Fault.CORRUPT),
    ],
)
def test_bad_xml_is_refused(text: str, fault: Fault) -> None:
    """Not XML, entities, depth, an encrypted ESD."""
    with pytest.raises(FormatError) as caught:
        WimXml.parse(encoded(text))
    assert fault == caught.value.fault


@pytest.mark.parametrize("numbers", [["2"], ["1", "1"], ["x"], ["1", "3"]])
def test_image_numbers_must_be_whole(numbers: list[str]) -> None:
    """Images are 1, 2, … or the file is damaged."""
    xml = WimXml.parse(
        encoded("<WIM>" + "".join(f'<IMAGE INDEX="{number}"/>' for number in numbers) + "</WIM>")
    )
    with pytest.raises(FormatError):
        xml.images()


def test_large_xml_is_refused() -> None:
    """A bound protects memory."""
    with pytest.raises(FormatError) as caught:
        WimXml.parse(bytes(17 << 20))
    assert Fault.TOO_LARGE == caught.value.fault
