"""The recipe `osrecipe init` writes: small, commented, valid, to be changed line by line."""

from __future__ import annotations

import re

from osrecipe.model.codes import Slug
from osrecipe.model.names import ID_PATTERN
from osrecipe.model.problems import error
from osrecipe.model.recipe import SCHEMA
from osrecipe.recipe.schema import FILE_NAMES

_TEXT = r"""# yaml-language-server: $schema=@schema@
# A recipe: what comes in, what happens to which images, what comes out.
# `osrecipe validate` checks it, `osrecipe plan` shows what it would do, `osrecipe apply` does it.
# For completion in the editor: osrecipe schema > @schema@
schema: @version@
name: @name@

# All that comes from outside, found beside this file or under `--inputs`. `osrecipe lock` pins it.
inputs:
  media: {iso: windows.iso}
  # ssu: {update: windows10.0-kb0000001-x64.msu}   # kind, KB and architecture are read from the file
  # lcu: {update: windows10.0-kb0000002-x64.msu}
  # oem: {folder: files/oem}

source: media

# updates:
#   apply:                        # the order is the documented one; `osrecipe explain` says why
#     ssu: auto                   # auto: the targets its kind belongs to
#     lcu: auto

targets:
  install:
    select:                       # which images of install.wim; names, numbers or editions, `*` and `?` work
      - {edition: "*"}            # all of them; such as: {edition: Enterprise}, with `others: drop` below
    others: keep                  # the rest: drop from the media | keep as they are
    # netfx3: {enable: true}      # .NET Framework 3.5 from the media
    # features: {SMB1Protocol: disabled}
    tweaks:
      no-consumer-features:
        because: no advertised apps on managed machines
        registry:
          HKLM\SOFTWARE\Policies\Microsoft\Windows\CloudContent:
            DisableWindowsConsumerFeatures: 1     # number: dword, text: sz, list: multi-sz, null: delete
      # oem-files: {files: {Windows\OEM: oem}}
    cleanup: superseded           # none | superseded | reset-base
  winre: {cleanup: reset-base}    # the recovery image inside each install image
  winpe: {}                       # boot.wim 1
  setup: {}                       # boot.wim 2

output: {iso: out/@name@.iso}

# True of the finished media, or the run fails.
expect:
  install:
    registry:
      HKLM\SOFTWARE\Policies\Microsoft\Windows\CloudContent: {DisableWindowsConsumerFeatures: 1}
"""


def text(name: str, *, schema: str = FILE_NAMES["recipe"]) -> str:
    """A commented recipe that validates.

    Args:
        name: the recipe's name.
        schema: where the editor finds the schema, as seen from the recipe's folder; `schema.dump()` is its content.

    Raises:
        OsrecipeError: the name can't be a recipe's name.
    """
    if not re.fullmatch(ID_PATTERN.strip("^$"), name):
        hint = "start with a letter, go on with letters, digits, `.`, `_`, `-`, 63 at most"
        raise error(Slug.RECIPE_BAD_VALUE, f"a recipe can't be called `{name}`", hint=hint)
    return _TEXT.replace("@schema@", schema).replace("@version@", SCHEMA).replace("@name@", name)
