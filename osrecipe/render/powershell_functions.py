"""What every PowerShell script begins with: its parameters, and the functions that its lines call. Text only.

Several `/Driver:` may stand on one line: DISM installs them in the order of the line, says Microsoft's page "DISM Driver
Servicing (.inf) Command-Line Options", under its limitations.
"""

from __future__ import annotations

from typing import Final

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
$PSNativeCommandUseErrorActionPreference = $false
"""

FUNCTIONS: Final = r"""
function Write-Step {
    param([string] $Text)
    Write-Host "[$((Get-Date).ToString('HH:mm:ss'))] $Text"
}

function Get-Place {
    # An absolute path without a separator at its end, which would take a quotation mark along; a drive keeps its own.
    param([string] $Path)
    $whole = [IO.Path]::GetFullPath($ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path))
    if ($whole.Length -le [IO.Path]::GetPathRoot($whole).Length) { return $whole }
    return $whole.TrimEnd('\')
}

function Get-Program {
    # A program's whole path: a file's, or what is found by a name.
    param([string] $Name)
    if ($Name -match '[\\/]') {
        $path = Get-Place $Name
        if (-not (Test-Path -LiteralPath $path -PathType Leaf)) { throw "there is no such program: $path" }
        return $path
    }
    return @(Get-Command -Name $Name -CommandType Application)[0].Source
}

function Get-TreeDigest {
    # The digest osrecipe has for a folder: of all its folders and files, in the order of their names' bytes in UTF-8.
    param([string] $Folder)
    $utf8 = New-Object Text.UTF8Encoding $false
    $rows = New-Object 'Collections.Generic.SortedDictionary[string,string]' ([StringComparer]::Ordinal)
    foreach ($one in Get-ChildItem -LiteralPath $Folder -Recurse -Force) {
        if (@('SymbolicLink', 'Junction') -contains $one.LinkType) { throw "not a plain file or folder: $($one.FullName)" }
        $name = $one.FullName.Substring($Folder.Length).TrimStart('\').Replace('\', '/')
        $key = [BitConverter]::ToString($utf8.GetBytes($name))
        $shown = $name.Normalize([Text.NormalizationForm]::FormC)
        if ($one.PSIsContainer) { $rows.Add($key, "[`"$shown`",`"folder`"]") }
        else {
            $hash = (Get-FileHash -LiteralPath $one.FullName -Algorithm SHA256).Hash.ToLowerInvariant()
            $rows.Add($key, "[`"$shown`",`"file`",`"$hash`"]")
        }
    }
    $sha256 = [Security.Cryptography.SHA256]::Create()
    try { $digest = $sha256.ComputeHash($utf8.GetBytes('[' + (@($rows.Values) -join ',') + ']')) } finally { $sha256.Dispose() }
    return [BitConverter]::ToString($digest).Replace('-', '')
}

function Confirm-Input {
    # An input is what it was planned to be, by its kind and its bytes; its lines then have its whole path.
    param([string] $Id, [string] $Kind, [string] $Sha256)
    if (-not $Given.ContainsKey($Id)) { throw "no path is given for this input: $Id" }
    $path = Get-Place $Given[$Id]
    $type = if ($Kind -eq 'folder') { 'Container' } else { 'Leaf' }
    if (-not (Test-Path -LiteralPath $path -PathType $type)) { throw "there is no $Kind for this input: ${Id}: $path" }
    Write-Step "look at ${Id}: $path"
    $found = if ($Kind -eq 'folder') { Get-TreeDigest $path }
             else { (Get-FileHash -LiteralPath $path -Algorithm SHA256).Hash }
    if ($found -ne $Sha256) { throw "this input is not what was planned: ${Id}: $path" }
    $Inputs[$Id] = $path
}

function Confirm-Host {
    # What would stop DISM in an hour: a 32-bit process, a volume it can't mount on. Space is estimated, so it only warns.
    param([int] $Images)
    if ([Environment]::Is64BitOperatingSystem -and (-not [Environment]::Is64BitProcess)) {
        throw 'this is a 32-bit PowerShell: start the 64-bit one'
    }
    $root = [IO.Path]::GetPathRoot($Work)
    if ($root -notmatch '^[A-Za-z]:') { throw "the work folder is not on a drive of this computer: $Work" }
    $drive = New-Object IO.DriveInfo $root
    if ($drive.DriveType -ne 'Fixed') { throw "the work folder is not on a fixed drive: $Work" }
    if ($drive.DriveFormat -ne 'NTFS') { throw "the work folder is on $($drive.DriveFormat), DISM mounts on NTFS: $Work" }
    $need = [long]0
    foreach ($path in $Inputs.Values) {
        if (Test-Path -LiteralPath $path -PathType Leaf) { $need += (Get-Item -LiteralPath $path -Force).Length * ($Images + 4) }
    }
    if ($drive.AvailableFreeSpace -lt $need) {
        Write-Warning ('{0:N1} GiB are free on {1}, {2:N1} may be needed' -f ($drive.AvailableFreeSpace / 1073741824), $root, ($need / 1073741824))
    }
}

function Get-Family {
    # Builds that share a component store are one family, called by its first build.
    param([int] $Build)
    foreach ($one in $Families) { if (($one[0] -le $Build) -and ($Build -le $one[1])) { return $one[0] } }
    return $Build
}

function Confirm-Dism {
    # DISM services images of its own family of builds, and older ones.
    param([string] $Wim)
    $said = (& $Dism (Get-Globals) /Get-ImageInfo "/ImageFile:$Wim" /Index:1) -join "`n"
    if ($said -notmatch '(?m)^Version: (\d+)\.(\d+)\.(\d+)') { throw "this does not answer as DISM: $Dism" }
    $tool = [version]"$($Matches[1]).$($Matches[2]).$(Get-Family $Matches[3])"
    if ($said -notmatch '(?m)^Version : (\d+)\.(\d+)\.(\d+)') {
        Write-Warning "DISM does not say which Windows is in $Wim"
        return
    }
    $inside = [version]"$($Matches[1]).$($Matches[2]).$(Get-Family $Matches[3])"
    if ($inside -gt $tool) { throw "DISM $tool is older than the image in ${Wim}: $inside; name another with -Dism" }
}

function Get-Globals {
    # With every command.
    return @('/English', '/NoRestart', "/LogPath:$Log", '/LogLevel:3', "/ScratchDir:$Scratch")
}

function Invoke-Dism {
    # Stops at every code but success and what is tolerated here; 3010 is success with something left for the first start.
    param([string[]] $Arguments, [long[]] $Tolerated = @())
    Write-Host "dism $($Arguments -join ' ')"
    $said = & $Dism @Arguments | ForEach-Object {
        Write-Host $_
        [IO.File]::AppendAllText("$Log.console.txt", "$_`r`n")
        $_
    }
    $code = [long]$LASTEXITCODE -band 4294967295
    if ($Tolerated -contains $code) { Write-Warning "tolerated: 0x$($code.ToString('x8'))"; return }
    if (($code -ne 0) -and ($code -ne 3010)) { throw "DISM ended with 0x$($code.ToString('x8')); see $Log" }
    if (-not (($said -join "`n") -match 'The operation completed successfully')) {
        throw "DISM ended with 0 but does not say that all went well; see $Log"
    }
}

function Read-Dism {
    # What DISM lists of the mounted image, as one text.
    param([string] $What)
    $said = (& $Dism (Get-Globals) "/Image:$Mount" $What) -join "`n"
    if ($LASTEXITCODE -ne 0) { throw "DISM can't tell ${What}: it ended with $LASTEXITCODE; see $Log" }
    return $said
}

function Get-Artifact {
    param([string] $Unit, [string] $Name)
    return (Join-Path (Join-Path (Join-Path $Work 'artifacts') $Unit) $Name)
}

function Start-Unit {
    # A unit's folders; the variables are those that its command lines name.
    param([string] $Name)
    $folder = Join-Path (Join-Path $Work 'units') $Name
    foreach ($one in @('mount', 'scratch')) { [void][IO.Directory]::CreateDirectory((Join-Path $folder $one)) }
    [void][IO.Directory]::CreateDirectory((Join-Path (Join-Path $Work 'artifacts') $Name))
    $script:Unit = $Name
    $script:Mount = Join-Path $folder 'mount'
    $script:Scratch = Join-Path $folder 'scratch'
    $script:Image = Join-Path $folder 'image.wim'
    $script:Log = Join-Path $folder 'dism.log'
}

function Stop-Unit {
    # Gives up whatever is mounted; the first failure is what the script ends with.
    try {
        if (@(Get-ChildItem -LiteralPath $Mount -Force).Count -eq 0) { return }
        & $Dism (Get-Globals) /Unmount-Image "/MountDir:$Mount" /Discard | Write-Host
        if ($LASTEXITCODE -ne 0) { Write-Warning "still mounted: $Mount" }
    }
    catch { Write-Warning "still mounted, perhaps: ${Mount}: $_" }
}

function Get-SourceFolder {
    # The .NET 3.5 cabinet in a folder of its own, under the names DISM looks for.
    param([string] $Unit, [string] $Name)
    $folder = Join-Path $Scratch 'sxs'
    [void][IO.Directory]::CreateDirectory($folder)
    foreach ($one in $NetFx3Names) { Copy-Item -LiteralPath (Get-Artifact $Unit $Name) -Destination (Join-Path $folder $one) }
    return $folder
}

function Copy-Alone {
    # A package in a folder of its own, with the checkpoints it builds on: DISM takes other packages it finds beside one.
    param([string[]] $Ids)
    $folder = Join-Path $Scratch ('alone-' + $Ids[0])
    if ([IO.Directory]::Exists($folder)) { Remove-Item -LiteralPath $folder -Recurse -Force }
    [void][IO.Directory]::CreateDirectory($folder)
    foreach ($one in $Ids) {
        $place = Join-Path $folder ([IO.Path]::GetFileName($Inputs[$one]))
        if ([IO.File]::Exists($place)) { $place = Join-Path $folder ("$one-" + [IO.Path]::GetFileName($place)) }
        [IO.File]::Copy($Inputs[$one], $place, $false)
    }
    return (Join-Path $folder ([IO.Path]::GetFileName($Inputs[$Ids[0]])))
}

function Assert-Package {
    # Offline, Install Pending is success.
    param([string] $Identity)
    $said = Read-Dism /Get-Packages
    if (-not ($said -match ('(?im)^Package Identity : ' + [regex]::Escape($Identity) + '\s*\nState : (Installed|Install Pending)'))) {
        throw "DISM does not list the package as installed: $Identity"
    }
}

function Assert-Feature {
    param([string] $Name, [string[]] $States)
    $said = Read-Dism /Get-Features
    if (-not ($said -match ('(?im)^Feature Name : ' + [regex]::Escape($Name) + '\s*\nState : (' + ($States -join '|') + ')'))) {
        throw "DISM lists the feature otherwise: $Name"
    }
}

function Assert-Capability {
    param([string] $Name, [bool] $There)
    $said = Read-Dism /Get-Capabilities
    $found = $said -match ('(?im)^Capability Identity : ' + [regex]::Escape($Name) + '\s*\nState : (Installed|Install Pending)')
    if ($found -ne $There) { throw "DISM lists the capability otherwise: $Name" }
}

function Assert-NoApp {
    param([string] $Package)
    $said = Read-Dism /Get-ProvisionedAppxPackages
    if ($said -match ('(?im)^PackageName : ' + [regex]::Escape($Package) + '\s*$')) { throw "the app is still there: $Package" }
}

function Add-Drivers {
    # INF by INF, in this order, as many on a line as Windows takes of characters.
    param([string] $Folder, [string[]] $Infs, [string[]] $Options = @())
    $front = @(Get-Globals) + @("/Image:$Mount", '/Add-Driver')
    $names = @()
    $length = 0
    foreach ($inf in $Infs) {
        $one = "/Driver:$([IO.Path]::Combine($Folder, $inf))"
        if (($names.Count -gt 0) -and ($length + $one.Length -gt 20000)) {
            Invoke-Dism ($front + $names + $Options)
            $names = @()
            $length = 0
        }
        $names += $one
        $length += $one.Length + 3
    }
    Invoke-Dism ($front + $names + $Options)
}

function Get-VersionKey {
    # 1.02 and 1.2.0.0 are one version; what is none is itself.
    param([string] $Text)
    $parts = @($Text.Trim().Split('.'))
    if (($parts.Count -gt 4) -or (@($parts | Where-Object { $_ -notmatch '^[0-9]{1,10}$' }).Count -gt 0)) { return $Text.Trim() }
    $numbers = @($parts | ForEach-Object { [long]$_ })
    while ($numbers.Count -lt 4) { $numbers += 0 }
    return ($numbers -join '.')
}

function Assert-Drivers {
    # DISM reports an INF it can't use and calls that success. Each is looked for by name and, where its INF has one, version.
    param([string[]] $Infs, [string[]] $Versions)
    $there = @()
    $name = ''
    foreach ($line in (Read-Dism /Get-Drivers) -split "`n") {
        if ($line -match '^Original File Name : (.+?)\s*$') { $name = $Matches[1]; $there += $name }
        elseif ($line -match '^Version : (\S+)\s*$') { $there += "$name $(Get-VersionKey $Matches[1])" }
    }
    for ($at = 0; $at -lt $Infs.Count; $at++) {
        $key = if ($Versions[$at]) { "$($Infs[$at]) $(Get-VersionKey $Versions[$at])" } else { $Infs[$at] }
        if ($there -notcontains $key) { throw "DISM does not list the driver: $key" }
    }
}

function Assert-Setting {
    param([string] $Label, [string[]] $Values)
    $said = Read-Dism /Get-Intl
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
    finally { Close-Hive }
}

function Close-Hive {
    # Keys that were read are open until they are collected.
    foreach ($wait in @(0, 1, 3, 10)) {
        Start-Sleep -Seconds $wait
        [gc]::Collect()
        [gc]::WaitForPendingFinalizers()
        & reg.exe unload 'HKLM\osrecipe' | Out-Null
        if ($LASTEXITCODE -eq 0) { return }
    }
    throw 'the hive is still loaded, so the image cannot be let go: HKLM\osrecipe'
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
            [void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($target))
            Copy-Item -LiteralPath $new.FullName -Destination $target -Force
        }
    }
}

function Copy-Inside {
    # What is in a folder, into another; no name is taken for a pattern.
    param([string] $From, [string] $To)
    [void][IO.Directory]::CreateDirectory($To)
    foreach ($one in Get-ChildItem -LiteralPath $From -Force) {
        Copy-Item -LiteralPath $one.FullName -Destination $To -Recurse -Force
    }
}

function Write-Iso {
    # Started in the tree, so that boot images have short names: -bootdata has no way to quote a comma or a number sign.
    param([string[]] $Options, [string] $To)
    [void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($To))
    $partial = "$To.part.iso"
    Push-Location -LiteralPath $Tree
    try {
        & $Oscdimg @Options $Tree $partial | Write-Host
        $code = $LASTEXITCODE
    }
    finally { Pop-Location }
    if ($code -ne 0) { throw "oscdimg ended with $code" }
    if ((-not (Test-Path -LiteralPath $partial)) -or ((Get-Item -LiteralPath $partial).Length -eq 0)) {
        throw 'oscdimg ended with 0 and wrote no ISO'
    }
    Move-Item -LiteralPath $partial -Destination $To
}

function Show-Outputs {
    # What there is now, a line each.
    if (Test-Path -LiteralPath $Out) {
        foreach ($one in Get-ChildItem -LiteralPath $Out -File) { Write-Step ('done: {0}, {1:N0} bytes' -f $one.FullName, $one.Length) }
    }
    elseif (Test-Path -LiteralPath $Tree) { Write-Step "done, without an ISO: the media is $Tree" }
}
"""
