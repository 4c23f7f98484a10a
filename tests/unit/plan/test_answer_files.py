"""The answer file of the install images, seen in compiled plans: what is applied, what is placed, what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.plans import (
    LUA,
    answers,
    compiled,
    declared,
    drivers,
    facts,
    media,
    names,
    origins,
    problems,
    recipe,
    tasks,
)

from osrecipe.model.checks import FileIs
from osrecipe.model.facts import OfflineSetting
from osrecipe.model.problems import Place
from osrecipe.model.tasks import ApplyUnattend, PlaceUnattend

if TYPE_CHECKING:
    from osrecipe.model.facts import AnswerFileFacts
    from osrecipe.model.plan import Plan
    from osrecipe.model.recipe import Recipe

ONE = media([("Pro", "re")])
X86 = OfflineSetting(path="Microsoft-Windows-LUA-Settings/EnableLUA", architecture="x86", value="true")
OTHER = OfflineSetting(path="Microsoft-Windows-Foundation/Quiet", architecture="amd64")


def wanting(*inputs: str, drivers: object = None, **install: object) -> Recipe:
    """A recipe without updates that wants this of install images."""
    stated = {} if drivers is None else {"drivers": drivers}
    return recipe(inputs=declared("media", *inputs), updates={}, targets={"install": {**install}}, **stated)


def found(plan: Plan, task: str) -> tuple[object, str, tuple[object, ...]]:
    """A task's operation, title and checks."""
    made = tasks(plan)[task]
    return made.op, made.title, made.checks


def answering(said: AnswerFileFacts, **wanted: object) -> list[str]:
    """The short names of the answer file's tasks."""
    made = wanting("answers", unattend={"from": "answers", **wanted}, appx={"*Weather": "removed"})
    return [
        n
        for n in names(compiled(made, facts(media=ONE, answers=said)), "install-pro.customize")
        if "una" in n
    ]


def refused(said: AnswerFileFacts, **wanted: object) -> tuple[str, str]:
    """Why an answer file is refused, and the hint."""
    made = wanting("answers", unattend={"from": "answers", **wanted}, appx={"*Weather": "removed"})
    place = Place("r.yaml", 30)
    [problem] = problems(made, facts(media=ONE, answers=said), origins(targets__install__unattend=place))
    assert ("plan/answer-file", place) == (problem.slug, problem.place)
    return problem.reason, problem.hint


NOW = answers("offlineServicing", offline=(LUA,))
LATER = answers("specialize", "oobeSystem")
BOTH = answers("offlineServicing", "oobeSystem", offline=(LUA, X86))


@pytest.mark.parametrize(
    ("said", "wanted", "done"),
    [
        (BOTH, {}, ["unattend", "unattend-file"]),
        (NOW, {}, ["unattend"]),
        (LATER, {}, ["unattend-file"]),
        (BOTH, {"apply": False}, ["unattend-file"]),
        (BOTH, {"place": False}, ["unattend"]),
        (NOW, {"place": True}, ["unattend", "unattend-file"]),
        (NOW, {"apply": False, "place": True}, ["unattend-file"]),
        (LATER, {"apply": False, "place": True}, ["unattend-file"]),
        (BOTH, {"apply": True, "place": True}, ["unattend", "unattend-file"]),
    ],
)
def test_an_answer_file_is_applied_and_placed(
    said: AnswerFileFacts, wanted: dict[str, bool], done: list[str]
) -> None:
    """Each when the file says something for it, unless the recipe says otherwise."""
    assert done == answering(said, **wanted)


def test_applying_names_the_image_s_settings_and_reads_back_what_can_be() -> None:
    """Those for other architectures are not counted; placing promises the file's own bytes."""
    said = answers("offlineServicing", "oobeSystem", offline=(LUA, X86, OTHER, OTHER))
    plan = compiled(wanting("answers", unattend={"from": "answers"}), facts(media=ONE, answers=said))
    op, title, checks = found(plan, "install-pro/unattend")

    assert isinstance(op, ApplyUnattend)
    assert (LUA.path, OTHER.path) == op.settings
    assert "apply 2 settings of the answer file answers" == title
    assert ["registry"] == [check.check for check in tasks(plan)["install-pro/unattend"].checks]
    assert 1 == len(checks)
    op, _, checks = found(plan, "install-pro/unattend-file")
    assert isinstance(op, PlaceUnattend)
    assert f"sha256:{said.sha256}" == op.source.digest
    [check] = checks
    assert isinstance(check, FileIs)
    assert ("Windows\\Panther\\unattend.xml", said.sha256) == (str(check.path), check.state)


def test_settings_come_before_the_answer_file_and_tweaks_after_it() -> None:
    """Whatever else the session does."""
    made = wanting(
        "answers",
        "oem",
        "drv",
        unattend={"from": "answers"},
        settings={"time-zone": "UTC"},
        appx={"*Weather": "removed"},
        tweaks={"oem": {"files": {"OEM": "oem"}}},
        drivers={"drv": {"targets": ("install",)}},
    )
    order = names(compiled(made, facts(media=ONE, answers=BOTH, drv=drivers())), "install-pro.customize")

    assert order.index("settings") < order.index("unattend") < order.index("unattend-file")
    assert "tweak-oem" == order[-1]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (answers(), {}),
        (answers("offlineServicing", offline=(X86,)), {}),
        (NOW, {"apply": False}),
        (LATER, {"place": False}),
        (BOTH, {"apply": False, "place": False}),
        (answers("offlineServicing"), {}),
    ],
)
def test_an_answer_file_that_does_nothing_is_refused(said: AnswerFileFacts, wanted: dict[str, bool]) -> None:
    """Nothing to apply and nothing to place: the recipe means something else."""
    reason, _ = refused(said, **wanted)

    assert "nothing is done with the answer file `answers`: it has no setting for `Windows 10 Pro`" == reason


FIRST = answers("windowsPE")
OLD = answers("specialize", "oobeSystem", architectures={"specialize": ("x86",), "oobeSystem": ("x86",)})
MIXED = answers("specialize", "oobeSystem", architectures={"specialize": ("amd64", "x86")})


@pytest.mark.parametrize(
    ("said", "hint"),
    [(FIRST, "Setup reads `windowsPE` from the file it is started with"), (OLD, "what it has is for x86")],
)
@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({}, "nothing is done with the answer file `answers`: it has no setting for `Windows 10 Pro`"),
        ({"place": True}, "the answer file `answers` has nothing that `Windows 10 Pro` takes from Panther"),
    ],
)
def test_what_never_takes_effect_from_panther_is_not_placed(
    said: AnswerFileFacts, hint: str, wanted: dict[str, bool], reason: str
) -> None:
    """The pass that is over by then, and settings for another processor, whether placing was asked for or not."""
    found_reason, found_hint = refused(said, **wanted)

    assert reason == found_reason
    assert found_hint.startswith(hint)


def test_a_file_for_several_processors_is_placed() -> None:
    """So is one that does not say for which it is."""
    assert ["unattend-file"] == answering(MIXED)
    assert ["unattend-file"] == answering(LATER)


def test_a_part_that_takes_no_effect_is_noted() -> None:
    """Beside passes that do."""

    def noted(said: AnswerFileFacts) -> list[str]:
        made = wanting("answers", unattend={"from": "answers"})
        return [n.text for n in compiled(made, facts(media=ONE, answers=said)).notes if "Panther" in n.text]

    [text] = noted(answers("windowsPE", "oobeSystem"))
    assert "what `answers` has for `windowsPE` takes no effect: Setup does not read it from Panther" == text
    assert [] == noted(LATER)


def test_applying_nothing_is_refused_when_it_was_asked_for() -> None:
    """With the architectures the file has settings for, or the advice to add some."""
    reason, hint = refused(answers("offlineServicing", "oobeSystem", offline=(X86,)), apply=True)
    assert "the answer file `answers` has nothing for `offlineServicing` that is for amd64" == reason
    assert "what it has is for x86" == hint
    assert "leave `apply` out, or add the pass" == refused(LATER, apply=True)[1]


def test_an_answer_file_that_installs_packages_is_refused() -> None:
    """They would be read from elsewhere; the recipe has keys of its own for them, or can leave that pass to Setup."""
    said = answers("offlineServicing", "oobeSystem", offline=(LUA,), packages=True)
    reason, hint = refused(said)

    assert reason.startswith("the answer file `answers` names packages or drivers to install")
    assert "`apply: false`" in hint
    assert ["unattend-file"] == answering(said, apply=False)
