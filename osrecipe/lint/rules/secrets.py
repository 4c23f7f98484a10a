"""Rules about secrets: those that are declared, and those that are not."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from osrecipe.lint.rule import Facts, Hit, Severity, rule
from osrecipe.lint.writes import writes
from osrecipe.model.registry import SetValue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osrecipe.lint.subject import Subject
    from osrecipe.model.registry import RegistryData

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ONE: Final = frozenset(
    {
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "passcode",
        "secret",
        "token",
        "credential",
        "credentials",
        "apikey",
    }
)
_TWO: Final = frozenset(
    (a, "key") for a in ("api", "access", "private", "shared", "account", "client", "encryption", "signing")
)
_NOTHING: Final = frozenset({"", "0", "1", "true", "false", "yes", "no", "none", "null", "*"})
_FORMS: Final = tuple(
    re.compile(form)
    for form in (
        r"\bgh[pousr]_[A-Za-z0-9]{36,}\b",
        r"\bgithub_pat_[A-Za-z0-9_]{22,}\b",
        r"\bglpat-[A-Za-z0-9_-]{20,}",
        r"\bAKIA[0-9A-Z]{16}\b",
        r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
        r"[?&]sig=[A-Za-z0-9%+/=]{30,}",
        r"://[^/\s:@]+:[^/\s:@]+@",
    )
)
"""Forms of keys and tokens their makers document, and a password inside an address."""
_DENSE: Final = re.compile(r"[A-Za-z0-9+/_-]{32,}={0,2}")
_ENTROPY: Final = 4.5
"""Bits for each character; words, paths and GUIDs stay below, random base64 of this length above."""


@rule(
    "unused-secret",
    Severity.WARNING,
    says="a secret is declared and used nowhere",
    why="`apply` refuses to run until its environment variable is set, for nothing. Secrets that a fragment offers are not "
    "counted.",
    source="this tool's design: what is written in a recipe has an effect",
)
def unused_secret(subject: Subject) -> Iterator[Hit]:
    """Secrets nothing writes."""
    used = {
        change.data.text
        for at in subject.tweaks()
        for change in at.tweak.registry
        if isinstance(change, SetValue) and change.data.kind == "secret"
    }
    for name in subject.recipe.secrets:
        if name not in used and subject.is_own("secrets", name):
            yield Hit(
                ("secrets", name),
                f"the secret `{name}` is not used",
                f"write `{{secret: {name}}}`, or remove it",
            )


@rule(
    "plain-secret",
    Severity.ERROR,
    Facts.HELPFUL,
    says="a value that looks like a secret stands in plain text",
    why="It is in git for ever, in every plan, report and lock. Declare it under `secrets:` and write `{secret: name}`. A "
    "value is suspected for its name (`…Password`, `…Token`, `ApiKey`), for a documented form of token, or for being a "
    "long text without any pattern. The message never shows it.",
    source="the documented token forms of GitHub, GitLab, AWS, Slack, Azure; RFC 7519; RFC 7468",
)
def plain_secret(subject: Subject) -> Iterator[Hit]:
    """Secrets everybody can read."""
    hint = "declare it: `secrets: {NAME: {env: …}}`, and write `{secret: NAME}`; then change it, it is known"
    for write in writes(subject):
        if isinstance(write.change, SetValue):
            for text in _texts(write.change.data):
                if why := suspicion(write.name, text):
                    reason = f"{write.what} looks like a secret: {why}"
                    yield Hit(write.loc, reason, hint, hushed=True)
                    break
    for name, value in subject.recipe.vars.items():
        if isinstance(value, str) and (why := suspicion(name, value)):
            hint = "a variable ends up in plans; declare it under `secrets:`"
            yield Hit(("vars", name), f"the variable `{name}` looks like a secret: {why}", hint, hushed=True)


def _texts(data: RegistryData) -> tuple[str, ...]:
    if data.kind in {"sz", "expand-sz"}:
        return (data.text or "",)
    return data.lines or () if data.kind == "multi-sz" else ()


def suspicion(name: str, value: str) -> str:
    """Why a named text may be a secret; empty when nothing speaks for it."""
    if value.strip().lower() in _NOTHING:
        return ""
    words = [word.lower() for word in _WORD.findall(name)]
    if words and (words[-1] in _ONE or tuple(words[-2:]) in _TWO):
        return "its name says so"
    if any(form.search(value) for form in _FORMS):
        return "it has the form of one"
    if _DENSE.fullmatch(value) and _mixed(value) and _entropy(value) >= _ENTROPY:
        return "it is a long text without any pattern"
    return ""


def _mixed(value: str) -> bool:
    """Whether lower case, upper case and digits are all there; hashes and GUIDs have one case."""
    return all(re.search(kind, value) for kind in ("[a-z]", "[A-Z]", "[0-9]"))


def _entropy(value: str) -> float:
    """Bits for each character, by how often each stands in the text (Shannon)."""
    counts = Counter(value).values()
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts)
