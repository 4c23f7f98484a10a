r"""Component manifests of an image, decoded: `WinSxS\Manifests\<key form>.manifest`.

Compressed ones need the base manifest inside the image's own newest `wcp.dll`, found when first needed.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from osrecipe.formats.delta import decode_manifest, find_base_manifest, is_compressed_manifest
from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.mum import read_manifest
from osrecipe.model.version import Version
from osrecipe.windows.component_store import MANIFESTS, STORE

if TYPE_CHECKING:
    from osrecipe.formats.mum import Manifest
    from osrecipe.windows.image_files import ImageFiles

_STACK: Final = "_microsoft-windows-servicingstack_"
_LIBRARY: Final = "wcp.dll"


class ImageManifests:
    """Reads an image's manifests."""

    def __init__(self, files: ImageFiles) -> None:
        self._files = files

    def find(self, key_form: str) -> Manifest | None:
        """A component's manifest, or None when the store has none.

        Raises:
            FormatError: it is damaged, or compressed in a way that can't be decoded.
        """
        data = self._files.read_bytes(MANIFESTS / f"{key_form}.manifest")
        return None if data is None else self.parse(data)

    def parse(self, data: bytes) -> Manifest:
        """A manifest from a file's bytes, of this image or of a package for it."""
        return read_manifest(decode_manifest(data, self.base) if is_compressed_manifest(data) else data)

    @cached_property
    def base(self) -> bytes:
        """The base manifest of the image's newest servicing stack.

        Raises:
            FormatError: the image has none.
        """
        folders = [name for name in self._files.names_in(STORE) if _STACK in name.lower()]
        for name in sorted(folders, key=_stack_version, reverse=True):
            library = self._files.read_bytes(STORE / name / _LIBRARY)
            if library is not None:
                return find_base_manifest(library)
        raise FormatError("delta", Fault.MISSING, "the image has no servicing stack to decode manifests with")


def _stack_version(folder: str) -> tuple[int, int, int, int]:
    """The version in a store folder's name; folders without one come last."""
    try:
        return Version.parse(folder.split("_")[3]).key
    except (IndexError, ValueError):
        return (0, 0, 0, 0)
