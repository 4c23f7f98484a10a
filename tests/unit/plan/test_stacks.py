"""Combined updates, checkpoints and capabilities: passes, references and refusals, seen in compiled plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.plans import (
    compiled,
    declared,
    edges,
    facts,
    folder,
    media,
    names,
    origins,
    problems,
    recipe,
    tasks,
    unit_of,
    update,
)

from osrecipe.model.checks import CapabilityIs, PackagePresent
from osrecipe.model.facts import FolderFacts, UpdateFacts, UpdateKind
from osrecipe.model.problems import Place
from osrecipe.model.tasks import AddPackage, InputRef, SetCapability
from osrecipe.plan.digests import input_digest

if TYPE_CHECKING:
    from osrecipe.model.facts import Facts, InputFacts
    from osrecipe.model.recipe import Recipe

ONE = media([("Pro", "re")])
LCU = update(UpdateKind.CUMULATIVE, "4343909")
COMBINED = update(UpdateKind.CUMULATIVE, "4343909", stack="17134.226.1.0")
CHECKPOINT = update(UpdateKind.CHECKPOINT, "4000001", "17134.100.1.0")
BASIC, CLIENT = "Language.Basic~~~de-DE~0.0.1.0", "OpenSSH.Client~~~~0.0.1.0"
PE = ("winre", "winpe", "setup")


def servicing(
    *updates: str, checkpoints: tuple[str, ...] = (), also: tuple[str, ...] = (), **install: object
) -> Recipe:
    """A recipe that applies these updates by kind; the first is built on these checkpoints."""
    inputs = declared("media", "fod", *updates, *checkpoints, *also)
    first = {"update": f"{updates[0]}.msu", "checkpoints": checkpoints}
    return recipe(
        inputs={**inputs, updates[0]: first},
        updates={"apply": dict.fromkeys(updates, "auto")},
        targets={"install": install},
    )


def known(**inputs: InputFacts) -> Facts:
    """The usual facts with one edition and a folder of capabilities, and what is given."""
    usual: dict[str, InputFacts] = {"media": ONE, "fod": folder("f")}
    return facts(**usual | inputs)


def package_of(plan_task: object) -> AddPackage:
    """The operation of a task that adds a package."""
    op = getattr(plan_task, "op", None)
    assert isinstance(op, AddPackage)
    return op


# --- the stack of a combined update ----------------------------------------------------------------------------------


def test_a_combined_update_brings_its_stack_first_into_pe_images() -> None:
    """The same file twice: first for its stack, whose package is what is promised, then as a whole."""
    found = tasks(compiled(servicing("lcu"), known(lcu=COMBINED)))
    for lane in PE:
        stack, whole = package_of(found[f"{lane}/lcu-stack"]), package_of(found[f"{lane}/lcu"])
        assert (True, False) == (stack.stack_only, whole.stack_only)
        assert (COMBINED.stack, COMBINED.package.identity) == (stack.package, whole.package)
        assert stack.content == whole.content
        assert (PackagePresent(identity=COMBINED.stack),) == found[f"{lane}/lcu-stack"].checks
    assert "add the servicing stack of cumulative KB4343909 17134.228" == found["winre/lcu-stack"].title
    assert "install-pro/lcu-stack" not in found


def test_pe_images_tolerate_one_code_of_that_pass_and_nothing_else() -> None:
    """Install images tolerate none at all."""
    plan = compiled(servicing("lcu", capabilities={CLIENT: {"from": "fod"}}), known(lcu=COMBINED))
    tolerated = {
        name: t.op.tolerates
        for name, t in tasks(plan).items()
        if isinstance(t.op, AddPackage) and t.op.tolerates
    }

    assert dict.fromkeys([f"{lane}/lcu-stack" for lane in PE], ("0x8007007e",)) == tolerated
    assert () == package_of(tasks(plan)["install-pro/lcu-stack"]).tolerates


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({CLIENT: {"from": "fod"}}, True),
        ({CLIENT: "removed", BASIC: {"from": "fod"}}, True),
        ({CLIENT: "removed"}, False),
        ({}, False),
    ],
)
def test_install_images_get_the_stack_alone_only_when_something_is_added(
    capabilities: dict[str, object], *, expected: bool
) -> None:
    """Between the stack and the update; a capability that goes needs no newer stack."""
    made = servicing("lcu", capabilities=capabilities)
    order = names(compiled(made, known(lcu=COMBINED)), "install-pro.service")

    assert expected == ("lcu-stack" in order)
    if expected:
        assert "lcu-stack" == order[0]
        assert order.index("lcu-stack") < order.index("capability-openssh.client") < order.index("lcu")


def test_a_plain_update_has_no_such_pass() -> None:
    """Its stack is an update of its own."""
    plan = compiled(servicing("lcu", capabilities={CLIENT: {"from": "fod"}}), known(lcu=LCU))

    assert [] == [name for name in tasks(plan) if name.endswith("-stack")]


def test_the_stack_of_a_combined_update_comes_before_all_that_needs_it() -> None:
    """By rules that say so."""
    extra = update(UpdateKind.OPTIONAL, "9", "10.0.1.3")
    plan = compiled(
        servicing("lcu", "extra", capabilities={CLIENT: {"from": "fod"}}),
        known(lcu=COMBINED, extra=extra),
    )
    stack = "install-pro/lcu-stack"

    after = {end.partition("/")[2] for start, end, _ in edges(plan) if start == stack}
    assert {"lcu", "extra", "cleanup", "capability-openssh.client"} <= after
    assert not [edge for edge in edges(plan) if edge[1] == stack and edge[0].startswith("install-pro/")]


@pytest.mark.parametrize("name", ["lcu-stack", "LCU-Stack"])
def test_the_stack_s_pass_never_takes_an_update_s_name(name: str) -> None:
    """An update may be called as the pass would be."""
    extra = update(UpdateKind.OPTIONAL, "9", "10.0.1.3")
    made = recipe(
        inputs=declared("media", "lcu", name),
        updates={"apply": {"lcu": "auto", name: ("install", "winre")}},
        targets={"install": {}},
    )
    plan = compiled(made, known(lcu=COMBINED, **{name: extra}))

    found = names(plan, "winre.service")
    assert ["lcu-stack-alone", "lcu", name, "cleanup"] == found
    assert ["lcu-stack", "lcu", "cleanup"] == names(plan, "winpe.service")


# --- checkpoints -----------------------------------------------------------------------------------------------------


def test_checkpoints_travel_with_their_update() -> None:
    """Each once, in order, in every pass of it; the session names them among its inputs, and they are no tasks."""
    other = update(UpdateKind.CUMULATIVE, "4000002", "17134.200.1.0")
    made = servicing("lcu", checkpoints=("base", "next", "base"))
    plan = compiled(made, known(lcu=COMBINED, base=CHECKPOINT, next=other))
    refs = (
        InputRef.model_validate({"input": "base", "digest": input_digest(CHECKPOINT)}),
        InputRef.model_validate({"input": "next", "digest": input_digest(other)}),
    )

    found = tasks(plan)
    for name in ("install-pro/lcu", "winre/lcu", "winre/lcu-stack"):
        assert refs == package_of(found[name]).checkpoints
    assert "add cumulative KB4343909 17134.228 (`base`, `next` beside it)" == found["winre/lcu"].title
    assert found["winre/lcu-stack"].title.endswith(" 17134.228 (`base`, `next` beside it)")
    assert set(refs) <= set(unit_of(plan, "winre.service").inputs)
    assert not [name for name in found if name.endswith(("/base", "/next"))]
    assert ["input `fod` is not used"] == [note.text for note in plan.notes if "not used" in note.text]


@pytest.mark.parametrize(
    ("lcu", "base", "reason"),
    [
        (
            update(UpdateKind.OPTIONAL, "9", "10.0.1.3"),
            CHECKPOINT,
            "only a cumulative update builds on checkpoints, the kind of `lcu` is: optional",
        ),
        (
            LCU,
            update(UpdateKind.SERVICING_STACK, "8", "17134.100.1.0"),
            "`base` is no checkpoint of `lcu`, its kind is: servicing-stack",
        ),
        (
            LCU,
            update(UpdateKind.CHECKPOINT, "8", "17134.100.1.0", "arm64"),
            "the checkpoint `base` is for arm64, `lcu` is for amd64",
        ),
        (
            LCU,
            update(UpdateKind.CHECKPOINT, "8", "17134.228.1.0"),
            "the checkpoint `base` is 17134.228.1.0, not older than `lcu`: 17134.228.1.0",
        ),
        (
            LCU,
            update(UpdateKind.CUMULATIVE, "8", "17134.300.1.0"),
            "the checkpoint `base` is 17134.300.1.0, not older than `lcu`: 17134.228.1.0",
        ),
    ],
)
def test_what_can_be_no_checkpoint_is_refused(lcu: UpdateFacts, base: UpdateFacts, reason: str) -> None:
    """By kind, architecture and version: once, at the line that names it, though the update goes to several images."""
    place = Place("r.yaml", 5)
    made = servicing("lcu", checkpoints=("base",))
    found = problems(made, known(media=media(), lcu=lcu, base=base), origins(inputs__lcu__checkpoints=place))

    assert [("plan/checkpoint", reason, place)] == [(p.slug, p.reason, p.place) for p in found]


def test_a_checkpoint_has_no_checkpoints_of_its_own() -> None:
    """They would not travel; what the update builds on is named there, all of it, and the place is the one to change."""
    place = Place("recipe.yaml", 9, 3)
    stated = {
        **declared("media", "first"),
        "base": {"update": "b.msu", "checkpoints": ("first",)},
        "lcu": {"update": "l.msu", "checkpoints": ("base",)},
    }
    made = recipe(inputs=stated, updates={"apply": {"lcu": "auto"}}, targets={"install": {}})
    first = update(UpdateKind.CHECKPOINT, "1", "17134.50.1.0")
    found = problems(
        made, known(lcu=LCU, base=CHECKPOINT, first=first), origins(inputs__base__checkpoints=place)
    )
    assert [("plan/checkpoint", place)] == [(p.slug, p.place) for p in found]
    assert "`base` states checkpoints of its own, which would not travel: `first`" in found[0].reason
    assert "name all that `lcu` builds on here" in found[0].hint


def test_checkpoints_of_an_update_that_is_not_applied_are_not_used() -> None:
    """The note names both."""
    made = recipe(
        inputs={**declared("media", "ssu", "base"), "lcu": {"update": "l.msu", "checkpoints": ("base",)}},
        updates={"apply": {"ssu": "auto"}},
        targets={"install": {}},
    )
    plan = compiled(made, known(base=CHECKPOINT))

    notes = {note.text for note in plan.notes}
    assert {"input `base` is not used", "input `lcu` is not used"} <= notes


# --- capabilities ----------------------------------------------------------------------------------------------------


def test_capabilities_are_added_from_a_folder_or_removed() -> None:
    """Title, operation and promise say which."""
    made = servicing("lcu", capabilities={BASIC: {"from": "fod"}, CLIENT: "removed"})
    found = tasks(compiled(made, known()))
    added, gone = (
        found[f"install-pro/capability-{name}"] for name in ("language.basic-de-de", "openssh.client")
    )

    assert (f"add capability {BASIC}", f"remove capability {CLIENT}") == (added.title, gone.title)
    assert isinstance(added.op, SetCapability)
    assert isinstance(gone.op, SetCapability)
    assert added.op.source is not None
    assert (input_digest(folder("f")), None) == (added.op.source.digest, gone.op.source)
    assert (CapabilityIs(name=BASIC, state="installed"),) == added.checks
    assert (CapabilityIs(name=CLIENT, state="removed"),) == gone.checks


def test_capabilities_come_before_the_cumulative_update() -> None:
    """Which brings them up to date, once: it needs no repetition."""
    made = servicing("lcu", capabilities={CLIENT: {"from": "fod"}})
    order = names(compiled(made, known()), "install-pro.service")

    assert ["capability-openssh.client", "lcu", "cleanup", "harvest"] == order


@pytest.mark.parametrize(("wanted", "repeats"), [({"from": "fod"}, True), ("removed", False)])
def test_a_capability_that_is_moved_behind_the_update_repeats_it(wanted: object, *, repeats: bool) -> None:
    """Only when it is added."""
    made = servicing("lcu", capabilities={CLIENT: wanted})
    move = {
        "step": "lcu",
        "target": "install",
        "before": "capability-openssh.client",
        "because": "a test",
    }
    moved = made.model_copy(
        update={
            "updates": made.updates.model_validate(
                {"ordering": {"move": [move]}, "apply": {"lcu": "auto"}}, strict=False
            )
        }
    )
    order = names(compiled(moved, known()), "install-pro.service")

    assert repeats == ("lcu-after-capability" in order)


def test_a_capability_that_is_written_in_two_ways_is_refused() -> None:
    """Windows ignores case in their names."""
    made = servicing("lcu", capabilities={CLIENT: {"from": "fod"}, CLIENT.lower(): "removed"})
    found = problems(made, known())

    reason = f"the capability `{CLIENT.lower()}` is there twice, in different letters"
    assert [("recipe/duplicate-key", reason)] == [(p.slug, p.reason) for p in found]


def test_capabilities_with_like_names_keep_ids_of_their_own() -> None:
    """What ids can't hold tells no two apart."""
    made = servicing(
        "lcu", capabilities={"A~B~~~1.0": "removed", "A~~B~~1.0": "removed", "C~~~~1.0": "removed"}
    )
    short = [n for n in names(compiled(made, known()), "install-pro.service") if n.startswith("cap")]

    assert 3 == len(set(short))
    assert "capability-c" in short


def having(**found: bool | None) -> FolderFacts:
    """A folder of capabilities of which it is known whether `CLIENT` and `BASIC` are in it."""
    names = {"client": CLIENT, "basic": BASIC}
    known = {names[name].lower(): said for name, said in found.items()}
    made: FolderFacts = folder("f").model_copy(update={"capabilities": known})
    return made


def test_a_capability_that_no_package_is_is_refused() -> None:
    """At its line, once for all images."""
    made = servicing("lcu", capabilities={CLIENT: {"from": "fod"}, BASIC: {"from": "fod"}})
    [problem] = problems(made, known(media=media(), lcu=LCU, fod=having(client=False, basic=True)))

    assert "plan/no-capability" == problem.slug
    assert f"no package in `fod` is the capability `{CLIENT}`" == problem.reason
    assert "features-on-demand disc of the image's build" in problem.hint


def test_a_capability_that_can_not_be_told_is_noted() -> None:
    """It may be there."""
    made = servicing("lcu", capabilities={CLIENT: {"from": "fod"}, BASIC: {"from": "fod"}})
    plan = compiled(made, known(lcu=LCU, fod=having(client=None, basic=True)))

    said = f"whether `fod` has the capability `{CLIENT}` can't be told from its files"
    assert [said] == [note.text for note in plan.notes if "can't be told" in note.text]


def test_a_capability_that_is_not_there_can_not_be_removed() -> None:
    """As with an app; the hint names those that are there. .NET 3.5 says nothing of itself."""
    images = tuple(
        image.model_copy(update={"capabilities": ("app.stepsrecorder~~~~0.0.1.0", BASIC.lower())})
        for image in ONE.install.images
    )
    read = ONE.model_copy(
        update={
            "capabilities_read": True,
            "install": ONE.install.model_copy(update={"images": images}),
        }
    )
    made = servicing("lcu", capabilities={BASIC: "removed", CLIENT: "removed", "NetFX3~~~~": "removed"})
    [problem] = problems(made, known(media=read, lcu=LCU))

    assert ("plan/no-capability", f"`Windows 10 Pro` has no capability `{CLIENT}`") == (
        problem.slug,
        problem.reason,
    )
    assert f"its capabilities are: `app.stepsrecorder~~~~0.0.1.0`, `{BASIC.lower()}`" == problem.hint
    assert "install-pro/lcu" in tasks(compiled(made, known(lcu=LCU)))
