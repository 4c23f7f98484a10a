"""Opening an update whatever it comes in, down to the packages inside.

A `.msu` holds package cabinets, a combined cabinet does too, and a package cabinet is one itself. Cabinets inside
others are extracted to a scratch folder first, because a compressed one can't be read in place. Nothing is judged:
a caller finds the file list and the description of each package, and may read or extract its files.
"""

from __future__ import annotations

import io
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from osrecipe.formats.cab import read_directory
from osrecipe.formats.cab.names import fold
from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.msu.contents import MemberKind, Msu, describe
from osrecipe.formats.msu.stores import Store, StoredFile, open_store
from osrecipe.formats.mum import Package, read_package

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

_MUM: Final = "update.mum"
_LARGEST_MUM: Final = 16 << 20
_LARGEST_METADATA: Final = 256 << 20
_LARGEST_MEMBER: Final = 16 << 30
_DEEPEST: Final = 3
_MOST_ARCHIVES: Final = 256


class PackageArchive:
    """The files of one package, or the loose files of an update that is no package.

    Attributes:
        name: of the file it was in.
        kind: what it is for in the update; PACKAGE for an update that is a package itself.
        files: name and size of each.
    """

    def __init__(self, name: str, kind: MemberKind, store: Store) -> None:
        self.name = name
        self.kind = kind
        self.files: tuple[StoredFile, ...] = store.files
        self._store = store
        self._names = frozenset(fold(file.name) for file in store.files)

    def has(self, name: str) -> bool:
        """Whether it has a file of a path, whatever the case."""
        return fold(name) in self._names

    def package(self) -> Package | None:
        """Read its description, or None where it is no package.

        Raises:
            FormatError: damaged data or description.
        """
        return read_package(self.read(_MUM, limit=_LARGEST_MUM)) if self.has(_MUM) else None

    def read(self, name: str, *, limit: int) -> bytes:
        """Read one file of at most `limit` bytes.

        Raises:
            FormatError: MISSING, TOO_LARGE, or damaged data.
        """
        return self._store.read(name, limit=limit)

    def read_each(self, names: Iterable[str], *, limit: int) -> list[tuple[str, bytes]]:
        """Read several files with one pass, of at most `limit` bytes together.

        Returns:
            Name and bytes of each, in an order that suits the container.

        Raises:
            FormatError: as `read`.
        """
        return self._store.read_each(names, limit=limit)

    def extract(self, names: Iterable[str] | None, to: Path, *, limit_bytes: int) -> tuple[Path, ...]:
        """Write files below a folder: those named, or all.

        Raises:
            FormatError: as `read`, and UNSAFE names; what was written before is removed.
        """
        return self._store.extract(names, to, limit_bytes=limit_bytes)


class OpenedPackage:
    """An update file, opened down to its packages; close it, or use `with`.

    Attributes:
        msu: the members of the file itself; None when it is a package or loose files.
        archives: the packages in the order to install them, the servicing stack first; for loose files, the one
            archive that has them.
    """

    def __init__(self, path: Path, scratch: Path | tempfile.TemporaryDirectory[str]) -> None:
        self._closing = ExitStack()
        if not isinstance(scratch, Path):
            self._closing.push(scratch)  # goes last: Windows removes no file that is open
            scratch = Path(scratch.name)
        self._scratch = scratch
        self._count = 0
        self.msu: Msu | None = None
        try:
            self._outer = self._open(path)
            found = self._archives(path.name, MemberKind.PACKAGE, self._outer, 0)
        except BaseException:
            self._closing.close()
            raise
        # Stable: within a kind the stored order stays.
        self.archives = tuple(sorted(found, key=lambda archive: archive.kind is not MemberKind.STACK))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close and remove what was opened and extracted."""
        self._closing.close()

    def metadata_names(self) -> tuple[str, ...]:
        """Names of the files in the metadata cabinets, such as `HotpatchCompDB_….xml.cab`.

        Raises:
            FormatError: damaged data, or UNAVAILABLE without libmspack.
        """
        members = self.msu.of_kind(MemberKind.METADATA) if self.msu else ()
        cabinets = [self._outer.read(member.name, limit=_LARGEST_METADATA) for member in members]
        return tuple(file.name for data in cabinets for file in read_directory(io.BytesIO(data)).files)

    def _open(self, path: Path) -> Store:
        store = open_store(path)
        self._closing.callback(store.close)
        return store

    def _archives(self, name: str, kind: MemberKind, store: Store, depth: int) -> list[PackageArchive]:
        """The packages in a container, which is one itself when it has a description."""
        archive = PackageArchive(name, kind, store)
        if archive.has(_MUM):
            return [archive]
        contents = describe(store)
        nested = contents.of_kind(MemberKind.PACKAGE, MemberKind.STACK, MemberKind.REVISED)
        if not nested or not contents.is_container:
            return [archive]
        if depth == 0:
            self.msu = contents
        if depth >= _DEEPEST:
            raise FormatError(
                "msu", Fault.UNSUPPORTED, f"The update has packages more than {_DEEPEST} levels deep"
            )
        found: list[PackageArchive] = []
        for member in nested:
            inner = member.kind if kind is MemberKind.PACKAGE else kind
            found += self._archives(
                member.name, inner, self._open(self._take_out(store, member.name)), depth + 1
            )
        return found

    def _take_out(self, store: Store, name: str) -> Path:
        self._count += 1
        if self._count > _MOST_ARCHIVES:
            raise FormatError(
                "msu", Fault.TOO_LARGE, f"The update has more than {_MOST_ARCHIVES} packages inside"
            )
        (path,) = store.extract([name], self._scratch / f"{self._count}", limit_bytes=_LARGEST_MEMBER)
        return path


def open_package(path: Path, *, scratch: Path | None = None) -> OpenedPackage:
    """Open an update.

    Args:
        path: a `.msu`, a combined cabinet, a package cabinet, or a cabinet of loose files; told apart by contents.
        scratch: an empty folder for what has to be extracted, which needs about as much room as the update; None for
            a folder of its own in the system's temporary one, removed on closing.

    Raises:
        FormatError: damaged or unsupported data, or UNAVAILABLE without the library its compression needs.
        OSError: the disk refused.
    """
    return OpenedPackage(path, scratch or tempfile.TemporaryDirectory(prefix="osrecipe-package-"))
