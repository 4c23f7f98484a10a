"""Portable digests of tasks and units: what is done, to which bytes, after what. No names, no paths, no adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrecipe.model.facts import AnswerFileFacts, DriversFacts, FolderFacts, MediaFacts, UpdateFacts
from osrecipe.model.frozen import Digest, digest_of, normal_form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osrecipe.model.facts import InputFacts
    from osrecipe.model.tasks import ImageRef, Operation

EPOCH = 1
"""Raised when every digest must change."""


def input_digest(facts: InputFacts) -> Digest:
    """The digest of an input's content."""
    match facts:
        case FolderFacts() | DriversFacts():
            return facts.tree
        case MediaFacts() | UpdateFacts() | AnswerFileFacts():
            return Digest(f"sha256:{facts.sha256}")


def base_digest(base: ImageRef, time: int | None = None) -> Digest:
    """What a session starts from: the WIM's digest, the image's number in it, and the time the recipe states, if any."""
    start = {"epoch": EPOCH, "base": base.wim.digest, "file": base.wim.name, "index": base.index}
    return digest_of(start if time is None else {**start, "time": time})


def start_digest(time: int | None) -> Digest | None:
    """What comes before a job that follows no other: nothing but the time the recipe states, if any."""
    return None if time is None else digest_of({"epoch": EPOCH, "time": time})


def task_digest(op: Operation, before: Digest | None) -> Digest:
    """A task's digest: its operation in normal form, the step's version, and all that came before it."""
    return digest_of({"epoch": EPOCH, "op": normal_form(op), "step": op.STEP_VERSION, "before": before})


def unit_digest(tasks: Sequence[Digest], produces: Sequence[str]) -> Digest:
    """A unit's digest; its last task's digest already carries the ones before."""
    return digest_of({"epoch": EPOCH, "tasks": list(tasks), "produces": sorted(produces)})
