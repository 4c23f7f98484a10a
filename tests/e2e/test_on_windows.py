"""The recipe of what only DISM can do, carried out whole through the stand-in; what is in the media is read by others.

The stand-in is a program of its own that shares no code with the product; it has never been compared with a real DISM.
"""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest
from support.applied import RECIPES, Applied, copy_recipes, sha256
from support.command import osrecipe
from support.registry import values
from support.samples.extras import CAPABILITIES, DRIVERS
from support.samples.names import APPS
from support.standins import LAUNCHER, Machine, machine

from .conftest import Media

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples import Samples
    from support.shelf import Shelf

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in is started as a POSIX program here"
)
DISM = ("--adapter", "dism", "--dism", str(LAUNCHER), "--progress=plain")
IMAGES = ("install-1", "winre", "winpe", "setup")
CONFIG = "Windows/System32/config"


def carry_out(folder: Path, samples: Samples) -> None:
    """The recipe on a machine of its own."""
    copy_recipes(folder)
    shutil.copytree(samples.folder / DRIVERS, folder / "inputs" / DRIVERS)
    done = apply(folder, samples)
    (folder / "done.json").write_text(json.dumps(done.__dict__), encoding="utf-8")


def apply(folder: Path, samples: Samples) -> Any:
    """Carry it out in a folder; its own inputs come first."""
    host = machine(folder / "machine")
    made = Applied(folder, "on-windows")
    return made.apply("-i", folder / "inputs", "-i", samples.folder, *DISM, env=host.environment)


@pytest.fixture(scope="module")
def made(shelf: Shelf, samples: Samples) -> Applied:
    """The run, once for all workers."""
    return Applied(shelf.take("on-windows-dism", lambda to: carry_out(to, samples)), "on-windows")


@pytest.fixture(scope="module")
def media(shelf: Shelf, made: Applied) -> Media:
    """What is in the ISO."""
    return Media(shelf, "on-windows-dism", made.iso)


def test_it_ends_well(made: Applied) -> None:
    """Every task is done and every check passed; nothing is temporary or mounted."""
    assert 0 == made.done.code, made.done.err + made.done.out
    assert {"done"} == {task["status"] for task in made.report["tasks"]}
    assert all(check["passed"] for task in made.report["tasks"] for check in task["checks"])
    assert [] == made.leftovers()
    assert [] == Machine(made.folder / "machine").mounts


@pytest.mark.parametrize("image", IMAGES)
def test_the_drivers_are_in_every_image(samples: Samples, media: Media, image: str) -> None:
    """Those for its architecture, each INF byte for byte in the driver store and published; no other."""
    answer = json.loads((samples.folder / f"{DRIVERS}.answer.json").read_text(encoding="utf-8"))
    wanted = sorted(row["sha256"] for row in answer["drivers"] if "amd64" in row["architectures"])
    folder = media.folder(image)
    store = folder / "Windows/System32/DriverStore/FileRepository"
    assert wanted == sorted(sha256(path) for path in store.glob("*/*.inf"))
    assert wanted == sorted(sha256(path) for path in (folder / "Windows/INF").glob("oem*.inf"))


def test_the_capabilities_have_their_files(samples: Samples, media: Media) -> None:
    """As the answer key states them."""
    answer = json.loads((samples.folder / f"{CAPABILITIES}.answer.json").read_text(encoding="utf-8"))
    files = {path: one for each in answer["capabilities"].values() for path, one in each["files"].items()}
    folder = media.folder("install-1")
    assert files == {path: sha256(folder / path.replace("\\", "/")) for path in files}


def test_the_games_are_gone(media: Media) -> None:
    """From the registry and from the disk; the other app stays."""
    folder = media.folder("install-1")
    keys = {key.rpartition("\\")[2] for key, _ in values(folder / CONFIG / "SOFTWARE")}
    there = [whole for whole in APPS if whole.lower() in keys]
    assert [APPS[0]] == there
    assert [APPS[0]] == [path.name for path in (folder / "Program Files/WindowsApps").iterdir()]


def text(folder: Path, hive: str, key: str, name: str) -> str:
    """A text value by a reader that is not ours."""
    _, data = values(folder / hive)[key.lower(), name.lower()]
    return data.decode("utf-16-le").rstrip("\0")


def test_languages_and_the_time_zone_are_set(media: Media) -> None:
    """In the hives where Windows looks for them, in the install image and in Windows PE."""
    zone = "ControlSet001\\Control\\TimeZoneInformation"
    for image in ("install-1", "winpe"):
        found = text(media.folder(image), f"{CONFIG}/SYSTEM", zone, "TimeZoneKeyName")
        assert "W. Europe Standard Time" == found
    user = text(
        media.folder("install-1"), "Users/Default/NTUSER.DAT", "Control Panel\\International", "LocaleName"
    )
    assert "de-DE" == user


def test_the_answer_file_waits_in_panther(media: Media) -> None:
    """Byte for byte."""
    placed = media.folder("install-1") / "Windows/Panther/unattend.xml"
    assert sha256(RECIPES / "unattend" / "desk.xml") == sha256(placed)


def test_another_driver_runs_customizing_again_and_nothing_else(
    made: Applied, samples: Samples, tmp_path: Path
) -> None:
    """By content: the serviced images come from the store, and another byte in a folder is another input."""
    again = tmp_path / "again"
    shutil.copytree(made.folder, again, ignore=shutil.ignore_patterns("machine"))
    with (again / "inputs" / DRIVERS / "storage" / "constor.sys").open("ab") as file:
        file.write(b"!")
    done = apply(again, samples)
    assert 0 == done.code, done.err + done.out
    report = Applied(again, "on-windows").report
    ran = {task["task"].partition("/")[2] for task in report["tasks"] if task["status"] == "done"}
    assert {"lcu", "ssu", "cleanup"}.isdisjoint(ran)
    assert {"drivers-maker", "settings", "winre"} <= ran


def test_a_script_of_it_is_made_on_any_host(made: Applied, samples: Samples) -> None:
    """It is of DISM's commands, so that what the embedded adapter can't do does not matter; nor does a missing DISM."""
    done = osrecipe(
        "plan", "recipes/on-windows.yaml", "-i", samples.folder, "-f", "powershell", cwd=made.folder
    )
    assert 0 == done.code, done.err
    for text in ("/Add-Driver", "Assert-NoApp", "/Set-AllIntl:en-US", "/Apply-Unattend:", "/Add-Capability"):
        assert text in done.out


def test_the_embedded_adapter_names_every_line_it_can_not_do(made: Applied, samples: Samples) -> None:
    """Exit code 3, before anything is opened, with who can."""
    done = osrecipe("plan", "recipes/on-windows.yaml", "-i", samples.folder, cwd=made.folder)
    refused = [line for line in done.err.splitlines() if "error[plan/refused]" in line]
    assert (3, 7) == (done.code, len(refused))
    assert 7 == done.err.count("hint: the dism adapter on Windows can")
