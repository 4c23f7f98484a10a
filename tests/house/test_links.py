"""Links between the project's own documents lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_LINK = re.compile(r"\]\(([^)#\s]+)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_link_is_dead(document: Path) -> None:
    """Every relative link of a document names a file or folder that is there."""
    links = [link for link in _LINK.findall(document.read_text(encoding="utf-8")) if "://" not in link]

    dead = [link for link in links if not (document.parent / link).exists()]

    assert [] == dead
