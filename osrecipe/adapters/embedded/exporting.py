"""Exports: a WIM of images in order, with metadata that says what is in them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from osrecipe.adapters.embedded.errors import following, task_errors
from osrecipe.adapters.embedded.hives import load_hive
from osrecipe.adapters.embedded.reading import WimView
from osrecipe.formats.hive import ValueType
from osrecipe.formats.hive.data import decode_sz
from osrecipe.formats.wim.capture import LZX, NONE, XPRESS, Compression
from osrecipe.formats.wim.export import ExportSource, export_images
from osrecipe.formats.wim.info import InfoFields, set_image_info
from osrecipe.formats.wim.reader import WimReader
from osrecipe.model.adapter import Exported, TaskError
from osrecipe.model.codes import Slug
from osrecipe.model.version import Version
from osrecipe.windows.component_registry import SOFTWARE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from osrecipe.adapters.embedded.view import ImageView
    from osrecipe.model.adapter import Context
    from osrecipe.model.tasks import ExportImages

_CURRENT_VERSION = r"Microsoft\Windows NT\CurrentVersion"
_COMPRESSIONS = {"none": NONE, "fast": XPRESS, "max": LZX}


def export(op: ExportImages, to: Path, ctx: Context) -> Exported:
    """Write the WIM; see `Adapter.export`.

    Raises:
        TaskError: a part is damaged, or two parts have one name.
    """
    sources = [ExportSource(ctx.resolve(part.image.wim), part.image.index) for part in op.parts]
    with task_errors():
        compression, integrity = _as_sources(sources)
        export_images(
            sources,
            to,
            compression=_COMPRESSIONS.get(op.compress, compression),
            boot_index=op.boot_index or None,
            integrity=integrity,
            progress=following(ctx, f"export {op.wim}"),
        )
        versions = tuple(image_version(to, index) for index in range(1, len(sources) + 1))
        for index, (part, version) in enumerate(zip(op.parts, versions, strict=True), 1):
            if part.refresh:
                _refresh(to, index, version)
    return Exported(to.stat().st_size, versions)


def copy_of(wim: Path, index: int, to: Path, ctx: Context) -> None:
    """A private one-image WIM of one image, blobs copied as stored; a solid one is stored apart instead.

    Raises:
        TaskError: the source is damaged.
    """
    source = ExportSource(wim, index)
    with task_errors():
        compression, integrity = _as_sources([source])
        export_images(
            [source],
            to,
            compression=compression,
            integrity=integrity,
            progress=following(ctx, "open the image"),
        )


def image_version(wim: Path, index: int) -> Version:
    """An image's version as its own registry states it.

    Raises:
        FormatError: the WIM or the hive is damaged.
        TaskError: the registry does not say.
    """
    with wim.open("rb") as file:
        view = WimView(file, index)
        try:
            return registry_version(view)
        finally:
            view.close()


def registry_version(view: ImageView) -> Version:
    """Build and revision from `CurrentVersion`; major and minor too where Windows states them (10 and later)."""
    hive = load_hive(view, SOFTWARE)
    key = None if hive is None else hive.key(_CURRENT_VERSION)
    if key is None:
        raise TaskError(Slug.RUN_TASK_FAILED, "the image's registry does not say which build it is")

    def number(name: str) -> int | None:
        value = key.value(name)
        if value is None:
            return None
        if value.type == ValueType.SZ and (text := decode_sz(value.data)).isdecimal():
            return int(text)
        return int.from_bytes(value.data[:4], "little") if value.type == ValueType.DWORD else None

    build = number("CurrentBuild") or number("CurrentBuildNumber")
    if build is None:
        raise TaskError(Slug.RUN_TASK_FAILED, "the image's registry does not say which build it is")
    return Version(
        major=number("CurrentMajorVersionNumber") or 10,
        minor=number("CurrentMinorVersionNumber") or 0,
        build=build,
        revision=number("UBR") or 0,
    )


def _as_sources(sources: Sequence[ExportSource]) -> tuple[Compression, bool]:
    """The first source's compression, and whether any has an integrity table."""
    with ExitStack() as stack:
        readers = [stack.enter_context(WimReader.open(wim)) for wim in dict.fromkeys(s.wim for s in sources)]
        first = readers[0]
        compression = XPRESS if first.is_solid else Compression(first.header.codec, first.header.chunk_size)
        return compression, any(reader.header.integrity.size for reader in readers)


def _refresh(wim: Path, index: int, version: Version) -> None:
    set_image_info(wim, index, InfoFields(build=version.build, spbuild=version.revision))
