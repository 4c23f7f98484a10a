"""PowerShell as text: strings that can't end early, comments of one line, and the functions every script begins with.

Everything outside ASCII becomes `$([char]…)`, because Windows PowerShell reads a script without a mark in the host's
code page. It knows nothing of plans.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPECIAL: Final = frozenset('`"$#')
"""Characters behind a backtick; the number sign only for parsers that see a comment behind a subexpression."""
_NAMED: Final = re.compile(r"\{([a-z]+)(?::([^{}]+))?\}")
_ASCII: Final = 0x7F


def string(text: str) -> str:
    """A double-quoted string that is exactly this text."""
    return f'"{_escaped(text)}"'


def argument(text: str) -> str:
    """An argument with names in braces, which become the script's variables."""
    parts: list[str] = []
    end = 0
    for match in _NAMED.finditer(text):
        parts += [_escaped(text[end : match.start()]), _variable(match[1], match[2] or "")]
        end = match.end()
    return f'"{"".join(parts)}{_escaped(text[end:])}"'


def _variable(name: str, rest: str) -> str:
    """`{input:ID}`, `{package:ID,ID}`, `{artifact:UNIT:NAME}`, `{sources:UNIT:NAME}`, or a plain variable."""
    if name == "input":
        return f"$($Inputs[{string(rest)}])"
    if name == "package":
        return f"$(Copy-Alone {array(rest.split(','))})"
    if name in {"artifact", "sources"}:
        unit, _, file = rest.partition(":")
        function = "Get-Artifact" if name == "artifact" else "Get-SourceFolder"
        return f"$({function} {string(unit)} {string(file)})"
    return f"$({'$' + name.capitalize()})"


def _escaped(text: str) -> str:
    pieces: list[str] = []
    for character in text:
        if character in _SPECIAL:
            pieces.append(f"`{character}")
        elif " " <= character <= "~":
            pieces.append(character)
        else:
            units = character.encode("utf-16-le", "surrogatepass")
            codes = [int.from_bytes(units[at : at + 2], "little") for at in range(0, len(units), 2)]
            pieces += [f"$([char]0x{code:04x})" for code in codes]
    return "".join(pieces)


def comment(text: str) -> str:
    """One line of comment, whatever the text holds."""
    return "# " + "".join(c if " " <= c <= "~" else "?" for c in " ".join(text.split()))


def array(items: Iterable[str]) -> str:
    """An array of strings."""
    return "@(" + ", ".join(string(item) for item in items) + ")"


PARAMETERS: Final = r"""#Requires -Version 5.1
#Requires -RunAsAdministrator
[CmdletBinding()]
param(
    # The path of each input by its id: @{media = 'D:\in\Win10.iso'; lcu = 'D:\in\kb1.msu'}
    [Parameter(Mandatory = $true)] [hashtable] $Inputs,
    # A folder that is not there yet, on a fixed NTFS volume; everything is made below it.
    [Parameter(Mandatory = $true)] [string] $Work,
    # The values of the recipe's secrets by their names.
    [hashtable] $Secrets = @{},
    # dism.exe: the system's, or the one of an ADK of the image's release.
    [string] $Dism = 'dism.exe',
    # oscdimg.exe of the ADK; without it the finished media stays a folder, or nothing is begun where the recipe asks for it.
    [string] $Oscdimg = ''
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
"""

FUNCTIONS: Final = r"""
function Invoke-Dism {
    # Stops at every code but success and what is tolerated here; 3010 is success with something left for the first start.
    param([string[]] $Arguments, [long[]] $Tolerated = @())
    Write-Host "dism $($Arguments -join ' ')"
    $said = & $Dism @Arguments | Tee-Object -FilePath "$Log.console.txt" -Append
    $code = [long]$LASTEXITCODE -band 4294967295
    if ($Tolerated -contains $code) { Write-Warning "tolerated: 0x$($code.ToString('x8'))"; return }
    if (($code -ne 0) -and ($code -ne 3010)) {
        $said | Write-Host
        throw "DISM ended with 0x$($code.ToString('x8')); see $Log"
    }
    if (-not (($said -join "`n") -match 'The operation completed successfully')) {
        throw "DISM ended with 0 but does not say that all went well; see $Log"
    }
}

function Get-Artifact {
    param([string] $Unit, [string] $Name)
    return (Join-Path (Join-Path (Join-Path $Work 'artifacts') $Unit) $Name)
}

function Start-Unit {
    # A unit's folders; the variables are those that its command lines name.
    param([string] $Name)
    $folder = Join-Path (Join-Path $Work 'units') $Name
    foreach ($one in @('mount', 'scratch')) { [void](New-Item -ItemType Directory -Path (Join-Path $folder $one)) }
    [void](New-Item -ItemType Directory -Force -Path (Join-Path (Join-Path $Work 'artifacts') $Name))
    $script:Unit = $Name
    $script:Mount = Join-Path $folder 'mount'
    $script:Scratch = Join-Path $folder 'scratch'
    $script:Image = Join-Path $folder 'image.wim'
    $script:Log = Join-Path $folder 'dism.log'
}

function Stop-Unit {
    # Gives up whatever is mounted; the first failure is what the script ends with.
    if (@(Get-ChildItem -LiteralPath $Mount -Force).Count -gt 0) {
        & $Dism /English /NoRestart /Unmount-Image "/MountDir:$Mount" /Discard | Write-Host
        if ($LASTEXITCODE -ne 0) { Write-Warning "still mounted: $Mount" }
    }
}

function Get-SourceFolder {
    # The .NET 3.5 cabinet in a folder of its own, under the names DISM looks for.
    param([string] $Unit, [string] $Name)
    $folder = Join-Path $Scratch 'sxs'
    [void](New-Item -ItemType Directory -Force -Path $folder)
    foreach ($one in $NetFx3Names) { Copy-Item -LiteralPath (Get-Artifact $Unit $Name) -Destination (Join-Path $folder $one) }
    return $folder
}

function Copy-Alone {
    # A package in a folder of its own, with the checkpoints it builds on: DISM takes other packages it finds beside one.
    param([string[]] $Ids)
    $folder = Join-Path $Scratch $Ids[0]
    [void](New-Item -ItemType Directory -Force -Path $folder)
    foreach ($one in $Ids) { Copy-Item -LiteralPath $Inputs[$one] -Destination $folder -Force }
    return (Join-Path $folder (Split-Path -Leaf $Inputs[$Ids[0]]))
}

function Assert-Package {
    # Offline, Install Pending is success.
    param([string] $Identity)
    $said = (& $Dism /English "/Image:$Mount" /Get-Packages) -join "`n"
    if (-not ($said -match ('(?im)^Package Identity : ' + [regex]::Escape($Identity) + '\s*\nState : (Installed|Install Pending)'))) {
        throw "DISM does not list the package as installed: $Identity"
    }
}

function Assert-Feature {
    param([string] $Name, [string[]] $States)
    $said = (& $Dism /English "/Image:$Mount" /Get-Features) -join "`n"
    if (-not ($said -match ('(?im)^Feature Name : ' + [regex]::Escape($Name) + '\s*\nState : (' + ($States -join '|') + ')'))) {
        throw "DISM lists the feature otherwise: $Name"
    }
}

function Assert-Capability {
    param([string] $Name, [bool] $There)
    $said = (& $Dism /English "/Image:$Mount" /Get-Capabilities) -join "`n"
    $found = $said -match ('(?im)^Capability Identity : ' + [regex]::Escape($Name) + '\s*\nState : (Installed|Install Pending)')
    if ($found -ne $There) { throw "DISM lists the capability otherwise: $Name" }
}

function Assert-NoApp {
    param([string] $Package)
    $said = (& $Dism /English "/Image:$Mount" /Get-ProvisionedAppxPackages) -join "`n"
    if ($said -match ('(?im)^PackageName : ' + [regex]::Escape($Package) + '\s*$')) { throw "the app is still there: $Package" }
}

function Assert-Drivers {
    # DISM reports an INF it can't use and calls that success.
    param([string[]] $Names)
    $said = (& $Dism /English "/Image:$Mount" /Get-Drivers) -join "`n"
    foreach ($one in $Names) {
        if (-not ($said -match ('(?im)^Original File Name : ' + [regex]::Escape($one) + '\s*$'))) {
            throw "DISM does not list the driver: $one"
        }
    }
}

function Assert-Setting {
    param([string] $Label, [string[]] $Values)
    $said = (& $Dism /English "/Image:$Mount" /Get-Intl) -join "`n"
    foreach ($one in $Values) {
        if (-not ($said -match ('(?im)^' + [regex]::Escape($Label) + ' : .*' + [regex]::Escape($one)))) {
            throw "DISM reports another value: $Label"
        }
    }
}

function Assert-NothingPending {
    if (Test-Path -LiteralPath (Join-Path $Mount 'Windows\WinSxS\pending.xml')) {
        throw 'actions are pending in the image, so it cannot be cleaned up'
    }
}

function Edit-Hive {
    # Loads one hive of the image, edits it, and lets it go whatever happens: an image with a loaded hive can't be saved.
    param([string] $File, [scriptblock] $Edit)
    & reg.exe load 'HKLM\osrecipe' (Join-Path $Mount $File) | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "the hive can't be loaded: $File" }
    try { & $Edit }
    finally {
        [gc]::Collect()
        [gc]::WaitForPendingFinalizers()
        & reg.exe unload 'HKLM\osrecipe' | Out-Null
        if ($LASTEXITCODE -ne 0) { throw "the hive is still loaded: HKLM\osrecipe" }
    }
}

function Get-KeyPath {
    # CurrentControlSet is the set that Select names.
    param([string] $Path)
    if ($Path -match '^CurrentControlSet(\\|$)') {
        $select = Get-ItemProperty -LiteralPath 'Registry::HKEY_LOCAL_MACHINE\osrecipe\Select'
        $Path = $Path -replace '^CurrentControlSet', ('ControlSet{0:d3}' -f $select.Current)
    }
    return "osrecipe\$Path"
}

function Set-HiveValue {
    param([string] $Path, [string] $Name, [object] $Value, [Microsoft.Win32.RegistryValueKind] $Kind)
    $key = [Microsoft.Win32.Registry]::LocalMachine.CreateSubKey((Get-KeyPath $Path))
    try { $key.SetValue($Name, $Value, $Kind) } finally { $key.Close() }
}

function Remove-HiveValue {
    param([string] $Path, [string] $Name)
    $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey((Get-KeyPath $Path), $true)
    if ($null -ne $key) { try { $key.DeleteValue($Name, $false) } finally { $key.Close() } }
}

function Add-HiveKey {
    param([string] $Path)
    [Microsoft.Win32.Registry]::LocalMachine.CreateSubKey((Get-KeyPath $Path)).Close()
}

function Remove-HiveKey {
    param([string] $Path)
    [Microsoft.Win32.Registry]::LocalMachine.DeleteSubKeyTree((Get-KeyPath $Path), $false)
}

function Copy-Newer {
    # What the media's sources has an older copy of, out of the image's System32.
    param([string] $By, [string] $To)
    $sources = Join-Path $Media 'sources'
    foreach ($old in Get-ChildItem -LiteralPath $sources -Recurse -File) {
        $relative = $old.FullName.Substring($sources.Length).TrimStart('\')
        $new = Get-Item -LiteralPath (Join-Path $Mount "Windows\System32\$relative") -Force -ErrorAction SilentlyContinue
        if ($null -eq $new) { continue }
        $newer = if ($By -eq 'version') { $new.VersionInfo.FileVersionRaw -gt $old.VersionInfo.FileVersionRaw }
                 else { $new.LastWriteTimeUtc -gt $old.LastWriteTimeUtc }
        if ($newer) {
            $target = Join-Path $To $relative
            [void](New-Item -ItemType Directory -Force -Path (Split-Path -Parent $target))
            Copy-Item -LiteralPath $new.FullName -Destination $target -Force
        }
    }
}

function Write-Iso {
    # Started in the tree, so that boot images have short names: -bootdata has no way to quote a comma or a number sign.
    param([string[]] $Options, [string] $To)
    $tool = @(Get-Command -Name $Oscdimg -CommandType Application)[0].Source
    $partial = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath("$To.part.iso")
    Push-Location -LiteralPath $Tree
    try {
        & $tool @Options (Get-Location).ProviderPath $partial | Write-Host
        $code = $LASTEXITCODE
    }
    finally { Pop-Location }
    if ($code -ne 0) { throw "oscdimg ended with $code" }
    if ((-not (Test-Path -LiteralPath $partial)) -or ((Get-Item -LiteralPath $partial).Length -eq 0)) {
        throw 'oscdimg ended with 0 and wrote no ISO'
    }
    Move-Item -LiteralPath $partial -Destination $To
}
"""
