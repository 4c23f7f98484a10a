"""Which labels can be written."""

from __future__ import annotations

import pytest

from osrecipe.formats.errors import FormatError
from osrecipe.formats.iso import check_label


@pytest.mark.parametrize("label", ["A", "CCCOMA_X64FRE_EN-US_DV9", "ESD-ISO", "Win 10.1803", "X" * 30])
def test_labels_of_retail_media_are_taken(label: str) -> None:
    """Letters, digits, `_`, `-`, `.` and inner spaces up to 30 characters can be written."""
    check_label(label)


@pytest.mark.parametrize("label", ["", "X" * 31, " A", "A ", "A/B", "A\nB", "A\0", "Ü", "日本", "A:B"])
def test_labels_that_some_identifier_can_not_hold_are_refused(label: str) -> None:
    """A label is refused when UDF's 30 characters or ISO9660's ASCII can't hold it."""
    with pytest.raises(FormatError) as caught:
        check_label(label)
    assert caught.value.slug == "iso/unsupported"
