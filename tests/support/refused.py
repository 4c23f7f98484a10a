"""Calls that must be refused, and what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osrecipe.model.problems import OsrecipeError

if TYPE_CHECKING:
    from collections.abc import Callable


def refused(call: Callable[[], object], code: int = 7) -> list[tuple[str, str, str]]:
    """What a call is refused for: slug, place and reason, with this exit code."""
    with pytest.raises(OsrecipeError) as caught:
        call()
    assert code == caught.value.exit_code
    return [(p.slug, str(p.place), p.reason) for p in caught.value.problems]
