"""`osrecipe doctor`: what a person reads, on any platform, and the exit codes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from support.cli import run
from support.command import osrecipe
from support.standins import LAUNCHER, machine

from osrecipe.adapters.dism import host as probed
from osrecipe.adapters.dism.host import Host, Volume, is_elevated
from osrecipe.adapters.dism.output import Mount
from osrecipe.adapters.dism.preflight import Finding, Level
from osrecipe.adapters.dism.tool import Tool
from osrecipe.cli import writer
from osrecipe.model.version import Version

if TYPE_CHECKING:
    import pytest
    from support.samples import Samples

pytest_plugins = ["support.fixtures"]
READY = Host(
    system="Windows",
    is_elevated=True,
    tool=Tool("C:\\Windows\\System32\\dism.exe", "the system's", Version.parse("10.0.26100.1150")),
    trouble="",
    volume=Volume(Path("/build"), 100 << 30, "NTFS", is_fixed=True, has_reparse_points=True),
    mounts=(),
    long_paths=False,
    scanner=False,
    libwim="1.14.4",
    libmspack="present",
)
ELSEWHERE = replace(
    READY,
    system="Linux",
    tool=None,
    trouble="there is no DISM on this host",
    volume=Volume(Path("/build"), 100 << 30, has_reparse_points=True),
    mounts=None,
    long_paths=None,
    scanner=None,
)
TROUBLED = replace(
    READY,
    is_elevated=False,
    volume=Volume(Path("/build"), 5 << 30, "exFAT", is_fixed=True, has_reparse_points=False),
    mounts=(Mount("D:\\else", "D:\\x.wim", "1", "Needs Remount"),),
    scanner=True,
    libmspack="",
)
CHECKS = ["dism", "elevation", "volume", "space", "mounts", "scanner", "paths"]


def told(monkeypatch: pytest.MonkeyPatch, host: Host) -> tuple[int, str]:
    """What doctor says of a host."""
    monkeypatch.setattr(probed, "probe", lambda _folder, _dism: host)
    monkeypatch.setattr(writer, "look", lambda _plan=None: Finding("oscdimg", Level.OK, "there"))
    monkeypatch.setenv("COLUMNS", "100")
    done = run("doctor", "--output", "/build")
    assert "" == done.err
    return done.code, done.out


def test_a_windows_host_that_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thing that was looked at with its value, and what can be done here."""
    assert told(monkeypatch, READY) == (
        0,
        """\
the embedded adapter, and reading images at all
  ok    libwim: libwim 1.14.4
  ok    libmspack: libmspack present
the dism adapter
  ok    dism: `C:\\Windows\\System32\\dism.exe`, version 10.0.26100.1150 (the system's)
  ok    elevation: this process is elevated
  ok    volume: `/build` is on NTFS, on a fixed drive
  ok    space: 100.0 GiB free at `/build`
  ok    mounts: nothing of others is mounted
  ok    scanner: no virus scanner is known to be in the way
  ok    paths: paths below the mount folders have about 200 characters
recipes with `output.writer: oscdimg`
  ok    oscdimg: there
adapters that can work here: embedded, dism
""",
    )


def test_a_host_without_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same checks under the same names; the embedded adapter can work, so the exit code is 0."""
    code, out = told(monkeypatch, ELSEWHERE)
    assert (0, "adapters that can work here: embedded") == (code, out.splitlines()[-1])
    assert (
        "  fail  dism: there is no DISM on this host\n"
        "        hint: name one with `--dism PATH`; the embedded adapter needs none\n" in out
    )
    assert "  ok    volume: `/build` can hold links, as mounts need\n" in out
    assert [name for name in CHECKS if name != "mounts"] == names(out)  # there is nobody to ask


def names(out: str) -> list[str]:
    """The checks of the dism adapter, in order."""
    below = out.partition("the dism adapter\n")[2].partition("recipes with")[0].splitlines()
    return [line.split()[1].rstrip(":") for line in below if not line.startswith("   ")]


def test_a_host_with_every_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stops a run is `fail`, what is only a risk `warn`, each with what to do; neither adapter can work: exit code 4."""
    code, out = told(monkeypatch, TROUBLED)
    assert (4, "adapters that can work here: none") == (code, out.splitlines()[-1])
    marks = {
        line.split()[1].rstrip(":"): line.split()[0]
        for line in out.splitlines()
        if line.startswith(("  ok", "  warn", "  fail"))
    }
    assert marks == {
        "libwim": "ok",
        "libmspack": "fail",
        "dism": "ok",
        "elevation": "fail",
        "volume": "fail",
        "space": "ok",
        "mounts": "warn",
        "scanner": "warn",
        "paths": "ok",
        "oscdimg": "ok",
    }
    assert out.count("        hint: ") == 5
    assert "hint: install libmspack" in out
    assert "hint: run in a console that was started as administrator" in out


def test_a_recipe_s_plan_is_compared_with_the_space(
    here: Path, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a recipe the estimate is there, and is what decides; one that is wrong is said as everywhere."""
    roomy, tight = READY, replace(READY, volume=replace(READY.volume, free=1 << 20))
    found = []
    for host in (roomy, tight):
        monkeypatch.setattr(probed, "probe", lambda _folder, _dism, host=host: host)
        found.append(run("doctor", "recipes/quickstart.yaml", "-i", samples.folder))
    assert [0, 0] == [done.code for done in found]
    assert "; the plan may need " in found[0].out
    assert ["ok", "fail"] == [
        next(line.split()[0] for line in done.out.splitlines() if " space: " in line) for done in found
    ]
    assert ["embedded, dism", "embedded"] == [done.out.rstrip().rpartition(": ")[2] for done in found]
    assert not (here / "out").exists()
    assert 3 == run("doctor", "recipes/no-such.yaml").code


def test_what_no_adapter_here_can_do_is_said_of_a_recipe(
    here: Path, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first refused line and how many there are; the exit code is about the adapter that is asked for."""
    line = ("doctor", "recipes/on-windows.yaml", "-i", samples.folder)
    monkeypatch.setattr(probed, "probe", lambda _folder, _dism: READY)
    done = run(*line)
    assert (0, "adapters that can do this recipe here: dism") == (done.code, done.out.splitlines()[-1])
    said = " ".join(done.out.split())
    assert "fail embedded: refuses 7 lines of it: recipes/on-windows.yaml:" in said
    assert "`osrecipe plan recipes/on-windows.yaml --adapter embedded` names every line" in said
    assert "ok dism: can do all of it" in said
    assert 0 == run(*line, "--adapter", "dism").code
    assert 4 == run(*line, "--adapter", "embedded").code
    monkeypatch.setattr(probed, "probe", lambda _folder, _dism: ELSEWHERE)
    done = run(*line)
    assert (4, "adapters that can do this recipe here: none") == (done.code, done.out.splitlines()[-1])
    assert not (here / "out").exists()


def test_an_older_dism_can_not_do_a_recipe(
    here: Path, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its version is judged as `plan` judges it."""
    old = replace(READY, tool=Tool("dism.exe", "the system's", Version.parse("10.0.16299.15")))
    monkeypatch.setattr(probed, "probe", lambda _folder, _dism: old)
    done = run("doctor", "recipes/quickstart.yaml", "-i", samples.folder)
    assert "10.0.16299.15 is older than the family of the image" in " ".join(done.out.split())
    assert (0, "adapters that can do this recipe here: embedded") == (done.code, done.out.splitlines()[-1])
    assert here.is_dir()


def test_a_recipe_that_asks_for_oscdimg_needs_one(
    here: Path, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is a risk for others is a failure for it."""
    recipe = here / "recipes" / "quickstart.yaml"
    text = recipe.read_text(encoding="utf-8")
    assert "output:\n" in text
    recipe.write_text(text.replace("output:\n", "output:\n  writer: oscdimg\n"), encoding="utf-8")
    monkeypatch.setattr(probed, "probe", lambda _folder, _dism: READY)
    monkeypatch.setenv("OSRECIPE_OSCDIMG", "")
    done = run("doctor", "recipes/quickstart.yaml", "-i", samples.folder)
    assert "fail oscdimg: there is no oscdimg" in " ".join(done.out.split())
    assert (4, "adapters that can do this recipe here: none") == (done.code, done.out.splitlines()[-1])


def test_the_host_is_told_of_though_a_recipe_is_wrong(
    here: Path, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An input that is not here yet is no reason to say nothing; no adapter is said to be able to do it."""
    monkeypatch.setattr(probed, "probe", lambda _folder, _dism: READY)
    done = run("doctor", "recipes/quickstart.yaml")
    assert 3 == done.code
    assert "ok    elevation: this process is elevated" in done.out
    assert "adapters that can" not in done.out
    assert "input/missing" in done.err
    assert (here / "recipes").is_dir()
    assert samples.folder.is_dir()


def test_apply_stops_for_what_doctor_calls_a_failure(
    here: Path, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them at once, before a run is made, exit code 4; what is only a risk is said and stops nothing."""
    host = machine(here / "machine", monkeypatch)
    line = ("apply", "recipes/quickstart.yaml", "-i", samples.folder, "--adapter", "dism", "--dism", LAUNCHER)
    monkeypatch.setattr(probed, "probe", lambda _folder, _dism: TROUBLED)
    done = run(*line)
    assert 4 == done.code
    for reason in ("this process is not elevated", "`/build` is on exFAT, without reparse points"):
        assert f"run/host-not-ready]: {reason}" in " ".join(done.err.split())
    assert "virus scanner" not in done.err
    assert [] == [call for call in host.calls if "/Mount-Image" in call]
    assert [] == list(here.glob("out/.osrecipe/*/runs"))


def test_this_very_host_with_the_stand_in(tmp_path: Path) -> None:
    """Probed, not simulated: the version from the banner, a mount list, a volume; nothing is changed."""
    host = machine(tmp_path / "machine")
    done = osrecipe("doctor", "--dism", LAUNCHER, cwd=tmp_path, env=host.environment)
    assert 0 == done.code, done.err
    assert "version 10.0.26100.1150 (option)" in done.out
    assert CHECKS == names(done.out)
    assert ["machine"] == [path.name for path in tmp_path.iterdir()]
    unelevated = osrecipe(
        "doctor", "--dism", LAUNCHER, cwd=tmp_path, env=host.environment | {"STANDIN_ELEVATED": "0"}
    )
    assert "does not answer as DISM" in unelevated.out
    assert ("name another one" in unelevated.out) is is_elevated()
    assert ("started as administrator" in unelevated.out) is not is_elevated()
    assert "adapters that can work here: embedded\n" in unelevated.out
