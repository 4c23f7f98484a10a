"""Windows versions: four numbers, compared as numbers."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import StringConstraints, model_validator

from osrecipe.model.frozen import Frozen

Architecture = Literal["x86", "amd64", "arm", "arm64"]
"""As WIM XML's ARCH and manifests name them; `x64` in file names is `amd64` here."""

BuildText = Annotated[str, StringConstraints(pattern=r"^(10|6)\.\d{1,2}\.\d{4,5}\.\d{1,6}$")]
"""`10.0.17134.228`: always quoted in YAML, or it becomes a float."""


class Version(Frozen):
    """`major.minor.build.revision`; for Windows itself the revision is the registry's UBR."""

    major: int = 0
    minor: int = 0
    build: int = 0
    revision: int = 0

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        """Files people read have it as text."""
        return cls.parse(value).model_dump() if isinstance(value, str) else value

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read up to four dotted numbers.

        Raises:
            ValueError: anything else.
        """
        if not re.fullmatch(r"\d{1,10}(\.\d{1,10}){0,3}", text):
            msg = f"not a version: `{text}`"
            raise ValueError(msg)
        numbers = [int(n) for n in text.split(".")] + [0, 0, 0]
        return cls(major=numbers[0], minor=numbers[1], build=numbers[2], revision=numbers[3])

    @property
    def key(self) -> tuple[int, int, int, int]:
        """What versions are compared by."""
        return (self.major, self.minor, self.build, self.revision)

    def __lt__(self, other: Version) -> bool:
        return self.key < other.key

    def __le__(self, other: Version) -> bool:
        return self.key <= other.key

    def __str__(self) -> str:
        return ".".join(str(n) for n in self.key)
