"""The main job through DISM's command line: `osrecipe apply --adapter dism` on the stand-in, by the same answer keys.

The stand-in is a program of its own that shares no code with the product; it has never been compared with a real DISM.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.applied import Applied, copy_recipes, sha256
from support.command import SECONDS, Done, osrecipe, start
from support.expected import wrong_files, wrong_values
from support.quickstart import KINDS, LCU, SSU, expected_of
from support.standins import LAUNCHER, Machine, machine

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from support.samples import Samples
    from support.shelf import Shelf

    from .conftest import Media

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in is started as a POSIX program here"
)
DISM = ("--adapter", "dism", "--dism", str(LAUNCHER), "--progress=plain")
READS = {"/Get-MountedImageInfo", "/Get-Packages", "/Get-Features"}
SMALL = """schema: osrecipe/1
name: small
inputs:
  media: {iso: sample-media.iso}
  ssu: {update: kb9000001-x64.msu}
source: media
updates: {apply: {ssu: [setup]}}
targets:
  install:
    select: [{edition: Enterprise}]
    others: keep
output: {iso: out/small.iso}
"""


def carry_out(folder: Path, samples: Samples) -> None:
    """The quickstart recipe on a machine of its own."""
    copy_recipes(folder)
    host = machine(folder / "machine")
    done = Applied(folder, "quickstart").apply("--inputs", samples.folder, *DISM, env=host.environment)
    (folder / "done.json").write_text(json.dumps(done.__dict__), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(shelf: Shelf, samples: Samples) -> Path:
    """The quickstart recipe, done once."""
    return shelf.take("dism-quickstart", lambda to: carry_out(to, samples))


@pytest.fixture(scope="module")
def made(folder: Path) -> Applied:
    """What it left."""
    return Applied(folder, "quickstart")


@pytest.fixture(scope="module")
def host(folder: Path) -> Machine:
    """The machine it ran on."""
    return Machine(folder / "machine")


@pytest.fixture(scope="module")
def media(made: Applied, source: Media, tmp_path_factory: pytest.TempPathFactory) -> Media:
    """The media it made, unpacked."""
    return type(source).of(tmp_path_factory.mktemp("dism-media"), made.iso)


def test_it_ends_well(made: Applied, host: Machine) -> None:
    """Exit code 0, an ISO, nothing temporary, nothing mounted."""
    assert 0 == made.done.code, made.done.err + made.done.out
    assert [] == made.leftovers()
    assert [] == host.mounts
    assert "adapter dism 1" in made.done.out


@pytest.mark.parametrize("image", list(KINDS))
def test_every_image_has_what_the_answer_keys_state(samples: Samples, media: Media, image: str) -> None:
    """Files, manifests, descriptions and registry values are exactly those stated: the embedded adapter's keys."""
    expected = expected_of(samples, image)
    if not image.startswith("install"):
        expected.kept.clear()  # resetting the base removes old versions, also those the image came with
    folder = media.folder(image)
    assert [] == wrong_files(expected, folder)
    assert [] == wrong_values(expected, folder)
    assert expected.values


def test_the_journal_has_every_mount_before_and_after(made: Applied, host: Machine) -> None:
    """Each is announced before DISM is asked for it, and released."""
    records = made.journal
    held = [r["name"] for r in records if r["record"] == "resource-acquired" and r["kind"] == "mount"]
    released = [r["name"] for r in records if r["record"] == "resource-released" and r["kind"] == "mount"]
    asked = [
        a.partition(":")[2]
        for call in host.calls
        if "/Mount-Image" in call
        for a in call
        if a.startswith("/MountDir:")
    ]
    assert sorted(held) == sorted(released) == sorted(asked)
    assert held


def test_the_tool_s_version_is_recorded(made: Applied) -> None:
    """In the report, and so in the store's keys."""
    assert {"name": "dism", "version": "1", "tools": [["dism", "10.0.26100.1150"]]} == made.report["adapter"]


def test_what_was_run_is_what_was_described(made: Applied, host: Machine) -> None:
    """DISM's commands of each session, reads apart, are those the adapter describes, in that order."""
    from osrecipe.adapters.dism.describe import describe, opening, saving
    from osrecipe.model.plan import Plan, Session

    plan = Plan.model_validate_json((made.runs[0] / "plan.json").read_bytes())
    ran: dict[str, list[str]] = {}
    for call in host.calls:
        verb = next(a for a in call if a.partition(":")[0].lstrip("/") in _VERBS)
        parts = (part for a in call for part in Path(a.partition(":")[2]).parts)
        name = next((part for part in parts if part in _units(plan)), "")
        if verb not in READS and name:
            ran.setdefault(name, []).append(verb)
    for unit in plan.units:
        if isinstance(unit, Session):
            actions = [*opening(unit), *(a for t in unit.tasks for a in describe(t, unit)), saving()]
            said = [next(x for x in a.argv if x.lstrip("/") in _VERBS) for a in actions if a.is_command]
            assert said == ran[unit.id], unit.id


_VERBS = {"Mount-Image", "Unmount-Image", "Export-Image", "Add-Package", "Enable-Feature", "Cleanup-Image"}
_VERBS |= {verb.lstrip("/") for verb in READS}


def _units(plan: Any) -> set[str]:
    return {unit.id for unit in plan.units}


def test_a_second_run_takes_everything_from_the_store(made: Applied, host: Machine, samples: Samples) -> None:
    """By content and by DISM's version; nothing is mounted for it. Another adapter's work is not taken for it."""
    before = len([call for call in host.calls if "/Mount-Image" in call])
    again = made.apply("--inputs", samples.folder, *DISM, env=host.environment)
    assert 0 == again.code, again.err
    assert before == len([call for call in host.calls if "/Mount-Image" in call])
    other = osrecipe(
        "plan",
        "recipes/quickstart.yaml",
        "-i",
        samples.folder,
        "--status",
        "--adapter",
        "embedded",
        cwd=made.folder,
    )
    assert 0 == other.code
    assert "winre.service" in other.out or "winre" in other.out


# -- what stops a run before anything is mounted -------------------------------------------------------------------------


def world(folder: Path) -> tuple[Applied, Machine]:
    """A small recipe and a machine."""
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    return Applied(folder, "small"), machine(folder / "machine")


def apply(made: Applied, host: Machine, samples: Samples, **env: str) -> Done:
    """Carry it out."""
    return osrecipe(
        "apply", "small.yaml", "-i", samples.folder, *DISM, cwd=made.folder, env=host.environment | env
    )


def test_a_process_without_elevation_stops(tmp_path: Path, samples: Samples) -> None:
    """DISM says 740 to everything, and no banner: said before anything is made."""
    made, host = world(tmp_path)
    done = apply(made, host, samples, STANDIN_ELEVATED="0")
    assert 4 == done.code
    assert "administrator" in done.err
    assert not (made.out / ".osrecipe" / "small" / "runs").exists()


def test_an_older_dism_is_refused(tmp_path: Path, samples: Samples) -> None:
    """By families, at plan time, with the recipe's line."""
    made, host = world(tmp_path)
    done = apply(made, host, samples, STANDIN_VERSION="10.0.16299.15")
    assert 3 == done.code
    assert "plan/refused" in done.err
    assert "10.0.16299.15 is older than the family of the image" in done.err
    assert apply(made, host, samples, STANDIN_VERSION="10.0.17134.1").code == 0


def test_a_dism_that_is_not_there_is_said(tmp_path: Path, samples: Samples) -> None:
    """With what to do."""
    made, _ = world(tmp_path)
    done = osrecipe(
        "apply",
        "small.yaml",
        "-i",
        samples.folder,
        "--adapter",
        "dism",
        "--dism",
        "/no/dism",
        cwd=made.folder,
    )
    assert 4 == done.code
    assert "run/tool-missing" in done.err


# -- processes that die --------------------------------------------------------------------------------------------------


def begin(made: Applied, host: Machine, samples: Samples) -> subprocess.Popen[bytes]:
    """Start to carry it out."""
    return start("apply", "small.yaml", "-i", samples.folder, *DISM, cwd=made.folder, env=host.environment)


def wait_for(process: subprocess.Popen[bytes], wanted: Callable[[], Any]) -> Any:
    """The first true answer, or None when the process ended before."""
    until = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < until:
        if found := wanted():
            return found
        time.sleep(0.01)
    return None


def running(host: Machine, verb: str) -> int:
    """The process that carries a command out on this machine; 0 when none does."""
    file = host.folder / "calls.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    rows = [json.loads(line) for line in lines]
    ended = {row["pid"] for row in rows if row["event"] == "end"}
    return next(
        (r["pid"] for r in rows if r["event"] == "start" and verb in r["argv"] and r["pid"] not in ended), 0
    )


@pytest.mark.parametrize("verb", ["/Export-Image", "/Mount-Image", "/Add-Package", "/Unmount-Image"])
def test_the_engine_is_killed(tmp_path: Path, samples: Samples, verb: str) -> None:
    """While DISM does this: DISM ends too, nothing is published, and the next start cleans up and completes."""
    made, host = world(tmp_path)
    host.order({"command": verb.lstrip("/"), "do": "hang", "at": 50, "seconds": 600})
    process = begin(made, host, samples)
    dism = wait_for(process, lambda: running(host, verb))
    assert dism
    assert wait_for(process, lambda: host.is_struck)
    time.sleep(0.5)  # to be in the middle of it
    process.kill()
    process.wait()
    until = time.monotonic() + 20
    while Path(f"/proc/{dism}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{dism}").exists()
    assert not made.iso.exists()
    host.order()
    done = apply(made, host, samples)
    assert 0 == done.code, done.out + done.err
    assert [] == host.mounts
    assert [] == made.leftovers()


@pytest.mark.parametrize("verb", ["/Mount-Image", "/Add-Package", "/Unmount-Image"])
def test_dism_is_killed(tmp_path: Path, samples: Samples, verb: str) -> None:
    """The unit fails by name, what it had mounted is let go, and the next run completes."""
    made, host = world(tmp_path)
    host.order({"command": verb.lstrip("/"), "do": "hang", "at": 50, "seconds": 600})
    process = begin(made, host, samples)
    dism = wait_for(process, lambda: running(host, verb))
    assert dism
    assert wait_for(process, lambda: host.is_struck)
    os.kill(dism, signal.SIGKILL)
    assert 4 == process.wait(SECONDS)
    assert "SIGKILL" in (made.folder / "out.txt").read_text(encoding="utf-8")
    assert [] == host.mounts
    assert [] == made.leftovers()
    host.order()
    assert 0 == apply(made, host, samples).code


@pytest.mark.parametrize("victim", ["osrecipe", "dism"])
def test_what_cleans_up_is_killed_too(tmp_path: Path, samples: Samples, victim: str) -> None:
    """The engine dies, then the start that lets its mount go, or the DISM it asked, in the middle of it: the next completes."""
    made, host = world(tmp_path)
    host.order({"command": "Add-Package", "do": "hang", "at": 50, "seconds": 600})
    first = begin(made, host, samples)
    assert wait_for(first, lambda: running(host, "/Add-Package"))
    first.kill()
    first.wait()
    (abandoned,) = host.mounts
    host.order({"command": "Unmount-Image", "do": "hang", "at": 50, "seconds": 600, "match": abandoned})
    second = begin(made, host, samples)
    dism = wait_for(second, lambda: running(host, "/Unmount-Image"))
    assert dism
    assert [abandoned] == host.mounts
    assert wait_for(second, lambda: host.is_struck)
    host.order()  # before the kill: what comes next must not hang as well
    if victim == "osrecipe":
        second.kill()
        second.wait()
        assert 0 == apply(made, host, samples).code
    else:
        os.kill(dism, signal.SIGKILL)
        assert 0 == second.wait(SECONDS), (made.folder / "err.txt").read_text(encoding="utf-8")
    assert [] == host.mounts
    assert [] == made.leftovers()
    assert made.iso.is_file()


def test_clean_undoes_what_a_dead_run_left(tmp_path: Path, samples: Samples) -> None:
    """`osrecipe clean` needs DISM for it, and says what it removed; a mount of others stays."""
    made, host = world(tmp_path)
    host.order({"command": "Add-Package", "do": "hang", "at": 50, "seconds": 600})
    process = begin(made, host, samples)
    assert wait_for(process, lambda: running(host, "/Add-Package"))
    process.kill()
    process.wait()
    assert host.mounts
    host.order()
    without = osrecipe("clean", "small.yaml", cwd=made.folder, env=host.environment)
    assert 6 == without.code, without.out
    assert "name a DISM with `--dism PATH`" in without.out
    assert "/Unmount-Image" in without.out
    assert "rm -r" not in without.out
    assert host.mounts
    done = osrecipe("clean", "small.yaml", "--dism", LAUNCHER, cwd=made.folder, env=host.environment)
    assert 0 == done.code, done.out
    assert "removed: " in done.out
    assert [] == host.mounts


def test_the_inputs_are_untouched(made: Applied, samples: Samples) -> None:
    """The source ISO and the updates are as they were made."""
    assert 0 == made.done.code
    for stem in ("media", SSU, LCU):
        answer = samples.answer(stem)
        assert answer["sha256"] == sha256(samples.folder / answer["file"])
