"""What DISM's exit and error codes mean: one table, each row with its class, its remedy and its source.

Exit codes come as unsigned or negative numbers, errors in texts as decimal or hexadecimal ones, and a Win32 error
also as its HRESULT `0x8007nnnn`: all of them meet in one row. The table says what a code means and whether trying
again can help. Which code is tolerated for which task it does not say: that is the plan's to know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from osrecipe.model.codes import Slug

_WIN32: Final = 0x8007_0000
_WIN32_MASK: Final = 0xFFFF_0000
_LIMIT: Final = 0xFFFF_FFFF
_NUMBER: Final = re.compile(r"(-?)(0[xX][0-9a-fA-F]{1,8}|\d{1,10})$")

# Where a row's meaning was read. Nothing was confirmed on Windows by us.
LOG: Final = "public logs of DISM runs"
WIMGAPI: Final = "message tables of wimgapi.dll and WimProvider.dll, as published"
CBS: Final = "component-based servicing result codes, as published"
WINERROR: Final = "winerror.h, not looked up again"
HARDWARE: Final = "Microsoft, Windows hardware documentation (2018)"
DYNAMIC_UPDATE: Final = "Microsoft, `Update Windows installation media with Dynamic Update` (2024-10)"
INTEGRATORS: Final = "behaviour of maintained community integrators"
WEAK: Final = "single public mention; weak"


class Kind(StrEnum):
    """What to do about a code.

    SUCCESS: it went well.
    PENDING: it went well, and something is left for the first start.
    TRANSIENT: trying again later can help.
    PROBE: the servicing process died; what the image says decides.
    BUSY: files of the mount folder are open; trying again later can help an unmount.
    NOT_APPLICABLE: this package is not for this image.
    FOLDER: the mount or its folder is not as it must be.
    FATAL: the image can't be used any more.
    FAILURE: it failed, and would again.
    """

    SUCCESS = "success"
    PENDING = "pending"
    TRANSIENT = "transient"
    PROBE = "probe"
    BUSY = "busy"
    NOT_APPLICABLE = "not-applicable"
    FOLDER = "folder"
    FATAL = "fatal"
    FAILURE = "failure"


@dataclass(frozen=True)
class Code:
    """One row: the canonical number, and what it means in a few words."""

    number: int
    name: str
    meaning: str
    kind: Kind
    remedy: str
    source: str
    slug: Slug = Slug.RUN_TASK_FAILED

    @property
    def text(self) -> str:
        """The code as it is shown: `0x800f081e`."""
        return shown(self.number)


def normal(code: int) -> int:
    """One number for all spellings of a code: unsigned, a Win32 error without its HRESULT dress.

    >>> hex(normal(-2146498530))
    '0x800f081e'
    >>> normal(0x800702E4)
    740
    """
    unsigned = code & _LIMIT
    return unsigned & 0xFFFF if unsigned & _WIN32_MASK == _WIN32 else unsigned


def shown(code: int) -> str:
    """A code as people look it up: an HRESULT in lower-case hexadecimal; 0 stays 0."""
    number = normal(code)
    if number == 0:
        return "0"
    return f"0x{number | _WIN32:08x}" if number <= 0xFFFF else f"0x{number:08x}"  # noqa: PLR2004 - Win32's range


def parse(text: str) -> int | None:
    """The canonical number of a code in text, decimal or hexadecimal; None when it is none."""
    match = _NUMBER.match(text.strip())
    if match is None:
        return None
    number = int(match[2], 16 if match[2][:2].lower() == "0x" else 10)
    if number > _LIMIT:
        return None
    return normal(-number if match[1] else number)


def lookup(code: int) -> Code:
    """The row of a code in any spelling; a code without one is a failure."""
    number = normal(code)
    found = _BY_NUMBER.get(number)
    return found or Code(
        number, "unknown", "no meaning is known for this code", Kind.FAILURE, _SEE_LOG, "this table"
    )


_SEE_LOG: Final = "the task's log and DISM's own log beside it say more"
_SPACE: Final = "free space on the volumes of the work folder and of the output"
_PRISTINE: Final = "start again from the source image"
_CLOSE: Final = (
    "close what has files of the mount folder open (Explorer, an editor, a scanner), then run again"
)
_RESTORE: Final = "repair the image with /RestoreHealth from matching media, or start from a pristine image"
_SOURCE: Final = "name a source of the same build (the media's `sources\\sxs`)"
_CLEAN: Final = "`osrecipe clean` removes what dead runs left; `dism /Get-MountedImageInfo` lists the rest"
_LOCAL: Final = "let the output, and so the work folder, lie on a fixed local NTFS volume"

TABLE: Final[tuple[Code, ...]] = (
    Code(0, "OK", "done", Kind.SUCCESS, "", HARDWARE),
    Code(2, "FILE_NOT_FOUND", "a file is not there, or payload is missing", Kind.FAILURE, _SEE_LOG, WINERROR),
    Code(3, "PATH_NOT_FOUND", "a path is not there", Kind.FAILURE, _SEE_LOG, LOG),
    Code(
        5,
        "ACCESS_DENIED",
        "something in the mount folder may not be changed, or the WIM is read-only",
        Kind.FAILURE,
        "run elevated; let no scanner watch the mount folder",
        WIMGAPI,
    ),
    Code(
        11, "BAD_FORMAT", "this DISM can't read the image's format", Kind.FAILURE, "use a newer DISM", WIMGAPI
    ),
    Code(
        13,
        "INVALID_DATA",
        "the package is damaged, or needs a newer delta engine",
        Kind.FAILURE,
        "compare the package's hash with its publisher's; use a newer DISM",
        "the documentation of an open delta decoder",
    ),
    Code(0x20, "SHARING_VIOLATION", "a file is in use", Kind.TRANSIENT, _CLOSE, WIMGAPI),
    Code(0x21, "LOCK_VIOLATION", "a part of a file is locked", Kind.TRANSIENT, _CLOSE, WIMGAPI),
    Code(39, "HANDLE_DISK_FULL", "no space is left", Kind.FAILURE, _SPACE, WIMGAPI, Slug.RUN_SPACE),
    Code(
        50,
        "NOT_SUPPORTED",
        "this image or host does not know the command",
        Kind.FAILURE,
        "use the DISM of a newer ADK",
        WINERROR,
    ),
    Code(
        87,
        "INVALID_PARAMETER",
        "this DISM does not know an option",
        Kind.FAILURE,
        "use the DISM of a newer ADK",
        LOG,
    ),
    Code(112, "DISK_FULL", "no space is left", Kind.FAILURE, _SPACE, WIMGAPI, Slug.RUN_SPACE),
    Code(
        126,
        "MOD_NOT_FOUND",
        "a module of the servicing stack is not in the image",
        Kind.FAILURE,
        "expected only when a combined update brings the stack of a PE image up to date",
        DYNAMIC_UPDATE,
    ),
    Code(
        127,
        "PROC_NOT_FOUND",
        "the servicing stack in the image is half replaced",
        Kind.FATAL,
        _PRISTINE,
        "reports of media spoilt by tools that went on",
    ),
    Code(145, "DIR_NOT_EMPTY", "the mount folder is not empty", Kind.FOLDER, _CLEAN, WIMGAPI),
    Code(
        740,
        "ELEVATION_REQUIRED",
        "DISM needs an elevated process",
        Kind.FAILURE,
        "run this command as administrator",
        LOG,
        Slug.RUN_HOST,
    ),
    Code(1168, "NOT_FOUND", "the element is not in the image", Kind.FAILURE, "check its name", WINERROR),
    Code(
        1392,
        "FILE_CORRUPT",
        "a file or folder is damaged",
        Kind.FATAL,
        "check the volume, and fetch the source again",
        WINERROR,
    ),
    Code(1722, "RPC_S_SERVER_UNAVAILABLE", "DISM's host process is gone", Kind.PROBE, _SEE_LOG, INTEGRATORS),
    Code(1726, "RPC_S_CALL_FAILED", "DISM's host process died", Kind.PROBE, _SEE_LOG, INTEGRATORS),
    Code(
        3010,
        "SUCCESS_REBOOT_REQUIRED",
        "done; something is left for the first start",
        Kind.PENDING,
        "",
        INTEGRATORS,
    ),
    Code(
        0x371B,
        "SXS_TRANSACTION_CLOSURE_INCOMPLETE",
        "a part of the transaction is missing: a .NET update before the feature it updates",
        Kind.FAILURE,
        "enable .NET Framework 3.5 before its updates",
        "tools of people who service media monthly",
    ),
    Code(
        0x3712,
        "SXS_COMPONENT_STORE_CORRUPT",
        "the component store is damaged",
        Kind.FATAL,
        _RESTORE,
        WINERROR,
    ),
    Code(0x800F_0805, "CBS_E_INVALID_PACKAGE", "this is no valid package", Kind.FAILURE, _SEE_LOG, CBS),
    Code(
        0x800F_0806,
        "CBS_E_PENDING",
        "actions are pending in the image",
        Kind.FAILURE,
        "clean up before what leaves actions pending, or start from an image without them",
        "tools of people who service media monthly",
        Slug.RUN_PENDING,
    ),
    Code(
        0x800F_080C,
        "CBS_E_UNKNOWN_UPDATE",
        "the image has no such feature",
        Kind.FAILURE,
        "check its name",
        CBS,
    ),
    Code(
        0x800F_081E,
        "CBS_E_NOT_APPLICABLE",
        "the package is not for this image",
        Kind.NOT_APPLICABLE,
        "check build, architecture and edition; the image may have something newer",
        CBS,
        Slug.RUN_NOT_APPLICABLE,
    ),
    Code(0x800F_081F, "CBS_E_SOURCE_MISSING", "payload was not found", Kind.FAILURE, _SOURCE, HARDWARE),
    Code(0x800F_0821, "CBS_E_ABORT", "servicing was aborted by its watchdog", Kind.FATAL, _PRISTINE, CBS),
    Code(
        0x800F_0823,
        "CBS_E_NEW_SERVICING_STACK_REQUIRED",
        "a newer servicing stack has to be added first",
        Kind.FAILURE,
        "add the servicing stack update, or the combined update that has it, first",
        CBS,
    ),
    Code(
        0x800F_0825,
        "CBS_E_CANNOT_UNINSTALL",
        "the package can't be removed, perhaps for pending updates",
        Kind.FAILURE,
        "remove it after the first start",
        HARDWARE,
    ),
    Code(
        0x800F_082E,
        "CBS_E_NOT_ALLOWED_OFFLINE",
        "this can only be done while Windows runs",
        Kind.FAILURE,
        "do it after the first start",
        CBS,
    ),
    Code(
        0x800F_082F,
        "CBS_E_EXCLUSIVE_WOULD_MERGE",
        "an exclusive update is pending in the image",
        Kind.FAILURE,
        "save the image and go on in another session, or after the first start",
        CBS,
    ),
    Code(
        0x800F_0830,
        "CBS_E_IMAGE_UNSERVICEABLE",
        "the image can't be serviced any more",
        Kind.FATAL,
        _PRISTINE,
        CBS,
    ),
    Code(
        0x800F_0831,
        "CBS_E_STORE_CORRUPTION",
        "a package or manifest is missing in the component store",
        Kind.FATAL,
        _RESTORE,
        CBS,
    ),
    Code(
        0x800F_0838,
        "CBS_E_MISSING_PREREQUISITE_BASELINES",
        "a checkpoint update is missing",
        Kind.FAILURE,
        "name the checkpoints this update needs",
        LOG,
    ),
    Code(0x800F_0902, "CBS_E_BUSY", "other servicing is going on", Kind.TRANSIENT, _SEE_LOG, CBS),
    Code(0x800F_0905, "CBS_E_NO_ACTIVE_EDITION", "the image names no edition", Kind.FATAL, _PRISTINE, CBS),
    Code(
        0x800F_0906, "CBS_E_DOWNLOAD_FAILURE", "payload could not be fetched", Kind.FAILURE, _SOURCE, HARDWARE
    ),
    Code(
        0x800F_0907,
        "CBS_E_GROUPPOLICY_DISALLOWED",
        "a policy forbids to fetch payload",
        Kind.FAILURE,
        _SOURCE,
        HARDWARE,
    ),
    Code(
        0x800F_0922,
        "CBS_E_INSTALLERS_FAILED",
        "an installer inside the package failed",
        Kind.FATAL,
        "CBS.log inside the image says which",
        CBS,
    ),
    Code(
        0x800F_0950,
        "CBS_E_INVALID_WINDOWS_UPDATE_COUNT",
        "payload was asked of Windows Update",
        Kind.FAILURE,
        _SOURCE,
        CBS,
    ),
    Code(
        0x800F_0954,
        "CBS_E_INVALID_WINDOWS_UPDATE_COUNT_WSUS",
        "payload was asked of an update server",
        Kind.FAILURE,
        _SOURCE,
        CBS,
    ),
    *(
        Code(
            number,
            name,
            meaning,
            Kind.FATAL,
            "add servicing stack and checkpoints first, or start from a pristine image",
            CBS,
        )
        for number, name, meaning in (
            (0x800F_0982, "PSFX_E_MATCHING_COMPONENT_NOT_FOUND", "the component a delta is for is missing"),
            (0x800F_0983, "PSFX_E_MATCHING_COMPONENT_DIRECTORY_MISSING", "a component's folder is missing"),
            (0x800F_0984, "PSFX_E_MATCHING_BINARY_MISSING", "the file a delta is for is missing"),
            (0x800F_0985, "PSFX_E_APPLY_REVERSE_DELTA_FAILED", "a reverse delta could not be applied"),
            (0x800F_0986, "PSFX_E_APPLY_FORWARD_DELTA_FAILED", "a forward delta could not be applied"),
            (
                0x800F_0987,
                "PSFX_E_NULL_DELTA_HYDRATION_FAILED",
                "a delta without a base could not be applied",
            ),
            (0x800F_0988, "PSFX_E_INVALID_DELTA_COMBINATION", "deltas do not fit together"),
            (0x800F_0989, "PSFX_E_REVERSE_DELTA_MISSING", "a reverse delta is missing"),
            (0x800F_0991, "PSFX_E_MISSING_PAYLOAD_FILE", "a payload file is missing"),
        )
    ),
    Code(
        0x800F_0998,
        "0x800f0998",
        "the servicing stack has to be updated first",
        Kind.FAILURE,
        "add the servicing stack update, or the combined update that has it, first",
        "tools of people who service media monthly",
    ),
    Code(
        0x8024_000B, "WU_E_CALL_CANCELLED", "the operation was cancelled", Kind.FAILURE, "run again", WINERROR
    ),
    Code(
        0xC142_0101,
        "WIM_READ_ONLY",
        "a read-only file can't be mounted for change",
        Kind.FAILURE,
        "clear the file's read-only attribute",
        WIMGAPI,
    ),
    Code(0xC142_010B, "NOT_MOUNTED", "the image is not mounted", Kind.FOLDER, _CLEAN, WIMGAPI),
    Code(
        0xC142_010C,
        "MOUNTED_READ_ONLY",
        "the image is mounted for reading only",
        Kind.FAILURE,
        _CLEAN,
        WIMGAPI,
    ),
    Code(0xC142_0112, "MOUNT_IN_USE", "a file is in use", Kind.BUSY, _CLOSE, WIMGAPI),
    Code(
        0xC142_0113,
        "FOLDER_HOLDS_MOUNT",
        "another image is mounted in the folder",
        Kind.FOLDER,
        _CLEAN,
        WIMGAPI,
    ),
    Code(0xC142_0114, "MOUNT_FOLDER_NOT_EMPTY", "the mount folder is not empty", Kind.FOLDER, _CLEAN, LOG),
    Code(0xC142_0115, "MOUNT_FOLDER_MISSING", "the mount folder is not there", Kind.FOLDER, _CLEAN, WEAK),
    Code(
        0xC142_0116,
        "MOUNT_LEFTOVERS",
        "leftovers of an interrupted mount that DISM has no record of",
        Kind.FOLDER,
        _CLEAN,
        WEAK,
    ),
    Code(
        0xC142_0117,
        "UNMOUNT_INCOMPLETE",
        "the mount folder could not be let go: files in it are open",
        Kind.BUSY,
        _CLOSE,
        LOG,
    ),
    Code(0xC142_011C, "NOT_A_MOUNT_FOLDER", "the folder holds no valid mount", Kind.FOLDER, _CLEAN, WIMGAPI),
    Code(
        0xC142_011D,
        "PARTIALLY_UNMOUNTED",
        "the image is half unmounted or still being mounted; an earlier commit probably went well",
        Kind.FOLDER,
        _CLEAN,
        LOG,
    ),
    Code(0xC142_011F, "NO_REPARSE_POINTS", "the volume has no reparse points", Kind.FOLDER, _LOCAL, WIMGAPI),
    Code(
        0xC142_0122,
        "WIM_CHANGED",
        "the WIM changed since it was mounted: it can't be saved",
        Kind.FATAL,
        "let nothing else write to the work folder",
        WIMGAPI,
    ),
    Code(
        0xC142_0124,
        "WIM_CHANGED_REMOUNT",
        "the WIM changed since it was mounted: it can't be mounted again",
        Kind.FATAL,
        "let nothing else write to the work folder",
        WIMGAPI,
    ),
    Code(0xC142_0125, "UNMOUNTING", "the image is being unmounted", Kind.TRANSIENT, _SEE_LOG, WIMGAPI),
    Code(0xC142_0126, "ALREADY_MOUNTED", "the image is mounted already", Kind.FOLDER, _CLEAN, WIMGAPI),
    Code(
        0xC142_0127,
        "ALREADY_MOUNTED_FOR_CHANGE",
        "the image is mounted for change already",
        Kind.FOLDER,
        _CLEAN,
        "reports of interrupted runs of other tools",
    ),
    Code(
        0xC142_0130,
        "SPLIT_WIM",
        "a split WIM can't be mounted",
        Kind.FAILURE,
        "join its parts first",
        WIMGAPI,
    ),
    Code(
        0xC142_0131,
        "VOLUME_ROOT",
        "the root of a volume can't be a mount folder",
        Kind.FOLDER,
        _LOCAL,
        WIMGAPI,
    ),
    Code(
        0xC142_0134,
        "NOT_A_FIXED_DRIVE",
        "the mount folder is not on a fixed drive",
        Kind.FOLDER,
        _LOCAL,
        WIMGAPI,
    ),
    Code(
        0xC142_0135,
        "MOUNT_PATH_TOUCHED",
        "a scanner or an indexer touched the mount folder",
        Kind.TRANSIENT,
        "exclude the work folder from scanning and indexing",
        WIMGAPI,
    ),
    Code(
        0xC142_013C,
        "SOLID_WIM",
        "a solid image (ESD) can't be mounted",
        Kind.FAILURE,
        "export it to a WIM",
        WIMGAPI,
    ),
    Code(
        0xC151_0111,
        "NO_PERMISSION_TO_CHANGE",
        "there is no permission to mount the image for change",
        Kind.FAILURE,
        "clear the file's read-only attribute, look at its access rights and at Controlled Folder Access",
        WIMGAPI,
    ),
    Code(
        0xC151_0112,
        "NO_PERMISSION",
        "there is no permission to mount the image",
        Kind.FAILURE,
        "look at the file's access rights and at Controlled Folder Access",
        WIMGAPI,
    ),
    Code(
        0xC151_0113, "NO_SUCH_INDEX", "the WIM has no image of this number", Kind.FAILURE, _SEE_LOG, WIMGAPI
    ),
    Code(0xC151_0114, "NEEDS_REMOUNT", "the image has to be mounted again", Kind.FOLDER, _CLEAN, WIMGAPI),
    Code(0xC151_0115, "MOUNT_INVALID", "the mount is damaged", Kind.FOLDER, _CLEAN, WIMGAPI),
    Code(
        0xC151_01FD,
        "SERVICED_ELSEWHERE",
        "another DISM is servicing the image",
        Kind.TRANSIENT,
        _SEE_LOG,
        WIMGAPI,
    ),
    *(
        Code(
            0xC004_0000 | number,
            name,
            meaning,
            Kind.FAILURE,
            "report it with the task's log",
            "DismApi's header, as published",
        )
        for number, name, meaning in (
            (0x1, "DISMAPI_E_DISMAPI_NOT_INITIALIZED", "DISM's library was not initialised"),
            (0x2, "DISMAPI_E_SHUTDOWN_IN_PROGRESS", "DISM is shutting down"),
            (0x3, "DISMAPI_E_OPEN_SESSION_HANDLES", "DISM has open sessions"),
            (0x4, "DISMAPI_E_INVALID_DISM_SESSION", "the session is not valid"),
            (0x5, "DISMAPI_E_INVALID_IMAGE_INDEX", "the WIM has no image of this number"),
            (0xD, "DISMAPI_E_PARENT_FEATURE_DISABLED", "a feature this one is part of is disabled"),
        )
    ),
)
"""Every code with a meaning of its own, by number."""

_BY_NUMBER: Final = {row.number: row for row in TABLE}
