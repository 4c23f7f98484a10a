"""Which volume labels can be written.

One label is written to every identifier of the disc, so the narrowest of them decides: the UDF primary volume
descriptor keeps 30 eight-bit characters (ECMA-167 3/10.1.4: a 32-byte dstring spends one byte on the encoding and one
on the length), ISO9660 has 32 bytes without Unicode.
"""

from __future__ import annotations

import re

from osrecipe.formats.errors import Fault, FormatError

LABEL_MAX = 30
_ALLOWED = re.compile(r"[A-Za-z0-9_.-]([A-Za-z0-9_. -]*[A-Za-z0-9_.-])?", re.ASCII)


def check_label(label: str) -> None:
    """Refuse a label that not every identifier of an ISO can hold.

    Allowed are 1 to 30 ASCII letters, digits, `_`, `-`, `.` and inner spaces. ISO9660 proper has only capitals,
    digits and `_`, but retail media carry `-` there too and every reader takes it.

    Raises:
        FormatError: `iso/unsupported`.
    """
    if not label:
        raise FormatError("iso", Fault.UNSUPPORTED, "A volume label can't be empty")
    if len(label) > LABEL_MAX:
        reason = f"The volume label is too long: {len(label)} characters, at most {LABEL_MAX} fit"
        raise FormatError("iso", Fault.UNSUPPORTED, reason)
    if not _ALLOWED.fullmatch(label):
        raise FormatError(
            "iso",
            Fault.UNSUPPORTED,
            f"The volume label has characters that can't be written: {label!r}",
            hint="use ASCII letters, digits, `_`, `-`, `.` and inner spaces",
        )
