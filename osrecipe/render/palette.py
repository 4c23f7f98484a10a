"""Families of tasks and their colours, on light and on dark grounds: every picture has the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from osrecipe.model.plan import Task

FAMILIES: dict[str, str] = {
    "update": "updates",
    "feature": "features and .NET",
    "clean": "cleanup",
    "custom": "customizing",
    "media": "images and media",
}
_FAMILY = {
    "add-package": "update",
    "enable-netfx3": "feature",
    "set-feature": "feature",
    "set-capability": "feature",
    "cleanup": "clean",
    "tweak": "custom",
    "remove-app": "custom",
    "add-drivers": "custom",
    "change-settings": "custom",
    "apply-unattend": "custom",
    "place-unattend": "custom",
    "inject-winre": "custom",
}
LIGHT = {
    "update": "#9cc3f0",
    "feature": "#c9b6f2",
    "clean": "#9fd8cb",
    "custom": "#f3cf8f",
    "media": "#cfd5dd",
}
DARK = {
    "update": "#2f5f9e",
    "feature": "#5b4a96",
    "clean": "#1f6f62",
    "custom": "#86601b",
    "media": "#4a525e",
}


def family(task: Task) -> str:
    """The family a task belongs to: a key of `FAMILIES`, `LIGHT` and `DARK`."""
    return _FAMILY.get(task.op.op, "media")
