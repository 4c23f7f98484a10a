"""What this adapter refuses at plan time: images newer than the DISM that would service them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.adapters.dism.families import can_service
from osrecipe.model.adapter import Refusal
from osrecipe.model.facts import MediaFacts
from osrecipe.model.plan import Session
from osrecipe.model.tasks import Servicing

if TYPE_CHECKING:
    from osrecipe.model.facts import Facts, ImageFacts
    from osrecipe.model.plan import Job, Task
    from osrecipe.model.version import Version


def refuse(task: Task, unit: Session | Job, facts: Facts, tool: Version | None) -> Refusal | None:
    """Whether a task has to be refused; see `Adapter.refuse`.

    Args:
        task: the task.
        unit: the unit it is in.
        facts: what was read from the inputs.
        tool: DISM's version; None where there is no DISM, so that nothing can be said of it.
    """
    if tool is None or not isinstance(unit, Session):
        return None
    if not isinstance(task.op, Servicing):
        return None
    newer = [image.version for image in _images(unit, facts) if not can_service(tool, image.version)]
    if not newer:
        return None
    found = max(newer, key=lambda version: version.key)
    return Refusal(
        reason=f"DISM {tool} is older than the family of the image, {found}",
        hint="install the ADK of the image's release and use its DISM: `--dism adk`",
    )


def _images(session: Session, facts: Facts) -> list[ImageFacts]:
    """The images of the media a session may be on; a recovery image is of its install image's build."""
    found: list[ImageFacts] = []
    for media in facts.inputs.values():
        if not isinstance(media, MediaFacts):
            continue
        if session.target in {"install", "winre"}:
            named = [image for image in media.install.images if image.name == session.name]
            found += named or media.install.images
        elif media.boot is not None:
            found += media.boot.images
    return found
