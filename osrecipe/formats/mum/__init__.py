"""The XML of Windows servicing: `update.mum` of a package, and the manifests of its components."""

from __future__ import annotations

from osrecipe.formats.mum.manifest import read_manifest
from osrecipe.formats.mum.model import Identity, Manifest, Package
from osrecipe.formats.mum.package import read_package

__all__ = ["Identity", "Manifest", "Package", "read_manifest", "read_package"]
