"""The base of every pydantic model, and the normal form digests are taken of."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import Annotated, NewType

from pydantic import BaseModel, ConfigDict, StringConstraints

Digest = NewType("Digest", str)
"""`sha256:` and 64 hexadecimal digits."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Frozen(BaseModel):
    """An immutable record with strict keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, validate_by_name=True, validate_by_alias=True
    )


def _normal(value: object) -> object:
    if isinstance(value, float):
        msg = f"a float has no place in a digest, write it as text: {value}"
        raise TypeError(msg)
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {unicodedata.normalize("NFC", str(k)): _normal(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_normal(v) for v in value]
    return value


def canonical(value: object) -> bytes:
    """The normal form of JSON-like data: sorted keys, no spaces, NFC text, no floats; UTF-8.

    Raises:
        TypeError: the data holds a float, or something JSON has no word for.
    """
    return json.dumps(_normal(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest_of(value: object) -> Digest:
    """The digest of the normal form of `value`."""
    return Digest("sha256:" + hashlib.sha256(canonical(value)).hexdigest())
