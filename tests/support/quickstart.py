"""What the quickstart recipe leaves in each image, by the samples' answer keys: the same for every adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.expected import Expected, together
from support.samples.spec import ValueType

if TYPE_CHECKING:
    from support.samples import Samples

SSU, LCU = "kb9000001-x64", "kb9000002-x64"
WINRE = "windows\\system32\\recovery\\winre.wim"
SOFTWARE = "Windows\\System32\\config\\SOFTWARE"
KINDS = {
    "install-1": "install+netfx3",
    "install-2": "install+netfx3",
    "winre": "winre",
    "winpe": "winpe",
    "setup": "setup",
}
"""Answer keys' names by image."""


def expected_of(samples: Samples, image: str) -> Expected:
    """What the recipe's updates, .NET 3.5 and its tweak leave in an image."""
    kind = KINDS[image]
    install = image.startswith("install")
    netfx3 = samples.answer("media")["features"]["NetFx3"]
    answers = [samples.answer(SSU)["images"][kind]]
    answers += [netfx3["when_enabled"]] if install else []
    made = together([*answers, samples.answer(LCU)["images"][kind]])
    if install:
        package = f"windows\\servicing\\packages\\{netfx3['payload_package']}".lower()
        made.others |= {f"{package}.mum", f"{package}.cat", WINRE}
        key = "Policies\\Microsoft\\Windows\\CloudContent"
        made.value(SOFTWARE, key, "DisableWindowsConsumerFeatures", ValueType.DWORD, b"\1\0\0\0")
    return made
