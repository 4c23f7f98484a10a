"""Plans over dictionary images: made by hand, with digests as the compiler takes them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from support.dict_images import image_data

from osrecipe.model.facts import UpdateKind
from osrecipe.model.frozen import Digest, digest_of
from osrecipe.model.names import InputId, LaneId, TaskId, UnitId
from osrecipe.model.plan import Job, Origin, Plan, PlannedInput, Session, Task
from osrecipe.model.registry import RegistryData, RegistryKey, RegistryRoot, SetValue
from osrecipe.model.tasks import (
    AddPackage,
    ApplyTweak,
    ArtifactRef,
    CopyMedia,
    ExportImages,
    ExportPart,
    ImageRef,
    InputRef,
    PlaceFile,
    TakeImages,
    VerifyMedia,
    WriteIso,
)
from osrecipe.model.winpath import WinPath
from osrecipe.plan.digests import base_digest, task_digest, unit_digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from osrecipe.model.checks import Check
    from osrecipe.model.tasks import JobOp, Ref, SessionOp

PACKAGE = "Package_for_KB1~31bf3856ad364e35~amd64~~10.0.1.1"
TIME = 1_600_000_000


def file_digest(path: Path) -> Digest:
    """The digest of a file's content, as the lock has it."""
    return Digest("sha256:" + hashlib.sha256(path.read_bytes()).hexdigest())


def task(name: str, op: SessionOp | JobOp, before: Digest | None, checks: tuple[Check, ...] = ()) -> Task:
    """A task."""
    return Task(
        id=TaskId(name),
        op=op,
        title=f"do {name}",
        origin=Origin(file="recipe.yaml", line=1, column=1),
        checks=checks,
        digest=task_digest(op, before),
    )


def session(
    lane: str,
    base: ImageRef,
    ops: Sequence[tuple[str, SessionOp, tuple[Check, ...]]],
    *,
    inputs: tuple[Ref, ...] = (),
    also: tuple[str, ...] = (),
    part: str = "service",
    cacheable: bool = True,
    target: str = "install",
) -> Session:
    """A session of these operations."""
    tasks: list[Task] = []
    before = base_digest(base)
    for name, op, checks in ops:
        tasks.append(task(f"{lane}/{name}", op, before, checks))
        before = tasks[-1].digest
    produces = ("image.wim", *also)
    return Session.model_validate(
        {
            "id": UnitId(f"{lane}.{part}"),
            "lane": LaneId(lane),
            "target": target,
            "name": lane,
            "base": base,
            "inputs": inputs,
            "tasks": tuple(tasks),
            "produces": produces,
            "cacheable": cacheable,
            "digest": unit_digest([t.digest for t in tasks], produces),
        }
    )


def job(
    lane: str,
    name: str,
    op: JobOp,
    *,
    inputs: tuple[Ref, ...] = (),
    produces: tuple[str, ...] = (),
    after: Job | None = None,
    cacheable: bool | None = None,
) -> Job:
    """A job of one operation; `after` is the job on the tree before it."""
    only = task(f"{lane}/{name}", op, after.digest if after else None)
    return Job(
        id=UnitId(f"{lane}.{name}"),
        lane=LaneId(lane),
        inputs=inputs,
        tasks=(only,),
        produces=produces,
        cacheable=bool(produces) and after is None if cacheable is None else cacheable,
        digest=unit_digest([only.digest], produces),
    )


def artifact(unit: Session | Job, name: str) -> ArtifactRef:
    """A reference to what a unit leaves."""
    return ArtifactRef(unit=unit.id, name=name, digest=unit.digest)


def plan_of(units: Sequence[Session | Job], inputs: dict[str, Digest], name: str = "sample") -> Plan:
    """A plan of these units."""
    return Plan(
        recipe=name,
        ordering="classic",
        source="media",
        inputs=tuple(
            PlannedInput(id=InputId(i), kind="update", path=f"{i}.msu", digest=d, summary=i)
            for i, d in inputs.items()
        ),
        units=tuple(units),
        edges=(),
        rules={},
        output="out/sample.iso",
        digest=digest_of([u.digest for u in units]),
    )


def tweak(value: str, *, secret: bool = False) -> ApplyTweak:
    """A tweak that writes a file through a folder of its own name; with `secret`, a registry value."""
    if not secret:
        return ApplyTweak(tweak=value, delete=(WinPath(f"Windows\\{value}"),))
    data = RegistryData(kind="secret", text="join")
    key = RegistryKey(root=RegistryRoot.SOFTWARE, path="Contoso")
    return ApplyTweak(tweak=value, registry=(SetValue(key=key, name="Join", data=data),))


def write_inputs(folder: Path) -> dict[InputId, Path]:
    """The media and the update that sample plans read."""
    folder.mkdir(parents=True, exist_ok=True)
    media, update = folder / "media.iso", folder / "update.msu"
    images = [image_data({"Windows\\a": b"one", "Windows\\old": b"old"}), image_data({"Windows\\a": b"two"})]
    media.write_text(json.dumps({"install.wim": images}))
    update.write_bytes(b"payload")
    return {InputId("media"): media, InputId("lcu"): update}


def sample_plan(
    inputs: dict[InputId, Path],
    *,
    images: int = 2,
    checks: tuple[Check, ...] = (),
    tweaked: str = "old",
    secret: bool = False,
) -> Plan:
    """Install images serviced and customized in parallel, one export, a tree, an ISO, its verification."""
    digests = {str(name): file_digest(path) for name, path in inputs.items()}
    media = InputRef(input=InputId("media"), digest=digests["media"])
    lcu = InputRef(input=InputId("lcu"), digest=digests["lcu"])
    take = job(
        "source",
        "images",
        TakeImages(media=media, paths=(WinPath("sources\\install.wim"),)),
        inputs=(media,),
        produces=("install.wim",),
    )
    last: list[Session] = []
    units: list[Session | Job] = [take]
    for index in range(1, images + 1):
        add = AddPackage(
            input=InputId("lcu"),
            package=PACKAGE,
            update_kind=UpdateKind.CUMULATIVE,
            kb="1",
            content=digests["lcu"],
        )
        base = ImageRef(wim=artifact(take, "install.wim"), index=index)
        service = session(f"image-{index}", base, [("lcu", add, checks)], inputs=(lcu,))
        start = ImageRef(wim=artifact(service, "image.wim"), index=1)
        custom = session(
            f"image-{index}",
            start,
            [("tweak", tweak(tweaked, secret=secret), ())],
            part="customize",
            cacheable=not secret,
        )
        units += [service, custom]
        last.append(custom)
    parts = tuple(
        ExportPart(image=ImageRef(wim=artifact(s, "image.wim"), index=1), refresh=True) for s in last
    )
    export = job(
        "install",
        "export",
        ExportImages(wim="install.wim", parts=parts, compress="max"),
        inputs=tuple(p.image.wim for p in parts),
        produces=("install.wim",),
    )
    wim = artifact(export, "install.wim")
    copy = job("media", "copy", CopyMedia(media=media), inputs=(media,))
    place = job(
        "media",
        "install-wim",
        PlaceFile(source=wim, to=WinPath("sources\\install.wim")),
        inputs=(wim,),
        after=copy,
    )
    iso = job(
        "media",
        "iso",
        WriteIso(label="SAMPLE", firmware=("bios",), timestamp=TIME, output="out/sample.iso"),
        produces=("iso",),
        after=place,
    )
    verify = job(
        "media",
        "verify",
        VerifyMedia(source=media, iso=artifact(iso, "iso")),
        inputs=(media, artifact(iso, "iso")),
        after=iso,
    )
    return plan_of([*units, export, copy, place, iso, verify], digests)
