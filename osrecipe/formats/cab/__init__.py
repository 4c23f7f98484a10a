"""Cabinet files: listing, reading and extracting; writing is not needed in the project."""

from __future__ import annotations

from osrecipe.formats.cab.directory import (
    CabFile,
    CabFolder,
    Cabinet,
    Compression,
    ReserveSizes,
    read_directory,
)
from osrecipe.formats.cab.reader import CabReader

__all__ = ["CabFile", "CabFolder", "CabReader", "Cabinet", "Compression", "ReserveSizes", "read_directory"]
