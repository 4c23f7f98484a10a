"""The base of every pydantic model, and the normal form digests are taken of."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, ClassVar, Literal, NewType, get_origin

from pydantic import BaseModel, ConfigDict, StringConstraints

Digest = NewType("Digest", str)
"""`sha256:` and 64 hexadecimal digits."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Frozen(BaseModel):
    """An immutable record with strict keys.

    Attributes:
        outside_digest: names of fields that say what a thing is called or where it stands, not what it is.
    """

    outside_digest: ClassVar[frozenset[str]] = frozenset()

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


def normal_form(value: object) -> object:
    """JSON-like data that digests are taken of: models without their defaults and names, tags kept, the rest as is.

    A field added later with a default changes no digest; the tag of a union (`op`, `do`, `check`) always stays,
    because it is what tells two operations with equal fields apart.
    """
    if isinstance(value, BaseModel):
        return _model_form(value)
    if isinstance(value, Mapping):
        return {str(k): normal_form(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [normal_form(v) for v in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str | int | float) or value is None:
        return value
    return str(value)


def _model_form(model: BaseModel) -> dict[str, object]:
    outside = model.outside_digest if isinstance(model, Frozen) else frozenset()
    form: dict[str, object] = {}
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        is_tag = get_origin(info.annotation) is Literal and not info.is_required() and name in _TAGS
        is_default = not info.is_required() and value == info.get_default(call_default_factory=True)
        if name not in outside and (is_tag or not is_default):
            form[info.alias or name] = normal_form(value)
    return form


_TAGS = frozenset({"op", "do", "check", "ref", "kind"})
