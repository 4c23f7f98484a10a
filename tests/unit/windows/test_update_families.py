"""Which update replaces which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.plans import update

from osrecipe.windows.update_families import newest, replaces

if TYPE_CHECKING:
    from osrecipe.model.facts import UpdateFacts


def made(
    kind: str,
    name: str,
    version: str,
    kb: str = "1",
    builds: tuple[int, ...] = (),
    arch: str = "amd64",
    lang: str = "",
) -> UpdateFacts:
    """An update of a kind with this package's name and version."""
    usual = update(kind, kb, version, arch)
    identity = f"{name}~31bf3856ad364e35~{arch}~{lang}~{version}"
    package = usual.package.model_copy(update={"identity": identity})
    changed: UpdateFacts = usual.model_copy(update={"package": package, "builds": builds})
    return changed


LCU = made("cumulative", "Package_for_RollupFix", "17134.228.1.0", builds=(17134,))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (LCU, made("cumulative", "Package_for_RollupFix", "17134.345.1.0", builds=(17134,))),
        (
            made("servicing-stack", "Package_for_ServicingStack_191", "17134.191.1.0", builds=(17134,)),
            made("servicing-stack", "Package_for_ServicingStack_471", "17134.471.1.0", builds=(17134,)),
        ),
        (
            made("servicing-stack", "Package_for_KB4343669", "10.0.1.0"),
            made("servicing-stack", "Package_for_KB4477137", "10.0.1.1"),
        ),
        (
            made("flash", "Package_for_KB4343902", "10.0.1.0", "4343902"),
            made("flash", "Package_for_KB4457146", "10.0.1.0", "4457146"),
        ),
        (
            made("dotnet", "Package_for_DotNetRollup_481", "10.0.9206.1", builds=(19041,)),
            made("dotnet", "Package_for_DotNetRollup_481", "10.0.9286.1", builds=(19041,)),
        ),
        (
            made("optional", "Package_for_KB5000001", "10.0.1.0", "5000001"),
            made("optional", "Package_for_KB5000001", "10.0.1.2", "5000001"),
        ),
        (
            made("setup", "", "10.0.17134.100", "", (17134,)),
            made("setup", "", "10.0.17134.165", "", (17134,)),
        ),
    ],
)
def test_a_newer_one_of_the_same_family_replaces(old: UpdateFacts, new: UpdateFacts) -> None:
    """One way only, and nothing replaces itself."""
    assert replaces(new, old)
    assert not replaces(old, new)
    assert not replaces(old, old)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (LCU, made("cumulative", "Package_for_RollupFix", "17763.345.1.0", builds=(17763,))),
        (LCU, made("cumulative", "Package_for_RollupFix", "17134.345.1.0", builds=(17134,), arch="arm64")),
        (LCU, made("checkpoint", "Package_for_RollupFix", "17134.345.1.0", builds=(17134,))),
        (
            made("dotnet", "Package_for_DotNetRollup", "10.0.1.0"),
            made("dotnet", "Package_for_DotNetRollup_481", "10.0.2.0"),
        ),
        (
            made("optional", "Package_for_KB5000001", "10.0.1.0", "5000001"),
            made("optional", "Package_for_KB5000002", "10.0.1.2", "5000002"),
        ),
        (
            made("language-pack", "Microsoft-Windows-Client-LanguagePack-Package", "10.0.1.0", lang="de-DE"),
            made("language-pack", "Microsoft-Windows-Client-LanguagePack-Package", "10.0.2.0", lang="fr-FR"),
        ),
    ],
)
def test_another_family_never_replaces(old: UpdateFacts, new: UpdateFacts) -> None:
    """Another build, machine, kind, .NET, article or language."""
    assert not replaces(new, old)


def test_the_newest_is_found_whatever_the_order() -> None:
    """By number, not by text or place; None when nothing is newer."""
    later = [
        made("cumulative", "Package_for_RollupFix", f"17134.{n}.1.0", builds=(17134,))
        for n in (345, 1304, 81)
    ]

    assert later[1] == newest(LCU, later)
    assert later[1] == newest(LCU, later[::-1])
    assert newest(LCU, [later[2], LCU]) is None
