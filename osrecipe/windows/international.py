"""Languages, locales, keyboards and time zones: which settings there are, and when two values of one are the same.

Knowledge only. Source: Microsoft, "DISM Languages and International Servicing Command-Line Options".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

ALL: Final = "all"
UI_LANGUAGE: Final = "ui-language"
"""What `all` sets, too; only this one needs a language pack in the image."""
COVERED: Final = (UI_LANGUAGE, "system-locale", "user-locale")
"""What `all` chooses besides keyboards, whose layout follows from the language."""
_KEYBOARD: Final = re.compile(r"[0-9a-f]{4}:[0-9a-f]{8}")


def in_effect(stated: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The value each setting ends with, when these are made in order: `all` is several, and a later one wins."""
    return {name: value for given, value in stated for name in (COVERED if given == ALL else (given,))}


def same_setting(name: str, wanted: str, found: str) -> bool:
    """Whether a setting is what was wanted.

    Args:
        name: as the recipe has it.
        wanted: the recipe's value.
        found: what the image has; of keyboards there may be more than were asked for.
    """
    if name == "keyboards":
        there = set(_KEYBOARD.findall(found.lower()))
        return set(_KEYBOARD.findall(wanted.lower())) <= there
    return wanted.strip().lower() == found.strip().lower()
