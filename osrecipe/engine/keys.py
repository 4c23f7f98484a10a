"""Store keys: what an artifact was made of *and by whom*.

A unit's digest is portable and has no adapter in it; the store key adds the adapter and its tools. Keys are taken of
inputs, never of outputs. The form is guarded by known answers in `tests/golden/keys`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.frozen import Digest, digest_of

if TYPE_CHECKING:
    from osrecipe.model.adapter import AdapterVersion

_PREFIX = "sha256:"


def store_key(unit: Digest, adapter: AdapterVersion) -> Digest:
    """The key under which a unit's artifacts are stored; the order in which tools are listed does not matter."""
    return digest_of(
        {
            "unit": unit,
            "adapter": {"name": adapter.name, "version": adapter.version, "tools": sorted(adapter.tools)},
        }
    )


def key_folder(key: Digest) -> str:
    """A key as a folder's name: its hexadecimal digits."""
    return key.removeprefix(_PREFIX)
