"""Bytes in, bytes out, no policy: the file formats Windows media are made of.

Nothing here imports another room of osrecipe, prints, starts a process or decides what ought to be done.
Every reader treats its input as hostile: sizes are bounded and damage ends in a `FormatError`.
"""
