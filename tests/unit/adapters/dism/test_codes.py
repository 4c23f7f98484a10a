"""The table of codes: spellings meet, classes are as the facts have them, every row is complete."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osrecipe.adapters.dism import codes
from osrecipe.adapters.dism.codes import TABLE, Kind, lookup, normal, parse, shown
from osrecipe.model.codes import Slug


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        (3010, "SUCCESS_REBOOT_REQUIRED"),
        (0x8007_0BC2, "SUCCESS_REBOOT_REQUIRED"),
        (740, "ELEVATION_REQUIRED"),
        (0x8007_02E4, "ELEVATION_REQUIRED"),
        (1726, "RPC_S_CALL_FAILED"),
        (0x8007_06BE, "RPC_S_CALL_FAILED"),
        (0x8007_06BA, "RPC_S_SERVER_UNAVAILABLE"),
        (-2146498530, "CBS_E_NOT_APPLICABLE"),
        (-2146498525, "CBS_E_NEW_SERVICING_STACK_REQUIRED"),
        (-2146498554, "CBS_E_PENDING"),
        (0x8007_371B, "SXS_TRANSACTION_CLOSURE_INCOMPLETE"),
        (0x8007_3712, "SXS_COMPONENT_STORE_CORRUPT"),
        (0x800F_0988, "PSFX_E_INVALID_DELTA_COMBINATION"),
        (3, "PATH_NOT_FOUND"),
    ],
)
def test_every_spelling_of_a_code_meets_one_row(spelling: int, name: str) -> None:
    """Unsigned, negative, decimal, HRESULT."""
    assert name == lookup(spelling).name


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0x800f081e", 0x800F081E),
        ("0XC142011D", 0xC142011D),
        ("3", 3),
        ("0x80070003", 3),
        ("-2146498530", 0x800F081E),
        (" 740 ", 740),
        ("4294967296", None),
        ("0x1234567890", None),
        ("seven", None),
        ("", None),
    ],
)
def test_codes_are_read_from_text(text: str, number: int | None) -> None:
    """As DISM prints them; what is no code is none."""
    assert number == parse(text)


@given(st.integers(min_value=-(2**31), max_value=2**32 - 1))
def test_a_shown_code_is_the_same_code(code: int) -> None:
    """Showing and reading give the same canonical number."""
    assert normal(code) == parse(shown(code))


def test_classes_are_as_the_facts_have_them() -> None:
    """What is tried again, what is asked about, what spoils the image."""
    expected = {
        Kind.SUCCESS: {0},
        Kind.PENDING: {3010},
        Kind.TRANSIENT: {0x20, 0x21, 0x800F0902, 0xC1420125, 0xC15101FD, 0xC1420135},
        Kind.PROBE: {1722, 1726},
        Kind.BUSY: {0xC1420117, 0xC1420112},
        Kind.NOT_APPLICABLE: {0x800F081E},
    }
    found = {kind: {row.number for row in TABLE if row.kind is kind} for kind in expected}
    assert expected == found
    for number in (0x800F0830, 0x800F0831, 127, 0x3712):
        assert Kind.FATAL is lookup(number).kind
    for number in (87, 740, 50, 0xC1510113, 126):
        assert Kind.FAILURE is lookup(number).kind


def test_rows_are_complete_and_unique() -> None:
    """Each has a meaning, a source and, where it is no success, a remedy; none is there twice."""
    numbers = [row.number for row in TABLE]
    assert len(numbers) == len(set(numbers))
    for row in TABLE:
        assert row.number == normal(row.number)
        assert row.meaning
        assert row.source
        assert not row.meaning.endswith(".")
        assert row.remedy or row.kind in {Kind.SUCCESS, Kind.PENDING}
        assert re.fullmatch(r"0|0x[0-9a-f]{8}", row.text)


def test_codes_with_a_problem_of_their_own_name_it() -> None:
    """A script can tell space, applicability and pending actions from any other failure."""
    named = {row.number: row.slug for row in TABLE if row.slug is not Slug.RUN_TASK_FAILED}
    assert {
        39: Slug.RUN_SPACE,
        112: Slug.RUN_SPACE,
        740: Slug.RUN_HOST,
        0x800F0806: Slug.RUN_PENDING,
        0x800F081E: Slug.RUN_NOT_APPLICABLE,
    } == named


def test_an_unknown_code_is_a_failure_under_its_own_number() -> None:
    """Nothing is guessed."""
    row = lookup(0x8000_4005)
    assert Kind.FAILURE is row.kind
    assert "0x80004005" == row.text
    assert codes.lookup(0).text == "0"
