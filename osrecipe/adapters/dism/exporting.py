"""WIMs written by DISM: image by image, appended to one new file; read back with our own reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.adapters.dism import command
from osrecipe.adapters.dism.calls import failed, surely, watching
from osrecipe.adapters.embedded.exporting import image_version
from osrecipe.formats.errors import FormatError
from osrecipe.formats.wim.info import InfoFields, set_image_info
from osrecipe.formats.wim.reader import WimReader
from osrecipe.model.adapter import Exported, TaskError
from osrecipe.model.codes import Slug

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.adapters.dism.calls import Dism, Watch
    from osrecipe.adapters.dism.command import Verb
    from osrecipe.model.adapter import Context
    from osrecipe.model.tasks import ExportImages

COMPRESS: Final = {"none": "none", "fast": "fast", "max": "max", "keep": "max"}
"""DISM's words. It can't be told to keep: `max` is what Microsoft's media have, so that nothing is packed anew."""


def export(dism: Dism, op: ExportImages, to: Path, ctx: Context) -> Exported:
    """As `Adapter.export`."""
    parts = [(ctx.resolve(part.image.wim), part.image.index) for part in op.parts]
    for number, (wim, index) in enumerate(parts, 1):
        verb = command.export(
            str(wim),
            index,
            str(to),
            compress=COMPRESS[op.compress] if number == 1 else "",
            bootable=number == op.boot_index,
        )
        append(dism, verb, to, number, watching(ctx, (number - 1) / len(parts), number / len(parts)))
    try:
        versions = tuple(image_version(to, index) for index in range(1, len(parts) + 1))
        for index, (part, version) in enumerate(zip(op.parts, versions, strict=True), 1):
            if part.refresh:
                set_image_info(to, index, InfoFields(build=version.build, spbuild=version.revision))
        _require_boot(to, op.boot_index)
    except FormatError as cause:
        raise TaskError(cause.slug, cause.reason, remedy=cause.hint) from cause
    return Exported(to.stat().st_size, versions)


def append(dism: Dism, verb: Verb, to: Path, number: int, watch: Watch) -> None:
    """Export one image, the WIM's last, by `verb`; the file says whether it is there, also when DISM's process died.

    Raises:
        TaskError: it is not.
    """
    before, after = number - 1, number
    known = {before: False, after: True}
    surely(dism, verb, watch, lambda: known.get(_images(to)))
    require_images(to, number)


def _images(wim: Path) -> int:
    """How many images a WIM has: 0 where there is none, -1 where it can't be read."""
    if not wim.exists():
        return 0
    try:
        with WimReader.open(wim) as reader:
            return reader.image_count
    except (OSError, FormatError):
        return -1


def require_images(wim: Path, number: int) -> None:
    """DISM's word that it exported is true only if the file says so too.

    Raises:
        TaskError: it does not.
    """
    found = max(_images(wim), 0)
    if found != number:
        raise failed(
            Slug.RUN_CHECK_FAILED,
            f"DISM says that it exported an image, but the WIM has {found} images, not {number}: `{wim.name}`",
        )


def _require_boot(wim: Path, boot_index: int) -> None:
    with WimReader.open(wim) as reader:
        found = reader.boot_index
    if boot_index and found != boot_index:
        raise failed(
            Slug.RUN_CHECK_FAILED,
            f"the WIM's bootable image is {found or 'none'}, not {boot_index}: `{wim.name}`",
        )
