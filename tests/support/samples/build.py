"""Makes the samples in a folder and says where each is."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support.samples.extras import write_extras
from support.samples.packages import write_package
from support.samples.updates import all_updates

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

MEDIA, EXTRAS = "media", "extras"


@dataclass(frozen=True)
class Samples:
    """The samples in a folder; see the docstring of `support.samples` for what is in it."""

    folder: Path

    @property
    def media(self) -> Path:
        """The installation ISO."""
        return self.folder / "sample-media.iso"

    def package(self, stem: str) -> Path:
        """A package, by its stem such as `kb9000002-x64`."""
        return next(path for suffix in ("msu", "cab") if (path := self.folder / f"{stem}.{suffix}").exists())

    def answer(self, stem: str) -> dict[str, Any]:
        """The answer key of a package, or of the `media`."""
        made: dict[str, Any] = json.loads((self.folder / f"{stem}.answer.json").read_text(encoding="utf-8"))
        return made


def sample_names() -> tuple[str, ...]:
    """What can be asked for: the media, the folders of drivers and capabilities, then each package's stem."""
    return (MEDIA, EXTRAS, *(update.stem for update in all_updates()))


def build_samples(out: Path, *, only: Collection[str] | None = None) -> Samples:
    """Write the samples, or only those named, into `out`; what is there already is replaced.

    Raises:
        ValueError: a name that is no sample.
    """
    wanted = set(sample_names() if only is None else only)
    if unknown := wanted - set(sample_names()):
        raise ValueError(f"no such sample: {', '.join(sorted(unknown))}")
    out.mkdir(parents=True, exist_ok=True)
    for update in all_updates():
        if update.stem in wanted:
            write_package(update, out)
    if EXTRAS in wanted:
        write_extras(out)
    if MEDIA in wanted:
        _write_media(out)
    return Samples(out)


def _write_media(out: Path) -> None:
    # The media needs libwim and pycdlib; packages alone need neither.
    from support.samples.media import write_media

    work = out / "media.work"
    shutil.rmtree(work, ignore_errors=True)
    try:
        answer = write_media(out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    (out / "media.answer.json").write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
