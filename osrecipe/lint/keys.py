"""Registry keys as people write them, compared as Windows does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.winpath import upcase
from osrecipe.recipe.hives import HiveError, parse_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osrecipe.model.registry import RegistryKey


def key_form(key: RegistryKey) -> tuple[str, str]:
    """What two texts that name one key have in common."""
    return key.root.value, upcase(key.path)


def texts_by_key(texts: Iterable[str]) -> dict[tuple[str, str], str]:
    """Key paths as written, by the key they name."""
    found: dict[tuple[str, str], str] = {}
    for text in texts:
        try:
            found[key_form(parse_key(text))] = text
        except HiveError:  # not a key of this map
            continue
    return found
