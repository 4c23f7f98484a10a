"""Payload of packages, compressed once for all images of a run.

The same update goes into every edition, winre, winpe and setup; compressing is most of the work. Whoever needs a
package's file first compresses it into a WIM in the run's shared folder, everyone copies from there as it is stored.
The folder is a convenience: what is missing there is compressed, and the result is the same.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

from osrecipe.formats.errors import FormatError
from osrecipe.formats.wim.libwim import Aborted
from osrecipe.formats.wim.payload import make_payload
from osrecipe.formats.wim.progress import Progress, Stage
from osrecipe.formats.wim.reader import WimReader

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from osrecipe.formats.wim.capture import Compression
    from osrecipe.formats.wim.progress import ProgressFunction

_PATIENCE: Final = 0.2
"""Seconds between two looks at whether the run is to stop, while another unit compresses."""
_PARTS: Final = 256
"""The most WIMs of one package; each image that needs more of it adds one."""


class SharedPayload:
    """The payload a run's units share.

    Args:
        folder: of the run; made when needed.
        now: a FILETIME for the WIMs.
    """

    def __init__(self, folder: Path, now: int) -> None:
        self._folder = folder / "payload"
        self._now = now

    def enter(
        self,
        stack: ExitStack,
        package: str,
        contents: Mapping[bytes, bytes | Path],
        compression: Compression,
        progress: ProgressFunction,
    ) -> list[WimReader]:
        """WIMs that together have all these contents, compressed this way; open as long as the stack is.

        Args:
            stack: closes them.
            package: what they are payload of.
            contents: by SHA-1; what is missing is compressed now.
            compression: of the WIM they are for.
            progress: told of each step; False stops.

        Raises:
            FormatError: a content can't be read.
            Aborted: it was stopped.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{hashlib.sha256(package.encode()).hexdigest()[:24]}-{compression.codec.name}-{compression.chunk_size}"
        lock = FileLock(self._folder / f"{name}.lock", thread_local=False)
        _acquire(lock, progress)
        try:
            return self._readers(stack, name, contents, compression, progress)
        finally:
            lock.release()

    def _readers(
        self,
        stack: ExitStack,
        name: str,
        contents: Mapping[bytes, bytes | Path],
        compression: Compression,
        progress: ProgressFunction,
    ) -> list[WimReader]:
        readers, missing = [], dict(contents)
        for number in range(_PARTS):
            part = self._folder / f"{name}-{number}.wim"
            if not part.exists():
                if missing:
                    make_payload(
                        list(missing.values()),
                        part,
                        compression=compression,
                        now=self._now,
                        progress=progress,
                    )
                    readers.append(stack.enter_context(WimReader.open(part)))
                break
            reader = _opened(part)
            if reader is not None:
                readers.append(stack.enter_context(reader))
                missing = {sha1: source for sha1, source in missing.items() if sha1 not in reader.table}
        return readers


def _opened(part: Path) -> WimReader | None:
    """A part that is there, or None when it can't be used: then its contents are compressed again."""
    try:
        return WimReader.open(part)
    except FormatError:
        return None


def _acquire(lock: FileLock, progress: ProgressFunction) -> None:
    while True:
        try:
            lock.acquire(timeout=_PATIENCE)
        except Timeout:
            if not progress(Progress(Stage.COMPRESS, 0, 0)):
                raise Aborted from None
        else:
            return
