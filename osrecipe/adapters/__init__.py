"""Adapters: what carries sessions out, and the one place that starts programs.

`process` starts programs, `isolated` runs a unit in a child process, `embedded` services images without Windows.
No ordering and no recipe: an adapter does one operation at a time, as it is told.
"""

from __future__ import annotations
