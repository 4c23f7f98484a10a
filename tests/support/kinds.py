"""Small updates of every kind and in every container, made with the samples' tools: what tells kinds apart, little else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support.samples.binaries import pe_file
from support.samples.cabinets import cabinet, wsus_scan
from support.samples.documents import mum, parents_xml
from support.samples.names import BASE, FOUNDATION, WINPE, Identity

from osrecipe.formats.wim.capture import NONE, capture

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MANIFEST = (
    b'<?xml version="1.0" encoding="utf-8"?>\r\n<assembly xmlns="urn:schemas-microsoft-com:asm.v3" '
    b'manifestVersion="1.0"><assemblyIdentity name="Sample" version="10.0.17134.9" '
    b'processorArchitecture="amd64" language="neutral" publicKeyToken="31bf3856ad364e35" '
    b'versionScope="nonSxS" /></assembly>\r\n'
)


@dataclass(frozen=True)
class Small:
    """A package by what its kind is told by.

    Attributes:
        identity: its own.
        release: `releaseType`.
        manifests: names of component manifests beside it.
        inner: names of descriptions inside it.
        parents: what it goes into.
        extra: elements of its description.
        files: anything else in its cabinet.
    """

    identity: Identity
    kb: str = "KB9100001"
    release: str = "Update"
    manifests: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()
    parents: tuple[Identity, ...] = ()
    extra: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)

    def cabinet(self) -> bytes:
        """The package's cabinet."""
        described = self._mum(self.identity, parents_xml(self.parents) + self.extra)
        return cabinet(
            {
                "update.mum": described,
                **{name: self._mum(self.identity, "") for name in self.inner},
                **dict.fromkeys(self.manifests, _MANIFEST),
                **self.files,
            }
        )

    def _mum(self, identity: Identity, body: str) -> bytes:
        return mum(identity, f'identifier="{self.kb}" releaseType="{self.release}"', body)


def component(name: str, version: str = "10.0.17134.9") -> str:
    """The file name of a component's manifest."""
    return f"amd64_{name}_31bf3856ad364e35_{version}_none_0123456789abcdef.manifest"


STACK = Small(Identity("Package_for_ServicingStack_3", "26100.3.1.0"), kb="KB9100002")
CUMULATIVE = Small(Identity("Package_for_RollupFix", "26100.9.1.3"))
KINDS: dict[str, Small] = {
    "servicing-stack": Small(
        Identity("Package_for_KB9100003", "10.0.1.0"),
        manifests=(component("microsoft-windows-servicingstack"),),
    ),
    "cumulative": CUMULATIVE,
    "checkpoint": Small(
        Identity("Package_for_RollupFix", "26100.1.1.1"),
        extra='    <customInformation Baseline="true" />\r\n',
    ),
    "safe-os": Small(
        Identity("Package_for_KB9100004", "10.0.1.0"), manifests=(component("microsoft-windows-sysreset"),)
    ),
    "dotnet": Small(Identity("Package_for_DotNetRollup_481", "10.0.9286.1"), parents=(FOUNDATION,)),
    "enablement": Small(
        Identity("Package_for_KB9100005", "10.0.1.0"),
        inner=("microsoft-windows-22h2enablement-package~31bf3856ad364e35~amd64~~10.0.19041.1.mum",),
    ),
    "flash": Small(
        Identity("Package_for_KB9100006", "10.0.1.0"),
        manifests=(component("adobe-flash-for-windows"),),
        parents=(FOUNDATION,),
    ),
    "secure-boot": Small(
        Identity("Package_for_KB9100007", "10.0.1.0"),
        manifests=(component("microsoft-windows-s..boot-firmwareupdate"),),
    ),
    "microcode": Small(
        Identity("Package_for_KB9100008", "10.0.1.0"),
        manifests=(component("microsoft-windows-m..update-genuineintel"),),
    ),
    "language-pack": Small(
        Identity("Microsoft-Windows-Client-LanguagePack-Package", BASE, language="de-DE"),
        kb="Microsoft-Windows-Client-LanguagePack-Package",
        release="Language Pack",
    ),
    "feature-on-demand": Small(
        Identity("Microsoft-Windows-LanguageFeatures-Basic-de-de-Package", BASE),
        kb="Microsoft-Windows-LanguageFeatures-Basic-de-de-Package",
        release="OnDemand Pack",
    ),
    "winpe-component": Small(
        Identity("WinPE-WMI-Package", BASE),
        kb="WinPE-WMI-Package",
        release="OnDemand Pack",
        parents=(WINPE,),
    ),
    "optional": Small(Identity("Package_for_KB9100009", "10.0.1.2"), parents=(FOUNDATION,)),
}
"""A package of each kind that has a description."""


def setup_files(version: str = BASE) -> bytes:
    """A Setup update: loose programs."""
    return cabinet({name: pe_file(name, version, size_kb=4) for name in ("appraiser.dll", "setup.exe")})


def defender_files() -> bytes:
    """A Defender update: loose files, one of which lists them."""
    return cabinet(
        {
            "package-defender.xml": b"<packageinfo />\r\n",
            "Platform\\MpSvc.dll": pe_file("MpSvc.dll", "4.18.2011.6", size_kb=4),
        }
    )


def members(*, metadata: bytes = b"") -> dict[str, bytes]:
    """The members of an update of the newer sort: a stack, the package, its payload, what installs both."""
    psf = Small(
        CUMULATIVE.identity,
        manifests=(component("microsoft-windows-ntdll"),),
        files={"express.psf.cix.xml": b"<Container />"},
    )
    return {
        "DesktopDeployment.cab": wsus_scan(),
        "SSU-26100.3-x64.cab": STACK.cabinet(),
        "Windows11.0-KB9100001-x64.cab": psf.cabinet(),
        "Windows11.0-KB9100001-x64.psf": b"differential payload" * 10,
        **({"onepackage.AggregatedMetadata.cab": metadata} if metadata else {}),
    }


def msu_cabinet() -> bytes:
    """A combined update as a cabinet."""
    return cabinet(members(), compress=False)


def msu_wim(folder: Path, *, metadata: bytes = b"") -> bytes:
    """A combined update as a WIM that is not compressed; `folder` takes what is captured."""
    source = folder / "members"
    source.mkdir()
    for name, data in members(metadata=metadata).items():
        (source / name).write_bytes(data)
    wim = folder / "captured.wim"
    capture(source, wim, "1", compression=NONE)
    return wim.read_bytes()


def combined_cabinet() -> bytes:
    """A stack and a cumulative update in one cabinet with a table of contents."""
    return cabinet(
        {
            "toc.xml": b'<?xml version="1.0"?><toc />',
            "SSU-26100.3-x64.cab": STACK.cabinet(),
            "Windows10.0-KB9100001-x64.cab": CUMULATIVE.cabinet(),
        },
        compress=False,
    )
