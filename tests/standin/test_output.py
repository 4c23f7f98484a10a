"""What is printed, byte by byte where the facts say so."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from standin.codes import SENTENCES, collapsed, shown
from standin.console import bar
from standin.locales import LOCALES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.standin import Standin

ELEVATION = (
    b"\r\nError: 740\r\n\r\nElevated permissions are required to run DISM. \r\n"
    b"Use an elevated command prompt to complete these tasks.\r\n"
)
BANNER = "\nDeployment Image Servicing and Management tool\nVersion: 10.0.26100.1150\n\n"
DETAILS = """\
Index : 2
Name : Sample Windows Setup (amd64)
Description : Sample Windows Setup (amd64)
Size : {size} bytes
WIM Bootable : Yes
Architecture : x64
Hal : <undefined>
Version : 10.0.17134
ServicePack Build : 1
ServicePack Level : 0
Edition : WindowsPE
Installation : WindowsPE
ProductType : WinNT
ProductSuite : Terminal Server
System Root : WINDOWS
Directories : {folders}
Files : {files}
Created : 12/04/2018 - 00:30:00
Modified : 13/04/2018 - 00:30:00
Languages :
\ten-US (Default)

The operation completed successfully.
"""


def test_the_elevation_error_has_122_bytes(dism: Standin) -> None:
    """Leading line end, a trailing blank, no banner."""
    assert dism("/Get-MountedImageInfo", STANDIN_ELEVATED="0").raw == ELEVATION
    assert 122 == len(ELEVATION)


def test_the_banner_comes_first_and_names_the_version(dism: Standin) -> None:
    """The tool's line has no blank before the colon."""
    assert dism("/Get-MountedImageInfo").text == (
        f"{BANNER}No mounted images found.\n\nThe operation completed successfully.\n"
    )
    assert "Version: 10.0.19041.844" in dism("/Get-MountedImageInfo", STANDIN_VERSION="10.0.19041.844").lines


def test_lines_end_in_cr_lf(dism: Standin) -> None:
    """No bare line feed anywhere."""
    raw = dism("/Get-MountedImageInfo").raw
    assert raw.count(b"\n") == raw.count(b"\r\n")


def test_an_error_block(dism: Standin) -> None:
    """Code, blank line, sentence, blank line, log."""
    assert dism("/Get-ImageInfo", "/ImageFile:/no.wim").text == (
        f"{BANNER}\nError: 2\n\nThe system cannot find the file specified.\n\n"
        "The DISM log file can be found at C:\\WINDOWS\\Logs\\DISM\\dism.log\n"
    )


def test_codes_of_win32_are_decimal() -> None:
    """Facility Win32 collapses to the plain number; others stay as they are, in lower case."""
    assert ["3", "740", "0x800f081e", "0xc1420117"] == [
        shown(code) for code in (0x80070003, 740, 0x800F081E, -0x3EBDFEE9)
    ]
    assert 3010 == collapsed(3010)
    assert all(code == collapsed(code) for code in SENTENCES)


@pytest.mark.parametrize(
    ("percent", "printed"),
    [
        (10.1, "[=====                      10.1%                          ]"),
        (100, "[==========================100.0%==========================]"),
        (3.8, "[==                         3.8%                           ]"),
    ],
)
def test_a_bar_is_58_wide(percent: float, printed: str) -> None:
    """The percentage stands in the middle."""
    assert printed == bar(percent)


def test_bars_survive_redirection(mounted: Callable[..., Path], dism: Standin) -> None:
    """Each starts with a carriage return and ends with a blank; the next text has a line of its own."""
    folder = mounted()
    text = dism("/Unmount-Image", f"/MountDir:{folder}", "/Discard").raw.decode()
    assert text.endswith("100.0%==========================] \r\nThe operation completed successfully.\r\n")
    assert "Unmounting image\r\n\r[" in text


def test_the_details_of_an_image(dism: Standin, media: Path) -> None:
    """Every field, in order; dates and grouping are the host's although labels are English."""
    path = media / "boot.wim"
    done = dism("/Get-ImageInfo", f"/ImageFile:{path}", "/Index:2", STANDIN_LOCALE="en-GB").text
    size = done.partition("Size : ")[2].partition(" ")[0]
    counts = [done.partition(f"{label} : ")[2].partition("\n")[0] for label in ("Directories", "Files")]
    expected = DETAILS.format(size=size, folders=counts[0], files=counts[1])
    assert done == f"{BANNER}Details for image : {path}\n\n{expected}"
    assert all(count.isdecimal() for count in counts)


def test_the_list_of_images(dism: Standin, media: Path) -> None:
    """Four fields each, and a blank line."""
    path = media / "install.wim"
    lines = dism("/Get-ImageInfo", f"/ImageFile:{path}").lines
    labels = [line.partition(" : ")[0] for line in lines[2:]]
    four = ["Index", "Name", "Description", "Size"]
    assert ["Details for image", *four, *four, "The operation completed successfully."] == labels


def test_older_tools_print_the_language_behind_the_label(dism: Standin, media: Path) -> None:
    """Those of build 17763 do."""
    line = ["/Get-ImageInfo", f"/ImageFile:{media / 'boot.wim'}", "/Index:1"]
    assert "Languages : en-US (Default)" in dism(*line, STANDIN_VERSION="10.0.17763.1").lines


WHEN = dt.datetime(2019, 4, 1, 20, 9, 2, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("name", "moment", "number"),
    [
        ("en-US", "4/1/2019 - 8:09:02 PM", "13,920,868,868"),
        ("en-GB", "01/04/2019 - 20:09:02", "13,920,868,868"),
        ("de-DE", "01.04.2019 - 20:09:02", "13.920.868.868"),
        ("fr-FR", "01/04/2019 - 20:09:02", "13\u00a0920\u00a0868\u00a0868"),
    ],
)
def test_dates_and_digits_are_the_hosts(name: str, moment: str, number: str) -> None:
    """The traps seen in public logs."""
    locale = LOCALES[name]
    assert (moment, number) == (locale.moment(WHEN), locale.number(13_920_868_868))


def test_english_changes_labels_only(dism: Standin, media: Path) -> None:
    """On a German host the size has dots, with `/English` and without; the labels differ, and their colons."""
    line = ["/Get-ImageInfo", f"/ImageFile:{media / 'boot.wim'}"]
    english = dism("/English", *line, STANDIN_LOCALE="de-DE").raw.decode("cp850")
    german = dism(*line, STANDIN_LOCALE="de-DE").raw.decode("cp850")
    size = english.partition("Size : ")[2].partition("\r")[0]
    assert "." in size
    assert f"Größe: {size.replace('bytes', 'Bytes')}\r\n" in german
    assert "Der Vorgang wurde erfolgreich beendet." in german


def test_the_output_is_in_the_oem_code_page(dism: Standin, media: Path) -> None:
    """The same letter is another byte in another code page, and a question mark where there is none."""
    line = ["/Get-ImageInfo", f"/ImageFile:{media / 'boot.wim'}"]
    assert b"Gr\x94\xe1e: " in dism(*line, STANDIN_LOCALE="de-DE").raw
    assert b"Gr\xf6\xdfe: " in dism(*line, STANDIN_LOCALE="de-DE", STANDIN_OEMCP="cp1252").raw
    assert b"Gr\x81" not in dism(*line, STANDIN_LOCALE="de-DE", STANDIN_OEMCP="cp866").raw
    assert b"Gr??e: " in dism(*line, STANDIN_LOCALE="de-DE", STANDIN_OEMCP="cp866").raw


def test_an_error_in_the_hosts_language(dism: Standin) -> None:
    """Without `/English` not even the word `Error` is there to be looked for."""
    done = dism("/Get-ImageInfo", "/ImageFile:/no.wim", STANDIN_LOCALE="de-DE")
    assert "Fehler: 2" in done.raw.decode("cp850")
    assert b"Error" not in done.raw


def test_a_mounted_image_in_the_list(mounted: Callable[..., Path], dism: Standin) -> None:
    """Five fields under a heading."""
    folder = mounted("boot.wim", 2, "/ReadOnly")
    assert dism("/Get-MountedImageInfo").text == (
        f"{BANNER}Mounted images:\n\nMount Dir : {folder}\nImage File : {folder.parent / 'boot.wim'}\n"
        "Image Index : 2\nMounted Read/Write : No\nStatus : Ok\n\nThe operation completed successfully.\n"
    )


def test_the_image_version_is_between_banner_and_body(mounted: Callable[..., Path], dism: Standin) -> None:
    """Only for commands that work on an image; no blank before the colon."""
    folder = mounted()
    text = dism(f"/Image:{folder}", "/Get-Packages").text
    assert text.startswith(f"{BANNER}Image Version: 10.0.17134.1\n\nPackages listing:\n\nPackage Identity : ")


def test_a_package_in_list_and_table(mounted: Callable[..., Path], dism: Standin) -> None:
    """The list has four labelled lines; a table's columns are split by a bar, under dashes."""
    folder = mounted()
    name = "Microsoft-Windows-WinPE-Package~31bf3856ad364e35~amd64~~10.0.17134.1"
    block = (
        f"Package Identity : {name}\nState : Installed\nRelease Type : Feature Pack\n"
        "Install Time : 4/12/2018 12:30 AM\n\n"
    )
    assert block in dism(f"/Image:{folder}", "/Get-Packages", "/Format:List").text
    table = dism(f"/Image:{folder}", "/Get-Packages", "/Format:Table").lines
    row = next(line for line in table if line.startswith(name))
    assert [name, "Installed", "Feature Pack", "4/12/2018 12:30 AM"] == [c.strip() for c in row.split(" | ")]
    assert 87 == dism(f"/Image:{folder}", "/Get-Packages", "/Format:Json").code
