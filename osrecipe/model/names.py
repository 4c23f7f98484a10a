"""The names things go by, each its own type so that they are not mixed up."""

from __future__ import annotations

import re
from typing import NewType

InputId = NewType("InputId", str)
TweakId = NewType("TweakId", str)
LaneId = NewType("LaneId", str)
"""`install-enterprise`, `winre`, `winpe`, `setup`, `source`, `media`."""
UnitId = NewType("UnitId", str)
"""A session (`install-enterprise.service`) or a job (`media.copy`)."""
TaskId = NewType("TaskId", str)
"""`install-enterprise/lcu`."""
RuleId = NewType("RuleId", str)

ID_PATTERN = r"^[A-Za-z][A-Za-z0-9._-]{0,62}$"
"""What an id in a recipe may look like: it ends up in file names and task ids."""


def slugify(text: str) -> str:
    """A lower-case id for free text: `Windows 10 Enterprise` becomes `windows-10-enterprise`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "image"
