"""The hives of an image while something is done to them: opened when first needed, written back together.

Knows files and keys, not what the values mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.adapters.embedded.view import read_all
from osrecipe.formats.hive import Hive, current_control_set
from osrecipe.formats.wim.security import KEY_RIGHTS, inherited
from osrecipe.model.winpath import WinPath
from osrecipe.windows.component_registry import SYSTEM, HiveKey

if TYPE_CHECKING:
    from osrecipe.adapters.embedded.staged import StagedImage
    from osrecipe.adapters.embedded.view import ImageView
    from osrecipe.formats.hive import Key

_CURRENT: Final = "currentcontrolset"


def _new(parent: Key, name: str) -> Key:
    """A new key with what its parent's descriptor passes on, as Windows makes it."""
    made = parent.create_subkey(name)
    made.set_security(inherited(parent.security, directory=True, rights=KEY_RIGHTS))
    return made


def load_hive(view: ImageView, path: WinPath) -> Hive | None:
    """A hive file, completed from its logs where its last write was not finished; None when it is not there."""
    if view.info(path) is None:
        return None
    logs = [_log(view, WinPath(f"{path}{suffix}")) for suffix in (".LOG1", ".LOG2")]
    return Hive.load(read_all(view, path), log1=logs[0], log2=logs[1])


def _log(view: ImageView, path: WinPath) -> bytes | None:
    return read_all(view, path) if view.info(path) is not None else None


def actual(hive: Hive, at: HiveKey) -> str:
    """A key's path inside the hive file: `CurrentControlSet` becomes the set that will be current."""
    first, _, rest = at.path.partition("\\")
    if at.hive != SYSTEM or first.lower() != _CURRENT:
        return at.path
    return f"ControlSet{current_control_set(hive):03d}\\{rest}".rstrip("\\")


class Hives:
    """Hives being changed; `save` writes those that were."""

    def __init__(self, image: StagedImage, now: int) -> None:
        self._image = image
        self._now = now
        self._open: dict[WinPath, Hive | None] = {}
        self._changed: dict[WinPath, None] = {}

    def find(self, at: HiveKey) -> Key | None:
        """A key, or None when it or its hive is not there."""
        hive = self._hive(at.hive)
        return None if hive is None else hive.key(actual(hive, at))

    def above(self, at: HiveKey) -> bytes | None:
        """The descriptor of the key above one that is there; None for a hive's root."""
        key = self.find(at)
        return None if key is None or key.parent is None else key.parent.security

    def create(self, at: HiveKey) -> Key:
        """A key to write to, made with what is missing above it.

        Raises:
            FileNotFoundError: the image has no such hive.
        """
        hive = self._hive(at.hive)
        if hive is None:
            raise FileNotFoundError(2, "no such hive in the image", str(at.hive))
        self._changed[at.hive] = None
        key = hive.root
        for name in filter(None, actual(hive, at).split("\\")):
            key = key.subkey(name) or _new(key, name)
        return key

    def save(self) -> None:
        """Write every changed hive back into the image."""
        for path in self._changed:
            hive = self._open[path]
            if hive is not None:
                self._image.put(path, hive.save())
        self._changed.clear()

    def _hive(self, path: WinPath) -> Hive | None:
        if path not in self._open:
            hive = load_hive(self._image, path)
            if hive is not None:
                hive.now = self._now
            self._open[path] = hive
        return self._open[path]
