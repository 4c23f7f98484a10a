"""The base that compressed component manifests need: taken from the source media's install image when one asks for it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from osrecipe.formats.errors import FormatError
from osrecipe.formats.iso import IsoReader
from osrecipe.formats.wim.reader import WimReader
from osrecipe.windows.image_files import WimFiles
from osrecipe.windows.image_manifests import ImageManifests

if TYPE_CHECKING:
    from pathlib import Path

_INSTALL = "sources\\install.wim"


class BaseManifest:
    """The base manifest of the images a recipe services.

    Args:
        media: the source ISO; None when it is not here.
    """

    def __init__(self, media: Path | None) -> None:
        self._media = media

    def __call__(self) -> bytes | None:
        """The base, or None when the media is not here, or damaged, or its images have none."""
        return self._found

    @cached_property
    def _found(self) -> bytes | None:
        # Whatever is wrong with the media is told where the media is read.
        try:
            return None if self._media is None else _base_of(self._media)
        except (FormatError, OSError):
            return None


def _base_of(media: Path) -> bytes:
    """The base of the first image: it belongs to a build, and all images of a medium are of one."""
    with IsoReader(media) as iso, iso.open(_INSTALL) as stream, WimReader(stream) as wim:
        return ImageManifests(WimFiles(wim, 1)).base


NO_BASE = BaseManifest(None)
"""For readers that have no media."""
