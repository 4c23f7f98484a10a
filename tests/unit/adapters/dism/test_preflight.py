"""What a host is judged by: every reason that stops a run, and what only warns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.applied import copy_recipes
from support.house import ROOT
from support.standins import LAUNCHER, machine

from osrecipe.adapters.dism import DismAdapter
from osrecipe.adapters.dism.host import Host, Volume, probe
from osrecipe.adapters.dism.output import Mount
from osrecipe.adapters.dism.preflight import Finding, Level, Need, examine, libraries, need_of
from osrecipe.adapters.dism.tool import Tool
from osrecipe.cli.prepare import Use, prepare
from osrecipe.engine.clock import SystemClock
from osrecipe.engine.workspace import Workspace
from osrecipe.model.names import UnitId
from osrecipe.model.plan import Session
from osrecipe.model.version import Version

if TYPE_CHECKING:
    from support.samples import Samples

pytest_plugins = ["support.fixtures"]
WORK = Path("/out/.osrecipe/demo")
GOOD = Host(
    system="Windows",
    is_elevated=True,
    tool=Tool("C:\\dism.exe", "the system's", Version.parse("10.0.26100.1150")),
    trouble="",
    volume=Volume(Path("/out"), 100 << 30, "NTFS", is_fixed=True, has_reparse_points=True),
    mounts=(),
    long_paths=True,
    scanner=False,
    libwim="1.14.4",
    libmspack="present",
)
NEED = Need(
    (("source images", 5 << 30), ("mounted images", 20 << 30), ("scratch", 1 << 30), ("export", 6 << 30)),
    mounts=4,
)
CHECKS = ["dism", "elevation", "volume", "space", "mounts", "scanner", "paths"]
OTHER = Mount("D:\\else", "D:\\x.wim", "1", "Ok")


def levels(found: tuple[Finding, ...]) -> dict[str, Level]:
    """The level of each finding that is not well."""
    return {one.name: one.level for one in found if one.level is not Level.OK}


def test_a_good_host_is_ready() -> None:
    """Nothing to say but what was found."""
    assert {} == levels(examine(GOOD, need=NEED, work=WORK))


@pytest.mark.parametrize(
    ("host", "name", "level"),
    [
        (replace(GOOD, is_elevated=False), "elevation", Level.FAIL),
        (replace(GOOD, is_elevated=False, system="Linux"), "elevation", Level.WARN),
        (replace(GOOD, tool=None, trouble="there is no DISM on this host"), "dism", Level.FAIL),
        (replace(GOOD, trouble="it ended without its banner"), "dism", Level.FAIL),
        (replace(GOOD, tool=Tool("x", "option", None)), "dism", Level.FAIL),
        (replace(GOOD, volume=replace(GOOD.volume, is_fixed=False)), "volume", Level.FAIL),
        (replace(GOOD, volume=replace(GOOD.volume, file_system="ReFS")), "volume", Level.FAIL),
        (replace(GOOD, volume=replace(GOOD.volume, has_reparse_points=False)), "volume", Level.FAIL),
        (replace(GOOD, volume=replace(GOOD.volume, free=25 << 30)), "space", Level.FAIL),
        (replace(GOOD, volume=replace(GOOD.volume, free=30 << 30)), "space", Level.WARN),
        (replace(GOOD, mounts=None), "mounts", Level.WARN),
        (replace(GOOD, mounts=(replace(OTHER, status="Invalid"),)), "mounts", Level.WARN),
        (replace(GOOD, mounts=(OTHER,) * 20), "mounts", Level.FAIL),
        (replace(GOOD, mounts=(OTHER,) * 17), "mounts", Level.FAIL),
        (replace(GOOD, mounts=(replace(OTHER, folder="/out"),)), "mounts", Level.FAIL),
        (replace(GOOD, mounts=(replace(OTHER, folder=str(WORK)),) * 17), "", Level.OK),
        (replace(GOOD, mounts=(OTHER,) * 16), "", Level.OK),
        (replace(GOOD, mounts=(replace(OTHER, status="Needs Remount"),)), "mounts", Level.WARN),
        (replace(GOOD, scanner=True), "scanner", Level.WARN),
    ],
)
def test_what_is_in_the_way_is_said(host: Host, name: str, level: Level) -> None:
    """Under one name, with what to do; nothing else is said to be in the way. Every check is there whatever was found, but a missing DISM lists no mounts."""
    found = examine(host, need=NEED, work=WORK)
    assert ({name: level} if name else {}) == levels(found)
    asked = [one for one in CHECKS if one != "mounts" or host.tool is not None]
    assert asked == [one.name for one in found]
    for said in found:
        assert said.hint or said.level is Level.OK or host.mounts is None
        assert not said.text.endswith(".")


def test_mounts_of_others_are_no_trouble_and_our_own_are_not_others() -> None:
    """A damaged mount below our own folder is for the janitor, not for a warning."""
    ours = Mount(str(WORK / "runs" / "1" / "mount"), "x", "1", "Invalid")
    assert {} == levels(examine(replace(GOOD, mounts=(OTHER, ours)), need=NEED, work=WORK))


def test_long_paths_and_profiles_warn_on_windows() -> None:
    """With what the output should be instead."""
    found = examine(GOOD, work=Path("C:\\Users\\someone\\" + "deep\\" * 20))
    assert {"paths": Level.WARN, "profile": Level.WARN} == levels(found)


@pytest.mark.parametrize(
    ("name", "wrong"), [("r\xe9sum\xe9", {}), ("\u0441\u0431\u043e\u0440", {"names": Level.FAIL})]
)
def test_a_work_folder_that_dism_can_t_name_stops_a_run(name: str, wrong: dict[str, Level]) -> None:
    """Its list of mounts would have question marks, and the mount could neither be found nor undone."""
    host = replace(GOOD, encoding="cp437")
    assert wrong == levels(examine(host, work=WORK / name))
    assert {} == levels(examine(replace(host, system="Linux"), work=WORK / name))


def test_what_is_no_dism_is_not_a_matter_of_elevation() -> None:
    """An elevated process is not told to elevate; another one is, for DISM answers nothing else then."""
    silent = replace(GOOD, trouble="it ended without its banner")
    for host, word in ((silent, "--dism"), (replace(silent, is_elevated=False), "administrator")):
        said = next(one for one in examine(host) if one.name == "dism")
        assert word in said.hint


def test_missing_libraries_are_said_by_name() -> None:
    """Each by itself."""
    assert {} == levels(libraries(GOOD))
    assert {"libmspack": Level.FAIL} == levels(libraries(replace(GOOD, libmspack="")))
    assert {"libwim": Level.FAIL} == levels(libraries(replace(GOOD, libwim="")))


def test_this_host_is_probed_with_a_dism(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The version comes from the banner, the mounts from the list; a folder that is not there yet is no trouble."""
    machine(tmp_path / "m", monkeypatch)
    host = probe(tmp_path / "not" / "yet", str(LAUNCHER))
    assert host.tool is not None
    assert host.tool.version == Version.parse("10.0.26100.1150")
    assert host.mounts == ()
    assert host.volume.folder == tmp_path
    assert host.trouble == ""
    assert list(tmp_path.iterdir()) == [tmp_path / "m"]


def test_an_unelevated_dism_is_told_from_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Error 740 for every command line; there is no banner then, so no version either."""
    machine(tmp_path / "m", monkeypatch)
    monkeypatch.setenv("STANDIN_ELEVATED", "0")
    host = probe(tmp_path, str(LAUNCHER))
    assert host.tool is not None
    assert "elevated" in host.trouble
    assert levels(examine(host))["dism"] is Level.FAIL


def test_a_stub_that_says_nothing_is_no_dism(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wine's own dism.exe: exit code 0 and not one byte."""
    made = machine(tmp_path / "m", monkeypatch)
    made.order({"command": "*", "do": "silent", "times": 99})
    host = probe(tmp_path, str(LAUNCHER))
    assert "banner" in host.trouble
    assert levels(examine(host))["dism"] is Level.FAIL


def test_no_dism_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a host without Windows; the rest is still looked at."""
    for name in ("OSRECIPE_DISM", "SystemRoot", "WINDIR"):
        monkeypatch.delenv(name, raising=False)
    host = probe(tmp_path)
    assert host.tool is None
    assert levels(examine(host))["dism"] is Level.FAIL


def worded(found: tuple[Finding, ...]) -> dict[str, str]:
    """What is said under each name."""
    return {one.name: one.text for one in found}


def mount_folder() -> int:
    """How long the path of a real run's mount folder is."""
    run = Workspace(WORK.parents[1] / "demo.iso", "demo").new_run(SystemClock())
    return len(str(run.unit_work(UnitId("install-enterprise.customize")) / "image" / "mount"))


def test_a_good_host_is_told_what_was_found() -> None:
    """Values, not only that all is well."""
    assert {
        "dism": "`C:\\dism.exe`, version 10.0.26100.1150 (the system's)",
        "elevation": "this process is elevated",
        "volume": "`/out` is on NTFS, on a fixed drive",
        "space": "100.0 GiB free at `/out`; the plan may need 32.0 (source images 5.0, mounted images 20.0, scratch 1.0, export 6.0)",
        "mounts": "nothing of others is mounted",
        "scanner": "no virus scanner is known to be in the way",
        "paths": f"paths below the mount folders have about {mount_folder() + 90} characters",
    } == worded(examine(GOOD, need=NEED, work=WORK))


def test_space_without_a_plan_is_only_said() -> None:
    """Whatever is free: there is nothing to compare it with."""
    found = examine(replace(GOOD, volume=replace(GOOD.volume, free=1 << 29)), work=WORK)
    assert {} == levels(found)
    assert "0.5 GiB free at `/out`" == worded(found)["space"]


def test_a_volume_whose_file_system_has_no_name_is_tried_out() -> None:
    """Elsewhere than on Windows: what counts is that links can be made there."""
    linux = replace(GOOD.volume, file_system=None, is_fixed=None)
    assert {} == levels(examine(replace(GOOD, volume=linux), need=NEED, work=WORK))
    no_links = replace(linux, has_reparse_points=False)
    assert {"volume": Level.FAIL} == levels(examine(replace(GOOD, volume=no_links), need=NEED, work=WORK))


def test_long_paths_that_windows_would_take_are_told_apart() -> None:
    """The switch of the host is named where it is off; elsewhere than on Windows no length warns."""
    deep = Path("D:\\" + "deep\\" * 30)
    hints = {
        switch: next(
            one.hint for one in examine(replace(GOOD, long_paths=switch), work=deep) if one.name == "paths"
        )
        for switch in (True, False)
    }
    assert [False, True] == ["LongPathsEnabled" in hint for hint in hints.values()]
    assert {} == levels(examine(replace(GOOD, system="Linux"), work=deep))


def test_what_a_plan_needs_is_estimated(samples: Samples, tmp_path: Path) -> None:
    """From the sizes of its inputs; more units at a time need more mounts, and more room for them only."""
    copy_recipes(tmp_path)
    ready = prepare(tmp_path / "recipes" / "quickstart.yaml", [samples.folder], Use.NONE).ready
    needs = [need_of(ready.plan, ready.gathered.facts, parallel) for parallel in (1, 2, 99)]
    sessions = sum(isinstance(unit, Session) for unit in ready.plan.units)
    assert [1, 2, sessions] == [need.mounts for need in needs]
    one, two, _ = (dict(need.parts) for need in needs)
    assert (2 * one["mounted images"], 2 * one["scratch"]) == (two["mounted images"], two["scratch"])
    unchanged = {"source images", "serviced images", "export", "media tree and ISO"}
    assert {name: one[name] for name in unchanged} == {name: two[name] for name in unchanged}
    media = samples.media.stat().st_size
    packages = sum(samples.package(stem).stat().st_size for stem in ("kb9000001-x64", "kb9000002-x64"))
    assert one["media tree and ISO"] >= 2 * (media + packages)
    assert min(one.values()) > 0
    assert sum(one.values()) == needs[0].total
    assert needs[0].at_once == one["source images"] + one["mounted images"] + one["scratch"]


def test_what_dism_can_not_list_is_said_before(samples: Samples) -> None:
    """Drivers, capabilities and apps are looked for in lists that DISM prints in the host's code page."""
    recipe = ROOT / "recipes" / "on-windows.yaml"
    ready = prepare(recipe, [samples.folder], Use.NONE, DismAdapter()).ready
    need = need_of(ready.plan, ready.gathered.facts, 1)
    assert {"constor.inf", "connet.inf"} <= set(need.names)
    assert any(name.startswith("Contoso.") for name in need.names)
    host = replace(GOOD, encoding="cp437")
    assert {} == levels(examine(host, need=replace(need, parts=()), work=WORK))
    odd = replace(need, parts=(), names=("\u0434\u0438\u0441\u043a.inf", *need.names))
    (found,) = (one for one in examine(host, need=odd, work=WORK) if one.level is Level.FAIL)
    assert "DISM can't list `\u0434\u0438\u0441\u043a.inf` in its output's code page" in found.text
    assert {} == levels(examine(replace(host, system="Linux"), need=odd, work=WORK))
