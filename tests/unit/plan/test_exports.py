"""Images in and out: what is taken, what is written anew, in which order, and when nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.plans import applying, compiled, facts, media, names, origins, recipe, tasks, unit_of

from osrecipe.model.problems import Place
from osrecipe.model.tasks import CopyMedia, ExportImages, PlaceFile, TakeImages

if TYPE_CHECKING:
    from osrecipe.model.plan import Plan

THREE = media([("Home", "re"), ("Pro", "re"), ("Edu", "re")])


def _export(plan: Plan, name: str) -> ExportImages:
    op = tasks(plan)[name].op
    assert isinstance(op, ExportImages)
    return op


def _parts(plan: Plan, name: str) -> list[tuple[str, int, bool]]:
    return [(p.image.wim.unit, p.image.index, p.refresh) for p in _export(plan, name).parts]


def test_images_go_out_in_the_source_s_order() -> None:
    """Serviced ones come from their last session, and are told what they now are; kept ones come as they were."""
    made = recipe(targets={"install": {"select": [{"index": 3}, {"index": 1}], "others": "keep"}})
    plan = compiled(made, facts(media=THREE))
    assert [
        ("install-home.customize", 1, True),
        ("source.images", 2, False),
        ("install-edu.customize", 1, True),
    ] == _parts(plan, "install/export")


def test_images_that_are_not_selected_can_be_dropped() -> None:
    """Then only the selected ones are written."""
    made = recipe(targets={"install": {"select": [{"index": 2}], "others": "drop"}})
    plan = compiled(made, facts(media=THREE))
    assert [("install-pro.customize", 1, True)] == _parts(plan, "install/export")
    assert "export install.wim: 1 image, in the source's order" == tasks(plan)["install/export"].title


def test_dropping_alone_writes_install_wim_anew() -> None:
    """Nothing is serviced, and still there is less in it."""
    made = recipe(updates={}, targets={"install": {"select": [{"index": 2}], "others": "drop"}})
    plan = compiled(made, facts(media=THREE))
    assert [("source.images", 2, False)] == _parts(plan, "install/export")


@pytest.mark.parametrize(("stated", "written"), [(False, False), (True, True)])
def test_install_wim_is_left_alone_when_nothing_in_it_changes(*, stated: bool, written: bool) -> None:
    """Unless the recipe asks for an export, for its compression."""
    places = origins(**({"targets__install__export": Place("r.yaml", 3)} if stated else {}))
    made = recipe(**applying(lcu=["winpe"]), targets={"install": {"export": {"compress": "fast"}}})
    plan = compiled(made, facts(), places)
    assert written == ("install/export" in tasks(plan))
    assert written == ("media/install-wim" in tasks(plan))


def test_boot_wim_keeps_its_compression_and_boot_flag() -> None:
    """Both images go out, the one nothing is done to as it was."""
    plan = compiled(recipe(**applying(lcu=["winpe"])), facts())
    assert [("winpe.service", 1, True), ("source.images", 2, False)] == _parts(plan, "boot/export")
    op = _export(plan, "boot/export")
    assert ("boot.wim", "keep", 2) == (op.wim, op.compress, op.boot_index)


def test_boot_wim_is_left_alone_when_nothing_in_it_changes() -> None:
    """It is copied with the rest of the media."""
    plan = compiled(recipe(**applying(lcu=["install"])), facts())
    assert "boot/export" not in tasks(plan)
    copy = tasks(plan)["media/copy"].op
    assert isinstance(copy, CopyMedia)
    assert ["sources\\install.wim"] == [str(p) for p in copy.without]


def test_what_is_replaced_is_not_copied() -> None:
    """The tree never holds the source's WIMs beside the new ones; each is placed once."""
    plan = compiled(recipe(), facts())
    copy = tasks(plan)["media/copy"].op
    assert isinstance(copy, CopyMedia)
    placed = [t.op.to for t in tasks(plan).values() if isinstance(t.op, PlaceFile)]
    assert placed == list(copy.without)
    assert 2 == len({str(p) for p in placed})


def test_what_is_taken_depends_on_the_media_alone() -> None:
    """No setting of the recipe changes the job all lanes start from."""
    one = compiled(recipe(), facts())
    two = compiled(
        recipe(**applying(lcu=["install"]), targets={"install": {"select": [{"index": 1}]}}), facts()
    )
    assert unit_of(one, "source.images") == unit_of(two, "source.images")
    assert ("install.wim", "boot.wim") == unit_of(one, "source.images").produces


@pytest.mark.parametrize("count", [None, 0])
def test_media_without_boot_images(count: int | None) -> None:
    """Then only install.wim is taken."""
    op = tasks(compiled(recipe(), facts(media=media(boot=count))))["source/images"].op
    assert isinstance(op, TakeImages)
    assert ["install.wim"] == [p.name for p in op.paths]


def test_images_nobody_needs_are_not_taken() -> None:
    """A recipe that changes nothing but the label copies the media and writes it."""
    plan = compiled(recipe(updates={}, targets={"install": {}}, media={"label": "NEW"}), facts())
    assert ["media/copy", "media/iso", "media/verify"] == list(tasks(plan))
    assert ["copy"] == names(plan, "media.copy")
