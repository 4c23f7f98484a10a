"""PowerShell as text: strings that can't end early, comments of one line.

In strings everything outside ASCII becomes `$([char]…)`, because Windows PowerShell reads a script without a mark in the
host's code page. Comments keep their text: what is saved has the mark, what is printed is made ASCII. It knows nothing of
plans.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osrecipe.adapters.dism.placeholders import pieces

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osrecipe.adapters.dism.placeholders import Placeholder

_SPECIAL: Final = frozenset('`"$#')
"""Characters behind a backtick; the number sign only for parsers that see a comment behind a subexpression."""
_ASCII: Final = 0x7F


def string(text: str) -> str:
    """A double-quoted string that is exactly this text."""
    return f'"{_escaped(text)}"'


def argument(text: str) -> str:
    """An argument with names in braces, which become the script's variables."""
    parts = (_escaped(part) if isinstance(part, str) else _variable(part) for part in pieces(text))
    return f'"{"".join(parts)}"'


def _variable(what: Placeholder) -> str:
    """`{input:ID}`, `{package:ID,ID}`, `{artifact:UNIT:NAME}`, `{sources:UNIT:NAME}`, or a plain variable."""
    name, rest = what.name, what.rest
    if name == "input":
        return f"$($Inputs[{string(rest)}])"
    if name == "package":
        return f"$(Copy-Alone {array(rest.split(','))})"
    if name in {"artifact", "sources"}:
        unit, _, file = rest.partition(":")
        function = "Get-Artifact" if name == "artifact" else "Get-SourceFolder"
        return f"$({function} {string(unit)} {string(file)})"
    return f"$({'$' + name.capitalize()})"


def _escaped(text: str) -> str:
    pieces: list[str] = []
    for character in text:
        if character in _SPECIAL:
            pieces.append(f"`{character}")
        elif " " <= character <= "~":
            pieces.append(character)
        else:
            units = character.encode("utf-16-le", "surrogatepass")
            codes = [int.from_bytes(units[at : at + 2], "little") for at in range(0, len(units), 2)]
            pieces += [f"$([char]0x{code:04x})" for code in codes]
    return "".join(pieces)


def comment(text: str) -> str:
    """One line of comment, whatever the text holds; what can't be seen, or turns the line around, becomes `?`."""
    return "# " + "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))


def ascii_only(text: str) -> str:
    r"""A script in ASCII alone: only comments hold anything else, and there it becomes `\u00fc`."""
    return text.encode("ascii", "backslashreplace").decode()


def array(items: Iterable[str]) -> str:
    """An array of strings."""
    return "@(" + ", ".join(string(item) for item in items) + ")"
