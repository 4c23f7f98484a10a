"""What each pattern of the recipe's schema asks for, in words; messages never show a pattern."""

from __future__ import annotations

from osrecipe.model.moments import MOMENT_PATTERN
from osrecipe.model.names import ID_PATTERN
from osrecipe.model.recipe import CAPABILITY_PATTERN, KEYBOARDS_PATTERN, LOCALE_PATTERN

PATTERNS: dict[str, str] = {
    ID_PATTERN: "a name that starts with a letter and goes on with letters, digits, `.`, `_`, `-`, 63 at most",
    r"^[0-9a-f]{64}$": "64 hexadecimal digits in lower case",
    r"^(10|6)\.\d{1,2}\.\d{4,5}\.\d{1,6}$": "four numbers, such as `10.0.17134.228`",
    r"^(>=|<=|==|>|<)\s*\d{4,5}(\.\d{1,6})?$": "a comparison, such as `>=17134` or `<22000.1`",
    CAPABILITY_PATTERN: "`NAME~~~LANGUAGE~VERSION`, as `dism /Get-Capabilities` lists it; without a language "
    "there are four tildes in a row, such as `OpenSSH.Client~~~~0.0.1.0`",
    LOCALE_PATTERN: "a language, such as `de-DE`",
    KEYBOARDS_PATTERN: "language and keyboard layout, such as `0407:00000407`, several with `;`",
    r"^[A-Za-z_][A-Za-z0-9_]*$": "the name of an environment variable",
    MOMENT_PATTERN: "a date, or a date and time in UTC, such as `2018-08-14` or `2018-08-14T12:00:00Z`",
    r"\.[Ii][Ss][Oo]$": "a file name that ends in `.iso`",
}
