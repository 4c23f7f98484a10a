"""Facts and recipes for plan tests, made by hand: what media and updates of several shapes look like once read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from osrecipe.model.facts import (
    AnswerFileFacts,
    BlobFacts,
    CatalogFacts,
    DriverFacts,
    DriversFacts,
    Facts,
    FeatureFacts,
    FolderFacts,
    ImageFacts,
    MediaFacts,
    OfflineSetting,
    PackageFacts,
    RegFileFacts,
    UpdateFacts,
    UpdateKind,
    WimFacts,
)
from osrecipe.model.frozen import Digest
from osrecipe.model.names import InputId
from osrecipe.model.origins import Origins
from osrecipe.model.problems import OsrecipeError
from osrecipe.model.recipe import Recipe
from osrecipe.model.version import Version
from osrecipe.plan import compile_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osrecipe.model.facts import InputFacts
    from osrecipe.model.origins import Loc
    from osrecipe.model.plan import Job, Plan, Session, Task
    from osrecipe.model.problems import Place, Problem
    from osrecipe.model.registry import RegistryChange
    from osrecipe.model.version import Architecture

BUILD = "10.0.17134.1"


def sha(text: str) -> str:
    """A made-up content hash that depends on `text` alone."""
    return hashlib.sha256(text.encode()).hexdigest()


def package(
    name: str, version: str, elements: tuple[str, ...] = ("file",), architecture: str = "amd64"
) -> PackageFacts:
    """A package's facts."""
    return PackageFacts.model_validate(
        {
            "identity": f"{name}~31bf3856ad364e35~{architecture}~~{version}",
            "version": Version.parse(version),
            "architecture": architecture,
            "elements": elements,
            "payload": 1000,
        }
    )


def update(
    kind: UpdateKind | str,
    kb: str,
    version: str = "17134.228.1.0",
    architecture: str = "amd64",
    *,
    stack: str = "",
) -> UpdateFacts:
    """An update of a kind, named as its kind is in the field; `stack` is the version of one that travels with it."""
    kind = UpdateKind(kind)
    name = {
        UpdateKind.CUMULATIVE: "Package_for_RollupFix",
        UpdateKind.SERVICING_STACK: "Package_for_ServicingStack",
    }.get(kind, f"Package_for_KB{kb}")
    return UpdateFacts(
        sha256=sha(kb + version),
        size=5000,
        container="msu-cab",
        update_kind=kind,
        kb=kb,
        stack=package("Package_for_ServicingStack", stack).identity if stack else "",
        package=package(name, version, architecture=architecture),
    )


def image(
    index: int,
    name: str,
    edition: str = "",
    *,
    winre: str | None = None,
    features: Mapping[str, FeatureFacts] | None = None,
    apps: tuple[str, ...] = (),
    build: str = BUILD,
    installation: str = "Client",
) -> ImageFacts:
    """One image; `winre` is any text that stands for the recovery image's content."""
    sha1 = hashlib.sha1(winre.encode(), usedforsecurity=False).hexdigest() if winre else ""
    return ImageFacts(
        index=index,
        name=name,
        edition=edition,
        installation=installation,
        architecture="amd64",
        version=Version.parse(build),
        winre=BlobFacts(sha1=sha1, size=10) if winre else None,
        features=features or {},
        apps=apps,
    )


APPS = (
    "Microsoft.BingWeather_4.25.20211.0_neutral_~_8wekyb3d8bbwe",
    "Microsoft.WindowsCalculator_10.1806.1821.0_neutral_~_8wekyb3d8bbwe",
    "Microsoft.XboxApp_41.41.18001.0_neutral_~_8wekyb3d8bbwe",
    "Microsoft.XboxGameOverlay_1.26.6001.0_neutral_~_8wekyb3d8bbwe",
)
FEATURES = {
    "SMB1Protocol": FeatureFacts(enabled=True, package="Foundation", elements=("file",)),
    "TelnetClient": FeatureFacts(enabled=False, package="Foundation", elements=("file",)),
}


def media(
    editions: Sequence[tuple[str, str | None]] = (("Pro", "re"), ("Enterprise", "re")),
    *,
    netfx3: bool = True,
    boot: int | None = 2,
    boot_index: int | None = None,
    build: str = BUILD,
    label: str = "OSR_X64",
) -> MediaFacts:
    """An ISO with an image for each edition (its name and what its winre holds) and a boot.wim of `boot` images."""
    images = tuple(
        image(n, f"Windows 10 {name}", name, winre=winre or None, features=FEATURES, apps=APPS, build=build)
        for n, (name, winre) in enumerate(editions, start=1)
    )
    names = ["PE", "Setup"][-(boot or 0) :] if (boot or 0) <= 2 else [f"PE {n}" for n in range(boot or 0)]
    boots = tuple(image(n, name, build=build) for n, name in enumerate(names, start=1)) if boot else ()
    return MediaFacts(
        sha256=sha(f"media {editions} {netfx3}"),
        size=10_000,
        label=label,
        install=WimFacts(images=images, compression="lzx", size=1000),
        boot=None
        if boot is None
        else WimFacts(
            images=boots,
            boot_index=len(boots) if boot_index is None else boot_index,
            compression="lzx",
            size=100,
        ),
        setup_files=("setup.exe", "setuphost.exe"),
        netfx3=package("Microsoft-Windows-NetFx3-OnDemand-Package", "10.0.17134.1") if netfx3 else None,
        firmware=("bios", "efi"),
        modified=1_500_000_000,
    )


def folder(content: str) -> FolderFacts:
    """A folder whose content is any text."""
    return FolderFacts(tree=Digest("sha256:" + sha(content)), files=3, size=30)


def drivers(content: str = "storage", *infs: DriverFacts) -> DriversFacts:
    """A folder of drivers: one for amd64 that is called as the content, or those given."""
    mine = infs or (driver(f"{content}/{content}.inf"),)
    return DriversFacts(tree=Digest("sha256:" + sha(content)), files=3, size=30, drivers=mine)


def driver(inf: str, *architectures: Architecture, version: str = "1.2.3.4") -> DriverFacts:
    """A driver, for amd64 when no architecture is given."""
    return DriverFacts(
        inf=inf,
        provider="Contoso",
        device_class="SCSIAdapter",
        version=version,
        architectures=architectures or ("amd64",),
        catalogs=(CatalogFacts(name="maker.cat"),),
    )


def answers(
    *passes: str,
    offline: tuple[OfflineSetting, ...] = (),
    packages: bool = False,
    architectures: Mapping[str, tuple[Architecture, ...]] | None = None,
) -> AnswerFileFacts:
    """An answer file with settings for these passes."""
    return AnswerFileFacts(
        sha256=sha(f"answers {passes} {offline}"),
        size=900,
        passes=passes,
        offline=offline,
        packages=packages,
        architectures=architectures or {},
    )


LUA = OfflineSetting(path="Microsoft-Windows-LUA-Settings/EnableLUA", architecture="amd64", value="true")
"""A setting of the pass `offlineServicing` that can be read back."""


def facts(
    reg_files: Mapping[str, tuple[RegistryChange, ...]] | None = None,
    /,
    **inputs: InputFacts,
) -> Facts:
    """Facts with the usual media, stack, cumulative update and folder, and what is given."""
    usual: dict[str, InputFacts] = {
        "media": media(),
        "ssu": update(UpdateKind.SERVICING_STACK, "4343669", "17134.226.1.0"),
        "lcu": update(UpdateKind.CUMULATIVE, "4343909"),
        "oem": folder("oem"),
    }
    read = {path: RegFileFacts(sha256=sha(path), changes=found) for path, found in (reg_files or {}).items()}
    return Facts(
        inputs={InputId(name): each for name, each in (usual | inputs).items()},
        reg_files=read,
    )


def recipe(**changes: object) -> Recipe:
    """The usual recipe in model form, with top-level keys replaced."""
    usual: dict[str, object] = {
        "schema": "osrecipe/1",
        "name": "usual",
        "inputs": declared("media", "ssu", "lcu", "oem"),
        "source": "media",
        "updates": {"apply": {"ssu": "auto", "lcu": "auto"}},
        "targets": {
            "install": {
                "netfx3": {"enable": True},
                "tweaks": {"oem-files": {"files": {"Windows\\OEM": "oem"}}},
            }
        },
        "output": {"iso": "out/usual.iso"},
    }
    return Recipe.model_validate(usual | changes, strict=False)


def declared(*names: str) -> dict[str, object]:
    """Inputs by id: `media` is the ISO; `oem…`, `fod…`, `drv…` and `answers…` are what they are called; else updates."""
    return {name: _declared(name) for name in names}


def _declared(name: str) -> dict[str, str]:
    if name == "media":
        return {"iso": "media.iso"}
    for front, form in (("oem", "folder"), ("fod", "folder"), ("drv", "drivers")):
        if name.startswith(front):
            return {form: name}
    return {"answer-file": f"{name}.xml"} if name.startswith("answers") else {"update": f"{name}.msu"}


def applying(
    *names: str,
    move: Sequence[Mapping[str, str]] = (),
    use: str = "auto",
    also: Sequence[str] = (),
    **targets: Sequence[str],
) -> dict[str, object]:
    """`inputs` and `updates` of a recipe that applies these updates, to their kind's targets or those given.

    Inputs in `also` are declared only.
    """
    apply: dict[str, object] = dict.fromkeys(names, "auto") | dict(targets)
    moves = [{"because": "the test says so", **each} for each in move]
    return {
        "inputs": declared("media", "oem", *apply, *also),
        "updates": {"ordering": {"use": use, "move": moves}, "apply": apply},
    }


def origins(**values: Place) -> Origins:
    """No places: everything is at the recipe as a whole; `targets__install__cleanup` gives a value one."""
    places: dict[Loc, Place] = {tuple(name.split("__")): place for name, place in values.items()}
    return Origins("recipe.yaml", values=places, keys=places)


def compiled(recipe: Recipe, facts: Facts, places: Origins | None = None) -> Plan:
    """The plan."""
    return compile_plan(recipe, facts, places or origins())


def problems(recipe: Recipe, facts: Facts, places: Origins | None = None) -> tuple[Problem, ...]:
    """The problems of a recipe that must not compile."""
    try:
        compile_plan(recipe, facts, places or origins())
    except OsrecipeError as cause:
        return cause.problems
    raise AssertionError("the recipe compiled")


def tasks(plan: Plan) -> dict[str, Task]:
    """Every task by id."""
    return {str(task.id): task for unit in plan.units for task in unit.tasks}


def names(plan: Plan, unit: str) -> list[str]:
    """The short names of a unit's tasks, in order."""
    return [str(task.id).partition("/")[2] for task in unit_of(plan, unit).tasks]


def unit_of(plan: Plan, name: str) -> Session | Job:
    """A unit by id."""
    return next(unit for unit in plan.units if unit.id == name)


def edges(plan: Plan) -> set[tuple[str, str, str]]:
    """Every edge as before, after and rule."""
    return {(str(e.before), str(e.after), str(e.rule)) for e in plan.edges}
