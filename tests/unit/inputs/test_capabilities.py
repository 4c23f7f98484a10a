"""Which capabilities a folder of packages has."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from support.samples.extras import CAPABILITIES, LANGUAGE, OPEN_SSH

from osrecipe.inputs.capabilities import capabilities_in

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples import Samples

OTHER = "Language.OCR~~~de-DE~0.0.1.0"
NETFX3 = "NetFX3~~~~"


def test_a_capability_is_told_by_what_its_package_says(samples: Samples) -> None:
    """Whatever the case of its name; one that no package is, is not there; .NET 3.5 says nothing of itself."""
    found = capabilities_in(samples.folder / CAPABILITIES, [LANGUAGE, OPEN_SSH.upper(), OTHER, NETFX3])

    assert {
        LANGUAGE.lower(): True,
        OPEN_SSH.lower(): True,
        OTHER.lower(): False,
        NETFX3.lower(): None,
    } == found


def test_without_a_cabinet_nothing_is_there(tmp_path: Path) -> None:
    """Not even what says nothing of itself."""
    assert {OTHER.lower(): False, NETFX3.lower(): False} == capabilities_in(tmp_path, [OTHER, NETFX3])


def test_what_can_not_be_read_could_be_anything(samples: Samples, tmp_path: Path) -> None:
    """So that nothing is said to be missing; what is found is found."""
    folder = tmp_path / "fod"
    shutil.copytree(samples.folder / CAPABILITIES, folder)
    (folder / "a.cab").write_bytes(b"MSCF but no cabinet")

    assert {OTHER.lower(): None, OPEN_SSH.lower(): True} == capabilities_in(folder, [OTHER, OPEN_SSH])


def test_not_all_of_a_disc_is_read(samples: Samples) -> None:
    """The likeliest cabinet first; where there are more than may be opened, nothing is said to be missing."""
    folder = samples.folder / CAPABILITIES

    assert {OPEN_SSH.lower(): True} == capabilities_in(folder, [OPEN_SSH], most=1)
    assert {LANGUAGE.lower(): True} == capabilities_in(folder, [LANGUAGE], most=1)
    assert {OTHER.lower(): None} == capabilities_in(folder, [OTHER], most=1)


def test_a_package_that_is_called_like_it_and_says_nothing_could_be_it(
    samples: Samples, tmp_path: Path
) -> None:
    """How a package declares its capability may not be known here; one with another name settles nothing."""
    update = samples.package("kb9000005-x64")
    for name, said in (("other-thing.cab", False), ("microsoft-windows-languagefeatures-ocr.cab", None)):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(update, folder / name)
        assert {OTHER.lower(): said} == capabilities_in(folder, [OTHER])
