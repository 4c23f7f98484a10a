"""The adapter for hosts without Windows.

Exact for WIMs, hives and files. Of packages it writes whole-file payload and registry values and keeps a ledger of
what it did inside the image; nothing is registered in the component store. What its table of manifest elements does
not list is refused at plan time by name. `docs/adapters/embedded.md` says plainly what this is and is not.
"""

from __future__ import annotations

from osrecipe.adapters.embedded.adapter import EmbeddedAdapter

__all__ = ["EmbeddedAdapter"]
