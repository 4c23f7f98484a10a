"""One session over a dictionary image, without a run around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support.dict_images import DictAdapter, image_data, read_wim, write_wim
from support.dict_plans import artifact, job, session

from osrecipe.engine.session import carry_out
from osrecipe.formats.hive import Hive, ValueType
from osrecipe.formats.hive.data import encode_sz
from osrecipe.model.events import TaskFailed
from osrecipe.model.execution import ResolvedRef, UnitRequest
from osrecipe.model.frozen import Digest
from osrecipe.model.names import InputId
from osrecipe.model.registry import RegistryData, RegistryKey, RegistryRoot
from osrecipe.model.tasks import ImageRef, InputRef, TakeImages
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from osrecipe.model.events import Event
    from osrecipe.model.execution import UnitOutcome

NOW = 1_600_000_000
DIGEST = Digest("sha256:" + "0" * 64)
SOFTWARE = "Windows\\System32\\config\\SOFTWARE"
SYSTEM = "Windows\\System32\\config\\SYSTEM"
DEFAULT = "Windows\\System32\\config\\DEFAULT"
NTUSER = "Users\\Default\\NTUSER.DAT"

Steps = "Sequence[tuple[str, SessionOp, tuple[Check, ...]]]"


def input_ref(name: str) -> InputRef:
    """A reference to an input."""
    return InputRef(input=InputId(name), digest=DIGEST)


def key(root: RegistryRoot, path: str) -> RegistryKey:
    """A registry key."""
    return RegistryKey(root=root, path=path)


def dword(number: int) -> RegistryData:
    """A DWORD."""
    return RegistryData(kind="dword", number=number)


def hive(values: Mapping[str, Mapping[str, tuple[int, bytes]]] | None = None) -> bytes:
    """A hive with these keys and values."""
    made = Hive.create()
    for path, items in (values or {}).items():
        found = made.create_key(path)
        for name, (type_, data) in items.items():
            found.set(name, type_, data)
    return made.save()


def current_version(build: str = "17134", revision: int = 228) -> dict[str, dict[str, tuple[int, bytes]]]:
    """The values that state a build."""
    number = (ValueType.DWORD, (10).to_bytes(4, "little"))
    return {
        "Microsoft\\Windows NT\\CurrentVersion": {
            "CurrentBuild": (ValueType.SZ, encode_sz(build)),
            "CurrentMajorVersionNumber": number,
            "CurrentMinorVersionNumber": (ValueType.DWORD, bytes(4)),
            "UBR": (ValueType.DWORD, revision.to_bytes(4, "little")),
        }
    }


@dataclass
class Sitting:
    """A session to carry out.

    Attributes:
        files: the image's.
        inputs: paths by input id.
    """

    folder: Path
    files: Mapping[str, bytes]
    target: str = "install"
    inputs: dict[str, Path] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    adapter: DictAdapter = field(default_factory=DictAdapter)
    events: list[Event] = field(default_factory=list)
    cancelled: Callable[[], bool] = lambda: False

    def run(self, steps: Steps) -> UnitOutcome:  # type: ignore[valid-type]  # quoted for the reader
        """Carry it out."""
        base = self.folder / "base.wim"
        write_wim(base, [image_data(self.files)])
        take = job("source", "images", TakeImages(media=input_ref("media"), paths=()), produces=("base.wim",))
        made = session("lane", ImageRef(wim=artifact(take, "base.wim"), index=1), steps, target=self.target)
        for name in ("work", "artifacts", "tree"):
            (self.folder / name).mkdir()
        resolved = [ResolvedRef(key="artifact:source.images:base.wim", path=base)]
        resolved += [ResolvedRef(key=f"input:{name}", path=path) for name, path in self.inputs.items()]
        resolved.append(ResolvedRef(key="artifact:winre.export:winre.wim", path=self.folder / "winre.wim"))
        request = UnitRequest(
            unit=made,
            adapter="dict",
            resolved=tuple(resolved),
            work=self.folder / "work",
            artifacts=self.folder / "artifacts",
            tree=self.folder / "tree",
            now=NOW,
        )
        return carry_out(
            request, self.adapter, secrets=self.secrets, emit=self.events.append, cancelled=self.cancelled
        )

    @property
    def saved(self) -> dict[WinPath, bytes]:
        """The files of the image that was saved."""
        files = read_wim(self.folder / "artifacts" / "image.wim")[0]["files"]
        assert isinstance(files, dict)
        return {WinPath(path): bytes.fromhex(data) for path, (data, _) in files.items()}

    @property
    def failure(self) -> TaskFailed:
        """The failure that was reported."""
        found = [event for event in self.events if isinstance(event, TaskFailed)]
        assert 1 == len(found)
        return found[0]

    @property
    def ends(self) -> list[str]:
        """How often the image was saved or given up."""
        return [step for step, _ in self.adapter.notes if step != "open"]
