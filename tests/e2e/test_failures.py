"""The main job broken on purpose: a task that fails, killed processes, a full disk, an impatient user.

Whatever happens, nothing half-made is published, nothing temporary outlives the next start, no input is touched.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.applied import Applied, journal, parsed, sha256
from support.command import SECONDS, Done, command, environment, osrecipe, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.samples import Samples
    from support.shelf import Shelf

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals and /proc")

SMALL = """schema: osrecipe/1
name: small
inputs:
  media: {iso: sample-media.iso}
  ssu: {update: kb9000001-x64.msu}
source: media
updates: {apply: {ssu: [install, setup]}}
targets:
  install:
    select: [{edition: Enterprise}]
    others: keep
    tweaks:
      one: {registry: {HKLM\\SOFTWARE\\Contoso: {One: 1}}}
output: {iso: out/small.iso}
"""
"""Little to service, so that it can be broken often."""


def world(folder: Path, recipe: str = SMALL) -> Applied:
    """A folder with a recipe in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "small.yaml").write_text(recipe, encoding="utf-8")
    return Applied(folder, "small")


def apply(made: Applied, samples: Samples, *arguments: str) -> Done:
    """Carry it out."""
    return osrecipe(
        "apply", "small.yaml", "-i", samples.folder, "--progress=plain", *arguments, cwd=made.folder
    )


def last_report(made: Applied) -> dict[str, Any]:
    """The last run's own report, which is there however it ended."""
    report: dict[str, Any] = parsed(made.runs[-1] / "report.json")
    return report


def digests(folder: Path) -> dict[str, tuple[str, int]]:
    """Content and time of every file of a folder."""
    return {p.name: (sha256(p), p.stat().st_mtime_ns) for p in folder.iterdir() if p.is_file()}


@pytest.fixture(scope="module", autouse=True)
def _inputs_stay_as_they_are(samples: Samples) -> Any:
    """No input is changed by anything that happens here."""
    before = digests(samples.folder)
    yield
    assert before == digests(samples.folder)


@pytest.fixture(scope="module")
def undisturbed(shelf: Shelf, samples: Samples) -> Applied:
    """The same job when nothing disturbs it."""

    def make(folder: Path) -> None:
        done = apply(world(folder), samples)
        assert 0 == done.code, done.err

    return Applied(shelf.take("undisturbed", make), "small")


# -- tasks that fail -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stackless(tmp_path_factory: pytest.TempPathFactory, samples: Samples) -> tuple[Applied, Done]:
    """A cumulative update without its servicing stack."""
    text = SMALL.replace("ssu: {update: kb9000001", "lcu: {update: kb9000002").replace("{ssu: [i", "{lcu: [i")
    made = world(tmp_path_factory.mktemp("stackless"), text)
    return made, apply(made, samples, "--parallel=4")


def test_a_failing_task_is_named(stackless: tuple[Applied, Done]) -> None:
    """Without its servicing stack the update fails: task, recipe line, reason, remedy and log are said; exit 4."""
    made, done = stackless
    assert 4 == done.code
    assert not made.iso.exists()
    assert not (made.out / "small.report.json").exists()
    assert [] == made.leftovers()
    report = last_report(made)
    first = report["first_failure"]
    assert first["task"] in {"install-enterprise/lcu", "setup/lcu"}
    assert ("small.yaml", 7, "0x800f0823") == (
        first["origin"]["file"],
        first["origin"]["line"],
        first["code"],
    )
    assert "10.0.17134.191" in first["reason"] + first["remedy"]
    unwrapped = " ".join(done.out.split())
    for said in (
        first["task"],
        "small.yaml:7",
        first["code"],
        first["reason"],
        first["remedy"],
        first["log"],
    ):
        assert said
        assert said in unwrapped, done.out
    assert first["reason"] in (made.runs[-1] / first["log"]).read_text(encoding="utf-8")
    ends = {task["task"]: task["status"] for task in report["tasks"]}
    assert "failed" == ends[first["task"]]
    assert {"not-run"} == {
        ends[task] for task in ends if task.startswith(("media/iso", "media/verify", "install/"))
    }
    assert "done" not in {ends[task] for task in ends if task.startswith(("install-enterprise", "setup"))}


def test_the_first_failure_stops_what_runs(stackless: tuple[Applied, Done]) -> None:
    """What ran beside the failure is discarded or was done; what came later was not begun; all tasks are accounted for."""
    made, _ = stackless
    report = last_report(made)
    planned = [task["id"] for unit in made.plan["units"] for task in unit["tasks"]]
    assert planned == [task["task"] for task in report["tasks"]]
    assert {unit["status"] for unit in report["units"]} <= {"done", "failed", "cancelled", "skipped"}
    begun = {row["unit"] for row in made.journal if row["record"] == "unit-started"}
    assert begun == {unit["unit"] for unit in report["units"] if unit["status"] != "skipped"}
    assert ("run-finished", 4) == (made.journal[-1]["record"], made.journal[-1]["exit_code"])


def test_an_expectation_that_is_not_true_publishes_nothing(
    tmp_path: Path, samples: Samples, undisturbed: Applied
) -> None:
    """The media is made and read back, what was found is said, and the old output stays."""
    made = world(tmp_path, SMALL + 'expect: {install: {build: "10.0.17134.228"}}\n')
    shutil.copytree(undisturbed.out, made.out, dirs_exist_ok=True)
    before = sha256(made.iso)
    done = apply(made, samples)
    assert 4 == done.code
    first = last_report(made)["first_failure"]
    assert ("media/verify", "run/expect-failed") == (first["task"], first["slug"])
    for said in ("media/verify", "10.0.17134.228", "10.0.17134.1"):
        assert said in done.out, done.out
    assert before == sha256(made.iso)
    assert [] == made.leftovers()
    assert "output-renamed" not in {row["record"] for row in made.journal}


# -- processes that die ----------------------------------------------------------------------------------------------


def at_point(made: Applied, process: subprocess.Popen[bytes], records: int) -> bool:
    """Wait until the journal has that many records; False when the process ended first."""
    until = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < until:
        if made.runs and len(journal(made.runs[-1])) >= records:
            return True
        time.sleep(0.002)
    return False


def children(parent: int) -> list[int]:
    """The processes a process has started and that are alive."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(status.parent.name))
    return found


def workers(parent: int) -> list[int]:
    """Those that do units' work."""
    return [pid for pid in children(parent) if b"osrecipe.cli.worker" in command_line(pid)]


def command_line(pid: int) -> bytes:
    """A process's command line; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def begin(made: Applied, samples: Samples) -> subprocess.Popen[bytes]:
    """Start to carry it out."""
    return start("apply", "small.yaml", "-i", samples.folder, "--progress=plain", cwd=made.folder)


def ended(pids: list[int]) -> bool:
    """Whether these processes end by themselves in good time."""
    until = time.monotonic() + 20
    while any(b"osrecipe" in command_line(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(b"osrecipe" in command_line(pid) for pid in pids)


def check_recovered(made: Applied, samples: Samples, undisturbed: Applied) -> None:
    """The next start cleans up, completes, and comes to the same ISO as if nothing had happened."""
    done = apply(made, samples)
    assert 0 == done.code, done.err
    assert [] == made.leftovers()
    assert sha256(undisturbed.iso) == sha256(made.iso)


@pytest.mark.parametrize("share", [1, 15, 32, 50, 72, 97])
def test_the_engine_is_killed(tmp_path: Path, samples: Samples, undisturbed: Applied, share: int) -> None:
    """Killed after that many hundredths of its journal, it publishes nothing, its workers end, the next start completes."""
    made = world(tmp_path)
    process = begin(made, samples)
    reached = at_point(made, process, max(1, len(undisturbed.journal) * share // 100))
    started = children(process.pid)
    process.kill()
    process.wait()
    assert reached
    assert not made.iso.exists() or "output-renamed" in {r["record"] for r in journal(made.runs[-1])}
    check_recovered(made, samples, undisturbed)
    assert ended(started)


@pytest.mark.parametrize("units", [1, 3, 5, 8])
def test_a_worker_is_killed(tmp_path: Path, samples: Samples, undisturbed: Applied, units: int) -> None:
    """A worker that dies fails its unit by name, with exit 4; nothing is published, nothing left, the next run completes."""
    made = world(tmp_path)
    process = begin(made, samples)
    killed = kill_busy_worker(made, process, units)
    code = process.wait(SECONDS)
    assert killed
    assert 4 == code, (made.folder / "err.txt").read_text(encoding="utf-8")
    first = last_report(made)["first_failure"]
    assert ("run/worker-died", True) == (first["slug"], first["unit"] is not None)
    assert "signal 9" in first["reason"] or "SIGKILL" in first["reason"], first["reason"]
    assert not made.iso.exists()
    assert [] == made.leftovers()
    check_recovered(made, samples, undisturbed)


def kill_busy_worker(made: Applied, process: subprocess.Popen[bytes], units: int) -> bool:
    """Kill workers while one does a unit, once that many units were begun, until that unit has failed.

    A worker that had just ended its unit leaves nothing to fail; so the next one is killed as well.
    """
    until = time.monotonic() + SECONDS
    killed = False
    while process.poll() is None and time.monotonic() < until:
        records = [row["record"] for row in journal(made.runs[-1])] if made.runs else []
        begun, over = records.count("unit-started"), records.count("unit-finished")
        busy = workers(process.pid)
        if begun >= units and begun > over and busy:
            for pid in busy:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            killed = True
        time.sleep(0.002)
    return killed


@pytest.mark.parametrize(("number", "units"), [(signal.SIGINT, 2), (signal.SIGTERM, 4)])
def test_a_request_to_stop(
    tmp_path: Path, samples: Samples, undisturbed: Applied, number: signal.Signals, units: int
) -> None:
    """Ctrl-C and termination end the run with exit 5, cleaned up; a second one changes nothing; the next run completes."""
    made = world(tmp_path)
    process = begin(made, samples)
    reached = at_point(made, process, units * 8)
    started = children(process.pid)
    process.send_signal(number)
    process.send_signal(number)
    code = process.wait(SECONDS)
    assert reached
    assert 5 == code, (made.folder / "err.txt").read_text(encoding="utf-8")
    assert "interrupted" in (made.folder / "out.txt").read_text(encoding="utf-8")
    assert not made.iso.exists()
    assert [] == made.leftovers()
    assert ("run-finished", 5) == (made.journal[-1]["record"], made.journal[-1]["exit_code"])
    assert ended(started)
    if number is signal.SIGINT:
        check_recovered(made, samples, undisturbed)


def test_clean_does_what_the_next_start_does(tmp_path: Path, samples: Samples, undisturbed: Applied) -> None:
    """`osrecipe clean` removes what a killed run left, says so, and leaves nothing; alive runs are left alone."""
    made = world(tmp_path)
    process = begin(made, samples)
    reached = at_point(made, process, len(undisturbed.journal) // 2)
    process.send_signal(signal.SIGSTOP)  # it must be alive for as long as `clean` takes
    busy = osrecipe("clean", "small.yaml", cwd=made.folder)
    process.kill()
    process.wait()
    assert reached
    assert 4 == busy.code
    assert "run/locked" in busy.err
    assert made.leftovers()
    done = osrecipe("clean", "small.yaml", cwd=made.folder)
    assert 0 == done.code, done.err
    assert "removed: " in done.out
    assert [] == made.leftovers()
    assert "nothing to clean\n" == osrecipe("clean", "small.yaml", cwd=made.folder).out


# -- hosts that are in the way ---------------------------------------------------------------------------------------


def in_private(script: str, cwd: Path) -> Done:
    """Run a shell script in a mount namespace of its own, where root or a user namespace allows it."""
    ways = (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"])
    for way in ways if shutil.which("unshare") else ():
        probe = subprocess.run(
            [*way, "sh", "-c", "mount -t tmpfs tmpfs ."], cwd=cwd, capture_output=True, check=False
        )
        if probe.returncode == 0:
            done = subprocess.run(
                [*way, "sh", "-ec", script],
                cwd=cwd,
                env=environment(),
                capture_output=True,
                check=False,
                timeout=SECONDS,
            )
            return Done(done.returncode, done.stdout.decode(), done.stderr.decode())
    pytest.skip("this host allows no private mounts")


def shell(*arguments: object) -> str:
    """The command line for a shell script."""
    import shlex

    return shlex.join(command(*arguments))


@pytest.mark.parametrize("mebibytes", [8, 60])
def test_a_full_disk(tmp_path: Path, samples: Samples, mebibytes: int) -> None:
    """Without room the run ends with exit 4, says so, publishes nothing, and leaves nothing but what is kept."""
    made = world(tmp_path)
    made.out.mkdir()
    run = shell("apply", "small.yaml", "-i", samples.folder, "--progress=plain")
    script = f"""
mount -t tmpfs -o size={mebibytes}m tmpfs out
code=0; {run} || code=$?
echo "exit: $code"
cp -a out/. ../kept/
"""
    kept = tmp_path.with_name("kept")
    kept.mkdir(exist_ok=True)
    done = in_private(script, made.folder)
    assert "exit: 4" in done.out, done.out + done.err
    assert "no space is left" in done.out + done.err
    shutil.rmtree(made.out)
    kept.rename(made.out)
    assert not made.iso.exists()
    assert [] == made.leftovers()
    assert "run/space" == last_report(made)["first_failure"]["slug"]


def limited(bytes_of_a_file: int) -> Callable[[], None]:
    """What a child does before it starts: take on a limit for the size of files."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_of_a_file, bytes_of_a_file))


def test_a_file_too_large_for_the_host(tmp_path: Path, samples: Samples) -> None:
    """Where the host refuses large files, the run ends with exit 4 and the host's reason, cleaned up."""
    made = world(tmp_path)
    done = subprocess.run(
        command("apply", "small.yaml", "-i", samples.folder, "--progress=plain"),
        cwd=made.folder,
        env=environment(),
        capture_output=True,
        check=False,
        timeout=SECONDS,
        preexec_fn=limited(3 << 20),
    )
    said = (done.stdout + done.stderr).decode()
    assert 4 == done.returncode, said
    assert "File too large" in said
    assert not made.iso.exists()
    assert [] == made.leftovers()


def test_inputs_that_can_not_be_written(tmp_path: Path, samples: Samples, undisturbed: Applied) -> None:
    """Inputs on a read-only volume are all that is needed."""
    made = world(tmp_path)
    (made.folder / "in").mkdir()
    run = shell("apply", "small.yaml", "-i", "in", "--progress=plain")
    script = f"""
mount --bind {samples.folder} in
mount -o remount,bind,ro in
if touch in/x 2>/dev/null; then exit 77; fi
{run}
"""
    done = in_private(script, made.folder)
    assert 0 == done.code, done.out + done.err
    assert sha256(undisturbed.iso) == sha256(made.iso)


def test_an_output_of_somebody_else_is_replaced_on_request(
    tmp_path: Path, samples: Samples, undisturbed: Applied
) -> None:
    """With `--overwrite` the file that was there is replaced, by the whole new one."""
    made = world(tmp_path)
    made.out.mkdir()
    made.iso.write_bytes(b"somebody else's")
    assert 4 == apply(made, samples).code
    assert b"somebody else's" == made.iso.read_bytes()
    done = apply(made, samples, "--overwrite")
    assert 0 == done.code, done.err
    assert sha256(undisturbed.iso) == sha256(made.iso)
