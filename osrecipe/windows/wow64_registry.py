r"""Where a 32-bit component's registry keys go on a 64-bit system.

Knowledge as data. Source: Microsoft, "Registry Keys Affected by WOW64": `HKLM\SOFTWARE` is redirected to
`WOW6432Node` except for the shared keys below; of `Classes` only some keys are.
"""

from __future__ import annotations

from typing import Final

NODE: Final = "WOW6432Node"
_CLASSES: Final = "classes"
_REDIRECTED_CLASSES: Final = frozenset({"clsid", "directshow", "interface", "media type", "mediafoundation"})
_SHARED: Final = tuple(
    path.lower()
    for path in (
        r"Clients",
        r"Microsoft\COM3",
        r"Microsoft\Cryptography\Calais\Current",
        r"Microsoft\Cryptography\Calais\Readers",
        r"Microsoft\Cryptography\Services",
        r"Microsoft\CTF\SystemShared",
        r"Microsoft\CTF\TIP",
        r"Microsoft\DFS",
        r"Microsoft\Driver Signing",
        r"Microsoft\EnterpriseCertificates",
        r"Microsoft\EventSystem",
        r"Microsoft\MSMQ",
        r"Microsoft\Non-Driver Signing",
        r"Microsoft\Notepad\DefaultFonts",
        r"Microsoft\OLE",
        r"Microsoft\RAS",
        r"Microsoft\RPC",
        r"Microsoft\Shared Tools\MSInfo",
        r"Microsoft\SystemCertificates",
        r"Microsoft\TermServLicensing",
        r"Microsoft\Transaction Server",
        r"Microsoft\Windows\CurrentVersion\Control Panel\Cursors\Schemes",
        r"Microsoft\Windows\CurrentVersion\Explorer\AutoplayHandlers",
        r"Microsoft\Windows\CurrentVersion\Explorer\DriveIcons",
        r"Microsoft\Windows\CurrentVersion\Explorer\KindMap",
        r"Microsoft\Windows\CurrentVersion\Group Policy",
        r"Microsoft\Windows\CurrentVersion\Policies",
        r"Microsoft\Windows\CurrentVersion\PreviewHandlers",
        r"Microsoft\Windows\CurrentVersion\Setup",
        r"Microsoft\Windows\CurrentVersion\Telephony\Locations",
        r"Microsoft\Windows NT\CurrentVersion\Console",
        r"Microsoft\Windows NT\CurrentVersion\FontDpi",
        r"Microsoft\Windows NT\CurrentVersion\FontLink",
        r"Microsoft\Windows NT\CurrentVersion\FontMapper",
        r"Microsoft\Windows NT\CurrentVersion\Fonts",
        r"Microsoft\Windows NT\CurrentVersion\FontSubstitutes",
        r"Microsoft\Windows NT\CurrentVersion\Gre_Initialize",
        r"Microsoft\Windows NT\CurrentVersion\Image File Execution Options",
        r"Microsoft\Windows NT\CurrentVersion\LanguagePack",
        r"Microsoft\Windows NT\CurrentVersion\NetworkCards",
        r"Microsoft\Windows NT\CurrentVersion\Perflib",
        r"Microsoft\Windows NT\CurrentVersion\Ports",
        r"Microsoft\Windows NT\CurrentVersion\Print",
        r"Microsoft\Windows NT\CurrentVersion\ProfileList",
        r"Microsoft\Windows NT\CurrentVersion\Time Zones",
        r"Policies",
        r"RegisteredApplications",
    )
)


def redirected(path: str) -> str:
    r"""A key below `HKLM\SOFTWARE` as a 32-bit component reaches it."""
    folded = path.lower()
    first, _, rest = folded.partition("\\")
    if first == NODE.lower() or any(folded == one or folded.startswith(f"{one}\\") for one in _SHARED):
        return path
    if first == _CLASSES:
        if rest.partition("\\")[0] not in _REDIRECTED_CLASSES:
            return path
        head, _, tail = path.partition("\\")
        return rf"{head}\{NODE}\{tail}"
    return rf"{NODE}\{path}" if path else NODE
