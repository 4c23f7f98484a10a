"""What DISM's exit and error codes mean: one table, each row with its class, its remedy and its source.

The table says what a code means and whether trying again can help. Which code is tolerated for which task it does not
say: that is the plan's to know. The rows about mounts and about DISM's library are in `mount_codes`.
"""

from __future__ import annotations

from typing import Final

from osrecipe.adapters.dism.code import (
    CBS,
    CLEAN,
    CLOSE,
    DYNAMIC_UPDATE,
    HARDWARE,
    INTEGRATORS,
    LOG,
    PRISTINE,
    RESTORE,
    SEE_LOG,
    SOURCE,
    SPACE,
    WIMGAPI,
    WINERROR,
    Code,
    Kind,
    normal,
    parse,
    shown,
    spellings,
)
from osrecipe.adapters.dism.mount_codes import ROWS
from osrecipe.model.codes import Slug

__all__ = ["TABLE", "Code", "Kind", "lookup", "normal", "parse", "shown", "spellings"]

TABLE: Final[tuple[Code, ...]] = (
    Code(0, "OK", "done", Kind.SUCCESS, "", HARDWARE),
    Code(2, "FILE_NOT_FOUND", "a file is not there, or payload is missing", Kind.FAILURE, SEE_LOG, WINERROR),
    Code(3, "PATH_NOT_FOUND", "a path is not there", Kind.FAILURE, SEE_LOG, LOG),
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
    Code(0x20, "SHARING_VIOLATION", "a file is in use", Kind.TRANSIENT, CLOSE, WIMGAPI),
    Code(0x21, "LOCK_VIOLATION", "a part of a file is locked", Kind.TRANSIENT, CLOSE, WIMGAPI),
    Code(39, "HANDLE_DISK_FULL", "no space is left", Kind.FAILURE, SPACE, WIMGAPI, Slug.RUN_SPACE),
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
        "this DISM does not know an option, or does not take its value",
        Kind.FAILURE,
        "do what DISM's own sentence says; for an option it does not know, use the DISM of a newer ADK",
        LOG,
    ),
    Code(112, "DISK_FULL", "no space is left", Kind.FAILURE, SPACE, WIMGAPI, Slug.RUN_SPACE),
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
        PRISTINE,
        "reports of media spoilt by tools that went on",
    ),
    Code(145, "DIR_NOT_EMPTY", "the mount folder is not empty", Kind.FOLDER, CLEAN, WIMGAPI),
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
    Code(1722, "RPC_S_SERVER_UNAVAILABLE", "DISM's host process is gone", Kind.PROBE, SEE_LOG, INTEGRATORS),
    Code(1726, "RPC_S_CALL_FAILED", "DISM's host process died", Kind.PROBE, SEE_LOG, INTEGRATORS),
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
        RESTORE,
        WINERROR,
    ),
    Code(0x800F_0805, "CBS_E_INVALID_PACKAGE", "this is no valid package", Kind.FAILURE, SEE_LOG, CBS),
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
    Code(0x800F_081F, "CBS_E_SOURCE_MISSING", "payload was not found", Kind.FAILURE, SOURCE, HARDWARE),
    Code(0x800F_0821, "CBS_E_ABORT", "servicing was aborted by its watchdog", Kind.FATAL, PRISTINE, CBS),
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
        PRISTINE,
        CBS,
    ),
    Code(
        0x800F_0831,
        "CBS_E_STORE_CORRUPTION",
        "a package or manifest is missing in the component store",
        Kind.FATAL,
        RESTORE,
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
    Code(0x800F_0902, "CBS_E_BUSY", "other servicing is going on", Kind.TRANSIENT, SEE_LOG, CBS),
    Code(0x800F_0905, "CBS_E_NO_ACTIVE_EDITION", "the image names no edition", Kind.FATAL, PRISTINE, CBS),
    Code(
        0x800F_0906, "CBS_E_DOWNLOAD_FAILURE", "payload could not be fetched", Kind.FAILURE, SOURCE, HARDWARE
    ),
    Code(
        0x800F_0907,
        "CBS_E_GROUPPOLICY_DISALLOWED",
        "a policy forbids to fetch payload",
        Kind.FAILURE,
        SOURCE,
        HARDWARE,
    ),
    Code(
        0x800F_0922,
        "CBS_E_INSTALLERS_FAILED",
        "an installer inside the package failed",
        Kind.FATAL,
        "CBS.log says which: the image's is kept beside the task's log where it has one, or the host's",
        CBS,
    ),
    Code(
        0x800F_0950,
        "CBS_E_INVALID_WINDOWS_UPDATE_COUNT",
        "payload was asked of Windows Update",
        Kind.FAILURE,
        SOURCE,
        CBS,
    ),
    Code(
        0x800F_0954,
        "CBS_E_INVALID_WINDOWS_UPDATE_COUNT_WSUS",
        "payload was asked of an update server",
        Kind.FAILURE,
        SOURCE,
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
    *ROWS,
)
"""Every code with a meaning of its own, by number."""

_BY_NUMBER: Final = {row.number: row for row in TABLE}


def lookup(code: int) -> Code:
    """The row of a code in any spelling; a code without one is a failure."""
    number = normal(code)
    found = _BY_NUMBER.get(number)
    return found or Code(
        number, "unknown", "no meaning is known for this code", Kind.FAILURE, SEE_LOG, "this table"
    )
