"""`/Get-CurrentEdition` and `/Get-TargetEditions`: editions are read here, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standin.codes import DismError
from standin.hivefile import Hive
from standin.imagetree import find
from standin.imageversion import SOFTWARE

if TYPE_CHECKING:
    from standin.job import Job


def _edition(job: Job) -> str:
    with Hive(find(job.root, SOFTWARE)) as hive:
        values = hive.values("Microsoft\\Windows NT\\CurrentVersion")
    if values["InstallationType"].text == "WindowsPE":
        raise DismError(50)
    return values["EditionID"].text


def get_current_edition(job: Job) -> None:
    """Print the image's edition."""
    job.console.line("Current edition is:", "")
    job.console.field("Current Edition", _edition(job))
    job.console.line("")


def get_target_editions(job: Job) -> None:
    """Print what the image could become: nothing, as the sample images carry no edition matrix."""
    _edition(job)
    job.console.line("Editions that can be upgraded to:", "")
    job.console.line("(The current edition cannot be upgraded to any target editions.)", "")
