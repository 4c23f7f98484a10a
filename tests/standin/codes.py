"""Codes: how they are printed, and the sentence that goes with each (dism fact sheet §3 and fact 8).

The sentences are the stand-in's own, except those the fact sheet quotes.
"""

from __future__ import annotations

_WIN32 = 0x80070000
SENTENCES = {
    2: "The system cannot find the file specified.",
    3: "The system cannot find the path specified.",
    5: "Access is denied.",
    11: "An attempt was made to load a program with an incorrect format.",
    13: "The data is invalid.",
    32: "The process cannot access the file because it is being used by another process.",
    50: "The request is not supported.",
    80: "The file exists.",
    87: "The parameter is incorrect.",
    112: "There is not enough space on the disk.",
    126: "The specified module could not be found.",
    145: "The directory is not empty.",
    1168: "Element not found.",
    1392: "The file or directory is corrupted and unreadable.",
    1722: "The RPC server is unavailable.",
    1726: "The remote procedure call failed.",
    3010: "The requested operation is successful. Changes will not be effective until the system is rebooted.",
    0x800F0805: "The package is not a valid servicing package.",
    0x800F0806: "The operation could not be completed due to pending operations.",
    0x800F080C: "Feature name {} is unknown. A Windows feature name was not recognized.",
    0x800F081E: "The specified package is not applicable to this image.",
    0x800F081F: "The source files could not be found. Use the Source option to give their location.",
    0x800F0823: "The package needs a newer version of the servicing stack in the image.",
    0x800F0825: "The package cannot be uninstalled.",
    0x800F0830: "The image can no longer be serviced.",
    0x800F0838: "A package this one is built upon is missing.",
    0x800F0906: "The source files could not be downloaded.",
    0x800F0922: "An installer of the package failed.",
    0x800F0950: "The capability could not be downloaded.",
    0x800F0986: "A forward delta could not be applied.",
    0xE000022F: "The driver package names no catalogue that is there: it is not signed.",
    0xC1420101: "The container is read-only.",
    0xC142010B: "The directory does not hold a mounted image.",
    0xC142010C: "A read-only mount cannot be committed.",
    0xC1420113: "The directory holds a mounted image already.",
    0xC1420114: "An attempt was made to mount to a directory that is not empty.",
    0xC1420115: "The mount directory does not exist.",
    0xC1420117: "The directory could not be completely unmounted. Close the files that are open in it and unmount again.",
    0xC142011C: "The directory is not a valid mounted directory.",
    0xC142011D: "The image cannot be committed: it is partially unmounted or still being mounted. An earlier commit has probably succeeded.",
    0xC1420122: "The WIM file has changed since the image was mounted; it cannot be committed.",
    0xC1420124: "The WIM file has changed since the image was mounted; it cannot be remounted.",
    0xC1420125: "The image is being unmounted.",
    0xC1420127: "The image is already mounted for read and write.",
    0xC1420130: "A part of a split WIM file cannot be mounted.",
    0xC1420131: "The root of a volume cannot be a mount directory.",
    0xC142013C: "An image with recovery compression cannot be mounted.",
    0xC1510111: "You do not have permission to mount and modify this image.",
    0xC1510113: "The index is not valid for this image file.",
    0xC1510114: "The mounted image needs to be remounted.",
    0xC1510115: "The mounted image is not valid.",
    0xC15101FD: "The mounted image is being serviced by another operation.",
}


class DismError(Exception):
    """A command failed.

    Attributes:
        code: as the process returns it: facility Win32 collapsed to the plain number.
        text: the sentence below the code.
        printed: how the error block spells the code; None as DISM does, "" for no block at all.
    """

    def __init__(self, code: int, text: str = "", printed: str | None = None) -> None:
        self.code = collapsed(code)
        self.printed = printed
        self.text = text or SENTENCES.get(self.code, "An error occurred.")
        super().__init__(f"{shown(code)}: {self.text}")


class CompletedWithErrorsError(DismError):
    """Several items, of which some failed: each has said so, and there is no error block at the end (§4.2)."""


def hresult(code: int) -> str:
    """A code as lines about single items print it: always in hexadecimal, `0x80070003`."""
    return f"0x{code | _WIN32 if code < 1 << 16 else code:08x}"


def collapsed(code: int) -> int:
    """A result as DISM returns it: 0x80070003 is 3, others stay."""
    code &= 0xFFFFFFFF
    return code & 0xFFFF if code & 0xFFFF0000 == _WIN32 else code


def shown(code: int) -> str:
    """A code as DISM prints it: `3`, `0x800f081e`."""
    code = collapsed(code)
    return str(code) if code < 1 << 16 else f"0x{code:08x}"
