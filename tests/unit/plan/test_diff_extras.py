"""How drivers, capabilities, apps, settings, answer files and checkpoints show in the difference of two plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.plans import (
    LUA,
    answers,
    compiled,
    declared,
    driver,
    drivers,
    facts,
    folder,
    media,
    recipe,
    update,
)

from osrecipe.model.facts import UpdateKind
from osrecipe.plan.diff import diff_plans

if TYPE_CHECKING:
    from osrecipe.model.diff import PlanDiff, TaskChange
    from osrecipe.model.facts import Facts, InputFacts
    from osrecipe.model.recipe import Recipe

CLIENT = "OpenSSH.Client~~~~0.0.1.0"
ONE = media([("Pro", "re")])
NOW = LUA.model_copy(update={"path": "Microsoft-Windows-Foundation/Quiet", "value": None})


def known(**inputs: InputFacts) -> Facts:
    """Facts with drivers, capabilities and an answer file, and what is given."""
    usual: dict[str, InputFacts] = {
        "media": ONE,
        "drv": drivers(),
        "fod": folder("fod"),
        "answers": answers("oobeSystem"),
        "base": update(UpdateKind.CHECKPOINT, "1", "17134.100.1.0"),
    }
    return facts(**usual | inputs)


def wanting(
    *targets: str, unsigned: bool = False, checkpoints: tuple[str, ...] = (), **install: object
) -> Recipe:
    """A recipe with drivers for these kinds of image, and this of install images."""
    inputs = declared("media", "drv", "fod", "answers", "base")
    return recipe(
        inputs={**inputs, "lcu": {"update": "l.msu", "checkpoints": checkpoints}},
        updates={"apply": {"lcu": "auto"}},
        drivers={"drv": {"targets": targets, "unsigned": unsigned}} if targets else {},
        targets={"install": install},
    )


def difference(before: Recipe, after: Recipe, then: Facts | None = None) -> PlanDiff:
    """The difference of two recipes, the second perhaps on other facts."""
    return diff_plans(compiled(before, known()), compiled(after, then or known()))


def told(diff: PlanDiff) -> dict[str, list[tuple[str, str | None, str | None]]]:
    """The details of each task that changed, came or went, by kind of change and id."""
    return {_name(task): [(d.what, d.before, d.after) for d in task.details] for task in diff.tasks}


def _name(task: TaskChange) -> str:
    side = task.after or task.before
    assert side is not None
    return f"{task.change} {side.id}"


def test_another_driver_folder_is_told_by_its_content() -> None:
    """Once for each image; it is no risk, for such folders change all the time, and servicing is kept."""
    diff = difference(wanting("install", "setup"), wanting("install", "setup"), known(drv=_renewed("other")))

    assert ["content"] == [each.change for each in diff.inputs]
    assert ["changed install-pro/drivers-drv", "changed setup/drivers-drv"] == list(told(diff))
    assert {"content"} == {what for details in told(diff).values() for what, _, _ in details}
    assert () == diff.risks
    assert "install-pro.service" in diff.kept
    assert {"install-pro.customize", "setup.customize"} <= set(diff.rebuilt)


def _renewed(content: str) -> InputFacts:
    """The usual drivers with other bytes."""
    return drivers(content, *drivers().drivers)


def test_a_driver_that_comes_or_goes_in_a_folder_is_named() -> None:
    """With its version, beside the other content."""
    more = drivers("more", *drivers().drivers, driver("net/net.inf"))
    there = told(difference(wanting("install"), wanting("install"), known(drv=more)))
    assert ("driver `net/net.inf`", None, "1.2.3.4") in there["changed install-pro/drivers-drv"]

    back = diff_plans(compiled(wanting("install"), known(drv=more)), compiled(wanting("install"), known()))
    assert ("driver `net/net.inf`", "1.2.3.4", None) in told(back)["changed install-pro/drivers-drv"]


def test_a_driver_of_another_version_is_told_from_what_to_what() -> None:
    """What a reviewer of a driver update looks for; one whose INF states no version is only told as there."""
    [usual] = drivers().drivers
    newer = drivers("newer", driver(usual.inf, version="2.0.0.0"))
    there = told(difference(wanting("install"), wanting("install"), known(drv=newer)))
    assert (f"driver `{usual.inf}`", "1.2.3.4", "2.0.0.0") in there["changed install-pro/drivers-drv"]

    silent = drivers("silent", driver(usual.inf, version=""))
    there = told(difference(wanting("install"), wanting("install"), known(drv=silent)))
    assert (f"driver `{usual.inf}`", "1.2.3.4", "of no version") in there["changed install-pro/drivers-drv"]


def test_drivers_that_go_to_another_kind_of_image_are_a_task_more() -> None:
    """Unsigned ones are told as such, and as a risk in each image that takes them only now."""
    diff = difference(wanting("install"), wanting("install", "winpe", unsigned=True))

    assert {
        "changed install-pro/drivers-drv": [("unsigned", "no", "yes")],
        "added winpe/drivers-drv": [],
    } == told(diff)
    [added] = [task.after for task in diff.tasks if task.change == "added"]
    assert added is not None
    assert "add 1 driver of drv" == added.title
    assert [("unsigned-drivers", ("install-pro/drivers-drv", "winpe/drivers-drv"))] == [
        (risk.kind, risk.where) for risk in diff.risks
    ]
    again = difference(wanting("install", unsigned=True), wanting("install", "setup", unsigned=True))
    assert [("setup/drivers-drv",)] == [risk.where for risk in again.risks]


def test_a_changed_setting_says_from_what_to_what() -> None:
    """Only the one that changed; one that comes has no value before."""
    before = wanting(settings={"all": "de-DE", "time-zone": "UTC"})
    after = wanting(settings={"all": "de-DE", "time-zone": "W. Europe Standard Time", "user-locale": "de-AT"})

    assert {
        "changed install-pro/settings": [
            ("time-zone", "UTC", "W. Europe Standard Time"),
            ("user-locale", None, "de-AT"),
        ]
    } == told(difference(before, after))


def test_a_capability_is_told_by_its_name() -> None:
    """When it comes, and by its state when it is to be removed instead; one that goes is no risk."""
    with_it, without = wanting(capabilities={CLIENT: {"from": "fod"}}), wanting()
    diff = difference(without, with_it)

    [task] = diff.tasks
    assert ("added", f"add capability {CLIENT}") == (task.change, task.after.title if task.after else "")
    details = told(difference(with_it, wanting(capabilities={CLIENT: "removed"})))
    assert ("state", "installed", "removed") in details["changed install-pro/capability-openssh.client"]
    assert ["removed"] == [each.change for each in difference(with_it, without).tasks]


def test_another_folder_of_capabilities_is_its_content() -> None:
    """Which is no risk either."""
    made = wanting(capabilities={CLIENT: {"from": "fod"}})
    diff = difference(made, made, known(fod=folder("new")))

    assert [["content"]] == [[what for what, _, _ in details] for details in told(diff).values()]
    assert () == diff.risks


def test_apps_come_and_go_by_their_names() -> None:
    """One task for each that the entries mean."""
    diff = difference(wanting(appx={"*Weather": "removed"}), wanting(appx={"*Xbox*": "removed"}))

    titles = [(t.change, side.title) for t in diff.tasks if (side := t.after or t.before) is not None]
    assert [
        ("added", "remove app Microsoft.XboxApp"),
        ("added", "remove app Microsoft.XboxGameOverlay"),
        ("removed", "remove app Microsoft.BingWeather"),
    ] == sorted(titles)


def test_a_newer_app_on_the_media_is_the_same_task() -> None:
    """Its whole name says the version."""
    images = tuple(
        each.model_copy(update={"apps": tuple(app.replace("_4.25", "_4.26") for app in each.apps)})
        for each in ONE.install.images
    )
    newer = ONE.model_copy(update={"install": ONE.install.model_copy(update={"images": images})})
    made = wanting(appx={"*Weather": "removed"})

    [(what, was, now)] = told(difference(made, made, known(media=newer)))[
        "changed install-pro/appx-microsoft.bingweather"
    ]
    assert ("package", True, True) == (what, "_4.25." in str(was), "_4.26." in str(now))


def test_a_changed_answer_file_is_content_and_settings() -> None:
    """What it sets is never shown; what it is about is."""
    made = wanting(unattend={"from": "answers"})
    before = known(answers=answers("offlineServicing", "oobeSystem", offline=(LUA,)))
    after = known(answers=answers("offlineServicing", "oobeSystem", offline=(LUA, NOW)))
    diff = diff_plans(compiled(made, before), compiled(made, after))

    found = told(diff)
    assert ("settings", LUA.path, f"{LUA.path}, {NOW.path}") in found["changed install-pro/unattend"]
    assert ["content"] == [what for what, _, _ in found["changed install-pro/unattend-file"]]
    assert () == diff.risks


def test_a_checkpoint_more_is_told() -> None:
    """In every image that the update goes to."""
    diff = difference(wanting(), wanting(checkpoints=("base",)))

    found = told(diff)
    assert {"install-pro", "winre", "winpe", "setup"} == {n.split()[1].partition("/")[0] for n in found}
    assert {("checkpoints", None)} == {(what, was) for details in found.values() for what, was, _ in details}


def test_new_names_are_no_difference() -> None:
    """An input of drivers that is called otherwise is told as a new name only."""
    made = wanting("install")
    inputs = {("maker" if name == "drv" else name): each for name, each in made.inputs.items()}
    renamed = made.model_copy(
        update={"inputs": inputs, "drivers": {"maker": made.drivers[next(iter(made.drivers))]}}
    )
    diff = difference(made, renamed, known(maker=drivers()))

    assert diff.is_empty
    assert {("input", "drv", "maker"), ("task", "install-pro/drivers-drv", "install-pro/drivers-maker")} == {
        (r.what, r.before, r.after) for r in diff.renames
    }
