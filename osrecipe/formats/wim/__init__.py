"""Windows Imaging Format: reading and changing WIM files exactly.

The container (header, tables, XML, metadata) is read and written here, so that an entry nobody touched stays
identical in every byte. libwim, loaded by ctypes, compresses and decompresses chunks, captures folders and
splits files; nothing else depends on it. No policy: which image is changed, and how, is decided elsewhere.
"""

from __future__ import annotations
