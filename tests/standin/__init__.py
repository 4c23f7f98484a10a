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

What is real
------------
- WIMs, cabinets and hives, read and written by other people's libraries; exit codes, output and the mount registry.
- Saving a mount writes what changed in the folder and leaves every other entry alone; a file that was written over
  keeps its descriptor, attributes and creation time; hard links in the folder are hard links in the image.
- A package is taken from its own `update.mum` and manifests: parents, stack, parts, supersedence, payload, values,
  links between store and image; it ends as `Install Pending`, a servicing stack as `Installed`.
- Open files below a mount (on Linux), a WIM that changed, a second writer, a second program on one image, a process
  that was killed: all found as they are, without being ordered.

What is simplified
------------------
- A mount is a plain folder: on POSIX its files have no descriptors, streams, short names or attributes to look at,
  names differ by case, and what is written into a read-only mount is not stopped, only not saved.
- Packages: whole files and registry values. A differential payload answers 0x800f0986, an installer of a manifest
  0x800f0922. The COMPONENTS hive is left alone. A checkpoint is a `prerequisite` element, the samples' own.
- A feature that is switched is pending at once and stays so: there is nothing here that starts the image.
- Sentences are the stand-in's own, except those the fact sheet quotes; so is what `/Bootable` or an unfitting
  `/Compress` is refused with, and whatever it says beyond the commands' documented form.
- Capabilities only from cabinets, drivers without catalogues and devices, few languages, editions only read.
"""
