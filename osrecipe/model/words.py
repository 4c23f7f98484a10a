"""The few words that every room needs to say how many of something there are."""

from __future__ import annotations


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 task`, `1,200 tasks`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
