"""`/Source` folders: packages in them, found by identity or by the capability they are (dism fact sheet §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standin.codes import DismError
from standin.hostpaths import existing_folder
from standin.payload import open_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from standin.identities import Identity
    from standin.payload import Package


def find_package(sources: Sequence[str], scratch: Path, identity: Identity) -> Package | None:
    """The package with an identity; the first source that has it wins."""
    return next((p for p in packages_in(sources, scratch) if p.mum.identity == identity), None)


def packages_in(sources: Sequence[str], scratch: Path) -> Iterator[Package]:
    """Every cabinet of the source folders that is a package.

    Raises:
        DismError: 3, a source is not there.
    """
    for source in sources:
        for path in sorted(existing_folder(source).rglob("*.cab")):
            try:
                yield from open_file(path, scratch)
            except DismError:
                continue  # a cabinet of something else
