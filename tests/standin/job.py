"""One command while it is carried out: its options, its output, the machine; and where faults strike."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from standin.grammar import conflict, missing
from standin.hostpaths import existing_folder, host_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from standin.console import Console
    from standin.faults import Fault
    from standin.settings import Settings
    from standin.state import MountRegistry

_LOG = "C:\\WINDOWS\\Logs\\DISM\\dism.log"


@dataclass
class Job:
    """A command with its options.

    Attributes:
        value: what follows the command's own switch (`/Apply-Unattend:file`).
        options: values by lower-case option name, in the order given; "" for a switch without one.
        image: the folder of the image that is serviced, for commands that have one.
    """

    settings: Settings
    console: Console
    registry: MountRegistry
    scratch: Path
    value: str = ""
    options: dict[str, list[str]] = field(default_factory=dict)
    fault: Fault | None = None
    image: Path | None = None
    _struck: bool = False

    def has(self, name: str) -> bool:
        """Whether an option is there."""
        return name in self.options

    def get(self, name: str) -> str | None:
        """An option's last value."""
        return self.options[name][-1] if name in self.options else None

    def all(self, name: str) -> Sequence[str]:
        """Every value of an option that may be repeated."""
        return self.options.get(name, [])

    def need(self, name: str) -> str:
        """An option's value.

        Raises:
            DismError: 87, it is missing.
        """
        value = self.get(name)
        if not value:
            raise missing(name)
        return value

    def one_of(self, *names: str) -> str:
        """The one of these options that is there.

        Raises:
            DismError: 87, none or several are.
        """
        given = [name for name in names if self.has(name)]
        if not given:
            raise missing(" or ".join(names))
        if len(given) > 1:
            raise conflict(f"These options do not go together: {', '.join(given)}.")
        return given[0]

    def path(self, name: str) -> Path:
        """An option's value as an absolute path."""
        return host_path(self.need(name))

    def folder(self, name: str) -> Path:
        """An option's value as a folder that is there."""
        return existing_folder(self.need(name))

    @property
    def root(self) -> Path:
        """The folder of the image that is serviced."""
        if self.image is None:
            raise missing("image")
        return self.image

    def log_path(self) -> str:
        """The log as error blocks name it."""
        return self.get("logpath") or _LOG

    def log(self, text: str) -> None:
        """Append a line to the log the caller asked for; without one there is none."""
        named = self.get("logpath")
        path = host_path(named) if named else None
        if path is not None and path.parent.is_dir():
            now = dt.datetime.now().astimezone()
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{now:%Y-%m-%d %H:%M:%S}, Info                  DISM   {text}\n")

    def reach(self, percent: float) -> None:
        """Say how far the work is, without a bar; faults ordered for here strike."""
        if self.fault is not None and not self._struck and percent >= self.fault.at:
            self._struck = True
            self.fault.strike()

    def progress(self, percent: float) -> None:
        """Show how far the work is."""
        self.console.bar(percent)
        self.reach(percent)
