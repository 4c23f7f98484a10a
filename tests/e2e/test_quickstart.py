"""The main job, witnessed by programs that are not ours: what `osrecipe apply recipes/quickstart.yaml` makes of the samples."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from support.applied import sha256
from support.expected import (
    hive_of,
    unnamed_values,
    wrong_files,
    wrong_links,
    wrong_values,
)
from support.images import files_of, surprises, wim_info
from support.qemu import Firmware, boot
from support.quickstart import KINDS, LCU, SOFTWARE, SSU, expected_of
from support.registry import values
from support.samples.spec import ValueType
from support.witness import witness

if TYPE_CHECKING:
    from support.applied import Applied
    from support.samples import Samples

    from .conftest import Media

VERSION_KEY = "microsoft\\windows nt\\currentversion"
IMAGES = list(KINDS)


def test_it_ends_well(quickstart: Applied) -> None:
    """The command exits with 0, writes the ISO and the report, and leaves nothing temporary."""
    done = quickstart.done
    assert 0 == done.code, done.err
    assert done.out.startswith("quickstart: done\n")
    assert [] == quickstart.leftovers()


def test_the_input_is_untouched(quickstart: Applied, samples: Samples) -> None:
    """The source ISO and the updates are as they were made."""
    assert 0 == quickstart.done.code
    for stem in ("media", SSU, LCU):
        answer = samples.answer(stem)
        assert answer["sha256"] == sha256(samples.folder / answer["file"])


@pytest.mark.parametrize("name", ["install", "boot"])
def test_what_a_wim_says_of_its_images(source: Media, result: Media, name: str) -> None:
    """Order, boot index, names, editions, architecture and languages stay; every revision is the update's."""
    head, before = wim_info(source.files / "sources" / f"{name}.wim")
    new_head, after = wim_info(result.files / "sources" / f"{name}.wim")
    counted = {
        "Service Pack Build",
        "Directory Count",
        "File Count",
        "Total Bytes",
        "Hard Link Bytes",
        "Last Modification Time",
    }

    def lasting(image: dict[str, str]) -> dict[str, str]:
        return {field: text for field, text in image.items() if field not in counted}

    assert [lasting(image) for image in before] == [lasting(image) for image in after]
    assert ["1", "1"] == [image["Service Pack Build"] for image in before]
    assert ["228", "228"] == [image["Service Pack Build"] for image in after]
    assert ["17134", "17134"] == [image["Build"] for image in after]
    for field in ("Image Count", "Boot Index", "Compression", "Chunk Size", "Part Number"):
        assert head[field] == new_head[field]
    assert {"install": "0", "boot": "2"}[name] == new_head["Boot Index"]


@pytest.mark.parametrize("image", IMAGES)
def test_counts_in_the_xml_are_those_of_the_image(result: Media, image: str) -> None:
    """The directories and files that a WIM's XML counts are those that are in the image."""
    wim, index = result.wim(image)
    said = wim_info(wim)[1][index - 1]
    seen = result.tree(image).values()
    folders = [entry for entry in seen if int(entry.attributes, 16) & 0x10 and not entry.reparse]
    assert int(said["Directory Count"]) == len(folders)
    assert int(said["File Count"]) == len(seen) - len(folders)


def test_winre_is_one_and_updated(source: Media, result: Media) -> None:
    """Both editions hold the same recovery image; its XML and its registry have the update's revision."""
    first, second = (result.wim(f"winre-{number}")[0] for number in (1, 2))
    assert sha256(first) == sha256(second)
    assert sha256(source.wim("winre")[0]) != sha256(first)
    head, images = wim_info(first)
    assert [("17134", "228")] == [(image["Build"], image["Service Pack Build"]) for image in images]
    assert wim_info(source.wim("winre")[0])[0]["Boot Index"] == head["Boot Index"]
    software = values(hive_of(result.folder("winre"), SOFTWARE))
    assert (4, (228).to_bytes(4, "little")) == software[VERSION_KEY, "ubr"]


def test_winre_was_exported(quickstart: Applied, result: Media) -> None:
    """What went into the editions is no larger than the recovery image was before its export, and has no slack."""
    store = quickstart.out / ".osrecipe" / "quickstart" / "store" / "v1"
    sizes = {
        unit: path.stat().st_size
        for path in store.glob("*/*/artifacts/*.wim")
        if (unit := unit_of(path.parents[1])) in {"winre.service", "winre.export"}
    }
    assert {"winre.service", "winre.export"} == set(sizes)
    assert sizes["winre.export"] <= sizes["winre.service"]
    assert sizes["winre.export"] == result.wim("winre")[0].stat().st_size


def unit_of(entry: Any) -> str:
    """The unit that left an entry of the store."""
    from support.applied import parsed

    return str(parsed(entry / "evidence.json")["unit"])


def tasks_done(quickstart: Applied, lane: str) -> list[str]:
    """The tasks of a lane that the journal says were done, in order, without the lane's name."""
    return [
        row["task"].partition("/")[2]
        for row in quickstart.journal
        if row["record"] == "task-finished"
        and row["status"] in {"done", "nothing-to-do"}
        and row["task"].startswith(f"{lane}/")
    ]


def test_the_journal_shows_the_classic_order(quickstart: Applied) -> None:
    """The stack comes before the cumulative update in every image, and the update again after .NET 3.5."""
    edition = ["ssu", "lcu", "cleanup", "netfx3", "lcu-after-netfx3", "winre", "tweak-no-consumer-features"]
    assert [*edition[:3], "harvest", *edition[3:]] == tasks_done(quickstart, "install-professional")
    assert edition == tasks_done(quickstart, "install-enterprise")
    assert ["ssu", "lcu", "cleanup", "export"] == tasks_done(quickstart, "winre")
    assert ["ssu", "lcu", "cleanup"] == tasks_done(quickstart, "winpe")
    assert ["ssu", "lcu", "cleanup", "harvest"] == tasks_done(quickstart, "setup")


def test_the_journal_holds_nothing_at_the_end(quickstart: Applied) -> None:
    """Everything that was acquired was released, and the run ended."""
    records = quickstart.journal
    held = [(r["kind"], r["name"]) for r in records if r["record"] == "resource-acquired"]
    released = [(r["kind"], r["name"]) for r in records if r["record"] == "resource-released"]
    assert sorted(held) == sorted(released)
    assert held
    assert ("run-finished", 0) == (records[-1]["record"], records[-1]["exit_code"])


@pytest.mark.parametrize("image", IMAGES)
def test_every_image_has_what_the_answer_keys_state(samples: Samples, result: Media, image: str) -> None:
    """Files, manifests, descriptions, hard links and registry values are exactly those stated; old versions stay."""
    expected = expected_of(samples, image)
    folder = result.folder(image)
    assert [] == wrong_files(expected, folder)
    assert [] == wrong_values(expected, folder)
    assert [] == wrong_links(expected, result.tree(image))
    assert expected.kept
    assert expected.values


def test_every_type_of_value_was_set(samples: Samples) -> None:
    """The comparison above covers all types of values that updates set, so that none goes untested."""
    kinds = {kind for kind, _ in expected_of(samples, "install-1").values.values()}
    assert {kind.number for kind in ValueType} == kinds


@pytest.mark.parametrize("image", IMAGES)
def test_nothing_else_in_an_image_changed(samples: Samples, source: Media, result: Media, image: str) -> None:
    """What nobody named is as it was: attributes, descriptors, short names, times, streams, links; and so are values."""
    expected = expected_of(samples, image)
    assert [] == surprises(source.tree(image), result.tree(image), expected.named)
    assert [] == unnamed_values(expected, source.folder(image), result.folder(image))


def test_the_ledger_names_what_was_added(samples: Samples, result: Media) -> None:
    """The image's own ledger lists every package the answer keys name, and is the only mark that was left."""
    from support.applied import parsed

    ledger = parsed(result.folder("install-1") / "Windows" / "servicing" / "osrecipe" / "ledger.json")
    known = {row["identity"] for row in ledger["packages"]}
    for stem in (SSU, LCU):
        answer = samples.answer(stem)
        assert {answer["identity"], *answer["images"]["install+netfx3"]["packages"]} <= known


def test_sources_are_synchronised(samples: Samples, source: Media, result: Media) -> None:
    """Files the image has newer were copied to the media, from the image; all others are the media's own."""
    before, after = files_of(source.files / "sources"), files_of(result.files / "sources")
    image = files_of(result.folder("install-1") / "Windows" / "System32")
    updated = {
        row["path"].lower()
        for stem in (SSU, LCU)
        for row in samples.answer(stem)["images"]["install"]["files"]
        if row["role"] == "projected"
    }
    newer = set()
    for row in samples.answer("media")["sync"]:
        name = row["media"].lower().removeprefix("sources\\")
        if row["newer"] == "image" or (row["newer"] == "same" and row["image"].lower() in updated):
            newer.add(name)
    handled = {"setup.exe", "setuphost.exe", "boot.wim", "install.wim"}
    changed = {name for name in before if before[name] != after[name]}
    assert newer == changed - handled
    assert handled <= changed
    assert {name: image[name] for name in newer} == {name: after[name] for name in newer}
    kept = {row["media"].lower() for row in samples.answer("media")["sync"] if row["newer"] == "media"}
    assert kept
    assert {"unbcl.dll", "wdsutil.dll"} == {name.removeprefix("sources\\") for name in kept}
    assert before.keys() == after.keys()


def test_sources_keep_the_images_times(samples: Samples, result: Media) -> None:
    """A copied file has the time it has in the image, as robocopy leaves it, so that a second pass copies nothing."""
    seen = result.tree("install-1")
    for row in samples.answer("media")["sync"]:
        on_disc = result.files / row["media"].replace("\\", "/")
        if row["newer"] != "media":
            from datetime import UTC, datetime

            time = datetime.fromtimestamp(int(on_disc.stat().st_mtime), tz=UTC)
            assert f"{time:%a %b %d %H:%M:%S %Y UTC}" == seen[row["image"].lower()].written


def test_setup_programs_are_the_setup_images(source: Media, result: Media) -> None:
    """The media's setup.exe and setuphost.exe are boot.wim 2's, byte for byte, and not the old ones."""
    for name in ("setup.exe", "setuphost.exe"):
        on_media = sha256(result.files / "sources" / name)
        assert sha256(result.folder("setup") / "sources" / name) == on_media
        assert sha256(source.files / "sources" / name) != on_media


def test_the_rest_of_the_media_is_untouched(source: Media, result: Media) -> None:
    """No file comes or goes, and outside `sources` none differs."""
    before, after = files_of(source.files), files_of(result.files)
    assert before.keys() == after.keys()
    changed = {name for name in before if before[name] != after[name]}
    assert {"sources"} == {name.partition("\\")[0] for name in changed}


def test_archives_are_sound(quickstart: Applied, result: Media) -> None:
    """7z finds no fault in the ISO, nor wimlib in any WIM."""
    listing = witness("7z", "t", str(quickstart.iso))
    assert "Everything is Ok" in listing
    for image in ("install-1", "winpe", "winre-1", "winre-2"):
        assert "successfully verified" in witness("wimlib-imagex", "verify", str(result.wim(image)[0]))


@pytest.mark.boot
@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_the_iso_boots(quickstart: Applied, firmware: Firmware) -> None:
    """Firmware of both kinds finds its loader on the finished ISO, and the loader runs."""
    line = f"osrecipe sample: {firmware.upper()} boot"
    assert line in boot(quickstart.iso, firmware, expect=line)


def test_the_report_accounts_for_every_task(quickstart: Applied) -> None:
    """Each task of the plan has one end in the report, and it is a good one; every check that was planned was made."""
    plan, report = quickstart.plan, quickstart.report
    planned = {task["id"]: task for unit in plan["units"] for task in unit["tasks"]}
    ends = {task["task"]: task for task in report["tasks"]}
    assert len(report["tasks"]) == len(ends)
    assert list(planned) == [task["task"] for task in report["tasks"]]
    assert {"done"} == {task["status"] for task in report["tasks"]}
    assert plan["digest"] == report["plan"]
    assert [] == [name for name, end in ends.items() if not all(c["passed"] for c in end["checks"])]
    assert 0 == report["exit_code"]
    assert {unit["id"] for unit in plan["units"]} == {unit["unit"] for unit in report["units"]}
    assert {"done"} == {unit["status"] for unit in report["units"]}


def test_every_planned_check_was_made(quickstart: Applied) -> None:
    """The report knows what was found for each check of the plan."""
    made = {task["task"]: [c["check"] for c in task["checks"]] for task in quickstart.report["tasks"]}
    missing = [
        (task["id"], check)
        for unit in quickstart.plan["units"]
        for task in unit["tasks"]
        for check in task.get("checks", ())
        if check not in made[task["id"]]
    ]
    assert [] == missing
    assert sum(map(len, made.values())) > 40


def test_the_logs_are_where_the_report_says(quickstart: Applied) -> None:
    """Every log that the report names is there."""
    logs = [task["log"] for task in quickstart.report["tasks"] if task["log"]]
    assert logs
    assert [] == [log for log in logs if not (quickstart.out / log).is_file()]


def test_the_report_knows_the_iso(quickstart: Applied) -> None:
    """Size and SHA-256 of the ISO are those in the report and in the closing words."""
    digest, size = sha256(quickstart.iso), quickstart.iso.stat().st_size
    (written,) = quickstart.report["written"]
    assert (size, digest) == (written["size"], written["sha256"])
    assert re.search(r"SHA-256 ([0-9a-f]{12})…", quickstart.done.out)[1] == digest[:12]  # type: ignore[index]
