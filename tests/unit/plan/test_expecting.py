"""Expectations that what is planned makes impossible, and where checks come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.plans import compiled, facts, origins, problems, recipe, tasks

from osrecipe.model.origins import Origins
from osrecipe.model.problems import Place
from osrecipe.model.registry import DeleteValue, RegistryData, RegistryKey, RegistryRoot, SetValue
from osrecipe.model.tasks import VerifyMedia

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = RegistryKey(root=RegistryRoot.SOFTWARE, path="Sample")
LINE = Place("r.yaml", 7, 12)
BUILD = ("expect", "install", "build")


def dword(number: int) -> SetValue:
    """A change that sets the sample's value."""
    return SetValue(key=KEY, name="On", data=RegistryData(kind="dword", number=number))


def said(expect: object, tweaks: Mapping[str, object] | None = None) -> list[tuple[str, str, Place | None]]:
    """Slugs, reasons and places of what is wrong when that is expected of one install image."""
    install = {"select": [{"index": 1}], "others": "drop", "tweaks": tweaks or {}}
    made = recipe(expect={"install": expect}, targets={"install": install})
    places = Origins("r.yaml", {BUILD: LINE, ("expect", "install", "registry", str(KEY), "on"): LINE})
    try:
        compiled(made, facts(), places)
    except Exception:  # noqa: BLE001 - the helper below says which
        return [(p.slug, p.reason, p.place) for p in problems(made, facts(), places)]
    return []


def test_another_revision_than_the_update_brings() -> None:
    """A cumulative update brings one revision, so neither a lower nor a higher one can be expected."""
    for build in ("10.0.17134.1", "10.0.17134.345"):
        ((slug, reason, place),) = said({"build": build})
        assert ("plan/expectation", LINE) == (slug, place)
        assert "`lcu` brings" in reason
        assert build in reason
    assert [] == said({"build": "10.0.17134.228"})


def test_a_value_that_the_last_tweak_writes_otherwise() -> None:
    """The last tweak that writes a value decides; the same value and one nobody writes are fine."""
    tweaks = {"first": {"registry": [dword(1)]}, "second": {"registry": [dword(2)]}}
    ((slug, reason, place),) = said({"registry": [dword(1)]}, tweaks)
    assert ("plan/expectation", LINE) == (slug, place)
    assert "tweak `second` leaves `On`" in reason
    assert "dword 2, but it is expected to be dword 1" in reason
    assert [] == said({"registry": [dword(2)]}, tweaks)
    assert [] == said({"registry": [dword(1)]})


def test_a_value_that_a_tweak_deletes() -> None:
    """A deleted value is absent, whatever was written before."""
    gone = {"gone": {"registry": [DeleteValue(key=KEY, name="ON")]}}
    ((_, reason, _),) = said({"registry": [dword(1)]}, gone)
    assert "absent, but it is expected to be dword 1" in reason


def test_checks_carry_the_image_s_name_and_their_lines() -> None:
    """What is expected says where that is written; digests do not depend on it."""
    made = recipe(expect={"install": {"build": "10.0.17134.228"}})
    plan = compiled(made, facts(), Origins("r.yaml", {BUILD: LINE}))
    op = tasks(plan)["media/verify"].op
    assert isinstance(op, VerifyMedia)
    first = op.expectations[0]
    assert "r.yaml:7:12" == first.places[0]
    assert {""} == set(first.places[1:])
    assert first.name.startswith("Windows 10")
    assert compiled(made, facts(), origins()).units[-1].digest == plan.units[-1].digest
