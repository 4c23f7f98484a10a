r"""What recipes add beside updates: a folder of drivers, and a folder of capabilities as the features-on-demand disc has.

Nothing here is signed and no device is driven; the names and the layout are the field's. Each folder has an answer key
beside it, as packages have.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

from support.samples import catalogue as c
from support.samples.cabinets import cabinet
from support.samples.documents import mum, nested_update_xml, parents_xml
from support.samples.names import FOUNDATION, TOKEN, Identity
from support.samples.packages import component_files

if TYPE_CHECKING:
    from pathlib import Path

DRIVERS, CAPABILITIES = "sample-drivers", "sample-fod"
"""The folders' names."""
LANGUAGE = "Language.Basic~~~de-DE~0.0.1.0"
OPEN_SSH = "OpenSSH.Client~~~~0.0.1.0"
_INF = """; sample driver, drives nothing
[Version]
Signature   = "$Windows NT$"
Class       = {device_class}
ClassGuid   = {{4d36e97b-e325-11ce-bfc1-08002be10318}}
Provider    = %Maker%
CatalogFile = {name}.cat
DriverVer   = 06/21/2018,{version}
[Manufacturer]
%Maker% = Models,{decorations}
[SourceDisksNames]
1 = %Maker%
[SourceDisksFiles]
{name}.sys = 1
{models}[Install]
CopyFiles = @{name}.sys
[Strings]
Maker = "Contoso, Ltd."
"""
_ROWS = (
    ("storage/constor", "SCSIAdapter", "1.2.3.4", ("NTamd64",)),
    ("network/e1/connet", "Net", "10.0.17134.50", ("NTamd64", "NTx86.10.0")),
    ("network/old/connet", "Net", "9.1.0.0", ("NTx86",)),
)
"""Path without its ending, class, version, and for which systems; two packages share the name of their INF."""


def write_extras(out: Path) -> None:
    """Write both folders and their answer keys; what is there already is replaced."""
    for name, content, answer in (
        (DRIVERS, _drivers(), _driver_answer()),
        (CAPABILITIES, _capabilities(), _capability_answer()),
    ):
        shutil.rmtree(out / name, ignore_errors=True)
        for path, data in content.items():
            place = out / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        (out / f"{name}.answer.json").write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")


def _drivers() -> dict[str, bytes]:
    found: dict[str, bytes] = {"autorun.inf": b"[autorun]\r\nopen=setup.exe\r\n"}
    for path, device_class, version, systems in _ROWS:
        name = path.rpartition("/")[2]
        models = "".join(f"[Models.{system}]\n%Maker% = Install,{name}\n" for system in systems)
        text = _INF.format(
            device_class=device_class,
            name=name,
            version=version,
            decorations=",".join(systems),
            models=models,
        )
        found[f"{path}.inf"] = text.replace("\n", "\r\n").encode("utf-16")
        found[f"{path}.sys"] = f"{name} {version}".encode() * 64
        found[f"{path}.cat"] = b"sample, not signed"
    return found


def _driver_answer() -> dict[str, Any]:
    return {
        "drivers": [
            {
                "inf": f"{path}.inf",
                "class": device_class,
                "provider": "Contoso, Ltd.",
                "version": version,
                "architectures": sorted(s.removeprefix("NT").partition(".")[0] for s in systems),
                "sha256": hashlib.sha256(_drivers()[f"{path}.inf"]).hexdigest(),
            }
            for path, device_class, version, systems in _ROWS
        ],
        "others": ["autorun.inf"],
    }


def _parts() -> tuple[tuple[str, Identity, c.Shape], ...]:
    return (
        (
            LANGUAGE,
            Identity("Microsoft-Windows-LanguageFeatures-Basic-de-de-Package"),
            c.Shape("Sample-LanguageFeatures-Basic-de-de", (("basic-de.dll", c.SYSTEM32),)),
        ),
        (
            OPEN_SSH,
            Identity("OpenSSH-Client-Package"),
            c.Shape("Sample-OpenSSH-Client", (("ssh.exe", c.SYSTEM32), ("scp.exe", c.SYSTEM32)), size_kb=48),
        ),
    )


def _capabilities() -> dict[str, bytes]:
    found: dict[str, bytes] = {"metadata/readme.txt": b"capabilities\r\n"}
    for capability, package, shape in _parts():
        name, _, _, language, version = capability.split("~")
        spoken = f' language="{language}"' if language else ""
        declared = (
            "    <declareCapability><capability>"
            f'<capabilityIdentity name="{name}"{spoken} version="{version}"/>'
            "</capability></declareCapability>\r\n"
        )
        component = shape.at()
        rows = nested_update_xml(package.name, component.identity, component=True)
        body = parents_xml((FOUNDATION,)) + declared + rows
        attributes = f'identifier="{package.name}" releaseType="OnDemand Pack" restart="possible"'
        files = {
            "update.mum": mum(package, attributes, body),
            "update.cat": b"sample, not signed",
            **component_files([component]),
        }
        found[f"{package.name}~{TOKEN}~{package.arch}~~.cab"] = cabinet(files)
    return found


def _capability_answer() -> dict[str, Any]:
    return {
        "capabilities": {
            capability: {
                "package": package.package_name,
                "files": {
                    f"Windows\\System32\\{file.source_name}": hashlib.sha256(file.content).hexdigest()
                    for file in shape.at().files
                },
            }
            for capability, package, shape in _parts()
        }
    }
