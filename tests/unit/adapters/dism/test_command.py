"""Command lines: one servicing command each, globals always, spaces left to whoever quotes."""

from __future__ import annotations

import inspect

import pytest

from osrecipe.adapters.dism import command
from osrecipe.adapters.dism.command import Verb
from osrecipe.adapters.process import shown

FOLDER = "D:\\a work\\mount"
VERBS = {
    "/Mount-Image": command.mount("C:\\a b\\image.wim", 3, FOLDER),
    "/Unmount-Image": command.unmount(FOLDER, commit=True),
    "/Remount-Image": command.remount(FOLDER),
    "/Cleanup-Mountpoints": command.cleanup_mountpoints(),
    "/Get-MountedImageInfo": command.mounted(),
    "/Export-Image": command.export("a.wim", 1, "b.wim", compress="max", bootable=True),
    "/Add-Package": command.add_package(FOLDER, "C:\\x y.msu"),
    "/Enable-Feature": command.enable_feature(FOLDER, "NetFx3", "C:\\sxs"),
    "/Disable-Feature": command.disable_feature(FOLDER, "SMB1Protocol"),
    "/Cleanup-Image": command.cleanup(FOLDER, reset_base=True),
    "/Get-Packages": command.get_packages(FOLDER),
    "/Get-Features": command.get_features(FOLDER),
    "/Add-Capability": command.add_capability(FOLDER, "X~~~~", "C:\\a b"),
    "/Remove-Capability": command.remove_capability(FOLDER, "X~~~~"),
    "/Get-Capabilities": command.get_capabilities(FOLDER),
    "/Remove-ProvisionedAppxPackage": command.remove_app(FOLDER, "A_1.0_x64__p"),
    "/Get-ProvisionedAppxPackages": command.get_apps(FOLDER),
    "/Add-Driver": command.add_drivers(FOLDER, ("C:\\a b\\x.inf", "C:\\y.inf"), unsigned=True),
    "/Get-Drivers": command.get_drivers(FOLDER),
    "/Set-TimeZone": command.set_intl(FOLDER, "time-zone", "W. Europe Standard Time"),
    "/Get-Intl": command.get_intl(FOLDER),
    "/Apply-Unattend": command.apply_unattend(FOLDER, "C:\\a b\\unattend.xml"),
}


def test_every_builder_is_here() -> None:
    """None can be added without a test."""
    made = {
        name
        for name, thing in vars(command).items()
        if inspect.isfunction(thing) and thing.__annotations__.get("return") == "Verb"
    }
    assert len(made) == len(VERBS)


@pytest.mark.parametrize("name", VERBS)
def test_a_line_has_one_servicing_command(name: str) -> None:
    """And the globals: English labels, no question about a restart, a log and a scratch folder of its own."""
    line = command.line("dism.exe", VERBS[name], log="C:\\l\\dism.log", scratch="C:\\s")
    assert (
        "dism.exe",
        "/English",
        "/NoRestart",
        "/LogPath:C:\\l\\dism.log",
        "/LogLevel:3",
        "/ScratchDir:C:\\s",
    ) == line[:6]
    verbs = [verb for argument in line if (verb := argument.partition(":")[0]) in VERBS]
    assert [name] == verbs
    assert "=" not in "".join(line)


def test_only_servicing_names_an_image() -> None:
    """`/Image` goes with commands on a mounted image, `/MountDir` with those on the mount."""
    serviced = {name for name, verb in VERBS.items() if verb.mount}
    on_files = {"/Mount-Image", "/Unmount-Image", "/Remount-Image", "/Cleanup-Mountpoints"}
    assert on_files | {"/Get-MountedImageInfo", "/Export-Image"} == VERBS.keys() - serviced
    assert f"/Image:{FOLDER}" in command.line("d", VERBS["/Add-Package"])
    assert f"/MountDir:{FOLDER}" in command.line("d", VERBS["/Mount-Image"])


def test_options_are_there_only_where_they_belong() -> None:
    """`/Compress` when a file is made, `/Bootable` for one image, saving or giving up but never both."""
    assert not [a for a in command.export("a", 1, "b").arguments if a.startswith(("/Compress", "/Bootable"))]
    assert "/Commit" in command.unmount(FOLDER, commit=True).arguments
    assert "/Discard" not in command.unmount(FOLDER, commit=True).arguments
    assert "/Discard" in command.unmount(FOLDER, commit=False).arguments
    assert "/ResetBase" not in command.cleanup(FOLDER, reset_base=False).arguments
    assert not any(a.startswith("/Source") for a in command.enable_feature(FOLDER, "X").arguments)


def test_spaces_are_quoted_when_shown() -> None:
    """An argument with a space is one argument, also when it is pasted."""
    text = shown(command.line("C:\\a b\\dism.exe", VERBS["/Add-Package"]), windows=True)
    assert text.startswith('"C:\\a b\\dism.exe" /English')
    assert f'"/Image:{FOLDER}"' in text


def test_budgets_are_wall_time_in_hours() -> None:
    """A bar that stands still for half an hour is normal, so no command has less; servicing has many hours."""
    assert all(1800 <= verb.seconds for verb in VERBS.values())
    assert VERBS["/Add-Package"].seconds >= 6 * 3600
    assert isinstance(VERBS["/Add-Package"], Verb)
