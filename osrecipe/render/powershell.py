"""A plan as a PowerShell script with plain DISM commands: the same work, in the same order, with the same stops.

DISM's lines are the dism adapter's own (`describe`); what it does without DISM is written out here in PowerShell's
words. It is for reviewers, and for hosts where nothing else may run. It keeps no store, writes no report, and does
not read the finished ISO back. What else is missing its head says.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from osrecipe.adapters import oscdimg
from osrecipe.adapters.dism import command, describe
from osrecipe.adapters.dism.codes import spellings
from osrecipe.adapters.dism.families import FAMILIES
from osrecipe.adapters.dism.features import NETFX3, netfx3_names
from osrecipe.adapters.dism.listings import SETTING_LABELS
from osrecipe.adapters.dism.placeholders import literal
from osrecipe.model.plan import Session
from osrecipe.model.tasks import (
    AddDrivers,
    AddPackage,
    ApplyTweak,
    ApplyUnattend,
    ChangeSettings,
    CleanupImage,
    CopyMedia,
    EnableNetfx3,
    ExportImages,
    HarvestSetup,
    HarvestSources,
    InjectWinre,
    PlaceFile,
    PlaceSetup,
    PlaceUnattend,
    RemoveApp,
    Servicing,
    SetCapability,
    SetFeature,
    SyncSources,
    TakeImages,
    TakeWinre,
    VerifyMedia,
    WriteIso,
)
from osrecipe.render.powershell_functions import FUNCTIONS, PARAMETERS
from osrecipe.render.powershell_registry import edits
from osrecipe.render.powershell_text import argument, array, ascii_only, comment, string
from osrecipe.windows.answer_files import PLACE
from osrecipe.windows.international import in_effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osrecipe.model.adapter import Action
    from osrecipe.model.plan import Job, Plan, PlannedInput, Task
    from osrecipe.model.winpath import WinPath

_INDENT: Final = "    "
_WINRE: Final = "Windows\\System32\\Recovery\\winre.wim"
_ENABLED: Final = ("Enabled", "Enable Pending")
_DISABLED: Final = ("Disabled", "Disable Pending", "Disabled with Payload Removed")


_VERSION: Final = re.compile(r"[0-9]{1,10}(\.[0-9]{1,10}){0,3}")
_FILES: Final = {"iso": "ISO", "update": "file", "answer-file": "file"}
"""Kinds of inputs that are files, as the script calls them; all others are folders."""


def saved(plan: Plan) -> bytes:
    """The script as a file: UTF-8 with a mark, by which Windows PowerShell 5.1 knows it."""
    return script(plan).encode("utf-8-sig")


def printed(plan: Plan) -> str:
    """The script for standard output, where nobody can say how it is saved: ASCII alone, the host's own line ends."""
    return ascii_only(script(plan)).replace("\r\n", "\n")


def call(plan: Plan, name: str) -> str:
    """The command that runs a saved script, paths left open."""
    paths = "; ".join(f"'{one.id}' = '...'" for one in plan.inputs)
    secrets = "; ".join(f"'{one}' = '...'" for one in plan.secrets)
    said = f" -Secrets @{{{secrets}}}" if secrets else ""
    ops = (task.op for unit in plan.units for task in unit.tasks)
    tool = " -Oscdimg 'oscdimg.exe'" if any(isinstance(op, WriteIso) for op in ops) else ""
    quoted = name.replace("'", "''")
    return f"& '.\\{quoted}' -Inputs @{{{paths}}} -Work 'D:\\work'{tool}{said}"


def script(plan: Plan) -> str:
    """The whole script, with CR LF ends as Windows expects them."""
    lines = [*_head(plan), *PARAMETERS.splitlines(), *FUNCTIONS.splitlines(), "", *_checks(plan)]
    for unit in plan.units:
        lines += [
            "",
            comment(f"--- {unit.id}: {_title(unit)}"),
            f"Write-Step {string(f'{unit.id}: {_title(unit)}')}",
        ]
        lines += _session(unit) if isinstance(unit, Session) else _job(unit)
    lines += ["}", *_ending()]
    return "\r\n".join(lines) + "\r\n"


def _head(plan: Plan) -> list[str]:
    said = [
        f"{plan.recipe}: what `osrecipe apply` does with this plan, as plain DISM commands.",
        f"Plan {plan.digest}, order `{plan.ordering}`.",
        (
            "Not in here: results kept for the next run, several images at a time, the report, trying again what fails for a "
            "moment, giving up what a dead run left mounted, and reading images and the ISO back beyond DISM's own lists."
        ),
        "",
        *(f"input `{one.id}`: {one.summary}" for one in plan.inputs),
    ]
    return [comment(text).rstrip() for text in said]


def _checks(plan: Plan) -> list[str]:
    """Before anything is made: every input is what was planned, nothing is in the way."""
    families = ", ".join(f"@({first}, {last})" for first, last in FAMILIES)
    found = [
        "$Work = Get-Place $Work",
        'if (Test-Path -LiteralPath $Work) { throw "the work folder is there already: $Work" }',
        "$Dism = Get-Program $Dism",
        "if ($Oscdimg) { $Oscdimg = Get-Program $Oscdimg }",
        f"$Families = @({families})",
    ]
    if _asks_for_oscdimg(plan):
        found.append('if (-not $Oscdimg) { throw "the recipe asks for oscdimg: name it with -Oscdimg" }')
    return [
        *found,
        *(
            f"if (-not $Secrets.ContainsKey({string(one)})) {{ throw {string(f'this secret is not given: {one}')} }}"
            for one in plan.secrets
        ),
        "$Given = $Inputs",
        "$Inputs = @{}",
        *(_confirmed(one) for one in plan.inputs),
        f"Confirm-Host {sum(isinstance(unit, Session) for unit in plan.units)}",
        "[void][IO.Directory]::CreateDirectory($Work)",
        "$Tree = Join-Path $Work 'tree'",
        "$Out = Join-Path $Work 'out'",
        f"$Disc = Mount-DiskImage -ImagePath $Inputs[{string(plan.source)}] -Access ReadOnly -PassThru",
        "try {",
        '$Media = "$(($Disc | Get-Volume).DriveLetter):\\"',
        'Start-Unit "checks"',
        *(f"Confirm-Dism {argument('{media}' + str(path))}" for path in _wims(plan)),
        "$NetFx3Names = @()",
    ]


def _confirmed(one: PlannedInput) -> str:
    kind = _FILES.get(one.kind, "folder")
    return f"Confirm-Input {string(one.id)} {string(kind)} {string(one.digest.removeprefix('sha256:'))}"


def _wims(plan: Plan) -> Iterator[WinPath]:
    """The media's files of images that are serviced."""
    for unit in plan.units:
        for task in unit.tasks:
            if isinstance(task.op, TakeImages):
                yield from (path for path in task.op.paths if not path.name.lower().endswith(".cab"))


def _ending() -> list[str]:
    return [
        "finally { [void](Dismount-DiskImage -ImagePath $Disc.ImagePath) }",
        "Show-Outputs",
    ]


def _title(unit: Session | Job) -> str:
    return f"on the image {unit.name} ({unit.target})" if isinstance(unit, Session) else unit.tasks[0].title


def _session(session: Session) -> list[str]:
    """Open, do every task, save; on any failure give the image up and stop."""
    body = [_dism(action) for action in describe.opening(session)]
    for task in session.tasks:
        said = f"{task.id}: {task.title}"
        body += ["", comment(said), f"Write-Step {string(said)}", *_task(task, session)]
    body += ["", _dism(describe.saving())]
    saved = argument(f"{{artifact:{session.id}:image.wim}}")
    return [
        f"Start-Unit {string(session.id)}",
        "try {",
        *_indented(body),
        "}",
        "catch { $failure = $_; Stop-Unit; throw $failure }",
        f"Move-Item -LiteralPath $Image -Destination {saved}",
    ]


def _job(job: Job) -> list[str]:
    lines = [f"Start-Unit {string(job.id)}"]
    for task in job.tasks:
        lines += _task(task, job)
    return lines


def _task(task: Task, unit: Session | Job) -> list[str]:
    match task.op:
        case EnableNetfx3() as op:
            names = f"$NetFx3Names = {array(netfx3_names(op.package))}"
            return [names, *_described(task, unit), *_listed(op)]
        case CleanupImage():
            return ["Assert-NothingPending", *_described(task, unit)]
        case ExportImages() | ApplyUnattend():
            return _described(task, unit)
        case AddDrivers() as op if not op.whole:
            return [_driver_lines(op), *_listed(op)]
        case op if isinstance(op, Servicing):
            return [*_described(task, unit), *_listed(op)]
        case _:
            return list(_plain(task, unit))


def _listed(op: Servicing) -> Iterator[str]:
    """DISM's own list read afterwards, as the adapter does."""
    match op:
        case AddPackage():
            yield f"Assert-Package {string(op.package)}"
        case EnableNetfx3():
            yield f"Assert-Feature {string(NETFX3)} {array(_ENABLED)}"
        case SetFeature():
            states = _ENABLED if op.state == "enabled" else _DISABLED
            yield f"Assert-Feature {string(op.feature)} {array(states)}"
        case SetCapability():
            yield f"Assert-Capability {string(op.capability)} {'$false' if op.source is None else '$true'}"
        case RemoveApp():
            yield f"Assert-NoApp {string(op.package)}"
        case AddDrivers():
            names = [each.inf.rpartition("/")[2] for each in op.drivers]
            versions = [each.version if _VERSION.fullmatch(each.version) else "" for each in op.drivers]
            yield f"Assert-Drivers {array(names)} {array(versions)}"
        case ChangeSettings():
            yield from _settings(op)


def _driver_lines(op: AddDrivers) -> str:
    """How many fit on a line depends on where the folder is, so the script sees to it."""
    options = " @('/ForceUnsigned')" if op.unsigned else ""
    infs = array(inf.replace("/", "\\") for inf in op.infs)
    return f"Add-Drivers {argument(describe.name_of(op.source))} {infs}{options}"


def _settings(op: ChangeSettings) -> Iterator[str]:
    wanted = in_effect((each.name, each.value) for each in op.settings)
    for label, name in SETTING_LABELS.items():
        if name in wanted:
            yield f"Assert-Setting {string(label)} {array(wanted[name].split(';'))}"


def _described(task: Task, unit: Session | Job) -> list[str]:
    """The adapter's commands for a task; what the plan tolerates is tolerated."""
    tolerated = task.op.tolerates if isinstance(task.op, AddPackage) else ()
    return [_dism(action, tolerated) for action in describe.describe(task, unit) if action.is_command]


def _dism(action: Action, tolerated: Sequence[str] = ()) -> str:
    arguments = ", ".join(argument(text) for text in action.argv[1:])
    line = f"Invoke-Dism @({arguments})"
    numbers = [str(spelt) for code in tolerated for spelt in spellings(code)]
    return f"{line} @({', '.join(numbers)})" if numbers else line


def _plain(task: Task, unit: Session | Job) -> Iterator[str]:
    """What needs no DISM."""
    target = unit.target if isinstance(unit, Session) else "install"
    match task.op:
        case ApplyTweak() as op:
            yield from _tweak(op, target)
        case InjectWinre() as op:
            yield _copy(describe.name_of(op.winre), "{mount}\\" + _WINRE)
        case PlaceUnattend() as op:
            panther = argument("{mount}\\" + str(PLACE.parent))
            yield f"[void][IO.Directory]::CreateDirectory({panther})"
            yield _copy(describe.name_of(op.source), "{mount}\\" + str(PLACE))
        case HarvestSources() as op:
            to = argument(f"{{artifact:{unit.id}:sources}}")
            yield f"Copy-Newer {string(op.by)} {to}"
        case HarvestSetup():
            yield from _harvest_setup(str(unit.id))
        case TakeWinre() as op:
            yield from _take_winre(op, str(unit.id))
        case _:
            yield from _media(task, str(unit.id))


def _media(task: Task, unit: str) -> Iterator[str]:
    """What is done to the media."""
    match task.op:
        case TakeImages() as op:
            for path in op.paths:
                name = "netfx3.cab" if path.name.lower().endswith(".cab") else path.name
                to = f"{{artifact:{unit}:{name}}}"
                yield _copy(f"{{media}}{literal(str(path))}", to)
                yield f"Set-ItemProperty -LiteralPath {argument(to)} -Name IsReadOnly -Value $false"
        case CopyMedia() as op:
            without = " ".join(argument(f"{{media}}{literal(str(path))}") for path in op.without)
            excluded = f" /XF {without}" if without else ""
            yield f"& robocopy.exe $Media $Tree /E /A-:R /R:1 /W:1 /NP{excluded} | Out-Null"
            yield 'if ($LASTEXITCODE -ge 8) { throw "robocopy ended with $LASTEXITCODE" }'
        case PlaceFile() as op:
            yield _copy(describe.name_of(op.source), "{tree}\\" + literal(str(op.to)))
        case SyncSources() | PlaceSetup() as op:
            yield f"if (Test-Path -LiteralPath {argument(describe.name_of(op.harvest))}) {{"
            yield _INDENT + _copy_below(describe.name_of(op.harvest), "{tree}\\sources")
            yield "}"
        case WriteIso() as op:
            yield from _iso(op)
        case VerifyMedia():
            yield comment("osrecipe reads the ISO back here; by hand: dism /Get-ImageInfo on the ISO's WIMs")


def _copy(source: str, to: str) -> str:
    return f"Copy-Item -LiteralPath {argument(source)} -Destination {argument(to)} -Force"


def _copy_below(source: str, to: str) -> str:
    """What is in a folder, into another."""
    return f"Copy-Inside {argument(source)} {argument(to)}"


def _tweak(op: ApplyTweak, target: str) -> Iterator[str]:
    """Registry first, then deletions, then files, as the engine does it."""
    if op.because:
        yield comment(f"because: {op.because}")
    yield from edits(op.registry, target)
    for path in op.delete:
        place = argument("{mount}\\" + literal(str(path)))
        yield f"if (Test-Path -LiteralPath {place}) {{ Remove-Item -LiteralPath {place} -Recurse -Force }}"
    for copy in op.copy_folders:
        yield _copy_below(describe.name_of(copy.source), "{mount}\\" + literal(str(copy.to)))


def _harvest_setup(unit: str) -> Iterator[str]:
    folder = argument(f"{{artifact:{unit}:setup}}")
    yield f"[void][IO.Directory]::CreateDirectory({folder})"
    yield "foreach ($name in @('setup.exe', 'setuphost.exe')) {"
    yield '    $file = Join-Path $Mount "sources\\$name"'
    yield f"    if (Test-Path -LiteralPath $file) {{ Copy-Item -LiteralPath $file -Destination {folder} -Force }}"
    yield "}"


def _take_winre(op: TakeWinre, unit: str) -> Iterator[str]:
    """DISM can only mount to read a file out of an image; nothing is saved."""
    wim = describe.name_of(op.image.wim)
    mount = command.mount(wim, op.image.index, describe.MOUNT)
    line = command.line("dism.exe", mount, log=describe.LOG, scratch=describe.SCRATCH)
    arguments = ", ".join(argument(text) for text in (*line[1:], "/ReadOnly"))
    yield "try {"
    yield f"    Invoke-Dism @({arguments})"
    yield _INDENT + _copy("{mount}\\" + _WINRE, f"{{artifact:{unit}:winre.wim}}")
    yield "}"
    yield "finally { Stop-Unit }"


def _iso(op: WriteIso) -> Iterator[str]:
    """A script has no writer of its own: whoever the recipe names, it is oscdimg, with a run's own options."""
    to = argument("{out}\\" + PurePosixPath(op.output).name)
    yield f"if ($Oscdimg) {{ Write-Iso {array(oscdimg.options(op))} {to} }}"
    yield 'else { Write-Warning "no ISO was written: name oscdimg.exe with -Oscdimg; the media is in $Tree" }'


def _asks_for_oscdimg(plan: Plan) -> bool:
    ops = (task.op for unit in plan.units for task in unit.tasks)
    return any(isinstance(op, WriteIso) and op.writer == "oscdimg" for op in ops)


def _indented(lines: list[str]) -> list[str]:
    return [_INDENT + line if line else "" for line in lines]
