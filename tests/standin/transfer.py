"""Whole images: export, delete, split, list, capture, append, apply (dism fact sheet §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standin.codes import DismError
from standin.grammar import conflict
from standin.hostpaths import existing_file
from standin.programs import wimlib
from standin.wimfile import open_wim

if TYPE_CHECKING:
    from pathlib import Path

    from standin.job import Job

# What DISM calls the compressions, as wimlib calls them; a capture is XPRESS where nothing is said.
_COMPRESSIONS = {"none": "none", "fast": "XPRESS", "max": "LZX", "recovery": "LZMS"}
_DEFAULT = "fast"


def export_image(job: Job) -> None:
    """`/Export-Image`: one image into a new WIM, or behind those of an existing one."""
    source_path = existing_file(job.need("sourceimagefile"))
    job.one_of("sourceindex", "sourcename")
    parts = [f"--ref={job.path('swmfile')}"] if job.has("swmfile") else []
    source = open_wim(source_path)
    index = source.index(job.get("sourceindex"), job.get("sourcename"), 1168)
    target = job.path("destinationimagefile")
    if not target.parent.is_dir():
        raise DismError(3)
    options = [*parts, *_target_options(job, target)]
    if job.has("bootable"):
        if source.image(index).findtext("WINDOWS/INSTALLATIONTYPE") != "WindowsPE":
            raise conflict("The bootable option is for Windows PE images.")
        options.append("--boot")
    name = job.get("destinationname") or source.image(index).findtext("NAME") or ""
    job.console.say("Exporting image")
    job.progress(1.0)
    wimlib("export", source_path, str(index), target, name, *options)
    job.progress(100)


def _target_options(job: Job, target: Path) -> list[str]:
    """`/Compress` is for a new file, and `recovery` for one that is called `.esd`."""
    wanted = (job.get("compress") or "").lower()
    if wanted and wanted not in _COMPRESSIONS:
        raise conflict("The compression is one of none, fast, max and recovery.")
    if wanted == "recovery" and target.suffix.lower() != ".esd":
        raise conflict("Recovery compression needs a file name that ends in .esd.")
    checked = ["--check"] if job.has("checkintegrity") else []
    if target.exists():
        if wanted and wanted != open_wim(target).compression:
            raise conflict("The compression of an existing file cannot be changed.")
        return checked
    chosen = wanted or _DEFAULT
    return [*checked, f"--compress={_COMPRESSIONS[chosen]}", *(["--solid"] if chosen == "recovery" else [])]


def delete_image(job: Job) -> None:
    """`/Delete-Image`: drops the metadata; the space comes back at an export."""
    path = existing_file(job.need("imagefile"))
    job.one_of("index", "name")
    index = open_wim(path).index(job.get("index"), job.get("name"), 1168)
    wimlib("delete", path, str(index), "--soft")
    job.progress(100)


def split_image(job: Job) -> None:
    """`/Split-Image`: parts of at most so many megabytes, marked read-only."""
    path = existing_file(job.need("imagefile"))
    target = job.path("swmfile")
    size = job.need("filesize")
    if not size.isdecimal() or not int(size):
        raise conflict("The file size is a number of megabytes.")
    job.progress(10)
    wimlib("split", path, target, size)
    job.progress(100)


def list_image(job: Job) -> None:
    """`/List-Image`: every path of an image, with backslashes."""
    path = existing_file(job.need("imagefile"))
    job.one_of("index", "name")
    index = open_wim(path).index(job.get("index"), job.get("name"), 1168)
    for line in wimlib("dir", path, str(index)).splitlines():
        job.console.line(line.replace("/", "\\"))
    job.console.line("")


def capture_image(job: Job) -> None:
    """`/Capture-Image`: a folder that is not empty into a new file."""
    target = job.path("imagefile")
    if target.exists():
        raise DismError(80)
    wanted = (job.get("compress") or _DEFAULT).lower()
    if wanted not in {"none", "fast", "max"}:
        raise conflict("The compression is one of none, fast and max.")
    options = [f"--compress={_COMPRESSIONS[wanted]}", *(["--boot"] if job.has("bootable") else [])]
    _capture(job, "capture", target, options)


def append_image(job: Job) -> None:
    """`/Append-Image`: a folder behind a file's other images, with their compression."""
    _capture(job, "append", existing_file(job.need("imagefile")), [])


def _capture(job: Job, verb: str, target: Path, options: list[str]) -> None:
    folder = job.folder("capturedir")
    if not any(folder.iterdir()):
        raise DismError(2)
    described = job.get("description")
    job.console.say("Saving image")
    job.progress(1.0)
    wimlib(verb, folder, target, job.need("name"), *([described] if described else []), *options, "--no-acls")
    job.progress(100)


def apply_image(job: Job) -> None:
    """`/Apply-Image`: an image's files into a folder that is there."""
    path = existing_file(job.need("imagefile"))
    job.one_of("index", "name")
    folder = job.folder("applydir")
    index = open_wim(path).index(job.get("index"), job.get("name"), 1168)
    parts = [f"--ref={job.path('swmfile')}"] if job.has("swmfile") else []
    job.console.say("Applying image")
    job.progress(1.0)
    wimlib("apply", path, str(index), folder, *parts)
    job.progress(100)
