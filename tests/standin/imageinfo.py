"""`/Get-ImageInfo`: the list and the details of a WIM's images (dism fact sheet §4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standin.hostpaths import existing_file
from standin.locales import from_filetime
from standin.wimfile import open_wim

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from standin.job import Job
    from standin.wimfile import WimFile

_ARCHITECTURES = {"0": "x86", "5": "arm", "6": "ia64", "9": "x64", "12": "arm64"}
_UNDEFINED = "<undefined>"
_ONE_LINE_LANGUAGES = 17763  # this build's DISM and older ones print languages behind the label


def get_image_info(job: Job) -> None:
    """Print a WIM's images, or one of them in detail."""
    wim = open_wim(existing_file(job.need("imagefile")))
    job.console.line(f"{job.console.word('Details for image')} : {job.need('imagefile')}", "")
    if job.has("index") or job.has("name"):
        _details(job, wim, wim.index(job.get("index"), job.get("name"), 1168))
        return
    for index in range(1, len(wim.images) + 1):
        _head(job, wim, index)
        job.console.line("")


def _head(job: Job, wim: WimFile, index: int) -> None:
    image, console = wim.image(index), job.console
    size = job.settings.locale.number(int(image.findtext("TOTALBYTES") or 0))
    console.field("Index", str(index))
    console.field("Name", _text(image, "NAME"))
    console.field("Description", _text(image, "DESCRIPTION"))
    console.field("Size", console.word("{} bytes").format(size))


def _details(job: Job, wim: WimFile, index: int) -> None:
    image, console = wim.image(index), job.console
    _head(job, wim, index)
    bootable = "Yes" if wim.boot_index == index else "No"
    number = [_text(image, f"WINDOWS/VERSION/{part}") for part in ("MAJOR", "MINOR", "BUILD")]
    rows = {
        "WIM Bootable": console.word(bootable),
        "Architecture": _ARCHITECTURES.get(_text(image, "WINDOWS/ARCH"), _UNDEFINED),
        "Hal": _text(image, "WINDOWS/HAL"),
        "Version": _UNDEFINED if _UNDEFINED in number else ".".join(number),
        "ServicePack Build": _text(image, "WINDOWS/VERSION/SPBUILD"),
        "ServicePack Level": _text(image, "WINDOWS/VERSION/SPLEVEL"),
        "Edition": _text(image, "WINDOWS/EDITIONID"),
        "Installation": _text(image, "WINDOWS/INSTALLATIONTYPE"),
        "ProductType": _text(image, "WINDOWS/PRODUCTTYPE"),
        "ProductSuite": _text(image, "WINDOWS/PRODUCTSUITE"),
        "System Root": _text(image, "WINDOWS/SYSTEMROOT"),
        "Directories": _text(image, "DIRCOUNT"),
        "Files": _text(image, "FILECOUNT"),
        "Created": _moment(job, image, "CREATIONTIME"),
        "Modified": _moment(job, image, "LASTMODIFICATIONTIME"),
    }
    for label, value in rows.items():
        console.field(label, value)
    _languages(job, image)
    console.line("")


def _languages(job: Job, image: Element) -> None:
    console = job.console
    default = image.findtext("WINDOWS/LANGUAGES/DEFAULT")
    names = [language.text or "" for language in image.findall("WINDOWS/LANGUAGES/LANGUAGE")]
    shown = [f"{name} {console.word('(Default)')}" if name == default else name for name in names]
    build = int(job.settings.version.split(".")[2])
    if build <= _ONE_LINE_LANGUAGES and shown:
        console.field("Languages", shown[0])
        shown = shown[1:]
    else:
        console.line(f"{console.word('Languages')} :")
    console.line(*(f"\t{name}" for name in shown))


def _text(image: Element, path: str) -> str:
    return image.findtext(path) or _UNDEFINED


def _moment(job: Job, image: Element, path: str) -> str:
    high, low = (image.findtext(f"{path}/{part}") for part in ("HIGHPART", "LOWPART"))
    if high is None or low is None:
        return _UNDEFINED
    return job.settings.locale.moment(from_filetime(int(high, 0) << 32 | int(low, 0)))
