"""Installation ISOs: what is on one, and how to write one.

Reading prefers the file system Windows itself uses (UDF, then Joliet, then Rock Ridge or plain ISO9660); writing
gives the layout of retail media. Nothing here knows which files make media bootable or what a recipe wants.
"""

from __future__ import annotations

from osrecipe.formats.iso.entries import BootEntry, Facet, IsoEntry, Platform
from osrecipe.formats.iso.labels import check_label
from osrecipe.formats.iso.layout import IsoFile
from osrecipe.formats.iso.reader import IsoReader
from osrecipe.formats.iso.writer import write_iso

__all__ = ["BootEntry", "Facet", "IsoEntry", "IsoFile", "IsoReader", "Platform", "check_label", "write_iso"]
