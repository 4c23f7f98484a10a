# quickstart: what `osrecipe apply` does with this plan, as plain DISM commands.
# Plan sha256:…, order `classic`.
# Not in here: results kept for the next run, several images at a time, the report, hashes of folders, and reading the ISO back.
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

if (Test-Path -LiteralPath $Work) { throw "the work folder is there already: $Work" }
if (-not $Inputs.ContainsKey("media")) { throw "no path is given for this input: media" }
if (Test-Path -LiteralPath $Inputs["media"] -PathType Leaf) {
    $hash = (Get-FileHash -LiteralPath $Inputs["media"] -Algorithm SHA256).Hash
    if ($hash -ne "…") { throw "this input is not what was planned: media" }
}
elseif (-not (Test-Path -LiteralPath $Inputs["media"])) { throw "this input is not there: media" }
if (-not $Inputs.ContainsKey("ssu")) { throw "no path is given for this input: ssu" }
if (Test-Path -LiteralPath $Inputs["ssu"] -PathType Leaf) {
    $hash = (Get-FileHash -LiteralPath $Inputs["ssu"] -Algorithm SHA256).Hash
    if ($hash -ne "…") { throw "this input is not what was planned: ssu" }
}
elseif (-not (Test-Path -LiteralPath $Inputs["ssu"])) { throw "this input is not there: ssu" }
if (-not $Inputs.ContainsKey("lcu")) { throw "no path is given for this input: lcu" }
if (Test-Path -LiteralPath $Inputs["lcu"] -PathType Leaf) {
    $hash = (Get-FileHash -LiteralPath $Inputs["lcu"] -Algorithm SHA256).Hash
    if ($hash -ne "…") { throw "this input is not what was planned: lcu" }
}
elseif (-not (Test-Path -LiteralPath $Inputs["lcu"])) { throw "this input is not there: lcu" }
if ($Oscdimg) { [void](Get-Command -Name $Oscdimg -CommandType Application) }
[void](New-Item -ItemType Directory -Path $Work)
$Tree = Join-Path $Work 'tree'
$Disc = Mount-DiskImage -ImagePath $Inputs["media"] -Access ReadOnly -PassThru
try {
$Media = "$(($Disc | Get-Volume).DriveLetter):\"
$NetFx3Names = @()

# --- source.images: take the images out of the source ISO
Start-Unit "source.images"
Copy-Item -LiteralPath "$($Media)sources\install.wim" -Destination "$(Get-Artifact "source.images" "install.wim")" -Force
Set-ItemProperty -LiteralPath "$(Get-Artifact "source.images" "install.wim")" -Name IsReadOnly -Value $false
Copy-Item -LiteralPath "$($Media)sources\boot.wim" -Destination "$(Get-Artifact "source.images" "boot.wim")" -Force
Set-ItemProperty -LiteralPath "$(Get-Artifact "source.images" "boot.wim")" -Name IsReadOnly -Value $false

# --- source.netfx3: take the .NET Framework 3.5 package out of the source ISO
Start-Unit "source.netfx3"
Copy-Item -LiteralPath "$($Media)sources\sxs\microsoft-windows-netfx3-ondemand-package.cab" -Destination "$(Get-Artifact "source.netfx3" "netfx3.cab")" -Force
Set-ItemProperty -LiteralPath "$(Get-Artifact "source.netfx3" "netfx3.cab")" -Name IsReadOnly -Value $false

# --- source.winre: take winre out of Sample 10 Pro
Start-Unit "source.winre"
try {
    Invoke-Dism @("/English", "/NoRestart", "/Mount-Image", "/ImageFile:$(Get-Artifact "source.images" "install.wim")", "/Index:1", "/MountDir:$($Mount)", "/ReadOnly")
    Copy-Item -LiteralPath "$($Mount)\Windows\System32\Recovery\winre.wim" -Destination "$(Get-Artifact "source.winre" "winre.wim")" -Force
}
finally { Stop-Unit }

# --- winre.service: on the image winre (winre)
Start-Unit "winre.service"
try {
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "source.winre" "winre.wim")", "/SourceIndex:1", "/DestinationImageFile:$($Image)", "/Compress:max")
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Mount-Image", "/ImageFile:$($Image)", "/Index:1", "/MountDir:$($Mount)")

    # winre/ssu: add servicing-stack KB9000001
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("ssu"))")
    Assert-Package "Package_for_ServicingStack_191~31bf3856ad364e35~amd64~~17134.191.1.0"

    # winre/lcu: add cumulative KB9000002 17134.228
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("lcu"))")
    Assert-Package "Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.0"

    # winre/cleanup: clean up superseded components and reset the base
    Assert-NothingPending
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Cleanup-Image", "/StartComponentCleanup", "/ResetBase")

    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Unmount-Image", "/MountDir:$($Mount)", "/Commit")
}
catch { $failure = $_; Stop-Unit; throw $failure }
Move-Item -LiteralPath $Image -Destination "$(Get-Artifact "winre.service" "image.wim")"

# --- winre.export: export winre to a smaller WIM
Start-Unit "winre.export"
Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "winre.service" "image.wim")", "/SourceIndex:1", "/DestinationImageFile:$(Get-Artifact "winre.export" "winre.wim")", "/Compress:max", "/Bootable")

# --- install-professional.service: on the image Sample 10 Pro (install)
Start-Unit "install-professional.service"
try {
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "source.images" "install.wim")", "/SourceIndex:1", "/DestinationImageFile:$($Image)", "/Compress:max")
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Mount-Image", "/ImageFile:$($Image)", "/Index:1", "/MountDir:$($Mount)")

    # install-professional/ssu: add servicing-stack KB9000001
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("ssu"))")
    Assert-Package "Package_for_ServicingStack_191~31bf3856ad364e35~amd64~~17134.191.1.0"

    # install-professional/lcu: add cumulative KB9000002 17134.228
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("lcu"))")
    Assert-Package "Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.0"

    # install-professional/cleanup: clean up superseded components
    Assert-NothingPending
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Cleanup-Image", "/StartComponentCleanup")

    # install-professional/harvest: take matching newer files for the media's sources
    Copy-Newer "time" "$(Get-Artifact "install-professional.service" "sources")"

    # install-professional/netfx3: enable .NET Framework 3.5 from the media
    $NetFx3Names = @("microsoft-windows-netfx3-ondemand-package.cab", "microsoft-windows-netfx3-ondemand-package~31bf3856ad364e35~amd64~~.cab")
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Enable-Feature", "/FeatureName:NetFx3", "/All", "/LimitAccess", "/Source:$(Get-SourceFolder "source.netfx3" "netfx3.cab")")
    Assert-Feature "NetFx3" @("Enabled", "Enable Pending")

    # install-professional/lcu-after-netfx3: add cumulative KB9000002 17134.228 again
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("lcu"))")
    Assert-Package "Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.0"

    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Unmount-Image", "/MountDir:$($Mount)", "/Commit")
}
catch { $failure = $_; Stop-Unit; throw $failure }
Move-Item -LiteralPath $Image -Destination "$(Get-Artifact "install-professional.service" "image.wim")"

# --- install-professional.customize: on the image Sample 10 Pro (install)
Start-Unit "install-professional.customize"
try {
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "install-professional.service" "image.wim")", "/SourceIndex:1", "/DestinationImageFile:$($Image)", "/Compress:max")
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Mount-Image", "/ImageFile:$($Image)", "/Index:1", "/MountDir:$($Mount)")

    # install-professional/winre: put the serviced winre in
    Copy-Item -LiteralPath "$(Get-Artifact "winre.export" "winre.wim")" -Destination "$($Mount)\Windows\System32\Recovery\winre.wim" -Force

    # install-professional/tweak-no-consumer-features: tweak no-consumer-features
    # because: policy 12.3, no suggested apps on company machines
    Edit-Hive "Windows\System32\config\SOFTWARE" {
        Set-HiveValue "Policies\Microsoft\Windows\CloudContent" "DisableWindowsConsumerFeatures" (1) DWord
    }

    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Unmount-Image", "/MountDir:$($Mount)", "/Commit")
}
catch { $failure = $_; Stop-Unit; throw $failure }
Move-Item -LiteralPath $Image -Destination "$(Get-Artifact "install-professional.customize" "image.wim")"

# --- install-enterprise.service: on the image Sample 10 Enterprise (install)
Start-Unit "install-enterprise.service"
try {
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "source.images" "install.wim")", "/SourceIndex:2", "/DestinationImageFile:$($Image)", "/Compress:max")
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Mount-Image", "/ImageFile:$($Image)", "/Index:1", "/MountDir:$($Mount)")

    # install-enterprise/ssu: add servicing-stack KB9000001
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("ssu"))")
    Assert-Package "Package_for_ServicingStack_191~31bf3856ad364e35~amd64~~17134.191.1.0"

    # install-enterprise/lcu: add cumulative KB9000002 17134.228
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("lcu"))")
    Assert-Package "Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.0"

    # install-enterprise/cleanup: clean up superseded components
    Assert-NothingPending
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Cleanup-Image", "/StartComponentCleanup")

    # install-enterprise/netfx3: enable .NET Framework 3.5 from the media
    $NetFx3Names = @("microsoft-windows-netfx3-ondemand-package.cab", "microsoft-windows-netfx3-ondemand-package~31bf3856ad364e35~amd64~~.cab")
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Enable-Feature", "/FeatureName:NetFx3", "/All", "/LimitAccess", "/Source:$(Get-SourceFolder "source.netfx3" "netfx3.cab")")
    Assert-Feature "NetFx3" @("Enabled", "Enable Pending")

    # install-enterprise/lcu-after-netfx3: add cumulative KB9000002 17134.228 again
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("lcu"))")
    Assert-Package "Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.0"

    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Unmount-Image", "/MountDir:$($Mount)", "/Commit")
}
catch { $failure = $_; Stop-Unit; throw $failure }
Move-Item -LiteralPath $Image -Destination "$(Get-Artifact "install-enterprise.service" "image.wim")"

# --- install-enterprise.customize: on the image Sample 10 Enterprise (install)
Start-Unit "install-enterprise.customize"
try {
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "install-enterprise.service" "image.wim")", "/SourceIndex:1", "/DestinationImageFile:$($Image)", "/Compress:max")
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Mount-Image", "/ImageFile:$($Image)", "/Index:1", "/MountDir:$($Mount)")

    # install-enterprise/winre: put the serviced winre in
    Copy-Item -LiteralPath "$(Get-Artifact "winre.export" "winre.wim")" -Destination "$($Mount)\Windows\System32\Recovery\winre.wim" -Force

    # install-enterprise/tweak-no-consumer-features: tweak no-consumer-features
    # because: policy 12.3, no suggested apps on company machines
    Edit-Hive "Windows\System32\config\SOFTWARE" {
        Set-HiveValue "Policies\Microsoft\Windows\CloudContent" "DisableWindowsConsumerFeatures" (1) DWord
    }

    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Unmount-Image", "/MountDir:$($Mount)", "/Commit")
}
catch { $failure = $_; Stop-Unit; throw $failure }
Move-Item -LiteralPath $Image -Destination "$(Get-Artifact "install-enterprise.customize" "image.wim")"

# --- winpe.service: on the image Sample Windows PE (amd64) (winpe)
Start-Unit "winpe.service"
try {
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "source.images" "boot.wim")", "/SourceIndex:1", "/DestinationImageFile:$($Image)", "/Compress:max")
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Mount-Image", "/ImageFile:$($Image)", "/Index:1", "/MountDir:$($Mount)")

    # winpe/ssu: add servicing-stack KB9000001
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("ssu"))")
    Assert-Package "Package_for_ServicingStack_191~31bf3856ad364e35~amd64~~17134.191.1.0"

    # winpe/lcu: add cumulative KB9000002 17134.228
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("lcu"))")
    Assert-Package "Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.0"

    # winpe/cleanup: clean up superseded components and reset the base
    Assert-NothingPending
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Cleanup-Image", "/StartComponentCleanup", "/ResetBase")

    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Unmount-Image", "/MountDir:$($Mount)", "/Commit")
}
catch { $failure = $_; Stop-Unit; throw $failure }
Move-Item -LiteralPath $Image -Destination "$(Get-Artifact "winpe.service" "image.wim")"

# --- setup.service: on the image Sample Windows Setup (amd64) (setup)
Start-Unit "setup.service"
try {
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "source.images" "boot.wim")", "/SourceIndex:2", "/DestinationImageFile:$($Image)", "/Compress:max")
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Mount-Image", "/ImageFile:$($Image)", "/Index:1", "/MountDir:$($Mount)")

    # setup/ssu: add servicing-stack KB9000001
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("ssu"))")
    Assert-Package "Package_for_ServicingStack_191~31bf3856ad364e35~amd64~~17134.191.1.0"

    # setup/lcu: add cumulative KB9000002 17134.228
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Add-Package", "/PackagePath:$(Copy-Alone @("lcu"))")
    Assert-Package "Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.0"

    # setup/cleanup: clean up superseded components and reset the base
    Assert-NothingPending
    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Image:$($Mount)", "/Cleanup-Image", "/StartComponentCleanup", "/ResetBase")

    # setup/harvest: take setup.exe for the media
    [void](New-Item -ItemType Directory -Force -Path "$(Get-Artifact "setup.service" "setup")")
    foreach ($name in @('setup.exe', 'setuphost.exe')) {
        $file = Join-Path $Mount "sources\$name"
        if (Test-Path -LiteralPath $file) { Copy-Item -LiteralPath $file -Destination "$(Get-Artifact "setup.service" "setup")" -Force }
    }

    Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Unmount-Image", "/MountDir:$($Mount)", "/Commit")
}
catch { $failure = $_; Stop-Unit; throw $failure }
Move-Item -LiteralPath $Image -Destination "$(Get-Artifact "setup.service" "image.wim")"

# --- install.export: export install.wim: 2 images, in the source's order
Start-Unit "install.export"
Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "install-professional.customize" "image.wim")", "/SourceIndex:1", "/DestinationImageFile:$(Get-Artifact "install.export" "install.wim")", "/Compress:max")
Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "install-enterprise.customize" "image.wim")", "/SourceIndex:1", "/DestinationImageFile:$(Get-Artifact "install.export" "install.wim")")

# --- boot.export: export boot.wim: 2 images, in the source's order
Start-Unit "boot.export"
Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "winpe.service" "image.wim")", "/SourceIndex:1", "/DestinationImageFile:$(Get-Artifact "boot.export" "boot.wim")", "/Compress:max")
Invoke-Dism @("/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)", "/Export-Image", "/SourceImageFile:$(Get-Artifact "setup.service" "image.wim")", "/SourceIndex:1", "/DestinationImageFile:$(Get-Artifact "boot.export" "boot.wim")", "/Bootable")

# --- media.copy: copy the media to a working tree
Start-Unit "media.copy"
& robocopy.exe $Media.TrimEnd('\') $Tree /E /A-:R /R:1 /W:1 /NP /XF "$($Media)sources\install.wim" "$($Media)sources\boot.wim" | Out-Null
if ($LASTEXITCODE -ge 8) { throw "robocopy ended with $LASTEXITCODE" }

# --- media.install-wim: put the new install.wim into the tree
Start-Unit "media.install-wim"
Copy-Item -LiteralPath "$(Get-Artifact "install.export" "install.wim")" -Destination "$($Tree)\sources\install.wim" -Force

# --- media.boot-wim: put the new boot.wim into the tree
Start-Unit "media.boot-wim"
Copy-Item -LiteralPath "$(Get-Artifact "boot.export" "boot.wim")" -Destination "$($Tree)\sources\boot.wim" -Force

# --- media.sync-sources: bring the media's sources up to date
Start-Unit "media.sync-sources"
if (Test-Path -LiteralPath "$(Get-Artifact "install-professional.service" "sources")") {
    Copy-Item -Path "$(Get-Artifact "install-professional.service" "sources")\*" -Destination "$($Tree)\sources" -Recurse -Force
}

# --- media.setup-files: make the media's setup.exe the setup image's
Start-Unit "media.setup-files"
if (Test-Path -LiteralPath "$(Get-Artifact "setup.service" "setup")") {
    Copy-Item -Path "$(Get-Artifact "setup.service" "setup")\*" -Destination "$($Tree)\sources" -Recurse -Force
}

# --- media.iso: write ../out/quickstart.iso
Start-Unit "media.iso"
if ($Oscdimg) { Write-Iso @("-m", "-o", "-h", "-u2", "-udfver102", "-t05/17/2019,00:30:00", "-lOSR_17134_228_X64_EN-US", "-bootdata:2`#p0,e,bboot\etfsboot.com`#pEF,e,befi\microsoft\boot\efisys.bin") "$(Get-Artifact "media.iso" "iso")" }
else { Write-Warning "no ISO was written: name oscdimg.exe with -Oscdimg; the media is in $Tree" }

# --- media.verify: read the ISO back and verify it
Start-Unit "media.verify"
# osrecipe reads the ISO back here; by hand: dism /Get-ImageInfo on the ISO's WIMs
}
finally { [void](Dismount-DiskImage -ImagePath $Disc.ImagePath) }
Write-Host "done: $Work"
