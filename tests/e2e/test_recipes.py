"""Every example recipe is carried out, and does what it says; what it does not name stays as it is on the media."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest
from support.applied import RECIPES, Applied, parsed, sha256
from support.command import osrecipe
from support.expected import (
    Expected,
    hive_of,
    together,
    unnamed_values,
    wrong_files,
    wrong_links,
    wrong_values,
)
from support.images import files_of, surprises, wim_info
from support.samples.spec import ValueType
from support.witness import witness

from .conftest import Media

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.samples import Samples
    from support.shelf import Shelf

SSU, FIRST, LATER, FLASH = (f"kb900000{number}-x64" for number in (1, 2, 3, 4))
CONFIG = "Windows\\System32\\config\\"
NTUSER = "Users\\Default\\NTUSER.DAT"
OEM = ("windows\\oem", "windows\\oem\\scripts\\first-logon.cmd", "windows\\oem\\support.html")


@pytest.mark.parametrize("name", sorted({path.stem for path in RECIPES.glob("*.yaml")} - {"on-windows"}))
def test_every_example_ends_well(applied: Callable[[str], Applied], name: str) -> None:
    """Each example recipe exits with 0, accounts for all tasks and checks, and leaves nothing temporary.

    `on-windows` is for DISM alone: `test_on_windows.py`.
    """
    made = applied(name)
    assert 0 == made.done.code, made.done.err
    assert made.done.out.startswith(f"{name}: done\n")
    report = made.report
    assert {"done"} == {task["status"] for task in report["tasks"]}
    assert all(check["passed"] for task in report["tasks"] for check in task["checks"])
    assert sha256(made.iso) == report["written"][0]["sha256"]
    assert [] == made.leftovers()
    assert "Everything is Ok" in witness("7z", "t", str(made.iso))


# -- tweaks-only -----------------------------------------------------------------------------------------------------


def test_tweaks_only_touches_only_what_it_names(source: Media, finished: Callable[[str], Media]) -> None:
    """One value and two files are new, one file is gone, in one edition; the other edition is as it was in every field."""
    result = finished("tweaks-only")
    named = {*OEM, f"{CONFIG}software".lower()}
    log = "windows\\temp\\setup.log"
    assert [] == surprises(source.tree("install-2"), result.tree("install-2"), named | {log})
    assert log not in result.tree("install-2")
    assert set(OEM) <= result.tree("install-2").keys()
    key = "Policies\\Microsoft\\Windows\\DataCollection"
    expected = Expected().value(f"{CONFIG}SOFTWARE", key, "AllowTelemetry", ValueType.DWORD, bytes(4))
    assert [] == wrong_values(expected, result.folder("install-2"))
    assert [] == unnamed_values(expected, source.folder("install-2"), result.folder("install-2"))
    assert source.tree("install-1") == result.tree("install-1")
    assert source.tree("install-2") != result.tree("install-2")


def test_tweaks_only_leaves_the_media_alone(source: Media, finished: Callable[[str], Media]) -> None:
    """Nothing on the disc differs but install.wim; boot.wim is the very same file, and revisions are as they were."""
    result = finished("tweaks-only")
    before, after = files_of(source.files), files_of(result.files)
    assert {"sources\\install.wim"} == {
        name for name in before | after if before.get(name) != after.get(name)
    }
    said = [[i["Service Pack Build"] for i in wim_info(m.wim("install-2")[0])[1]] for m in (source, result)]
    assert [["1", "1"], ["1", "1"]] == said
    assert source.folder("install-2").is_dir()
    assert files_of(source.folder("install-1")) == files_of(result.folder("install-1"))


# -- corporate -------------------------------------------------------------------------------------------------------


def test_corporate_has_one_edition(finished: Callable[[str], Media]) -> None:
    """The edition that was not selected is gone, the other is alone, with the later update's revision."""
    head, images = wim_info(finished("corporate").wim("install-1")[0])
    assert ("1", "XPRESS") == (head["Image Count"], head["Compression"])
    assert [("Sample 10 Enterprise", "Enterprise", "345")] == [
        (i["Name"], i["Edition ID"], i["Service Pack Build"]) for i in images
    ]


def corporate_values() -> Expected:
    """The values of the recipe, its fragment and its reg file."""
    text = "Contoso\0".encode("utf-16-le")
    oem = "Microsoft\\Windows\\CurrentVersion\\OEMInformation"
    desktop = "Software\\Contoso\\Desktop"
    cloud = "Policies\\Microsoft\\Windows\\CloudContent"
    explorer = "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\Advanced"
    software, dword = f"{CONFIG}SOFTWARE", ValueType.DWORD
    support = "%SystemDrive%\\OEM\\support.html\0".encode("utf-16-le")
    hours = "Mon-Fri 8-18\0Sat 9-12\0\0".encode("utf-16-le")
    return (
        Expected()
        .value(software, oem, "Manufacturer", ValueType.SZ, text)
        .value(software, oem, "SupportURL", ValueType.EXPAND_SZ, support)
        .value(software, oem, "SupportHours", ValueType.MULTI_SZ, hours)
        .value(software, cloud, "DisableWindowsConsumerFeatures", dword, b"\1\0\0\0")
        .value(software, cloud, "DisableSoftLanding", dword, b"\1\0\0\0")
        .value(NTUSER, desktop, "Theme", ValueType.BINARY, b"\1\2\n")
        .value(NTUSER, desktop, "Quota", ValueType.QWORD, (5_000_000_000).to_bytes(8, "little"))
        .value(NTUSER, explorer, "HideFileExt", dword, bytes(4))
        .value(
            f"{CONFIG}SYSTEM",
            "ControlSet001\\Control\\TimeZoneInformation",
            "RealTimeIsUniversal",
            dword,
            b"\1\0\0\0",
        )
    )


def test_corporate_customizes_the_edition(
    samples: Samples, source: Media, finished: Callable[[str], Media]
) -> None:
    """Values of every type in three hives, the reg file, files and features; beside the updates nothing else changed."""
    result = finished("corporate")
    folder, seen = result.folder("install-1"), result.tree("install-1")
    media = samples.answer("media")["features"]
    telnet, smb1 = media["SampleTelnetClient"], media["SMB1Protocol"]
    expected = corporate_values()
    for answer in (
        *(samples.answer(stem)["images"]["install"] for stem in (SSU, LATER)),
        telnet["when_enabled"],
    ):
        expected.add(answer)
    expected.others |= {*OEM, "windows\\system32\\recovery\\winre.wim"}
    gone = {path.lower() for path in smb1["gone_when_disabled"]}
    assert gone
    assert set() == gone & seen.keys()
    assert [] == wrong_files(expected, folder)
    assert [] == wrong_values(expected, folder)
    assert [] == wrong_links(expected, seen)
    assert [] == surprises(source.tree("install-2"), seen, expected.named | gone)
    assert [] == unnamed_values(expected, source.folder("install-2"), folder)
    assert files_of(folder / "Windows" / "OEM") == files_of(RECIPES / "files" / "oem")


def test_corporate_records_the_features(finished: Callable[[str], Media]) -> None:
    """The image's own ledger says which feature was switched, and how; Windows' own records stay as they are."""
    path = finished("corporate").folder("install-1") / "Windows" / "servicing" / "osrecipe" / "ledger.json"
    features = {row["name"]: row["state"] for row in parsed(path)["features"]}
    assert {"SMB1Protocol": "disabled", "SampleTelnetClient": "enabled"} == features


def test_corporate_customizes_setup_alone(
    samples: Samples, source: Media, finished: Callable[[str], Media]
) -> None:
    """The setup image has its tweak; Windows PE beside it has the updates only."""
    result = finished("corporate")
    console = "COM1\0".encode("utf-16-le")
    for image in ("setup", "winpe"):
        expected = together(samples.answer(stem)["images"][image] for stem in (SSU, LATER))
        if image == "setup":
            expected.value(f"{CONFIG}SYSTEM", "Setup\\Contoso", "Console", ValueType.SZ, console)
        assert [] == wrong_values(expected, result.folder(image))
        assert [] == wrong_files(expected, result.folder(image))
        assert [] == surprises(source.tree(image), result.tree(image), expected.named)
        assert [] == unnamed_values(expected, source.folder(image), result.folder(image))


def label_of(iso: Path) -> str:
    """The volume label that 7z reads."""
    said = witness("7z", "l", "-slt", str(iso))
    return next(
        line.partition(": ")[2] for line in said.splitlines() if line.strip().startswith("VolumeId: ")
    )


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("corporate", "CONTOSO_ENT"),
        ("monthly-updates", "OSR_2026_11"),
        ("quickstart", "OSR_17134_228_X64_EN-US"),
    ],
)
def test_labels(applied: Callable[[str], Applied], name: str, label: str) -> None:
    """The disc is called what the recipe says, or by the build its images were raised to."""
    assert label == label_of(applied(name).iso)


# -- monthly-updates -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("image", ["install-1", "install-2", "winre", "winpe", "setup"])
def test_monthly_updates_are_everywhere(
    samples: Samples, source: Media, finished: Callable[[str], Media], image: str
) -> None:
    """Every image has the month's updates in full, says so in its XML, and nothing else changed."""
    result = finished("monthly-updates")
    kind = "install" if image.startswith("install") else image
    stems = (SSU, LATER, FLASH) if kind == "install" else (SSU, LATER)
    expected = together(samples.answer(stem)["images"][kind] for stem in stems)
    expected.others |= {"windows\\system32\\recovery\\winre.wim"} if kind == "install" else set()
    assert [] == wrong_files(expected, result.folder(image))
    assert [] == wrong_values(expected, result.folder(image))
    assert [] == wrong_links(expected, result.tree(image))
    assert [] == surprises(source.tree(image), result.tree(image), expected.named)
    assert [] == unnamed_values(expected, source.folder(image), result.folder(image))
    wim, index = result.wim(image)
    assert "345" == wim_info(wim)[1][index - 1]["Service Pack Build"]


# -- a recipe on what a recipe made ----------------------------------------------------------------------------------

CHAIN = """schema: osrecipe/1
name: chain
inputs:
  media: {{iso: quickstart.iso}}
  lcu: {{update: kb9000003-x64.msu}}
source: media
updates:
  apply:
    lcu: [install]
targets:
  install:
    select: [{{edition: Professional}}]
    others: {others}
    cleanup: {cleanup}
media: {{sync-sources: none}}
output: {{iso: out/chain.iso}}
expect:
  install: {{build: "10.0.17134.345"}}
"""


def chained(folder: Path, quickstart: Applied, samples: Samples, *, cleanup: str) -> None:
    """Put the next month's update into the main job's own ISO."""
    shutil.copyfile(quickstart.iso, folder / "quickstart.iso")
    (folder / "chain.yaml").write_text(CHAIN.format(cleanup=cleanup, others="drop"), encoding="utf-8")
    done = osrecipe("apply", "chain.yaml", "-i", samples.folder, "--progress=plain", cwd=folder)
    (folder / "done.json").write_text(json.dumps(asdict(done)), encoding="utf-8")
    assert 0 == done.code, done.err


@pytest.fixture(scope="module")
def cleaned(shelf: Shelf, quickstart: Applied, samples: Samples) -> Applied:
    """The main job's ISO a month later, cleaned up."""
    made = shelf.take("chain", lambda to: chained(to, quickstart, samples, cleanup="superseded"))
    return Applied(made, "chain")


@pytest.fixture(scope="module")
def next_month(shelf: Shelf, cleaned: Applied) -> Media:
    """What is in it."""
    return Media(shelf, "chain", cleaned.iso)


def test_the_next_month_supersedes(samples: Samples, source: Media, result: Media, next_month: Media) -> None:
    """The later update is there in full, .NET 3.5 included; what it does not have any more stays as the earlier left it."""
    kind = "install+netfx3"
    folder = next_month.folder("install-1")
    netfx3 = samples.answer("media")["features"]["NetFx3"]["when_enabled"]
    answers = [netfx3, *(samples.answer(stem)["images"][kind] for stem in (FIRST, LATER))]
    expected = together(answers)
    later = Expected().add(samples.answer(LATER)["images"][kind])
    later.kept = {path: digest for path, digest in later.kept.items() if path in source.tree("install-1")}
    assert [] == wrong_files(later, folder)
    assert [] == wrong_values(later, folder)
    assert [] == wrong_links(later, next_month.tree("install-1"))
    assert [] == surprises(result.tree("install-1"), next_month.tree("install-1"), expected.named)
    assert "345" == wim_info(next_month.wim("install-1")[0])[1][0]["Service Pack Build"]


def test_cleanup_reclaims_what_is_superseded(
    samples: Samples, cleaned: Applied, result: Media, next_month: Media
) -> None:
    """The earlier update's own versions are gone from the store, and the figures in the report are those bytes."""
    first, later = (samples.answer(stem)["images"]["install+netfx3"] for stem in (FIRST, LATER))
    dropped = set(samples.answer(LATER)["dropped_components"])
    gone = {c["key_form"] for c in first["components"]} - {c["key_form"] for c in later["components"]}
    gone -= {c["key_form"] for c in first["components"] if c["name"] in dropped}
    before, after = result.tree("install-1"), next_month.tree("install-1")
    for form in gone:
        assert [] == [path for path in after if f"\\{form}\\" in path or path.endswith(f"{form}.manifest")]
    assert gone
    assert 0 < len([path for path in before if any(form in path for form in gone)])
    (cleanup,) = [t for t in cleaned.report["tasks"] if t["task"].endswith("/cleanup")]
    figures = dict(map(tuple, cleanup["figures"]))
    stored = {row["path"].lower(): row["size"] for row in first["files"] if row["role"] == "store"}
    lost = sum(size for path, size in stored.items() if path in before and path not in after)
    assert lost > 0
    assert (
        lost
        <= figures["bytes-reclaimed"]
        <= lost
        + sum(
            hive_of(result.folder("install-1"), path).stat().st_size
            for path in before.keys() - after.keys()
            if path not in stored and hive_of(result.folder("install-1"), path).is_file()
        )
    )


def test_the_ledger_says_what_is_superseded(samples: Samples, result: Media, next_month: Media) -> None:
    """Cleaned up, the earlier package is no longer recorded as installed; the later one is."""
    first, later = samples.answer(FIRST)["identity"], samples.answer(LATER)["identity"]

    def recorded(media: Media) -> dict[str, str]:
        path = media.folder("install-1") / "Windows" / "servicing" / "osrecipe" / "ledger.json"
        return {row["identity"]: row.get("state", "installed") for row in parsed(path)["packages"]}

    assert "installed" == recorded(result)[first]
    assert later not in recorded(result)
    assert "installed" == recorded(next_month)[later]
    assert "installed" != recorded(next_month).get(first)


def test_cleanup_makes_the_image_smaller(
    tmp_path: Path, quickstart: Applied, samples: Samples, next_month: Media
) -> None:
    """Without cleanup the same recipe leaves a larger install.wim, whose ledger says what is superseded."""
    chained(tmp_path, quickstart, samples, cleanup="none")
    kept = Media.of(tmp_path, Applied(tmp_path, "chain").iso)
    assert next_month.wim("install-1")[0].stat().st_size < kept.wim("install-1")[0].stat().st_size
    path = kept.folder("install-1") / "Windows" / "servicing" / "osrecipe" / "ledger.json"
    states = {row["identity"]: row.get("state") for row in parsed(path)["packages"]}
    assert "superseded" == states[samples.answer(FIRST)["identity"]]
