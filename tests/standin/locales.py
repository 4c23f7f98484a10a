"""Dates, digit grouping and words of the host's locale.

`/English` changes labels only; dates and grouping stay the host's (dism fact sheet §4.2, locale traps). The German
words are a selection that shows what a reader of English labels would stumble over.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_GERMAN = {
    "Deployment Image Servicing and Management tool": "Tool zur Imageverwaltung für die Bereitstellung",
    "The operation completed successfully.": "Der Vorgang wurde erfolgreich beendet.",
    "The DISM log file can be found at {}": 'Die DISM-Protokolldatei befindet sich unter "{}".',
    "Image Version": "Abbildversion",
    "Error": "Fehler",
    "Details for image": "Details für Abbild",
    "Index": "Index",
    "Name": "Name",
    "Description": "Beschreibung",
    "Size": "Größe",
    "{} bytes": "{} Bytes",
    "Architecture": "Architektur",
    "Languages": "Sprachen",
    "(Default)": "(Standard)",
    "Created": "Erstellt",
    "Modified": "Geändert",
    "Mounted images:": "Bereitgestellte Images:",
    "Mount Dir": "Bereitstellungsverzeichnis",
    "Image File": "Imagedatei",
    "Image Index": "Imageindex",
    "Mounted Read/Write": "Bereitgestellter Lese-/Schreibzugriff",
    "Yes": "Ja",
    "No": "Nein",
    "Mounting image": "Das Image wird bereitgestellt.",
    "Saving image": "Das Image wird gespeichert.",
    "Unmounting image": "Die Bereitstellung des Images wird aufgehoben.",
    "Exporting image": "Das Image wird exportiert.",
    "Package Identity": "Paketidentität",
    "State": "Status",
    "Release Type": "Versionstyp",
    "Install Time": "Installationszeit",
    "Installed": "Installiert",
    "Install Pending": "Installation ausstehend",
    "Superseded": "Abgelöst",
    "Enabled": "Aktiviert",
    "Disabled": "Deaktiviert",
    "Enable Pending": "Aktivierung ausstehend",
    "Disable Pending": "Deaktivierung ausstehend",
    "Feature Name": "Featurename",
}
_FRENCH = {
    "The operation completed successfully.": "L'opération a réussi.",
    "Image Version": "Version de l'image",
    "Error": "Erreur",
    "Name": "Nom",
    "Size": "Taille",
    "{} bytes": "{} octets",
    "Saving image": "Enregistrement de l'image",
    "Mounting image": "Montage de l'image",
    "Unmounting image": "Démontage de l'image",
    "Exporting image": "Exportation de l'image",
    "State": "État",
    "Yes": "Oui",
    "No": "Non",
    "Installed": "Installé",
    "Install Pending": "Installation en attente",
}


@dataclass(frozen=True)
class Locale:
    """How one locale writes things.

    Attributes:
        grouping: between each three digits.
        date, time: for `strftime`; `twelve` marks a clock with AM and PM.
        colon: between a label and its value in the locale's own words; English has blanks on both sides.
    """

    name: str
    code_page: str
    grouping: str
    date: str
    time: str
    colon: str = " : "
    words: Mapping[str, str] = field(default_factory=dict)

    def number(self, value: int) -> str:
        """A number with the locale's grouping."""
        return f"{value:,}".replace(",", self.grouping)

    def moment(self, when: dt.datetime) -> str:
        """A date and time as image details have it: `06/09/2024 - 04:26:57`."""
        return f"{self.day(when)} - {self._clock(when, seconds=True)}"

    def short_moment(self, when: dt.datetime) -> str:
        """A date and time as package lists have it: `4/12/2018 12:30 AM`."""
        return f"{self.day(when)} {self._clock(when, seconds=False)}"

    def day(self, when: dt.date) -> str:
        """A date as lists of drivers have it: `4/12/2018`."""
        return self.date.format(d=when.day, m=when.month, y=when.year)

    def _clock(self, when: dt.datetime, *, seconds: bool) -> str:
        hour = (when.hour % 12 or 12) if "{ap}" in self.time else when.hour
        text = self.time.format(h=hour, ap="AM" if when.hour < 12 else "PM", s="{s}", n=when.minute)
        return text.replace("{s}", f":{when.second:02}" if seconds else "")


LOCALES = {
    locale.name: locale
    for locale in (
        Locale("en-US", "cp437", ",", "{m}/{d}/{y}", "{h}:{n:02}{s} {ap}"),
        Locale("en-GB", "cp850", ",", "{d:02}/{m:02}/{y}", "{h:02}:{n:02}{s}"),
        Locale("de-DE", "cp850", ".", "{d:02}.{m:02}.{y}", "{h:02}:{n:02}{s}", ": ", _GERMAN),
        Locale("fr-FR", "cp850", "\u00a0", "{d:02}/{m:02}/{y}", "{h:02}:{n:02}{s}", " : ", _FRENCH),
    )
}


def from_filetime(ticks: int) -> dt.datetime:
    """100 ns ticks since 1601 as UTC."""
    return dt.datetime(1601, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=ticks // 10)
