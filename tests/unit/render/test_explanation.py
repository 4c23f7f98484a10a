"""Why a task is in a plan, as text."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

from support.plans import declared, driver, drivers, facts, origins, recipe

from osrecipe.adapters.dism.describe import describe
from osrecipe.model.adapter import Action
from osrecipe.model.plan import Origin, Plan
from osrecipe.plan import compile_plan
from osrecipe.plan.explain import Explanation, explain
from osrecipe.render import explanation

if TYPE_CHECKING:
    from osrecipe.model.adapter import Adapter
    from osrecipe.model.plan import Session, Task

COMMAND = r"dism.exe /English /Image:C:\mount\install-pro /Cleanup-Image /StartComponentCleanup " + "/X " * 40
TWEAKS = {
    "no-consumer-features": {
        "because": "policy 12.3",
        "registry": [
            {
                "do": "set",
                "key": {"root": "HKLM\\SOFTWARE", "path": "Policies\\CloudContent"},
                "name": f"Value{n}",
                "data": {"kind": "dword", "number": n},
            }
            for n in range(300)
        ],
        "files": {"Windows\\OEM": "oem", "Windows\\Old.txt": None},
    }
}


class Describing:
    """An adapter that can only say what it would do."""

    def describe(self, _task: object, _unit: object) -> tuple[Action, ...]:
        """A command and a sentence."""
        return (Action(text=COMMAND, is_command=True), Action(text="set 3 values in SOFTWARE"))


class WithDism:
    """What DISM would be told."""

    def describe(self, task: Task, unit: Session) -> tuple[Action, ...]:
        """Its commands."""
        return describe(task, unit)


@cache
def usual() -> Plan:
    """The usual plan, with a tweak that has a reason."""
    targets = {"install": {"netfx3": {"enable": True}, "tweaks": TWEAKS}}
    return compile_plan(recipe(targets=targets), facts(), origins())


def explained(task: str) -> Explanation:
    """A task of the usual plan, explained."""
    return explain(usual(), task, cast("Adapter", Describing()))


def test_neighbours_stand_under_their_rules() -> None:
    """Every task it follows or precedes is named, with the rule's reason, name and source."""
    about = explained("install-pro/cleanup")
    shown = explanation.text(about, width=400)

    assert about.after
    assert about.before
    for each in (*about.after, *about.before):
        assert each.task in shown
        assert f"because {each.rule.reason} [{each.rule.id}]" in shown
        assert f"source: {each.rule.source}" in shown


def test_repetition_has_its_reason() -> None:
    """A task that is done again says by which rule."""
    shown = explanation.text(explained("install-pro/lcu-after-netfx3"), width=400)

    assert "again: .NET 3.5 comes from the media at its first level" in shown
    assert "[lcu-after-netfx3]" in shown


def test_commands_stand_whole_on_their_line() -> None:
    """A command is never wrapped: it can be pasted."""
    lines = explanation.text(explained("install-pro/cleanup"), width=60).splitlines()

    assert f"  {COMMAND.strip()}" in lines
    assert "  - set 3 values in SOFTWARE" in lines


def test_hundreds_of_drivers_are_shown_in_part() -> None:
    """The command to its first arguments, the checks to the first; how many more there are is said, and where they are."""
    folder = drivers(
        "maker", *(driver(f"folder/{n}/driver{n}.inf") for n in range(350)), driver("x.inf", "x86")
    )
    made = recipe(
        inputs=declared("media", "drv"),
        updates={},
        targets={"install": {}},
        drivers={"drv": {"targets": ("install",)}},
    )
    plan = compile_plan(made, facts(drv=folder), origins())
    task = next(t.id for u in plan.units for t in u.tasks if t.id.endswith("/drivers-drv"))
    shown = explanation.text(explain(plan, task, cast("Adapter", WithDism())), width=100)
    lines = shown.splitlines()

    assert len(lines) < 40
    assert max(map(len, lines)) < 700
    assert "add 350 of 351 drivers of drv" in shown
    [command] = [line for line in lines if "/Add-Driver" in line]
    named = command.count(" /Driver:")
    assert command.endswith(".inf …")
    assert f"    and {350 - named} more arguments; `osrecipe plan --format powershell` has all" in lines
    assert "  and 340 more" in lines


def test_tweak_lists_its_changes_and_why() -> None:
    """Registry changes, deletions and folders are told in words, and a long list says how long it is."""
    shown = explanation.text(explained("install-pro/tweak-no-consumer-features"), width=400)

    assert "because: policy 12.3" in shown
    assert r"  - set `HKLM\SOFTWARE\Policies\CloudContent` `Value0` = dword 0" in shown
    assert "and 102 more" in shown


def test_checks_are_told_in_words() -> None:
    """What is read back afterwards is part of the explanation, for each image of the finished media too."""
    assert "  - the build is 10.0.17134.228 or later" in explanation.text(explained("install-pro/lcu"))

    verify = explanation.text(explained("media/verify"), width=400)
    assert r"`sources\setup.exe` equals the setup image's" in verify
    assert r"what is read back afterwards: install, `sources\install.wim`, image 2" in verify


def test_place_image_and_digest_are_named() -> None:
    """A reader learns where the recipe asks for it, on which image it is done, and the task's digest."""
    about = explained("install-pro/cleanup")
    task = about.task.model_copy(update={"origin": Origin(file="recipe.yaml", line=12, column=3)})
    placed = Explanation(task, about.unit, about.after, about.before, about.again, about.actions)
    shown = explanation.text(placed)

    assert "from recipe.yaml:12:3" in shown
    assert "in the session `install-pro.service`, on the image `Windows 10 Pro` (install)" in shown
    assert shown.endswith(f"digest {task.digest}\n")


def test_every_task_of_the_plan_can_be_shown() -> None:
    """No kind of operation is forgotten, and no line holds a control character."""
    for task in (t for u in usual().units for t in u.tasks):
        shown = explanation.text(explained(task.id))
        assert shown.startswith(f"{task.id}: ")
        assert all(line.isprintable() for line in shown.split("\n"))
