"""Apps, drivers and settings, seen in compiled plans: operations, titles, checks, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.plans import (
    APPS,
    compiled,
    declared,
    driver,
    drivers,
    facts,
    image,
    media,
    names,
    origins,
    problems,
    recipe,
    tasks,
)

from osrecipe.model.checks import AppAbsent, DriverPresent, SettingIs
from osrecipe.model.facts import CatalogFacts, MissingFile, WimFacts
from osrecipe.model.problems import Place
from osrecipe.model.tasks import AddDrivers, ChangeSettings, RemoveApp

if TYPE_CHECKING:
    from osrecipe.model.facts import DriverFacts, DriversFacts, MediaFacts
    from osrecipe.model.plan import Plan
    from osrecipe.model.problems import Problem
    from osrecipe.model.recipe import Recipe

ONE = media([("Pro", "re")])


def wanting(*inputs: str, drivers: object = None, **install: object) -> Recipe:
    """A recipe without updates that wants this of install images."""
    stated = {} if drivers is None else {"drivers": drivers}
    return recipe(inputs=declared("media", *inputs), updates={}, targets={"install": {**install}}, **stated)


def found(plan: Plan, task: str) -> tuple[object, str, tuple[object, ...]]:
    """A task's operation, title and checks."""
    made = tasks(plan)[task]
    return made.op, made.title, made.checks


def reasons(problems: tuple[Problem, ...]) -> list[tuple[str, str]]:
    """Slugs and reasons."""
    return [(p.slug, p.reason) for p in problems]


# --- apps ------------------------------------------------------------------------------------------------------------


def removed(*written: str, iso: MediaFacts = ONE) -> list[str]:
    """Whole names of the apps that these entries remove, in the plan's order."""
    plan = compiled(wanting(appx=dict.fromkeys(written, "removed")), facts(media=iso))
    return [t.op.package for t in tasks(plan).values() if isinstance(t.op, RemoveApp)]


WEATHER, CALCULATOR, XBOX, OVERLAY = APPS


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Microsoft.BingWeather", [WEATHER]),
        ("microsoft.bingweather", [WEATHER]),
        (CALCULATOR, [CALCULATOR]),
        ("Microsoft.Xbox*", [XBOX, OVERLAY]),
        ("Microsoft.XboxGame?verlay", [OVERLAY]),
        ("*Calculator_10.*", [CALCULATOR]),
        ("*", list(APPS)),
    ],
)
def test_an_entry_means_apps_by_name_or_whole_name(written: str, meant: list[str]) -> None:
    """As a glob and without regard to case; a plain name means that app alone."""
    assert meant == removed(written)


def test_brackets_are_no_pattern() -> None:
    """A name with brackets means itself; no set of letters is meant."""
    odd = "Contoso[x]_1.0_x64__p"
    iso = ONE.model_copy(update={"install": _with_apps(odd, "Contosox_1.0_x64__p")})

    assert [odd] == removed("Contoso[x]", iso=iso)


def _with_apps(*apps: str) -> WimFacts:
    return WimFacts(
        images=(image(1, "Windows 10 Pro", "Pro", winre="re", apps=apps),), compression="lzx", size=1
    )


def test_an_app_that_two_entries_mean_is_removed_once() -> None:
    """By the first; the second is no mistake."""
    places = origins(
        **{
            "targets__install__appx__Microsoft.XboxApp": Place("r.yaml", 7),
            "targets__install__appx__*Xbox*": Place("r.yaml", 8),
        }
    )
    made = wanting(appx=dict.fromkeys(("Microsoft.XboxApp", "*Xbox*"), "removed"))
    plan = compiled(made, facts(media=ONE), places)

    lines = {
        t.op.package: t.origin.line
        for t in tasks(plan).values()
        if isinstance(t.op, RemoveApp) and t.origin is not None
    }
    assert {XBOX: 7, OVERLAY: 8} == lines


def test_removing_an_app_promises_that_it_is_gone() -> None:
    """The title has the name people know it by."""
    plan = compiled(wanting(appx={"*Weather": "removed"}), facts(media=ONE))

    expected = (RemoveApp(package=WEATHER), "remove app Microsoft.BingWeather", (AppAbsent(package=WEATHER),))
    assert expected == found(plan, "install-pro/appx-microsoft.bingweather")


def test_an_app_that_no_image_has_is_refused() -> None:
    """At its line, with the names that are there; once for each image that lacks it."""
    place = Place("r.yaml", 9)
    made = wanting(appx={"Microsoft.Xbx*": "removed", "*Weather": "removed"})
    [problem] = problems(made, facts(media=ONE), origins(**{"targets__install__appx__Microsoft.Xbx*": place}))

    assert ("plan/no-app", place) == (problem.slug, problem.place)
    assert "`Windows 10 Pro` has no provisioned app `Microsoft.Xbx*`" == problem.reason
    assert problem.hint.startswith("its apps are: `Microsoft.BingWeather`, `Microsoft.WindowsCalculator`")
    two = problems(made, facts(media=media()))
    images = sorted(p.reason.split("`")[1] for p in two if p.slug == "plan/no-app")
    assert ["Windows 10 Enterprise", "Windows 10 Pro"] == images


def test_an_image_without_apps_says_so() -> None:
    """The hint names none."""
    iso = ONE.model_copy(update={"install": _with_apps()})
    [problem] = problems(wanting(appx={"*": "removed"}), facts(media=iso))

    assert "its apps are: none" == problem.hint


def test_apps_with_like_names_keep_ids_of_their_own() -> None:
    """Two versions of one app, names that differ in what ids can't hold, and very long ones."""
    apps = (
        "A+B_1.0_x64__p",
        "A-B_1.0_x64__p",
        "A-B_2.0_x64__p",
        f"{'L' * 100}_1.0_x64__p",
        "Plain_1.0_x64__p",
    )
    plan = compiled(
        wanting(appx={"*": "removed"}), facts(media=ONE.model_copy(update={"install": _with_apps(*apps)}))
    )

    short = names(plan, "install-pro.customize")
    assert 5 == len({name.lower() for name in short})
    assert "appx-plain" in short
    assert all(name.startswith("appx-") and len(name) < 80 for name in short)


# --- drivers ---------------------------------------------------------------------------------------------------------


def adding(
    folder: DriversFacts, targets: object = ("install",), **use: object
) -> tuple[object, str, tuple[object, ...]]:
    """The task that adds a folder of drivers to the install image."""
    made = wanting("drv", drivers={"drv": {"targets": targets, **use}})
    return found(compiled(made, facts(media=ONE, drv=folder)), "install-pro/drivers-drv")


def test_a_folder_of_drivers_is_one_task() -> None:
    """With every driver's INF, and a check for each."""
    op, title, checks = adding(drivers("maker", driver("a/one.inf"), driver("two.inf", version="")))

    assert isinstance(op, AddDrivers)
    assert (("a/one.inf", "two.inf"), True, False) == (op.infs, op.whole, op.unsigned)
    assert "add 2 drivers of drv" == title
    assert (DriverPresent(inf="one.inf", version="1.2.3.4"), DriverPresent(inf="two.inf")) == checks


def test_only_drivers_for_the_image_are_added() -> None:
    """Those for other architectures are left out, those that name none are taken; the folder is then not meant whole."""
    both = driver("both.inf", "amd64", "x86")
    silent = driver("silent.inf").model_copy(update={"architectures": ()})
    op, title, checks = adding(drivers("maker", driver("old.inf", "x86"), both, silent))

    assert isinstance(op, AddDrivers)
    assert (("both.inf", "silent.inf"), False) == (op.infs, op.whole)
    assert ("add 2 of 3 drivers of drv", 2) == (title, len(checks))


def test_a_folder_with_other_infs_is_not_meant_whole() -> None:
    """Named as a whole, DISM would try the others, too."""
    op, title, _ = adding(drivers("maker", driver("a.inf")).model_copy(update={"others": ("autorun.inf",)}))

    assert isinstance(op, AddDrivers)
    assert (False, "add 1 driver of drv") == (op.whole, title)


def test_drivers_of_one_name_are_told_apart_by_version() -> None:
    """In several folders; equal ones are checked once."""
    twins = [driver("a/net.inf"), driver("b/net.inf"), driver("c/net.inf", version="2.0")]
    _, _, checks = adding(drivers("maker", *twins))

    assert (
        DriverPresent(inf="net.inf", version="1.2.3.4"),
        DriverPresent(inf="net.inf", version="2.0"),
    ) == checks


def test_unsigned_drivers_are_taken_only_when_the_recipe_says_so() -> None:
    """It is part of what is done."""
    plain, stated = adding(drivers())[0], adding(drivers(), unsigned=True)[0]

    assert isinstance(plain, AddDrivers)
    assert isinstance(stated, AddDrivers)
    assert (False, True) == (plain.unsigned, stated.unsigned)


def test_drivers_go_where_the_recipe_says() -> None:
    """To each kind of image that is named, and no other; two folders are two tasks, as written."""
    made = wanting(
        "drv",
        "drv2",
        drivers={"drv2": {"targets": ("install", "winpe")}, "drv": {"targets": ("winre", "install")}},
    )
    plan = compiled(made, facts(media=ONE, drv=drivers(), drv2=drivers("net")))

    assert ["winre", "drivers-drv2", "drivers-drv"] == names(plan, "install-pro.customize")
    assert ["drivers-drv2"] == names(plan, "winpe.customize")
    assert ["drivers-drv"] == names(plan, "winre.customize")
    assert "setup.customize" not in {u.id for u in plan.units}


def test_the_setup_image_s_programs_are_taken_after_its_drivers() -> None:
    """So that the image is finished when Setup's programs leave it."""
    plan = compiled(wanting("drv", drivers={"drv": {"targets": ("setup",)}}), facts(media=ONE, drv=drivers()))

    assert ["drivers-drv", "harvest"] == names(plan, "setup.customize")


def test_a_folder_without_a_driver_for_the_image_is_refused() -> None:
    """Once, at its line, with all images it can't go to and the architectures that it has drivers for."""
    place = Place("r.yaml", 20)
    made = wanting("drv", drivers={"drv": {"targets": ("install", "winre", "winpe")}})
    folder = drivers("maker", driver("a.inf", "x86"), driver("b.inf", "arm64", "x86"))
    [refused] = problems(made, facts(media=ONE, drv=folder), origins(drivers__drv=place))

    assert ("plan/no-driver", place) == (refused.slug, refused.place)
    listed = "`Windows 10 Pro`, winre of `Windows 10 Pro`, `PE`"
    assert f"`drv` has no driver for amd64, which these images are: {listed}" == refused.reason
    assert refused.hint.startswith("its drivers are for arm64, x86;")


def lacking(inf: str, **missing: object) -> DriverFacts:
    """A driver with a file that is not there."""
    file = MissingFile.model_validate({"path": "a.sys", "listed": ("amd64",), **missing}, strict=False)
    return driver(inf).model_copy(update={"missing": (file,)})


def signed_by(*catalogs: CatalogFacts, inf: str = "a.inf") -> DriverFacts:
    """A driver for two architectures whose INF names these catalogues."""
    return driver(inf, "amd64", "x86").model_copy(update={"catalogs": catalogs})


GONE, THERE = CatalogFacts(name="a.cat", there=False), CatalogFacts(name="a.cat")


@pytest.mark.parametrize(
    ("catalogs", "shown"),
    [
        ((), "names none"),
        ((GONE,), "`a.cat` is not there"),
        ((THERE, CatalogFacts(name="x64.cat", architecture="amd64", there=False)), "`x64.cat` is not there"),
        ((CatalogFacts(name="x86.cat", architecture="x86"),), "names none"),
    ],
)
def test_a_driver_without_its_catalogue_is_refused(catalogs: tuple[CatalogFacts, ...], shown: str) -> None:
    """Once for all images it goes to; the one for its architecture goes before the one for all."""
    place = Place("r.yaml", 20)
    made = wanting("drv", drivers={"drv": {"targets": ("install", "winre", "winpe", "setup")}})
    folder = drivers("maker", signed_by(*catalogs), driver("good.inf"))
    [refused] = problems(made, facts(media=ONE, drv=folder), origins(drivers__drv=place))

    assert ("plan/driver", place) == (refused.slug, refused.place)
    assert f"no catalogue signs 1 driver of `drv`: `a.inf` ({shown})" == refused.reason
    assert "`unsigned: true`" in refused.hint


def test_many_unsigned_drivers_are_one_problem() -> None:
    """The first are named, the others counted."""
    folder = drivers("maker", *(signed_by(GONE, inf=f"{number}.inf") for number in range(2000)))
    made = wanting("drv", drivers={"drv": {"targets": ("install",)}})
    [refused] = problems(made, facts(media=ONE, drv=folder))

    assert refused.reason.startswith("no catalogue signs 2,000 drivers of `drv`: `0.inf` (")
    assert refused.reason.endswith("`2.inf` (`a.cat` is not there) and 1,997 more")


def test_unsigned_drivers_are_refused_only_where_they_go() -> None:
    """Not where the recipe takes them, not where drivers need no signature, and not when a catalogue is there."""
    own = CatalogFacts(name="x64.cat", architecture="amd64")
    old = driver("old.inf", "x86").model_copy(update={"catalogs": ()})
    adding(drivers("maker", signed_by(GONE)), unsigned=True)
    adding(drivers("maker", signed_by(GONE, own), driver("b.inf"), old))


def test_a_file_that_every_model_copies_has_to_be_there() -> None:
    """Signed or not: it is refused, with the INF and the file."""
    made = wanting("drv", drivers={"drv": {"targets": ("install", "winpe"), "unsigned": True}})
    folder = drivers("maker", lacking("x/a.inf", copied=("amd64",)), driver("b.inf"))
    [refused] = problems(made, facts(media=ONE, drv=folder))

    assert "plan/driver" == refused.slug
    assert "files of 1 driver of `drv` are not in the folder: `x/a.inf` (`a.sys`)" == refused.reason


def test_a_file_that_is_only_listed_is_noted() -> None:
    """Some driver may do without it; a file for other architectures is not looked for."""
    folder = drivers("maker", lacking("a.inf"), lacking("b.inf", listed=("x86",), copied=("x86",)))
    made = wanting("drv", drivers={"drv": {"targets": ("install", "winpe")}})
    plan = compiled(made, facts(media=ONE, drv=folder))

    assert ["files that drivers of `drv` list are not in the folder: `a.inf` (`a.sys`)"] == [
        n.text for n in plan.notes if "drv" in n.text
    ]


def test_drivers_that_are_left_out_are_noted() -> None:
    """Once, however many images there are, with some of their INFs."""
    old = [driver(f"{number}.inf", "x86") for number in range(5)]
    made = wanting("drv", drivers={"drv": {"targets": ("install", "winre", "winpe", "setup")}})
    many = compiled(made, facts(media=ONE, drv=drivers("maker", driver("a.inf"), *old)))
    one = compiled(made, facts(media=ONE, drv=drivers("maker", driver("a.inf"), old[0])))

    texts = [[n.text for n in plan.notes if "drv" in n.text] for plan in (many, one)]
    assert [
        ["5 drivers of `drv` are not for amd64 and left out: `0.inf`, `1.inf`, `2.inf` and 2 more"],
        ["1 driver of `drv` is not for amd64 and left out: `0.inf`"],
    ] == texts


def test_infs_that_are_no_drivers_are_noted() -> None:
    """Each once, at the line that names the folder, however many images it goes to."""
    folder = drivers("maker", driver("a.inf")).model_copy(update={"others": ("autorun.inf", "x/old.inf")})
    made = wanting("drv", drivers={"drv": {"targets": ("install", "winre", "winpe", "setup")}})
    plan = compiled(made, facts(media=ONE, drv=folder), origins(drivers__drv=Place("r.yaml", 20)))

    notes = [(n.text, n.origin.line) for n in plan.notes if n.origin is not None]
    assert [
        ("`autorun.inf` in `drv` describes no driver for any image and is left alone", 20),
        ("`x/old.inf` in `drv` describes no driver for any image and is left alone", 20),
    ] == notes


# --- settings --------------------------------------------------------------------------------------------------------


def setting(**stated: str) -> tuple[list[tuple[str, str]], str, list[tuple[str, str]]]:
    """What settings do and promise: pairs in order, the title, and checks."""
    made = wanting(settings={name.replace("_", "-"): value for name, value in stated.items()})
    op, title, checks = found(compiled(made, facts(media=ONE)), "install-pro/settings")
    assert isinstance(op, ChangeSettings)
    promised = [(c.name, c.value) for c in checks if isinstance(c, SettingIs)]
    assert len(checks) == len(promised)
    return [(s.name, s.value) for s in op.settings], title, promised


def test_all_covers_what_is_not_stated_beside_it() -> None:
    """It is done first, so that what is stated wins; keyboards follow by themselves and are not promised."""
    done, title, promised = setting(user_locale="de-DE", all="en-US", time_zone="UTC")

    assert [("all", "en-US"), ("user-locale", "de-DE"), ("time-zone", "UTC")] == done
    assert "set languages en-US, user-locale de-DE, time-zone UTC" == title
    assert {
        "user-locale": "de-DE",
        "time-zone": "UTC",
        "ui-language": "en-US",
        "system-locale": "en-US",
    } == dict(promised)
    assert 4 == len(promised)


def test_settings_alone_are_what_is_promised() -> None:
    """Each in its order, none beside."""
    done, _, promised = setting(keyboards="0407:00000407", ui_language="de-DE")

    assert [("ui-language", "de-DE"), ("keyboards", "0407:00000407")] == done == promised


def test_every_kind_of_image_can_have_settings() -> None:
    """And an empty `settings` is no task."""
    targets = {name: {"settings": {"time-zone": "UTC"}} for name in ("install", "winre", "winpe", "setup")}
    plan = compiled(recipe(updates={}, targets=targets), facts(media=ONE))

    assert {"install-pro", "winre", "winpe", "setup"} == {
        t.partition("/")[0] for t in tasks(plan) if t.endswith("/settings")
    }
    empty = {"install": {"settings": {}, "appx": {"*Weather": "removed"}}}
    assert "install-pro/settings" not in tasks(compiled(recipe(updates={}, targets=empty), facts(media=ONE)))
