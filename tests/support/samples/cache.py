"""The samples, made once per machine and kept for as long as what makes them does not change.

The folder's name is a digest of the generator's sources, of the formats it uses and of what it takes from outside.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock
from support import bootstubs
from support.samples.binaries import launcher
from support.samples.build import Samples, build_samples
from support.samples.names import Arch

import osrecipe.formats
from osrecipe.formats.wim import libwim

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVIRONMENT = "OSRECIPE_SAMPLES"  # names another folder for the cache
_KEPT = 3


def cached_samples(root: Path | None = None) -> Samples:
    """The samples from the cache, made now if they are not there.

    Whoever comes second waits for the first; a run that dies leaves nothing that looks finished.
    """
    root = root or _default_root()
    root.mkdir(parents=True, exist_ok=True)
    home = root / samples_key()
    if not home.is_dir():
        with FileLock(root / "lock"):
            if not home.is_dir():
                _build(root, home)
    home.touch()
    return Samples(home)


def samples_key() -> str:
    """The digest under which the samples of this very checkout and machine are kept."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(f"{path.parent.name}/{path.name}\0".encode())
        digest.update(path.read_bytes())
    for arch in Arch:
        digest.update(launcher(arch))
    versions = [importlib.metadata.version(name) for name in ("cabarchive", "pycdlib")]
    digest.update(repr((versions, libwim.version(), zlib.ZLIB_RUNTIME_VERSION)).encode())
    return digest.hexdigest()[:20]


def _sources() -> Iterator[Path]:
    formats = Path(osrecipe.formats.__file__).parent
    yield Path(bootstubs.__file__)
    for folder in (Path(__file__).parent, *(formats / name for name in ("hive", "iso", "wim"))):
        yield from sorted(folder.glob("*.py"))


def _default_root() -> Path:
    named = os.environ.get(ENVIRONMENT)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    return Path(named) if named else Path(base, "osrecipe-samples")


def _build(root: Path, home: Path) -> None:
    work = Path(tempfile.mkdtemp(prefix="making-", dir=root))
    try:
        build_samples(work)
        work.rename(home)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    made = [path for path in root.iterdir() if path.is_dir() and not path.name.startswith("making-")]
    for old in sorted(made, key=lambda path: path.stat().st_mtime, reverse=True)[_KEPT:]:
        if old != home:
            shutil.rmtree(old, ignore_errors=True)
