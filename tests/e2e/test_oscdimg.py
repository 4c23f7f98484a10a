"""The main job with `output.writer: oscdimg`, on a stand-in for it: the same media as by our own writer, or a failure.

The stand-in is a program of its own that shares no code with the product; it has never been compared with a real one.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.applied import Applied, copy_recipes
from support.command import osrecipe
from support.images import files_of
from support.oscdimg import LAUNCHER, Oscdimg
from support.witness import witness

if TYPE_CHECKING:
    from support.samples import Samples
    from support.shelf import Shelf

    from .conftest import Media

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in is started as a POSIX program here"
)
GOLDEN = Path(__file__).parents[1] / "golden" / "run-bad"
MISSING = "26-oscdimg-is-not-there"
OWN = {"boot.cat"}
"""What is on the stand-in's disc and not in the tree."""


def asking(folder: Path, name: str) -> Applied:
    """An example recipe in a folder, that asks for oscdimg."""
    copy_recipes(folder)
    made = Applied(folder, name)
    text = made.recipe.read_text(encoding="utf-8")
    asked = text.replace(f"  iso: ../out/{name}.iso", f"  iso: ../out/{name}.iso\n  writer: oscdimg")
    assert asked != text
    made.recipe.write_text(asked, encoding="utf-8")
    return made


def carry_out(folder: Path, samples: Samples) -> None:
    """The quickstart recipe, in a folder whose name has spaces, a comma and a number sign."""
    home = folder / "my media, #1"
    home.mkdir()
    made = asking(home, "quickstart")
    done = made.apply("--inputs", samples.folder, "--progress=plain", env=Oscdimg(home).environment)
    (home / "done.json").write_text(json.dumps(done.__dict__), encoding="utf-8")


@pytest.fixture(scope="module")
def made(shelf: Shelf, samples: Samples) -> Applied:
    """The quickstart recipe, done once."""
    folder = shelf.take("oscdimg-quickstart", lambda to: carry_out(to, samples))
    return Applied(folder / "my media, #1", "quickstart")


def test_it_ends_well(made: Applied) -> None:
    """Exit code 0, an ISO, nothing temporary; the tool was called once for it, in the tree."""
    assert 0 == made.done.code, made.done.err
    assert [] == made.leftovers()
    (call,) = Oscdimg(made.folder).calls
    assert "-bootdata:2#p0,e,bboot/etfsboot.com#pEF,e,befi/microsoft/boot/efisys.bin" in call["argv"]
    assert call["folder"] == call["argv"][-2]


def test_the_media_are_those_of_our_own_writer(
    made: Applied, result: Media, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """File by file, both boot entries, and the label."""
    media = type(result).of(tmp_path_factory.mktemp("oscdimg-media"), made.iso)
    found = {name: digest for name, digest in files_of(media.files).items() if name not in OWN}
    assert files_of(result.files) == found
    report = witness("xorriso", "-indev", str(made.iso), "-report_el_torito", "plain")
    assert ["BIOS", "UEFI"] == [line.split()[6] for line in report.splitlines() if "boot img" in line]
    assert "OSR_17134_228_X64_EN-US" in witness("isoinfo", "-d", "-i", str(made.iso))


def test_the_tool_and_its_version_are_recorded(made: Applied) -> None:
    """In the report; the log has the command line, the version and all that was printed."""
    (end,) = [t for t in made.report["tasks"] if t["task"] == "media/iso"]
    assert end["detail"].endswith("boots by BIOS and UEFI, written by oscdimg 2.56")
    log = (made.out / end["log"]).read_text(encoding="utf-8")
    for words in ("-udfver102", "oscdimg 2.56 (OSRECIPE_OSCDIMG)"):
        assert words in log
    assert "Done." in log


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("nothing", "oscdimg says that all went well, but it wrote no file"),
        ("no-bios", "other boot entries than the source"),
        ("fails", "There is not enough space on the disk"),
    ],
)
def test_a_tool_that_fails_publishes_nothing(tmp_path: Path, samples: Samples, fault: str, why: str) -> None:
    """Whatever its exit code; the run fails with what it said."""
    made = asking(tmp_path, "tweaks-only")
    env = Oscdimg(tmp_path).environment | {"OSCDIMG_FAULT": fault}
    done = made.apply("--inputs", samples.folder, "--progress=plain", env=env)
    assert 4 == done.code, done.err
    assert why in done.out + done.err
    assert not made.iso.exists()
    assert [] == list(made.out.rglob("*.part*"))


def test_without_the_tool_the_plan_is_refused_alike(tmp_path: Path, samples: Samples) -> None:
    """By `plan` with the words of `apply`, at the recipe line that asks."""
    shutil.copyfile(GOLDEN / f"{MISSING}.yaml", tmp_path / f"{MISSING}.yaml")
    done = osrecipe("plan", f"{MISSING}.yaml", "-i", samples.folder, cwd=tmp_path)
    assert (GOLDEN / f"{MISSING}.err").read_text(encoding="utf-8") == f"{done.err}exit: {done.code}\n"
    assert "" == done.out
    for word in (f"{MISSING}.yaml:9:11", "writer: oscdimg", "OSRECIPE_OSCDIMG"):
        assert word in done.err


def test_a_plan_for_another_host_is_made_without_the_tool(tmp_path: Path, samples: Samples) -> None:
    """And refused where it would be carried out, at the line it came from."""
    shutil.copyfile(GOLDEN / f"{MISSING}.yaml", tmp_path / "t.yaml")
    script = osrecipe("plan", "t.yaml", "-i", samples.folder, "--format", "powershell", cwd=tmp_path)
    assert 0 == script.code, script.err
    adapter = ("--adapter", "dism")
    saved = osrecipe("plan", "t.yaml", "-i", samples.folder, *adapter, "--out", "t.json", cwd=tmp_path)
    assert 0 == saved.code, saved.err
    done = osrecipe("apply", "t.json", "-i", samples.folder, cwd=tmp_path)
    assert 3 == done.code
    assert "t.yaml:9:11: error[plan/refused]: `media/iso` can't be done" in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("named", "line"), [(str(LAUNCHER), "version 2.56 (OSRECIPE_OSCDIMG)"), ("", "there is no oscdimg")]
)
def test_doctor_says_whether_it_is_there(tmp_path: Path, named: str, line: str) -> None:
    """A recipe that does not ask needs none: the exit code does not depend on it."""
    done = osrecipe("doctor", cwd=tmp_path, env={"OSRECIPE_OSCDIMG": named})
    assert line in " ".join(done.out.split())
    assert 0 == done.code
