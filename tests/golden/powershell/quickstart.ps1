# quickstart: what `osrecipe apply` does with this plan, as plain DISM commands.
# Plan sha256:…, order `classic`.
# Not in here: results kept for the next run, several images at a time, the report, trying again what fails for a moment, giving up what a dead run left mounted, and reading images and the ISO back beyond DISM's own lists.
#
# input `media`: media OSR_SAMPLE_X64: 2 install images, 10.0.17134.1
# input `ssu`: servicing-stack KB9000001 amd64
# input `lcu`: cumulative KB9000002 17134.228 amd64
#Requires -Version 5.1
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

$Work = Get-Place $Work
if (Test-Path -LiteralPath $Work) { throw "the work folder is there already: $Work" }
$Dism = Get-Program $Dism
if ($Oscdimg) { $Oscdimg = Get-Program $Oscdimg }
$Families = @(@(19041, 19045), @(22621, 22631), @(26100, 26200))
$Given = $Inputs
$Inputs = @{}
Confirm-Input "media" "ISO" "…"
Confirm-Input "ssu" "file" "…"
Confirm-Input "lcu" "file" "…"
Confirm-Host 7
[void][IO.Directory]::CreateDirectory($Work)
$Tree = Join-Path $Work 'tree'
$Out = Join-Path $Work 'out'
$Disc = Mount-DiskImage -ImagePath $Inputs["media"] -Access ReadOnly -PassThru
try {
$Media = "$(($Disc | Get-Volume).DriveLetter):\"
Start-Unit "checks"
Confirm-Dism "$($Media)sources\install.wim"
Confirm-Dism "$($Media)sources\boot.wim"
$NetFx3Names = @()

# --- source.images: take the images out of the source ISO
Write-Step "source.images: take the images out of the source ISO"
Start-Unit "source.images"
Copy-Item -LiteralPath "$($Media)sources\install.wim" -Destination "$(Get-Artifact "source.images" "install.wim")" -Force
Set-ItemProperty -LiteralPath "$(Get-Artifact "source.images" "install.wim")" -Name IsReadOnly -Value $false
Copy-Item -LiteralPath "$($Media)sources\boot.wim" -Destination "$(Get-Artifact "source.images" "boot.wim")" -Force
Set-ItemProperty -LiteralPath "$(Get-Artifact "source.images" "boot.wim")" -Name IsReadOnly -Value $false

# --- source.netfx3: take the .NET Framework 3.5 package out of the source ISO
Write-Step "source.netfx3: take the .NET Framework 3.5 package out of the source ISO"
Start-Unit "source.netfx3"
Copy-Item -LiteralPath "$($Media)sources\sxs\microsoft-windows-netfx3-ondemand-package.cab" -Destination "$(Get-Artifact "source.netfx3" "netfx3.cab")" -Force
Set-ItemProperty -LiteralPath "$(Get-Artifact "source.netfx3" "netfx3.cab")" -Name IsReadOnly -Value $false

# --- source.winre: take winre out of Sample 10 Pro
Write-Step "source.winre: take winre out of Sample 10 Pro"
Start-Unit "source.winre"
try {
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Mount-Image", "/ImageFile:$(Get-Artifact "source.images" "install.wim")", "/Index:1", "/MountDir:$($Mount)", "/ReadOnly")
    Copy-Item -LiteralPath "$($Mount)\Windows\System32\Recovery\winre.wim" -Destination "$(Get-Artifact "source.winre" "winre.wim")" -Force
}
finally { Stop-Unit }

# --- winre.service: on the image winre (winre)
Write-Step "winre.service: on the image winre (winre)"
Start-Unit "winre.service"
try {
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "source.winre" "winre.wim")", "/SourceIndex:1", "/DestinationImageFile:$($Image)", "/Compress:max")
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Mount-Image", "/ImageFile:$($Image)", "/Index:1", "/MountDir:$($Mount)")

    # winre/ssu: add servicing-stack KB9000001
    Write-Step "winre/ssu: add servicing-stack KB9000001"
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("ssu"))")
    Assert-Package "Package_for_ServicingStack_191~31bf3856ad364e35~amd64~~17134.191.1.0"

    # winre/lcu: add cumulative KB9000002 17134.228
    Write-Step "winre/lcu: add cumulative KB9000002 17134.228"
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("lcu"))")
    Assert-Package "Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.0"

    # winre/cleanup: clean up superseded components and reset the base
    Write-Step "winre/cleanup: clean up superseded components and reset the base"
    Assert-NothingPending
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Cleanup-Image", "/StartComponentCleanup", "/ResetBase")

    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Unmount-Image", "/MountDir:$($Mount)", "/Commit")
}
catch { $failure = $_; Stop-Unit; throw $failure }
Move-Item -LiteralPath $Image -Destination "$(Get-Artifact "winre.service" "image.wim")"

# --- winre.export: export winre to a smaller WIM
Write-Step "winre.export: export winre to a smaller WIM"
Start-Unit "winre.export"
Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "winre.service" "image.wim")", "/SourceIndex:1", "/DestinationImageFile:$(Get-Artifact "winre.export" "winre.wim")", "/Compress:max", "/Bootable")

# --- install-professional.service: on the image Sample 10 Pro (install)
Write-Step "install-professional.service: on the image Sample 10 Pro (install)"
Start-Unit "install-professional.service"
try {
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "source.images" "install.wim")", "/SourceIndex:1", "/DestinationImageFile:$($Image)", "/Compress:max")
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Mount-Image", "/ImageFile:$($Image)", "/Index:1", "/MountDir:$($Mount)")

    # install-professional/ssu: add servicing-stack KB9000001
    Write-Step "install-professional/ssu: add servicing-stack KB9000001"
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("ssu"))")
    Assert-Package "Package_for_ServicingStack_191~31bf3856ad364e35~amd64~~17134.191.1.0"

    # install-professional/lcu: add cumulative KB9000002 17134.228
    Write-Step "install-professional/lcu: add cumulative KB9000002 17134.228"
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("lcu"))")
    Assert-Package "Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.0"

    # install-professional/cleanup: clean up superseded components
    Write-Step "install-professional/cleanup: clean up superseded components"
    Assert-NothingPending
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Cleanup-Image", "/StartComponentCleanup")

    # install-professional/harvest: take matching newer files for the media's sources
    Write-Step "install-professional/harvest: take matching newer files for the media's sources"
    Copy-Newer "time" "$(Get-Artifact "install-professional.service" "sources")"

    # install-professional/netfx3: enable .NET Framework 3.5 from the media
    Write-Step "install-professional/netfx3: enable .NET Framework 3.5 from the media"
    $NetFx3Names = @("microsoft-windows-netfx3-ondemand-package.cab", "microsoft-windows-netfx3-ondemand-package~31bf3856ad364e35~amd64~~.cab")
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Enable-Feature", "/FeatureName:NetFx3", "/All", "/LimitAccess", "/Source:$(Get-SourceFolder "source.netfx3" "netfx3.cab")")
    Assert-Feature "NetFx3" @("Enabled", "Enable Pending")

    # install-professional/lcu-after-netfx3: add cumulative KB9000002 17134.228 again
    Write-Step "install-professional/lcu-after-netfx3: add cumulative KB9000002 17134.228 again"
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("lcu"))")
    Assert-Package "Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.0"

    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Unmount-Image", "/MountDir:$($Mount)", "/Commit")
}
catch { $failure = $_; Stop-Unit; throw $failure }
Move-Item -LiteralPath $Image -Destination "$(Get-Artifact "install-professional.service" "image.wim")"

# --- install-professional.customize: on the image Sample 10 Pro (install)
Write-Step "install-professional.customize: on the image Sample 10 Pro (install)"
Start-Unit "install-professional.customize"
try {
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "install-professional.service" "image.wim")", "/SourceIndex:1", "/DestinationImageFile:$($Image)", "/Compress:max")
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Mount-Image", "/ImageFile:$($Image)", "/Index:1", "/MountDir:$($Mount)")

    # install-professional/winre: put the serviced winre in
    Write-Step "install-professional/winre: put the serviced winre in"
    Copy-Item -LiteralPath "$(Get-Artifact "winre.export" "winre.wim")" -Destination "$($Mount)\Windows\System32\Recovery\winre.wim" -Force

    # install-professional/tweak-no-consumer-features: tweak no-consumer-features
    Write-Step "install-professional/tweak-no-consumer-features: tweak no-consumer-features"
    # because: policy 12.3, no suggested apps on company machines
    Edit-Hive "Windows\System32\config\SOFTWARE" {
        Set-HiveValue "Policies\Microsoft\Windows\CloudContent" "DisableWindowsConsumerFeatures" (1) DWord
    }

    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Unmount-Image", "/MountDir:$($Mount)", "/Commit")
}
catch { $failure = $_; Stop-Unit; throw $failure }
Move-Item -LiteralPath $Image -Destination "$(Get-Artifact "install-professional.customize" "image.wim")"

# --- install-enterprise.service: on the image Sample 10 Enterprise (install)
Write-Step "install-enterprise.service: on the image Sample 10 Enterprise (install)"
Start-Unit "install-enterprise.service"
try {
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "source.images" "install.wim")", "/SourceIndex:2", "/DestinationImageFile:$($Image)", "/Compress:max")
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Mount-Image", "/ImageFile:$($Image)", "/Index:1", "/MountDir:$($Mount)")

    # install-enterprise/ssu: add servicing-stack KB9000001
    Write-Step "install-enterprise/ssu: add servicing-stack KB9000001"
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("ssu"))")
    Assert-Package "Package_for_ServicingStack_191~31bf3856ad364e35~amd64~~17134.191.1.0"

    # install-enterprise/lcu: add cumulative KB9000002 17134.228
    Write-Step "install-enterprise/lcu: add cumulative KB9000002 17134.228"
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("lcu"))")
    Assert-Package "Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.0"

    # install-enterprise/cleanup: clean up superseded components
    Write-Step "install-enterprise/cleanup: clean up superseded components"
    Assert-NothingPending
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Cleanup-Image", "/StartComponentCleanup")

    # install-enterprise/netfx3: enable .NET Framework 3.5 from the media
    Write-Step "install-enterprise/netfx3: enable .NET Framework 3.5 from the media"
    $NetFx3Names = @("microsoft-windows-netfx3-ondemand-package.cab", "microsoft-windows-netfx3-ondemand-package~31bf3856ad364e35~amd64~~.cab")
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Enable-Feature", "/FeatureName:NetFx3", "/All", "/LimitAccess", "/Source:$(Get-SourceFolder "source.netfx3" "netfx3.cab")")
    Assert-Feature "NetFx3" @("Enabled", "Enable Pending")

    # install-enterprise/lcu-after-netfx3: add cumulative KB9000002 17134.228 again
    Write-Step "install-enterprise/lcu-after-netfx3: add cumulative KB9000002 17134.228 again"
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("lcu"))")
    Assert-Package "Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.0"

    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Unmount-Image", "/MountDir:$($Mount)", "/Commit")
}
catch { $failure = $_; Stop-Unit; throw $failure }
Move-Item -LiteralPath $Image -Destination "$(Get-Artifact "install-enterprise.service" "image.wim")"

# --- install-enterprise.customize: on the image Sample 10 Enterprise (install)
Write-Step "install-enterprise.customize: on the image Sample 10 Enterprise (install)"
Start-Unit "install-enterprise.customize"
try {
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "install-enterprise.service" "image.wim")", "/SourceIndex:1", "/DestinationImageFile:$($Image)", "/Compress:max")
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Mount-Image", "/ImageFile:$($Image)", "/Index:1", "/MountDir:$($Mount)")

    # install-enterprise/winre: put the serviced winre in
    Write-Step "install-enterprise/winre: put the serviced winre in"
    Copy-Item -LiteralPath "$(Get-Artifact "winre.export" "winre.wim")" -Destination "$($Mount)\Windows\System32\Recovery\winre.wim" -Force

    # install-enterprise/tweak-no-consumer-features: tweak no-consumer-features
    Write-Step "install-enterprise/tweak-no-consumer-features: tweak no-consumer-features"
    # because: policy 12.3, no suggested apps on company machines
    Edit-Hive "Windows\System32\config\SOFTWARE" {
        Set-HiveValue "Policies\Microsoft\Windows\CloudContent" "DisableWindowsConsumerFeatures" (1) DWord
    }

    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Unmount-Image", "/MountDir:$($Mount)", "/Commit")
}
catch { $failure = $_; Stop-Unit; throw $failure }
Move-Item -LiteralPath $Image -Destination "$(Get-Artifact "install-enterprise.customize" "image.wim")"

# --- winpe.service: on the image Sample Windows PE (amd64) (winpe)
Write-Step "winpe.service: on the image Sample Windows PE (amd64) (winpe)"
Start-Unit "winpe.service"
try {
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "source.images" "boot.wim")", "/SourceIndex:1", "/DestinationImageFile:$($Image)", "/Compress:max")
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Mount-Image", "/ImageFile:$($Image)", "/Index:1", "/MountDir:$($Mount)")

    # winpe/ssu: add servicing-stack KB9000001
    Write-Step "winpe/ssu: add servicing-stack KB9000001"
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("ssu"))")
    Assert-Package "Package_for_ServicingStack_191~31bf3856ad364e35~amd64~~17134.191.1.0"

    # winpe/lcu: add cumulative KB9000002 17134.228
    Write-Step "winpe/lcu: add cumulative KB9000002 17134.228"
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("lcu"))")
    Assert-Package "Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.0"

    # winpe/cleanup: clean up superseded components and reset the base
    Write-Step "winpe/cleanup: clean up superseded components and reset the base"
    Assert-NothingPending
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Cleanup-Image", "/StartComponentCleanup", "/ResetBase")

    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Unmount-Image", "/MountDir:$($Mount)", "/Commit")
}
catch { $failure = $_; Stop-Unit; throw $failure }
Move-Item -LiteralPath $Image -Destination "$(Get-Artifact "winpe.service" "image.wim")"

# --- setup.service: on the image Sample Windows Setup (amd64) (setup)
Write-Step "setup.service: on the image Sample Windows Setup (amd64) (setup)"
Start-Unit "setup.service"
try {
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "source.images" "boot.wim")", "/SourceIndex:2", "/DestinationImageFile:$($Image)", "/Compress:max")
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Mount-Image", "/ImageFile:$($Image)", "/Index:1", "/MountDir:$($Mount)")

    # setup/ssu: add servicing-stack KB9000001
    Write-Step "setup/ssu: add servicing-stack KB9000001"
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("ssu"))")
    Assert-Package "Package_for_ServicingStack_191~31bf3856ad364e35~amd64~~17134.191.1.0"

    # setup/lcu: add cumulative KB9000002 17134.228
    Write-Step "setup/lcu: add cumulative KB9000002 17134.228"
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("lcu"))")
    Assert-Package "Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.0"

    # setup/cleanup: clean up superseded components and reset the base
    Write-Step "setup/cleanup: clean up superseded components and reset the base"
    Assert-NothingPending
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Cleanup-Image", "/StartComponentCleanup", "/ResetBase")

    # setup/harvest: take setup.exe for the media
    Write-Step "setup/harvest: take setup.exe for the media"
    [void][IO.Directory]::CreateDirectory("$(Get-Artifact "setup.service" "setup")")
    foreach ($name in @('setup.exe', 'setuphost.exe')) {
        $file = Join-Path $Mount "sources\$name"
        if (Test-Path -LiteralPath $file) { Copy-Item -LiteralPath $file -Destination "$(Get-Artifact "setup.service" "setup")" -Force }
    }

    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Unmount-Image", "/MountDir:$($Mount)", "/Commit")
}
catch { $failure = $_; Stop-Unit; throw $failure }
Move-Item -LiteralPath $Image -Destination "$(Get-Artifact "setup.service" "image.wim")"

# --- install.export: export install.wim: 2 images, in the source's order
Write-Step "install.export: export install.wim: 2 images, in the source's order"
Start-Unit "install.export"
Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "install-professional.customize" "image.wim")", "/SourceIndex:1", "/DestinationImageFile:$(Get-Artifact "install.export" "install.wim")", "/Compress:max")
Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "install-enterprise.customize" "image.wim")", "/SourceIndex:1", "/DestinationImageFile:$(Get-Artifact "install.export" "install.wim")")

# --- boot.export: export boot.wim: 2 images, in the source's order
Write-Step "boot.export: export boot.wim: 2 images, in the source's order"
Start-Unit "boot.export"
Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "winpe.service" "image.wim")", "/SourceIndex:1", "/DestinationImageFile:$(Get-Artifact "boot.export" "boot.wim")", "/Compress:max")
Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "setup.service" "image.wim")", "/SourceIndex:1", "/DestinationImageFile:$(Get-Artifact "boot.export" "boot.wim")", "/Bootable")

# --- media.copy: copy the media to a working tree
Write-Step "media.copy: copy the media to a working tree"
Start-Unit "media.copy"
& robocopy.exe $Media $Tree /E /A-:R /R:1 /W:1 /NP /XF "$($Media)sources\install.wim" "$($Media)sources\boot.wim" | Out-Null
if ($LASTEXITCODE -ge 8) { throw "robocopy ended with $LASTEXITCODE" }

# --- media.install-wim: put the new install.wim into the tree
Write-Step "media.install-wim: put the new install.wim into the tree"
Start-Unit "media.install-wim"
Copy-Item -LiteralPath "$(Get-Artifact "install.export" "install.wim")" -Destination "$($Tree)\sources\install.wim" -Force

# --- media.boot-wim: put the new boot.wim into the tree
Write-Step "media.boot-wim: put the new boot.wim into the tree"
Start-Unit "media.boot-wim"
Copy-Item -LiteralPath "$(Get-Artifact "boot.export" "boot.wim")" -Destination "$($Tree)\sources\boot.wim" -Force

# --- media.sync-sources: bring the media's sources up to date
Write-Step "media.sync-sources: bring the media's sources up to date"
Start-Unit "media.sync-sources"
if (Test-Path -LiteralPath "$(Get-Artifact "install-professional.service" "sources")") {
    Copy-Inside "$(Get-Artifact "install-professional.service" "sources")" "$($Tree)\sources"
}

# --- media.setup-files: make the media's setup.exe the setup image's
Write-Step "media.setup-files: make the media's setup.exe the setup image's"
Start-Unit "media.setup-files"
if (Test-Path -LiteralPath "$(Get-Artifact "setup.service" "setup")") {
    Copy-Inside "$(Get-Artifact "setup.service" "setup")" "$($Tree)\sources"
}

# --- media.iso: write ../out/quickstart.iso
Write-Step "media.iso: write ../out/quickstart.iso"
Start-Unit "media.iso"
if ($Oscdimg) { Write-Iso @("-m", "-o", "-h", "-u2", "-udfver102", "-t05/17/2019,00:30:00", "-lOSR_17134_228_X64_EN-US", "-bootdata:2`#p0,e,bboot\etfsboot.com`#pEF,e,befi\microsoft\boot\efisys.bin") "$($Out)\quickstart.iso" }
else { Write-Warning "no ISO was written: name oscdimg.exe with -Oscdimg; the media is in $Tree" }

# --- media.verify: read the ISO back and verify it
Write-Step "media.verify: read the ISO back and verify it"
Start-Unit "media.verify"
# osrecipe reads the ISO back here; by hand: dism /Get-ImageInfo on the ISO's WIMs
}
finally { [void](Dismount-DiskImage -ImagePath $Disc.ImagePath) }
Show-Outputs
