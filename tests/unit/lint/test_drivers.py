"""Which drivers the rule about drivers in some images means, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.plans import driver, drivers, facts, media

from osrecipe.lint import lint
from osrecipe.lint.rules.drivers import drivers_in_some_images
from osrecipe.lint.subject import Subject
from osrecipe.recipe import load

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.model.facts import MediaFacts

RECIPE = """\
schema: osrecipe/1
name: t
inputs:
  media: {{iso: media.iso}}
  drv: {{drivers: drv}}
source: media
targets: {{install: {{}}}}
drivers: {{drv: {targets}}}
output: {{iso: out/t.iso}}
"""


def found(folder: Path, targets: str, *classes: str, iso: MediaFacts | None = None) -> list[str]:
    """What is said of drivers of these classes that go to these targets."""
    path = folder / "t.yaml"
    path.write_text(RECIPE.format(targets=targets), encoding="utf-8")
    mine = (driver(f"{n}.inf").model_copy(update={"device_class": each}) for n, each in enumerate(classes))
    subject = Subject(load(path), facts(media=iso or media(), drv=drivers("maker", *mine)))
    return [f.problem.reason for f in lint(subject, (drivers_in_some_images,)).findings]


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        (("SCSIAdapter",), "storage"),
        (("hdc", "SCSIADAPTER"), "storage"),
        (("{4D36E972-E325-11CE-BFC1-08002BE10318}",), "network"),
        (("Display", "Net", "HDC"), "network and storage"),
    ],
)
def test_drivers_for_storage_and_network_are_meant(
    tmp_path: Path, classes: tuple[str, ...], words: str
) -> None:
    """By the class' name in any letters, or its GUID."""
    assert [f"`drv` has {words} drivers, which go to `install` alone"] == found(
        tmp_path, "[install]", *classes
    )


def test_other_drivers_are_not(tmp_path: Path) -> None:
    """The installed system alone needs a picture, sound and a printer."""
    assert [] == found(tmp_path, "[install]", "Display", "MEDIA", "Printer")
    assert [] == found(tmp_path, "[winpe]", "Display")


@pytest.mark.parametrize(
    "targets",
    [
        "[setup]",
        "[winre]",
        "[install, setup]",
        "[install, winre]",
        "[winpe, setup]",
        "[install, winpe, setup]",
    ],
)
def test_where_one_early_image_has_them_nothing_is_said(tmp_path: Path, targets: str) -> None:
    """Unless it is the Windows PE image, which the media does not start."""
    assert [] == found(tmp_path, targets, "Net")


def test_windows_pe_without_setup_is_told_whatever_else_has_them(tmp_path: Path) -> None:
    """Setup would still not see its disk."""
    for targets in ("[winpe]", "[install, winpe]", "[install, winre, winpe]"):
        [reason] = found(tmp_path, targets, "Net")
        assert reason.endswith("which go to `winpe`, but not to `setup`")


def test_images_that_the_media_lacks_are_not_missed(tmp_path: Path) -> None:
    """Without boot.wim and recovery image, the install images are all there is."""
    assert [] == found(tmp_path, "[install]", "Net", iso=media([("Pro", None)], boot=None))
    assert 1 == len(found(tmp_path, "[install]", "Net", iso=media([("Pro", "re")], boot=None)))
