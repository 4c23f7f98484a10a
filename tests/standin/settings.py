"""What the environment says, read once; see the package's docstring for the names."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from standin.locales import LOCALES, Locale

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = "10.0.26100.1150"


@dataclass(frozen=True)
class Settings:
    """The machine as the stand-in sees it."""

    state: Path
    version: str
    elevated: bool
    locale: Locale
    code_page: str
    boot: str
    faults: Path | None
    calls: Path | None


def settings_of(environment: Mapping[str, str]) -> Settings:
    """Settings from an environment.

    Raises:
        KeyError: a locale the stand-in does not know.
    """
    get = environment.get
    locale = LOCALES[get("STANDIN_LOCALE") or "en-US"]
    state = get("STANDIN_STATE")
    return Settings(
        state=Path(state) if state else Path(tempfile.gettempdir(), "dism-standin"),
        version=get("STANDIN_VERSION") or VERSION,
        elevated=get("STANDIN_ELEVATED", "1") != "0",
        locale=locale,
        code_page=get("STANDIN_OEMCP") or locale.code_page,
        boot=get("STANDIN_BOOT", ""),
        faults=_path(get("STANDIN_FAULTS")),
        calls=_path(get("STANDIN_CALLS")),
    )


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None
