"""Which builds of Windows are one family: those that share their component store and differ by an enablement package.

DISM services images of its own family and of older ones. Inside a family revisions and even builds may be newer than
DISM's own: tool 10.0.26100.1150 on image 10.0.26100.2033, and 10.0.19041.844 on 10.0.19045.2006, are normal (public
logs of DISM runs). Knowledge only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from osrecipe.model.version import Version

FAMILIES: Final[tuple[tuple[int, int], ...]] = (
    (19041, 19045),  # Windows 10 2004 to 22H2
    (22621, 22631),  # Windows 11 22H2 and 23H2
    (26100, 26200),  # Windows 11 24H2 and 25H2
)
"""First and last build of each; a build in none is a family of its own. Source: notes of people who service monthly."""


def family(build: int) -> int:
    """The first build of a build's family."""
    return next((first for first, last in FAMILIES if first <= build <= last), build)


def can_service(tool: Version, image: Version) -> bool:
    """Whether a DISM of this version is not older than the image's family."""
    mine = (tool.major, tool.minor, family(tool.build))
    return (image.major, image.minor, family(image.build)) <= mine
