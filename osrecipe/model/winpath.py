r"""Paths inside a Windows image.

`WinPath` is relative to the image's root, compares without regard to case and keeps the case it was given.
It never mixes with `pathlib`: a host path is not an image path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic_core import core_schema

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

_FORBIDDEN = frozenset('<>:"|?*')
_MAX_PART = 255
_MAX_DEPTH = 128


def upcase(text: str) -> str:
    """Upper-case one UTF-16 unit at a time, as Windows compares names: characters that grow stay as they are."""
    return "".join(u if len(u := c.upper()) == 1 else c for c in text)


class WinPath:
    r"""A path inside an image, such as `Windows\System32\config\SOFTWARE`.

    Raises:
        ValueError: the text is empty, absolute with a drive, climbs with `..` or holds a character Windows forbids.
    """

    __slots__ = ("_key", "_parts")

    def __init__(self, text: str | WinPath) -> None:
        parts = text.parts if isinstance(text, WinPath) else _split(text)
        self._parts = parts
        self._key = upcase("\\".join(parts))

    @property
    def parts(self) -> tuple[str, ...]:
        """The names from the root down."""
        return self._parts

    @property
    def name(self) -> str:
        """The last name."""
        return self._parts[-1]

    @property
    def parent(self) -> WinPath | None:
        """The folder that holds it, or None at the top."""
        return WinPath("\\".join(self._parts[:-1])) if len(self._parts) > 1 else None

    def __truediv__(self, other: str | WinPath) -> WinPath:
        return WinPath(f"{self}\\{other}")

    def within(self, folder: WinPath) -> bool:
        """Whether this is `folder` itself or lies below it."""
        return self._key == folder._key or self._key.startswith(folder._key + "\\")

    def relative_to(self, folder: WinPath) -> WinPath:
        """The path below `folder`.

        Raises:
            ValueError: this path does not lie below it.
        """
        if not self.within(folder) or self == folder:
            msg = f"`{self}` does not lie below `{folder}`"
            raise ValueError(msg)
        return WinPath("\\".join(self._parts[len(folder.parts) :]))

    def posix(self) -> str:
        """The same path with forward slashes, for people and for ISO tools."""
        return "/".join(self._parts)

    def __str__(self) -> str:
        return "\\".join(self._parts)

    def __repr__(self) -> str:
        return f"WinPath({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WinPath) and self._key == other._key

    def __lt__(self, other: WinPath) -> bool:
        return self._key < other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: object, _handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Accept a string or a WinPath; write a string."""
        from_text = core_schema.no_info_after_validator_function(cls, core_schema.str_schema())
        return core_schema.json_or_python_schema(
            json_schema=from_text,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), from_text]),
            serialization=core_schema.to_string_ser_schema(),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """In JSON it is text."""
        return {"type": "string", "minLength": 1}


def _split(text: str) -> tuple[str, ...]:
    parts = tuple(p for p in text.replace("/", "\\").split("\\") if p)
    if not parts:
        msg = "an image path may not be empty"
        raise ValueError(msg)
    if len(parts) > _MAX_DEPTH:
        msg = f"an image path has at most {_MAX_DEPTH} names: {len(parts)}"
        raise ValueError(msg)
    for part in parts:
        _check_part(part, text)
    return parts


def _check_part(part: str, text: str) -> None:
    if part in {".", ".."}:
        msg = f"an image path may not contain `{part}`: {text}"
    elif bad := sorted({c for c in part if c in _FORBIDDEN or ord(c) < ord(" ")}):
        msg = f"an image path may not contain {bad[0]!r}: {text}"
    elif part[-1] in ". ":
        msg = f"a name in an image path may not end with a dot or a space: {text}"
    elif len(part.encode("utf-16-le", "surrogatepass")) // 2 > _MAX_PART:
        msg = f"a name in an image path has at most {_MAX_PART} characters: {part[:40]}…"
    else:
        return
    raise ValueError(msg)
