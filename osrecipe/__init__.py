"""Declarative build recipes for Windows images.

The rooms of the house and the one direction of their imports are described in `docs/architecture.md`.
"""

__version__ = "0.1.0"
