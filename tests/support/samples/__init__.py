"""Stand-in Windows installation media and updates, made from nothing, with an answer key for each.

No Microsoft content: every program is a pip or setuptools launcher with a version resource of ours; names of
identities, folders and files are the real ones, so that everything finds its way. Same bytes on each run.
"""

from __future__ import annotations
