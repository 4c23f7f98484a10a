"""Sessions on the sample images, for tests of adapters: opens images, services them, reads results back.

Made of the model's types only, so that the same cases run on every adapter.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support.samples.packages import package_bytes

from osrecipe.formats.hive import Hive
from osrecipe.formats.iso import IsoReader
from osrecipe.formats.wim.reader import WimReader
from osrecipe.model.adapter import Context
from osrecipe.model.facts import UpdateKind
from osrecipe.model.frozen import Digest
from osrecipe.model.names import InputId, LaneId, UnitId
from osrecipe.model.plan import Session
from osrecipe.model.tasks import AddPackage, ArtifactRef, EnableNetfx3, ImageRef
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from support.samples import Samples
    from support.samples.spec import UpdatePackage

    from osrecipe.model.adapter import Adapter, OpenImage
    from osrecipe.model.tasks import Ref

NOW = 1_535_000_000
NO_DIGEST = Digest("sha256:" + "0" * 64)
NETFX3 = "Microsoft-Windows-NetFx3-OnDemand-Package~31bf3856ad364e35~amd64~~10.0.17134.1"
_NETFX3_CAB = "sources\\sxs\\microsoft-windows-netfx3-ondemand-package.cab"
_WINRE = "Windows\\System32\\Recovery\\winre.wim"
IMAGES = {
    "install": ("install.wim", 1),
    "winre": ("winre.wim", 1),
    "winpe": ("boot.wim", 1),
    "setup": ("boot.wim", 2),
}
"""The sample images by the names answer keys use."""


def take_media(samples: Samples, out: Path) -> Path:
    """The WIMs and the .NET 3.5 cabinet of the sample ISO, and the recovery image of the first install image."""
    with IsoReader(samples.media) as iso:
        for path in ("sources\\install.wim", "sources\\boot.wim", _NETFX3_CAB):
            with iso.open(path) as source:
                (out / path.rpartition("\\")[2]).write_bytes(source.read())
    with WimReader.open(out / "install.wim") as wim:
        (out / "winre.wim").write_bytes(wim.read_file(1, _WINRE))
    return out


@dataclass
class Bench:
    """A folder to work in, the samples and what was taken out of the media, and the adapter under test."""

    folder: Path
    samples: Samples
    media: Path
    adapter: Adapter
    packages: dict[str, Path] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def context(self) -> Context:
        """A context with a work folder of its own."""
        work = self.folder / f"work-{next(self._numbers)}"
        work.mkdir()
        return Context(work, self.resolve, lambda _share, _text: None, self.log.append, NOW)

    def resolve(self, ref: Ref) -> Path:
        """Inputs are packages by their stem, the bench's own first; artifacts are files of the media, or whole paths."""
        if isinstance(ref, ArtifactRef):
            return self.media / ref.name
        return self.packages.get(ref.input) or self.samples.package(ref.input)

    def open(self, kind: str) -> tuple[OpenImage, Context]:
        """Open one of `IMAGES`, or a WIM of one image by its path, for change."""
        name, index = IMAGES.get(kind, (kind, 1))
        session = session_of(kind, name, index)
        ctx = self.context()
        return self.adapter.open(session, ctx), ctx


def session_of(shown: str, wim: str, index: int) -> Session:
    """A session without tasks on an image."""
    base = ArtifactRef(unit=UnitId("take"), name=wim, digest=NO_DIGEST)
    return Session(
        id=UnitId("test.service"),
        lane=LaneId("test"),
        target="install",
        name=shown,
        base=ImageRef(wim=base, index=index),
        tasks=(),
        produces=("image.wim",),
        digest=NO_DIGEST,
    )


def add(stem: str, answer: dict[str, Any]) -> AddPackage:
    """The operation that adds a sample update."""
    return AddPackage(
        input=InputId(stem),
        package=answer["identity"],
        update_kind=UpdateKind.OPTIONAL,
        kb=answer["kb"].removeprefix("KB"),
        content=NO_DIGEST,
    )


def add_made(bench: Bench, update: UpdatePackage, content: bytes | None = None) -> AddPackage:
    """The operation that adds an update made by a test; `content` instead of the package it describes."""
    path = bench.folder / update.file_name
    path.write_bytes(package_bytes(update) if content is None else content)
    bench.packages[update.stem] = path
    return AddPackage(
        input=InputId(update.stem),
        package=update.identity.package_name,
        update_kind=UpdateKind.OPTIONAL,
        kb=update.kb.removeprefix("KB"),
        content=NO_DIGEST,
    )


def enable_netfx3() -> EnableNetfx3:
    """The operation that enables .NET 3.5 from the sample media."""
    name = _NETFX3_CAB.rpartition("\\")[2]
    return EnableNetfx3(source=ArtifactRef(unit=UnitId("take"), name=name, digest=NO_DIGEST), package=NETFX3)


def sha256(image: OpenImage, path: str) -> str | None:
    """A file's SHA-256, or None when it is not there."""
    try:
        with image.read(WinPath(path)) as file:
            return hashlib.sha256(file.read()).hexdigest()
    except FileNotFoundError:
        return None


def value(image: OpenImage, hive: str, key: str, name: str) -> tuple[int, str] | None:
    """A registry value's type number and data in hexadecimal, or None when it is not there."""
    with image.read(WinPath(hive)) as file:
        found = Hive.load(file.read()).key(key)
    data = None if found is None else found.value(name)
    return None if data is None else (int(data.type), data.data.hex())
