r"""A stand-in for DISM: a separate program that speaks its command line and does the work on real WIM files.

It is what the `dism` adapter is tested against where there is no Windows. It shares no code with the product and
imports nothing of it (`test_independence` says so): WIMs are `wimlib-imagex`'s, cabinets `cabextract`'s, hives
libhivex's, and what an update means is read here from its own manifests. What it answers is written from the
project's DISM fact sheet; each module names the section. It has never been compared with a real DISM.

    PYTHONPATH=tests python -m standin /English /Get-ImageInfo /ImageFile:install.wim
    tests/standin/dism /English /Get-MountedImageInfo          the same, as a program

Environment
-----------
==================  ==============================================================================================
STANDIN_STATE       folder of the mount registry, which outlives the program; a folder of the user's by default
STANDIN_VERSION     version of the tool, `10.0.26100.1150` by default
STANDIN_ELEVATED    `0`: not an administrator, every command line ends with 740
STANDIN_LOCALE      host locale (`en-US`, `en-GB`, `de-DE`, `fr-FR`): dates and digit grouping always, text when
                    there is no `/English`
STANDIN_OEMCP       code page of the output, such as `cp850`; the locale's by default
STANDIN_BOOT        name of the present start of the machine: a mount of another one needs to be remounted
STANDIN_FAULTS      JSON file with faults, see `faults`
STANDIN_CALLS       JSON lines: each call's start, and its end with the whole exit code
==================  ==============================================================================================

An exit code has 32 bits here as on Windows, but POSIX keeps the lowest 8: a caller has the rest from the last
`Error:` line or from STANDIN_CALLS. A code that would end as 0 there ends as 1.

Simplified
----------
- A mount is a plain folder with the image's files; on POSIX they have no descriptors, streams, short names or
  attributes. Committing writes only what changed, so that everything else in the image keeps them.
- Packages: whole files and registry values. A differential payload answers 0x800f0986, an advanced installer
  0x800f0922. The COMPONENTS hive is left alone.
- A feature that is switched is pending at once and stays so: there is nothing here that starts the image.
"""
