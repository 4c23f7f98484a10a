"""Whether a host can do the work, decided before anything is mounted. Pure: a probed host in, findings out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from osrecipe.adapters.dism.mounting import same_folder
from osrecipe.model.facts import DriversFacts, FolderFacts, MediaFacts, UpdateFacts
from osrecipe.model.plan import Session
from osrecipe.model.tasks import AddDrivers, RemoveApp, SetCapability
from osrecipe.model.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from osrecipe.adapters.dism.host import Host, Volume
    from osrecipe.adapters.dism.output import Mount
    from osrecipe.model.facts import Facts
    from osrecipe.model.plan import Plan

_GIB: Final = 1 << 30
MOST_MOUNTS: Final = 20
"""Images that DISM mounts at a time; Microsoft's limit."""
_LONGEST: Final = 260
"""MAX_PATH."""
_BELOW_WORK: Final = 90
"""An allowance for the longest path below a mount folder that a program opens without the long form."""
_MOUNT_BELOW: Final = len(
    "\\runs\\20260101T000000.000Z-00000000\\work\\units\\install-enterprise.customize\\image\\mount"
)
"""From the work folder to a mount of a unit whose name is of common length."""
_PROFILE: Final = "\\users\\"


class Level(StrEnum):
    """How a finding is meant. `fail` stops a run before anything is mounted."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: a short name, what was found, and what to do about it."""

    name: str
    level: Level
    text: str
    hint: str = ""


_AT_ONCE: Final = frozenset({"source images", "mounted images", "scratch"})


@dataclass(frozen=True)
class Need:
    """Bytes a plan needs on the output's volume, by what for; an estimate that rather says too much.

    Attributes:
        mounts: how many images are mounted at once.
        names: what DISM has to list, so that it can be looked for afterwards.
    """

    parts: tuple[tuple[str, int], ...]
    mounts: int = 0
    names: tuple[str, ...] = ()

    @property
    def at_once(self) -> int:
        """What is there at one time in any case, before anything can be given back."""
        return sum(size for what, size in self.parts if what in _AT_ONCE)

    @property
    def total(self) -> int:
        """All together."""
        return sum(size for _, size in self.parts)


def need_of(plan: Plan, facts: Facts, parallel: int) -> Need:
    """What a plan needs on the output's volume.

    A mount holds a private copy of its image and whatever is read or changed in it, at most the whole image; DISM's
    scratch folder holds what a package unpacks to. Every session leaves its image in the store until the end.

    Args:
        plan: the plan.
        facts: of its inputs.
        parallel: how many sessions are open at once.
    """
    media = [one for one in facts.inputs.values() if isinstance(one, MediaFacts)]
    updates = [one for one in facts.inputs.values() if isinstance(one, UpdateFacts)]
    folders = sum(one.size for one in facts.inputs.values() if isinstance(one, FolderFacts | DriversFacts))
    sessions = [unit for unit in plan.units if isinstance(unit, Session)]
    wims = sum(one.install.size + (one.boot.size if one.boot else 0) for one in media)
    images = [image.size for one in media for image in one.install.images]
    largest_wim = max((one.install.size for one in media), default=0)
    open_at_once = min(max(parallel, 1), len(sessions))
    growth = sum(update.size for update in updates)
    payload = max((update.package.payload or update.size for update in updates), default=0)
    return Need(
        (
            ("source images", wims),
            ("mounted images", open_at_once * (max(images, default=0) + largest_wim)),
            ("scratch", open_at_once * payload),
            ("serviced images", len(sessions) * (largest_wim + growth)),
            ("export", wims + growth),
            ("media tree and ISO", 2 * (sum(one.size for one in media) + growth + folders)),
        ),
        open_at_once,
        tuple(dict.fromkeys(_names(sessions))),
    )


def _names(sessions: Sequence[Session]) -> Iterator[str]:
    """Drivers, capabilities and apps, as DISM lists them."""
    for task in (task for session in sessions for task in session.tasks):
        match task.op:
            case AddDrivers() as op:
                yield from (inf.rpartition("/")[2] for inf in op.infs)
            case SetCapability() as op:
                yield op.capability
            case RemoveApp() as op:
                yield op.package


def examine(host: Host, *, need: Need | None = None, work: Path | None = None) -> tuple[Finding, ...]:
    """Everything that can be said before a run with DISM.

    Args:
        host: what was probed.
        need: the plan's estimate, if there is a plan.
        work: the workspace's folder, below which mounts are our own; None without a plan.
    """
    found = [_tool(host), _elevation(host)]
    found += [_volume(host.volume), _space(host.volume, need)]
    found += _mounts(host.mounts, need, work) if host.tool is not None else []  # else nobody can be asked
    found += [_scanner(host), *_paths(host, work), *_unprintable(host, need)]
    return tuple(found)


def libraries(host: Host) -> tuple[Finding, ...]:
    """What the embedded adapter, and reading images at all, needs."""
    rows = (
        ("libwim", host.libwim, "compressed images"),
        ("libmspack", host.libmspack, "compressed cabinets"),
    )
    return tuple(
        Finding(name, Level.OK, f"{name} {version}")
        if version
        else Finding(name, Level.FAIL, f"{name} is not there: {what} can't be read", f"install {name}")
        for name, version, what in rows
    )


def _tool(host: Host) -> Finding:
    if host.tool is None:
        return Finding(
            "dism",
            Level.FAIL,
            host.trouble or "there is no DISM on this host",
            "name one with `--dism PATH`; the embedded adapter needs none",
        )
    if host.trouble or host.tool.version is None:
        why = host.trouble or "it prints no banner"
        hint = _OTHER if host.is_elevated else _ELEVATE
        return Finding("dism", Level.FAIL, f"`{host.tool.path}` does not answer as DISM: {why}", hint)
    return Finding("dism", Level.OK, f"`{host.tool.path}`, version {host.tool.version} ({host.tool.origin})")


_ELEVATE: Final = "run in a console that was started as administrator"
_OTHER: Final = "name another one with `--dism PATH`; the embedded adapter needs none"


def _elevation(host: Host) -> Finding:
    if host.is_elevated:
        return Finding("elevation", Level.OK, "this process is elevated")
    level = Level.FAIL if host.system == "Windows" else Level.WARN
    return Finding("elevation", level, "this process is not elevated", _ELEVATE)


def _volume(volume: Volume) -> Finding:
    what = f"`{volume.folder}`"
    system = volume.file_system or "a file system that is not named"
    hint = "let the output lie on a fixed local NTFS volume"
    if volume.is_fixed is False:
        return Finding(
            "volume", Level.FAIL, f"{what} is not on a fixed drive: DISM mounts nowhere else", hint
        )
    if volume.has_reparse_points is False:
        return Finding("volume", Level.FAIL, f"{what} is on {system}, without reparse points", hint)
    if volume.file_system not in {None, "NTFS"}:
        return Finding("volume", Level.FAIL, f"{what} is on {system}: DISM needs NTFS to mount", hint)
    if volume.file_system is None:
        return Finding("volume", Level.OK, f"{what} can hold links, as mounts need")
    return Finding("volume", Level.OK, f"{what} is on {system}, on a fixed drive")


def _space(volume: Volume, need: Need | None) -> Finding:
    free = f"{volume.free / _GIB:.1f} GiB free at `{volume.folder}`"
    if need is None:
        return Finding("space", Level.OK, free)
    largest = ", ".join(f"{what} {size / _GIB:.1f}" for what, size in need.parts)
    text = f"{free}; the plan may need {need.total / _GIB:.1f} ({largest})"
    if volume.free < need.total:
        level = Level.FAIL if volume.free < need.at_once else Level.WARN
        return Finding(
            "space",
            level,
            text,
            "free space there (`osrecipe clean` gives back what dead runs left), or run fewer units at a time (`--parallel 1`)",
        )
    return Finding("space", Level.OK, text)


def _mounts(mounts: Sequence[Mount] | None, need: Need | None, work: Path | None) -> list[Finding]:
    if mounts is None:
        return [Finding("mounts", Level.WARN, "what is mounted is not known: DISM does not say")]
    foreign = [one for one in mounts if work is None or not _is_below(one.folder, work)]
    around = [one for one in foreign if work is not None and _is_below(str(work), one.folder)]
    if around:
        text = f"the work folder lies inside a mounted image: `{around[0].folder}`"
        return [Finding("mounts", Level.FAIL, text, "name an output elsewhere, or unmount the image first")]
    wanted = need.mounts if need is not None else 1
    if len(foreign) + wanted > MOST_MOUNTS:
        text = (
            f"{count(len(foreign), 'other image')} mounted, {wanted} more wanted; "
            f"DISM mounts at most {MOST_MOUNTS}"
        )
        return [
            Finding("mounts", Level.FAIL, text, "unmount what is no longer needed, or run fewer at a time")
        ]
    odd = [one for one in foreign if not one.is_ok]
    if odd:
        named = ", ".join(f"`{one.folder}` ({one.status})" for one in odd[:3])
        hint = (
            "`dism /Remount-Image` or `/Unmount-Image … /Discard` it; osrecipe touches no mount but its own"
        )
        return [Finding("mounts", Level.WARN, f"damaged mounts of others: {named}", hint)]
    if foreign:
        text = f"{count(len(foreign), 'other image')} mounted; none is in the way"
        return [Finding("mounts", Level.OK, text)]
    return [Finding("mounts", Level.OK, "nothing of others is mounted")]


def _is_below(folder: str, work: Path | str) -> bool:
    """Whether a folder is another one or lies in it."""
    from pathlib import Path as HostPath

    path = HostPath(folder)
    return any(same_folder(one, work) for one in (path, *path.parents))


def _scanner(host: Host) -> Finding:
    if host.scanner:
        return Finding(
            "scanner",
            Level.WARN,
            "a virus scanner watches files as they are opened: servicing is slower, and unmounting may find files open",
            "exclude the work folder (`.osrecipe` beside the output) and dism.exe; look at Controlled Folder Access",
        )
    return Finding("scanner", Level.OK, "no virus scanner is known to be in the way")


def _paths(host: Host, work: Path | None) -> list[Finding]:
    if work is None:
        return []
    text = str(work)
    length = len(text) + _MOUNT_BELOW + _BELOW_WORK
    found = []
    if host.system == "Windows" and not _can_print(text, host.encoding):
        reason = (
            f"DISM can't name the work folder in its output's code page, so no mount would be found: `{work}`"
        )
        found.append(Finding("names", Level.FAIL, reason, "name an output whose path is plain ASCII"))
    if host.system == "Windows" and _PROFILE in text.lower():
        text_of = f"the work folder is in a user's profile: `{work}`"
        found.append(Finding("profile", Level.WARN, text_of, "Microsoft advises against mounting there"))
    if length > _LONGEST and host.system == "Windows":
        reason = (
            f"paths below the mount folders may have {length} characters; some of Windows stops at {_LONGEST}"
        )
        hint = "name an output nearer to the drive's root"
        hint += "; `LongPathsEnabled` of this host is off" if host.long_paths is False else ""
        found.append(Finding("paths", Level.WARN, reason, hint))
    else:
        found.append(
            Finding("paths", Level.OK, f"paths below the mount folders have about {length} characters")
        )
    return found


def _unprintable(host: Host, need: Need | None) -> list[Finding]:
    """Names that DISM would list with question marks, so that they were never found."""
    odd = [name for name in need.names if not _can_print(name, host.encoding)] if need is not None else []
    if not odd or host.system != "Windows":
        return []
    more = f" and {len(odd) - 1} more" if len(odd) > 1 else ""
    text = f"DISM can't list `{odd[0]}`{more} in its output's code page, so it would not be found afterwards"
    return [Finding("names", Level.FAIL, text, "give it a name in plain ASCII")]


def _can_print(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
