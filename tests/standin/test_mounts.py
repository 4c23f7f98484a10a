"""Mounting: what it takes, what saving changes and leaves alone, what a killed client leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.witness import witness

from standin import snapshot
from standin.state import servicing

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.standin import Standin


def mount(dism: Standin, wim: Path, folder: Path, *options: str, index: int = 1) -> int | None:
    """Mount and return the code."""
    return dism("/Mount-Image", f"/ImageFile:{wim}", f"/Index:{index}", f"/MountDir:{folder}", *options).code


def status(dism: Standin, **environment: str) -> list[str]:
    """The status of each mount."""
    lines = dism("/Get-MountedImageInfo", **environment).lines
    return [line.partition(" : ")[2] for line in lines if line.startswith("Status")]


def unmount(dism: Standin, folder: Path, how: str = "/Discard", *more: str) -> int | None:
    """Unmount and return the code."""
    return dism("/Unmount-Image", f"/MountDir:{folder}", how, *more).code


def entries(wim: Path, index: int = 1) -> dict[str, str]:
    """What an independent program says of each entry of an image, by path in lower case."""
    blocks = witness("wimlib-imagex", "dir", "--detailed", str(wim), str(index)).split("-" * 76 + "\n")
    return {block.split('"')[1].lower(): block for block in blocks if '"' in block}


def field(block: str, label: str) -> str:
    """One field of an entry."""
    return next((line.partition("= ")[2] for line in block.splitlines() if line.startswith(label)), "")


def test_a_mount_is_a_folder_with_the_images_files(mounted: Callable[..., Path], dism: Standin) -> None:
    """The files are there, and the mount is in the list until it is unmounted; the folder stays."""
    folder = mounted()
    assert b"wpeinit\r\n" == (folder / "Windows/System32/startnet.cmd").read_bytes()
    assert ["Ok"] == status(dism)
    assert 0 == unmount(dism, folder)
    assert ([], []) == (list(folder.iterdir()), status(dism))


def test_by_name(dism: Standin, wim: Callable[[str], Path], tmp_path: Path) -> None:
    """An image may be named by its name, in any case."""
    (tmp_path / "m").mkdir()
    file = wim("boot.wim")
    line = ["/Mount-Wim", f"/WimFile={file}", f"/MountDir={tmp_path / 'm'}"]
    assert 0xC1510113 == dism(*line, "/Name:nobody").code
    assert 0 == dism(*line, "/Name:sample windows setup (amd64)").code
    assert "Image Index : 2" in dism("/Get-MountedImageInfo").lines


@pytest.mark.parametrize(
    ("make", "code"),
    [
        ("nothing", 0xC1420115),
        ("file inside", 0xC1420114),
        ("mounted", 0xC1420113),
    ],
)
def test_the_folder_has_to_be_empty_and_there(
    dism: Standin, wim: Callable[[str], Path], tmp_path: Path, make: str, code: int
) -> None:
    """One that is missing, has something in it, or holds a mount is refused."""
    folder = tmp_path / "m"
    if make != "nothing":
        folder.mkdir()
    if make == "file inside":
        (folder / "x").touch()
    if make == "mounted":
        assert 0 == mount(dism, wim("winre.wim"), folder)
    assert code == mount(dism, wim("boot.wim"), folder)


def test_images_that_can_not_be_mounted(dism: Standin, wim: Callable[[str], Path], tmp_path: Path) -> None:
    """No such index, no WIM, no file, a read-only file, a part of a split one, recovery compression."""
    folder = tmp_path / "m"
    folder.mkdir()
    file = wim("boot.wim")
    assert 0xC1510113 == mount(dism, file, folder, index=3)
    assert 2 == mount(dism, tmp_path / "no.wim", folder)
    (tmp_path / "text.wim").write_bytes(b"x" * 300)
    assert 11 == mount(dism, tmp_path / "text.wim", folder)
    assert 0xC1420131 == mount(dism, file, Path(file.anchor))
    marked = bytearray(wim("winre.wim").read_bytes())
    marked[16] |= 0x4  # the header's flag for a read-only file
    (tmp_path / "winre.wim").write_bytes(marked)
    assert 0xC1420101 == mount(dism, tmp_path / "winre.wim", folder)
    file.chmod(0o444)
    assert 0xC1510111 == mount(dism, file, folder)
    assert 0 == mount(dism, file, folder, "/ReadOnly")
    unmount(dism, folder)
    witness("wimlib-imagex", "split", str(file), str(tmp_path / "s.swm"), "5")
    assert 0xC1420130 == mount(dism, tmp_path / "s.swm", folder, "/ReadOnly")
    witness(
        "wimlib-imagex", "capture", str(tmp_path / "state"), str(tmp_path / "e.esd"), "--solid", "--no-acls"
    )
    assert 0xC142013C == mount(dism, tmp_path / "e.esd", folder, "/ReadOnly")
    assert [] == list(folder.iterdir())


def test_a_wim_has_one_writer(dism: Standin, wim: Callable[[str], Path], tmp_path: Path) -> None:
    """A second read/write mount of a WIM is refused, a read-only one is not."""
    file = wim("boot.wim")
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    assert 0 == mount(dism, file, tmp_path / "a")
    assert 0xC1420127 == mount(dism, file, tmp_path / "b", index=2)
    assert 0 == mount(dism, file, tmp_path / "b", "/ReadOnly")
    assert 0xC142010C == unmount(dism, tmp_path / "b", "/Commit")
    assert 0xC142011C == unmount(dism, tmp_path / "c")
    assert 0xC142010B == unmount(dism, tmp_path / "d")


def test_saving_writes_what_changed_and_nothing_else(mounted: Callable[..., Path], dism: Standin) -> None:
    """A file more, one less, one otherwise, one renamed; every other entry is as it was in every field."""
    folder = mounted("install.wim")
    wim = folder.parent / "install.wim"
    before = entries(wim)
    (folder / "Windows/OEM").mkdir()
    (folder / "Windows/OEM/new file.txt").write_bytes(b"new")
    (folder / "Windows/System32/license.rtf").write_bytes(b"{}")
    (folder / "PerfLogs").rmdir()
    (folder / "Windows/System32/oobe/info.txt").rename(folder / "Windows/System32/oobe/other.txt")
    assert 0 == unmount(dism, folder, "/Commit")
    after = entries(wim)
    assert {"/perflogs", "/windows/system32/oobe/info.txt"} == before.keys() - after.keys()
    made = {"/windows/oem", "/windows/oem/new file.txt", "/windows/system32/oobe/other.txt"}
    assert made == after.keys() - before.keys()
    changed = {path for path in before.keys() & after.keys() if same(before[path]) != same(after[path])}
    assert {"/windows/system32/license.rtf"} == changed
    assert witness("wimlib-imagex", "verify", str(wim))


def same(block: str) -> list[str]:
    """An entry without what tells only where it is stored; numbers of link groups are the image's own affair."""
    loose = ("Offset", "Compressed size", "Reference Count", "Link Group", "Link Count")
    return [line for line in block.splitlines() if not line.strip().startswith(loose)]


def test_a_file_written_over_keeps_its_descriptor(mounted: Callable[..., Path], dism: Standin) -> None:
    """So do attributes and creation time; a new file gets its neighbours' descriptor."""
    folder = mounted("install.wim")
    wim = folder.parent / "install.wim"
    before = entries(wim)
    config = folder / "Windows/System32/config"
    (config / "SAM").write_bytes(b"other")
    (config / "NEW").write_bytes(b"new")
    recovery = folder / "Windows/System32/Recovery/winre.wim"
    recovery.write_bytes(b"MSWIM")
    assert 0 == unmount(dism, folder, "/Commit")
    after = entries(wim)
    for path in ("/windows/system32/config/sam", "/windows/system32/recovery/winre.wim"):
        for label in ("Attributes", "Security Descriptor", "Creation Time"):
            assert field(before[path], label) == field(after[path], label)
    new = after["/windows/system32/config/new"]
    sam = before["/windows/system32/config/sam"]
    assert field(sam, "Security Descriptor") == field(new, "Security Descriptor")
    assert "0x00000020" == field(new, "Attributes")


def test_hard_links_are_kept_and_made(mounted: Callable[..., Path], dism: Standin) -> None:
    """Names of one file are one file in the image; a name that is replaced leaves the others together."""
    folder = mounted("install.wim")
    wim = folder.parent / "install.wim"
    (folder / "one.txt").write_bytes(b"linked")
    os.link(folder / "one.txt", folder / "two.txt")
    notepad = folder / "Windows/notepad.exe"
    (folder / "fresh").write_bytes(b"fresh")
    (folder / "fresh").rename(notepad)
    assert 0 == unmount(dism, folder, "/Commit")
    after = entries(wim)
    assert "2" == field(after["/one.txt"], "Link Count")
    assert field(after["/one.txt"], "Link Group ID") == field(after["/two.txt"], "Link Group ID")
    assert "3" == field(after["/windows/system32/notepad.exe"], "Link Count")
    assert "1" == field(after["/windows/notepad.exe"], "Link Count")


def test_the_images_own_words_survive_saving(mounted: Callable[..., Path], dism: Standin) -> None:
    """Name, description and edition stay; the other image and the image that boots too."""
    folder = mounted("boot.wim", 2)
    wim = folder.parent / "boot.wim"
    before = dism("/Get-ImageInfo", f"/ImageFile:{wim}", "/Index:2").lines
    other = entries(wim, 1)
    (folder / "x.txt").write_bytes(b"x")
    assert 0 == unmount(dism, folder, "/Commit")
    after = dism("/Get-ImageInfo", f"/ImageFile:{wim}", "/Index:2").lines
    moved = {line.partition(" : ")[0] for line in set(before) ^ set(after)}
    # How folders are counted differs between the samples and wimlib: by the root.
    assert {"Size", "Files", "Modified"} == moved - {"Directories"}
    assert "WIM Bootable : Yes" in after
    assert {path: same(block) for path, block in other.items()} == {
        path: same(block) for path, block in entries(wim, 1).items()
    }


def test_discarding_changes_nothing(mounted: Callable[..., Path], dism: Standin) -> None:
    """The WIM is the same to the byte."""
    folder = mounted()
    wim = folder.parent / "boot.wim"
    before = wim.read_bytes()
    (folder / "x.txt").write_bytes(b"x")
    assert 0 == unmount(dism, folder)
    assert before == wim.read_bytes()


def test_commit_image_stays_mounted(mounted: Callable[..., Path], dism: Standin) -> None:
    """What was saved is in the WIM, what came later is not until it is saved."""
    folder = mounted()
    wim = folder.parent / "boot.wim"
    (folder / "one.txt").write_bytes(b"1")
    assert 0 == dism("/Commit-Image", f"/MountDir:{folder}").code
    assert "/one.txt" in entries(wim)
    (folder / "two.txt").write_bytes(b"2")
    assert ["Ok"] == status(dism)
    assert 0 == unmount(dism, folder, "/Commit")
    assert {"/one.txt", "/two.txt"} <= entries(wim).keys()


def test_append_saves_as_a_new_image(mounted: Callable[..., Path], dism: Standin) -> None:
    """The image that was mounted stays as it was."""
    folder = mounted()
    wim = folder.parent / "boot.wim"
    (folder / "one.txt").write_bytes(b"1")
    assert 87 == unmount(dism, folder, "/Discard", "/Append")
    assert 0 == unmount(dism, folder, "/Commit", "/Append")
    assert "/one.txt" not in entries(wim, 1)
    assert "/one.txt" in entries(wim, 3)


def test_a_wim_that_changed_can_not_be_saved_to(mounted: Callable[..., Path], dism: Standin) -> None:
    """Nor can the mount be taken up again after a restart; discarding is what is left."""
    folder = mounted()
    wim = folder.parent / "boot.wim"
    witness("wimlib-imagex", "info", str(wim), "1", "Other name")
    assert 0xC1420122 == unmount(dism, folder, "/Commit")
    assert 0xC1420124 == dism("/Remount-Image", f"/MountDir:{folder}").code
    assert 0 == unmount(dism, folder)


def test_after_a_restart_a_mount_needs_to_be_remounted(mounted: Callable[..., Path], dism: Standin) -> None:
    """Until then it can be neither serviced nor saved; cleaning up leaves it alone."""
    folder = mounted()
    later = {"STANDIN_BOOT": "second"}
    assert ["Needs Remount"] == status(dism, **later)
    assert 0xC1510114 == dism(f"/Image:{folder}", "/Get-Packages", **later).code
    assert 0xC1510114 == dism("/Commit-Image", f"/MountDir:{folder}", **later).code
    assert 0 == dism("/Cleanup-Mountpoints", **later).code
    assert 0 == dism("/Remount-Image", f"/MountDir:{folder}", **later).code
    assert ["Ok"] == status(dism, **later)
    assert 0 == dism("/Commit-Image", f"/MountDir:{folder}", **later).code


def test_a_mount_that_lost_its_wim_is_invalid(mounted: Callable[..., Path], dism: Standin) -> None:
    """It can be discarded, or cleaned up; a good mount is not cleaned up."""
    folder = mounted()
    assert 0 == dism("/Cleanup-Wim").code
    assert ["Ok"] == status(dism)
    (folder.parent / "boot.wim").unlink()
    assert ["Invalid"] == status(dism)
    assert 0xC1510115 == dism(f"/Image:{folder}", "/Get-Packages").code
    assert 0 == dism("/Cleanup-Mountpoints").code
    assert ([], []) == (status(dism), list(folder.iterdir()))


def test_a_client_killed_while_mounting_leaves_an_invalid_mount(
    dism: Standin, wim: Callable[[str], Path], tmp_path: Path
) -> None:
    """It cannot be saved; it can be discarded."""
    folder = tmp_path / "m"
    folder.mkdir()
    dism.faults({"command": "Mount-Image", "do": "crash", "at": 70})
    line = ["/Mount-Image", f"/ImageFile:{wim('boot.wim')}", "/Index:1", f"/MountDir:{folder}"]
    killed = dism.program(*line)
    assert killed.code is None
    assert ["Invalid"] == status(dism)
    assert 0xC142011D == unmount(dism, folder, "/Commit")
    assert 0 == unmount(dism, folder)
    assert 0 == dism.program(*line).code


def test_a_client_killed_while_saving_leaves_the_wim_whole(
    mounted: Callable[..., Path], dism: Standin
) -> None:
    """The mount is invalid, and its changes are still in the folder."""
    folder = mounted()
    (folder / "x.txt").write_bytes(b"x")
    dism.faults({"command": "Unmount-Image", "do": "crash", "at": 8})
    assert dism.program("/Unmount-Image", f"/MountDir:{folder}", "/Commit").code is None
    assert ["Invalid"] == status(dism)
    assert (folder / "x.txt").exists()
    assert witness("wimlib-imagex", "verify", str(folder.parent / "boot.wim"))
    assert 0 == unmount(dism, folder)


def test_open_files_keep_a_mount_from_going_away(mounted: Callable[..., Path], dism: Standin) -> None:
    """A file another process has open: it was saved, it is half unmounted, it can only be discarded."""
    folder = mounted()
    (folder / "x.txt").write_bytes(b"x")
    holder = subprocess.Popen(["sleep", "60"], cwd=folder)
    try:
        assert 0xC1420117 == unmount(dism, folder, "/Commit")
        assert ["Invalid"] == status(dism)
        assert 0xC142011D == unmount(dism, folder, "/Commit")
        assert 0xC1420117 == unmount(dism, folder)
    finally:
        holder.kill()
        holder.wait()
    assert 0 == unmount(dism, folder)
    assert "/x.txt" in entries(folder.parent / "boot.wim")


def test_a_read_only_mount_is_not_serviced(mounted: Callable[..., Path], dism: Standin) -> None:
    """It can be asked, not changed."""
    folder = mounted("boot.wim", 1, "/ReadOnly")
    assert 0 == dism(f"/Image:{folder}", "/Get-Packages").code
    assert 5 == dism(f"/Image:{folder}", "/Cleanup-Image", "/StartComponentCleanup").code


def test_two_may_not_service_one_image(mounted: Callable[..., Path], dism: Standin) -> None:
    """The second is told so; it can still ask."""
    folder = mounted()
    with servicing(folder.parent / "state", folder) as alone:
        assert alone
        line = [f"/Image:{folder}"]
        assert 0xC15101FD == dism.program(*line, "/Cleanup-Image", "/StartComponentCleanup").code
        assert 0 == dism.program(*line, "/Get-Packages").code
    assert 0 == dism(*line, "/Cleanup-Image", "/StartComponentCleanup").code


def test_of_many_that_mount_at_once_one_writes(
    dism: Standin, wim: Callable[[str], Path], tmp_path: Path
) -> None:
    """Each mount is recorded or refused, whatever the order."""
    file = wim("winre.wim")
    for number in range(4):
        (tmp_path / f"m{number}").mkdir()
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda number: mount(dism, file, tmp_path / f"m{number}"), range(4)))
    assert [0, *[0xC1420127] * 3] == sorted(code or 0 for code in codes)
    assert ["Ok"] == status(dism)


def test_a_tool_older_than_the_image_refuses(mounted: Callable[..., Path], dism: Standin) -> None:
    """Families count, not revisions; a folder without Windows is no image."""
    folder = mounted()
    line = [f"/Image:{folder}", "/Get-Packages"]
    assert 0 == dism(*line, STANDIN_VERSION="10.0.17134.1").code
    assert 50 == dism(*line, STANDIN_VERSION="10.0.16299.15").code
    (folder.parent / "empty").mkdir()
    assert 2 == dism(f"/Image:{folder.parent / 'empty'}", "/Get-Packages").code
    assert 3 == dism(f"/Image:{folder.parent / 'none'}", "/Get-Packages").code


def test_the_registry_outlives_the_program(mounted: Callable[..., Path], dism: Standin) -> None:
    """Mounts are in the state folder, and nothing of them is left after the last one."""
    folder = mounted()
    state = folder.parent / "state"
    assert [str(folder)] == [row["folder"] for row in json.loads((state / "mounts.json").read_bytes())]
    assert 0 == dism.program("/Unmount-Image", f"/MountDir:{folder}", "/Discard").code
    assert {"mounts.json", "lock"} == {path.name for path in state.iterdir()}


def test_reading_or_touching_permissions_is_no_change(tmp_path: Path) -> None:
    """Only content, times of content, links and places count."""
    (tmp_path / "a").write_bytes(b"a")
    before = snapshot.take(tmp_path)
    (tmp_path / "a").chmod(0o600)
    after = snapshot.take(tmp_path, before)
    assert snapshot.Difference() == snapshot.difference(before, after)
    os.link(tmp_path / "a", tmp_path / "b")
    assert ["a", "b"] == snapshot.difference(before, snapshot.take(tmp_path, before)).put


def test_a_folder_that_becomes_a_file(tmp_path: Path) -> None:
    """It goes with all it held, and comes back as what it is."""
    (tmp_path / "a/b").mkdir(parents=True)
    before = snapshot.take(tmp_path)
    (tmp_path / "a/b").rmdir()
    (tmp_path / "a").rmdir()
    (tmp_path / "a").write_bytes(b"")
    assert snapshot.Difference(["a"], ["a"]) == snapshot.difference(before, snapshot.take(tmp_path))
