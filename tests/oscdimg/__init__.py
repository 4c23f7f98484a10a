"""A stand-in for the deployment kit's `oscdimg`: a separate program that speaks its command line and writes real discs.

It is what `output.writer: oscdimg` is tested against where there is no Windows. It shares no code with the product and
imports nothing but the standard library (`test_standin` says so): discs are `genisoimage`'s, with ISO9660, UDF and El
Torito. What it takes and prints is written from Microsoft's documentation of the command line and from published
output; it has never been compared with a real oscdimg.

Environment
-----------
==================  ==============================================================================================
OSCDIMG_VERSION     version in the banner, `2.56` by default
OSCDIMG_CALLS       JSON lines: arguments and folder of each call that was given any
OSCDIMG_FAULT       one of `nothing` (ends well, writes nothing), `empty`, `fails` (writes half, ends with 1), `text`,
                    `no-bios`, `other-boot`, `no-file`, `label`, `hangs`
==================  ==============================================================================================

What is simplified: the ISO9660 side holds the files too, where oscdimg's `-u2` has a text alone; attributes are not
looked at, so that there are no hidden files; boot images must lie in the tree.
"""
