r"""Stand-in Windows installation media and updates, made from nothing, with an answer key for each.

No Microsoft content: every program is a pip or setuptools launcher (or a minimal image of our own) with a version
resource of ours; names of identities, folders and files are the real ones, so that everything finds its way. Needs
no network, no Wine, no Windows; same bytes on each run of the same checkout on the same machine.

    PYTHONPATH=tests python -m support.samples --out DIR [--only media] [--only kb9000002-x64]

Media
-----
`sample-media.iso` (label OSR_SAMPLE_X64; BIOS and UEFI boot entries whose stubs print a line on the serial port):

- `sources\install.wim`, LZX: 1 "Sample 10 Pro" (Professional), 2 "Sample 10 Enterprise" (Enterprise); 10.0.17134.1,
  amd64, en-US, no bootable image. Components hard-linked between WinSxS and their places (`notepad.exe` is one
  file with four names), manifests, package descriptions mirrored in the SOFTWARE hive, all hives, short names, streams on a file
  and on a folder, junctions and a symbolic link, several kinds of security descriptor, hidden and read-only files,
  one name that is not ASCII, one hive value that is split into segments.
- `Windows\System32\Recovery\winre.wim` in both, identical, hidden and system: WinPE, WinPE-SRT and WinPE-Rejuv packages.
- `sources\boot.wim`: 1 "Sample Windows PE (amd64)", 2 "Sample Windows Setup (amd64)" (the one that boots), with
  `sources\setup.exe`, `sources\setuphost.exe` and the WinPE-Setup packages.
- provisioned apps: three of Contoso's, as keys of `AppxAllUserStore\Applications` and folders of `WindowsApps`.
- features: `SampleTelnetClient` (off, payload staged in WinSxS), `SMB1Protocol` (on), `NetFx3` (off, payload only in
  `sources\sxs\microsoft-windows-netfx3-ondemand-package.cab`). The value `Updates\<feature>` below the declaring
  package's key in the SOFTWARE hive is 1 for on, 0 for off; that is the samples' convention.
- `sources`: files that System32 has too, the same, older (`dpx.dll`, `wdscore.dll`, `en-us\setup.exe.mui`) or
  newer than the image's (`unbcl.dll`, `wdsutil.dll`: never to be overwritten), and files only the media has.

Updates
-------
=====================  ===================================================================================
kb9000001-x64.msu      servicing stack 10.0.17134.191, for every image
kb9000002-x64.msu      cumulative 17134.228; needs that stack (`installerAssembly`); nested packages for the
                       editions, WinPE, WinPE-Setup, NetFx3 and WinPE-SRT, so that each image takes its part
kb9000003-x64.msu      cumulative 17134.345; supersedes it; one component more, one less
kb9000004-x64.msu      player, editions only; its pkgProperties.txt is UTF-16
kb9000005-x64.cab      a plain cabinet, for install and PE images
kb9000006-x64.cab      safe OS update, for the recovery image only
kb9000007-x64.cab      loose files for the media's sources, with an older setup.exe; no update.mum
kb9000008-x64.msu      .NET: one part for the editions, one where NetFx3 is installed
kb9000009-x64.msu      to be refused without Windows: an advanced installer and an executable's PA30 delta
=====================  ===================================================================================

A checkpoint and a cumulative update that is built upon it are made where they are needed, not with the others:
`write_package(update, folder)` for each of `updates.checkpointed()`. The target names its checkpoint in a `prerequisite`
element, which is the samples' own; a checkpoint is told by the word `Baseline`, as genuine ones are. A package of one's own
states what it needs with `dataclasses.replace(update, checkpoints=(identity, …))`.

Extras
------
`sample-drivers`: three driver packages (one for x86 only, two whose INFs have one name) and an INF that is none;
`sample-fod`: cabinets of two capabilities, `Language.Basic~~~de-DE~0.0.1.0` and `OpenSSH.Client~~~~0.0.1.0`.

Answer keys
-----------
`<stem>.answer.json` beside each package: `identity`, `kind`, `kb`, `requires_stack`, `supersedes`,
`dropped_components`, `refused`, `media_files`, and in `images`, for each of `install`, `install+netfx3`, `winre`,
`winpe`, `setup`: `applicable`; nested `packages`; `components` (key form, manifest path and SHA-256); `files` (path,
role `store` or `projected`, SHA-256, size, version); `links` (groups of paths that are one file); `registry` (hive
file, key, name, type, value, data in hexadecimal); `kept` (old files of the store that stay as they are); `mums`. It states what is true after the update alone is applied
to an image as on the media, its stack present. What a superseded update left and the later one does not have
(`dropped_components`) is stated by neither.

`media.answer.json`: the images, SHA-256 of every file in each (`images`: install-1, install-2, winpe, setup, winre)
and of every file on the disc, `features` (what appears when on, which paths go when off), `sync` (which copy of a
file shared by sources and System32 is newer before servicing).
"""

from __future__ import annotations

from support.samples.build import MEDIA, Samples, build_samples, sample_names

__all__ = ["MEDIA", "Samples", "build_samples", "sample_names"]
