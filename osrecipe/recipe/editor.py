"""What an editor shows beside a recipe's structure: names of parts, what each word means, what a pattern asks for.

Annotations only; whether a recipe is valid never depends on them. `title`, `markdownEnumDescriptions` and
`patternErrorMessage` are what the YAML language server and VS Code read; other tools leave them alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from osrecipe.recipe.patterns import PATTERNS
from osrecipe.recipe.regdata import FORMS

if TYPE_CHECKING:
    from pydantic import JsonValue

    from osrecipe.recipe.schema import Object

WORDS: Final[dict[tuple[str, ...], tuple[str, ...]]] = {
    ("none", "superseded", "reset-base"): (
        "Keep every component the updates superseded.",
        "Remove superseded components; updates can still be uninstalled.",
        "Remove superseded components and make the updates permanent.",
    ),
    ("drop", "keep"): (
        "They are not on the finished media.",
        "They stay on the media as they are, without updates.",
    ),
    ("none", "fast", "max"): ("No compression.", "XPRESS: quick, larger.", "LZX: slow, smallest."),
    ("enabled", "disabled"): (
        "The feature is switched on; the cumulative update follows again if that adds payload.",
        "The feature is switched off.",
    ),
    ("present", "absent"): ("It must be there.", "It must not be there."),
    ("auto", "classic"): (
        "Chosen by the media's build.",
        "The order for Windows 10 and Server 2016 to 2022.",
    ),
    ("osrecipe", "oscdimg"): (
        "This program's own writer, on any host.",
        "The Windows ADK's `oscdimg`, on hosts that have it.",
    ),
    ("time", "version"): ("The later write time wins, as robocopy does it.", "The higher file version wins."),
    ("install", "winre", "winpe", "setup"): (
        "The images that get installed.",
        "The recovery image inside each install image.",
        "boot.wim's Windows PE image.",
        "boot.wim's Setup image, which boots the media.",
    ),
    ("x86", "amd64", "arm", "arm64"): (
        "32-bit PCs.",
        "64-bit PCs, `x64` in file names.",
        "32-bit ARM.",
        "64-bit ARM.",
    ),
    (
        "servicing-stack",
        "cumulative",
        "checkpoint",
        "safe-os",
        "setup",
        "dotnet",
        "enablement",
        "flash",
        "secure-boot",
        "microcode",
        "defender",
        "language-pack",
        "feature-on-demand",
        "winpe-component",
        "optional",
    ): (
        "What installs all other updates (SSU).",
        "The month's update of Windows itself (LCU).",
        "A cumulative update that later ones build on.",
        "For the recovery image (Safe OS Dynamic Update).",
        "For the media's `sources` (Setup Dynamic Update).",
        "For .NET Framework.",
        "Switches a prepared feature update on.",
        "For Adobe Flash Player.",
        "For the firmware's list of forbidden boot loaders.",
        "For processors.",
        "For Microsoft Defender.",
        "A language of Windows.",
        "A feature that is installed when it is wanted.",
        "A part of Windows PE.",
        "Anything else.",
    ),
}
"""The closed lists of words and what each word means."""

_MORE: Final = {
    "^([0-9]{1,20}|0x[0-9a-fA-F]{1,16})$": "a number, decimal or `0x…`",
    r"^([0-9a-fA-F]{2}([ ,\s]*[0-9a-fA-F]{2})*)?$": 'pairs of hexadecimal digits, such as `"01 0a ff"`',
}
_KEY: Final = r"a key path that starts with `HKLM\SOFTWARE`, `HKLM\SYSTEM`, `HKCU`, `HKU\.DEFAULT` or `HKCR`, and more of them"
_TITLES: Final = {
    "IsoInput": "an ISO",
    "UpdateInput": "an update",
    "FolderInput": "a folder",
    "DriversInput": "a folder of drivers",
    "AnswerFileInput": "an answer file",
    "PeTarget": "a PE image",
    "WinreTarget": "the recovery image",
    "InstallTarget": "the install images",
    "ExpectImage": "what is expected of an image",
    "RegistryChanges": "registry changes",
    "RegistryExpectations": "expected registry values",
    "RegistryValue": "registry data",
}
"""Names of parts; those that are missing are called as their model."""


def annotate(schema: Object) -> None:
    """Add to a whole schema what editors show; changes it in place."""
    definitions = schema["$defs"]
    if isinstance(definitions, dict):
        for name, part in definitions.items():
            if isinstance(part, dict):
                definitions[name] = {"title": _TITLES.get(name, _spaced(name)), **part}
    _walk(schema)


def _spaced(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()


def _walk(value: JsonValue) -> None:
    if isinstance(value, list):
        for part in value:
            _walk(part)
        return
    if not isinstance(value, dict):
        return
    properties = value.get("properties")
    if isinstance(properties, dict):
        for key, part in properties.items():
            if isinstance(part, dict) and part.keys() - {"required"}:
                properties[key] = {"title": key, **part}
    _words(value)
    for part in value.values():
        _walk(part)


def _words(schema: Object) -> None:
    words = schema.get("enum")
    if isinstance(words, list) and all(isinstance(w, str) for w in words):
        schema["markdownEnumDescriptions"] = list(WORDS[tuple(str(w) for w in words)])
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        schema["patternErrorMessage"] = f"It must be {asked_for(pattern)}."
    options = schema.get("anyOf")
    for option in options if isinstance(options, list) else ():
        if isinstance(option, dict) and "title" not in option and (title := _title_of(option)):
            option["title"] = title


def asked_for(pattern: str) -> str:
    """What a pattern asks for, with or without the template that may stand in its place."""
    bare = pattern.removesuffix(r"|\{\{")
    return PATTERNS.get(bare) or _MORE.get(bare, _KEY)


def _title_of(option: Object) -> str:
    """The name of one alternative among several."""
    required = option.get("required")
    if option.get("type") == "null":
        return "nothing"
    if isinstance(required, list) and len(required) == 1 and str(required[0]) in FORMS:
        return f"{{{required[0]}: …}}"
    described = option.get("description")
    return described.rstrip(".") if isinstance(described, str) and described.startswith("REG_") else ""
