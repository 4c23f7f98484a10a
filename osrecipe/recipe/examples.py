"""An example for every key of the recipe that takes a free value, for the schema, the editor and the reference page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import JsonValue

_CLOUD = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\CloudContent"
_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

EXAMPLES: dict[str, JsonValue] = {
    "Recipe.schema": "osrecipe/1",
    "Recipe.name": "win10-1803-enterprise",
    "Recipe.description": "Windows 10 1803 for the desks, August 2018",
    "Recipe.extends": ["fragments/corporate.yaml"],
    "Recipe.vars": {"release": "2018-08"},
    "Recipe.secrets": {"join": {"env": "OSR_JOIN"}},
    "Recipe.inputs": {"media": {"iso": "Win10_1803_x64.iso"}, "lcu": {"update": "kb4343909-x64.msu"}},
    "Recipe.source": "media",
    "Recipe.updates": {"ordering": "auto", "apply": {"lcu": "auto"}},
    "Recipe.targets": {"install": {"select": [{"name": "Windows 10 Enterprise"}], "others": "drop"}},
    "Recipe.media": {"label": "auto"},
    "Recipe.output": {"iso": "out/win10-1803.iso"},
    "Recipe.expect": {"install": {"build": "10.0.17134.228"}},
    "IsoInput.iso": "Win10_1803_x64.iso",
    "IsoInput.sha256": _HASH,
    "UpdateInput.update": "kb4343909-x64.msu",
    "UpdateInput.kind": "cumulative",
    "UpdateInput.sha256": _HASH,
    "FolderInput.folder": "files/oem",
    "Move.step": "netfx3",
    "Move.before": "lcu",
    "Move.because": "one pass of the cumulative update is enough here",
    "Ordering.move": [
        {"step": "netfx3", "target": "install", "before": "lcu", "because": "one pass is enough"}
    ],
    "Updates.ordering": "classic",
    "Updates.apply": {"ssu": "auto", "lcu": ["install", "winre", "winpe", "setup"]},
    "Selector.name": "Windows 10 Enterprise",
    "Selector.index": 3,
    "Selector.edition": "Enterprise*",
    "Selector.installation": "Server Core",
    "When.edition": ["Enterprise", "Education"],
    "When.installation": ["Client"],
    "When.architecture": ["amd64"],
    "When.build": ">=17134",
    "Tweak.because": "policy 12.3",
    "Tweak.when": {"edition": ["Enterprise"], "build": ">=17134"},
    "Tweak.registry": {_CLOUD: {"DisableWindowsConsumerFeatures": 1}},
    "Tweak.reg-file": "tweaks/explorer.reg",
    "Tweak.files": {r"Windows\OEM": "oem", r"Windows\Web\4K": None},
    "PeTarget.tweaks": {"keyboard": {"reg-file": "tweaks/keyboard.reg"}},
    "WinreTarget.tweaks": {"keyboard": {"reg-file": "tweaks/keyboard.reg"}},
    "WinreTarget.export": {"compress": "max"},
    "InstallTarget.select": [{"name": "Windows 10 Enterprise"}],
    "InstallTarget.netfx3": {"enable": True, "from": "media"},
    "InstallTarget.features": {"SMB1Protocol": "disabled"},
    "InstallTarget.tweaks": {"no-ads": {"registry": {_CLOUD: {"DisableWindowsConsumerFeatures": 1}}}},
    "InstallTarget.export": {"compress": "max"},
    "Targets.install": {"select": [{"edition": "Enterprise"}], "others": "drop"},
    "Targets.winre": {"cleanup": "reset-base"},
    "Targets.winpe": {"cleanup": "none"},
    "Targets.setup": {"cleanup": "none"},
    "SyncSources.from": "Windows 10 Enterprise",
    "Media.sync-sources": {"from": "Windows 10 Enterprise", "by": "time"},
    "Media.label": "WIN10_1803",
    "Media.timestamp": "2018-08-14",
    "Output.iso": "out/win10-1803.iso",
    "ExpectImage.build": "10.0.17134.228",
    "ExpectImage.registry": {_CLOUD: {"DisableWindowsConsumerFeatures": 1}},
    "ExpectImage.files": {r"Windows\OEM\logo.bmp": "present", r"Windows\Web\4K": "absent"},
    "Expect.install": {"build": "10.0.17134.228"},
    "Expect.winre": {"files": {r"Windows\System32\winpeshl.exe": "present"}},
    "Expect.winpe": {"files": {r"Windows\System32\winpeshl.exe": "present"}},
    "Expect.setup": {"files": {r"sources\setup.exe": "present"}},
    "SecretSource.env": "OSR_JOIN",
}
"""By `Model.key`."""
