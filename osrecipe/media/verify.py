"""Reading the finished ISO back: what the recipe expects, what the plan promises, what the source had.

The ISO is opened as any reader would; nothing remembered from the run is believed.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO

from osrecipe.engine.checks import Checker
from osrecipe.engine.worker import CheckError, Verified
from osrecipe.formats.iso import IsoReader
from osrecipe.formats.wim.reader import WimReader
from osrecipe.model.adapter import Outcome, TaskError
from osrecipe.model.checks import difference
from osrecipe.model.codes import Slug
from osrecipe.model.winpath import WinPath
from osrecipe.model.words import count

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from osrecipe.model.adapter import Adapter, Context
    from osrecipe.model.checks import CheckResult
    from osrecipe.model.tasks import Expectation, VerifyMedia

WINRE = WinPath("Windows\\System32\\Recovery\\winre.wim")
BOOT_WIM = "sources\\boot.wim"
_PIECE = 1 << 20


def verify_media(op: VerifyMedia, adapter: Adapter, ctx: Context) -> Verified:
    """Check the ISO.

    Raises:
        CheckError: an image is not as expected (`run/expect-failed`).
        TaskError: a file, boot entry or setup program of the media is missing or another one.
    """
    with IsoReader(ctx.resolve(op.iso)) as iso:
        _require_files(iso, ctx.resolve(op.source))
        _require_setup(iso, op.same_setup)
        results: list[CheckResult] = []
        for number, expectation in enumerate(op.expectations):
            ctx.progress(number / len(op.expectations), expectation.target)
            found = _evaluate(iso, expectation, adapter)
            results += (f.model_copy(update={"subject": _subject(expectation)}) for f in found)
    _require(tuple(results), [p for e in op.expectations for p in _places(e)])
    return Verified(
        Outcome(detail=f"{count(len(results), 'check')} passed", figures=(("checks", len(results)),)),
        tuple(results),
    )


def _require_files(iso: IsoReader, source: Path) -> None:
    """Every file and boot entry of the source is there again."""
    names = {entry.path.lower() for entry in iso.entries() if not entry.is_dir}
    with IsoReader(source) as before:
        missing = sorted(e.path for e in before.entries() if not e.is_dir and e.path.lower() not in names)
        platforms = {e.platform for e in before.boot_entries()} - {e.platform for e in iso.boot_entries()}
    if missing:
        reason = f"{len(missing)} files of the source are not on the finished media: `{missing[0]}`"
        raise TaskError(Slug.RUN_EXPECT_FAILED, reason)
    if platforms:
        raise TaskError(Slug.RUN_EXPECT_FAILED, f"the finished media does not boot by {min(platforms).name}")


def _require_setup(iso: IsoReader, names: tuple[str, ...]) -> None:
    """The media's setup programs are the setup image's own."""
    if not names:
        return
    with iso.open(BOOT_WIM) as stream, closing(WimReader(stream)) as wim:
        tree = wim.tree(wim.boot_index or wim.image_count)
        for name in names:
            path = f"sources\\{name}"
            entry = tree.find(path)
            if entry is None:
                continue  # an image without it leaves the media's own alone
            with iso.open(path) as file:
                found = _sha1(file)
            if found != entry.sha1:
                reason = f"`{path}` on the media is not the setup image's"
                raise TaskError(Slug.RUN_EXPECT_FAILED, reason, remedy="Setup fails when the two differ")


def _sha1(stream: BinaryIO) -> bytes:
    digest = hashlib.sha1(usedforsecurity=False)  # WIMs name contents by SHA-1
    while piece := stream.read(_PIECE):
        digest.update(piece)
    return digest.digest()


def _evaluate(iso: IsoReader, expectation: Expectation, adapter: Adapter) -> list[CheckResult]:
    with iso.open(str(expectation.path)) as stream:
        image = adapter.open_read(stream, expectation.index)
        try:
            if expectation.target != "winre":
                checker = Checker(image, expectation.target)
                return [checker.evaluate(check) for check in expectation.checks]
            with image.read(WINRE) as inner:
                return _evaluate_winre(inner, expectation, adapter)
        finally:
            image.close()


def _evaluate_winre(wim: BinaryIO, expectation: Expectation, adapter: Adapter) -> list[CheckResult]:
    """The recovery image is read in place, piece by piece: with some hundred MB it is too large for memory."""
    image = adapter.open_read(wim, 1)
    try:
        checker = Checker(image, "winre")
        return [checker.evaluate(check) for check in expectation.checks]
    finally:
        image.close()


def _subject(expectation: Expectation) -> str:
    return expectation.name or f"image {expectation.index} ({expectation.target})"


def _places(expectation: Expectation) -> tuple[str, ...]:
    return expectation.places or ("",) * len(expectation.checks)


def _require(results: tuple[CheckResult, ...], places: Sequence[str]) -> None:
    """Everything is as it must be; of each check the recipe line that states it, if one does."""
    failed = [
        difference(result, place) for result, place in zip(results, places, strict=True) if not result.passed
    ]
    if failed:
        remedy = "the ISO was not published; change the recipe's `expect`, or what it asks for"
        raise CheckError(Slug.RUN_EXPECT_FAILED, "\n".join(failed), results, remedy=remedy)
