"""What the XML parser itself does not bound: how long namespaces are, and how often a huge tag is begun anew."""

from __future__ import annotations

import io

from osrecipe.formats.errors import Fault, FormatError

_LONGEST_NAMESPACE = 1024
_PIECE = 4 << 20


def check_namespaces(format_: str, data: bytes) -> None:
    """Refuse long namespaces before parsing: each of thousands of elements would get a copy of its own.

    Args:
        format_: the format's short name, for what is raised.
        data: the document.

    Raises:
        FormatError: TOO_LARGE; UNSUPPORTED for an encoding in which they can't be looked for.
    """
    quotes, at = (b'"', b"'"), -1
    if data[:2] not in {b"\xff\xfe", b"\xfe\xff"} and b"\0" in data[:4]:
        raise FormatError(format_, Fault.UNSUPPORTED, "The document is in UTF-16 or UTF-32 without a mark")
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        data = data.decode("utf-16", errors="replace").encode()
    while (at := data.find(b"xmlns", at + 1)) >= 0:
        equals = data.find(b"=", at, at + _LONGEST_NAMESPACE)
        start = data[equals + 1 : equals + 65].lstrip()[:1] if equals >= 0 else b'"'
        if start not in quotes:
            continue
        value = data.find(start, equals + 1)
        if equals < 0 or data.find(start, value + 1, value + 2 + _LONGEST_NAMESPACE) < 0:
            raise FormatError(format_, Fault.TOO_LARGE, "The document has a namespace that is too long")


class Pieces:
    """Hands out large pieces, whatever is asked for.

    Expat before 2.6 begins a tag anew with every piece, so that a huge tag in small pieces takes quadratic time.
    """

    def __init__(self, data: bytes) -> None:
        self._stream = io.BytesIO(data)

    def read(self, _size: int = -1) -> bytes:
        """The next piece; none at the end."""
        return self._stream.read(_PIECE)
