"""Reading `update.mum`."""

from __future__ import annotations

import pytest

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.mum import Identity, read_package
from osrecipe.formats.mum.model import ComponentRef, PackageRef, Parent, Selectable
from osrecipe.formats.mum.package import UNDERSTOOD

TOKEN = "31bf3856ad364e35"  # noqa: S105 - a public key token is a name, not a secret
NS = "urn:schemas-microsoft-com:asm.v3"
ID = 'processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35"'
ROLLUP = f"""<?xml version="1.0" encoding="utf-8" standalone="yes"?>
<assembly xmlns="{NS}" manifestVersion="1.0" description="Fix for KB1" displayName="default"
    company="Contoso" supportInformation="https://support.example/1" creationTimeStamp="2026-01-02T03:04:05Z">
  <assemblyIdentity name="Package_for_RollupFix" version="26100.1742.1.10" language="neutral" {ID}/>
  <package identifier="KB1" releaseType="Security Update" restart="possible" psfName="w.psf" permanence="permanent">
    <parent buildCompare="EQ" serviceCompare="GE" integrate="separate" disposition="detect">
      <assemblyIdentity name="A" version="10.0.1.1" language="neutral" {ID}/>
      <assemblyIdentity name="B" version="10.0.1.1" language="de-DE" {ID}/>
    </parent>
    <installerAssembly name="Microsoft-Windows-ServicingStack" version="6.0.0.0" language="neutral" {ID}/>
    <update name="KB1_GDR">
      <component><assemblyIdentity name="C" version="10.0.1.2" language="neutral" versionScope="nonSxS" {ID}/></component>
      <package contained="false" integrate="hidden"><assemblyIdentity name="P" version="10.0.1.2" {ID}/></package>
    </update>
    <update name="KB1_LDR">
      <applicable disposition="staged">
        <updateComponent elevate="distribution"><assemblyIdentity name="U" version="1.0" {ID}/></updateComponent>
      </applicable>
    </update>
  </package>
</assembly>"""


def mum(body: str, *, package: str = '<package identifier="X">{}</package>', root: str = "") -> bytes:
    """A small package around a body."""
    identity = f'<assemblyIdentity name="N" version="1.0.0.0" {ID}/>'
    return f'<assembly xmlns="{NS}" {root}>{identity}{package.format(body)}</assembly>'.encode()


def test_a_rollup_is_read_whole() -> None:
    """Identity, KB, parents, components and nested packages all arrive, and nothing is left over."""
    package = read_package(ROLLUP.encode())
    assert package.identity.package_name == f"Package_for_RollupFix~{TOKEN}~amd64~~26100.1742.1.10"
    assert (package.identifier, package.release_type, package.restart) == (
        "KB1",
        "Security Update",
        "possible",
    )
    assert (package.psf_name, package.permanence) == ("w.psf", "permanent")
    assert (package.company, package.support) == ("Contoso", "https://support.example/1")
    assert package.created == "2026-01-02T03:04:05Z"
    assert package.installer is not None
    assert package.installer.name == "Microsoft-Windows-ServicingStack"
    assert package.parents == (
        Parent(
            (
                Identity("A", "10.0.1.1", "amd64", "neutral", TOKEN),
                Identity("B", "10.0.1.1", "amd64", "de-DE", TOKEN),
            ),
            integrate="separate",
            disposition="detect",
            build_compare="EQ",
            service_compare="GE",
        ),
    )
    first, second = package.updates
    assert first.components == (ComponentRef(Identity("C", "10.0.1.2", "amd64", "neutral", TOKEN, "nonSxS")),)
    assert first.packages == (
        PackageRef(Identity("P", "10.0.1.2", "amd64", "neutral", TOKEN), contained=False, integrate="hidden"),
    )
    assert second.components == (
        ComponentRef(
            Identity("U", "1.0", "amd64", "neutral", TOKEN), conditional=True, elevate="distribution"
        ),
    )
    assert package.elements <= set(UNDERSTOOD)


def test_a_feature_says_what_it_is() -> None:
    """A selectable update is a feature, with its default and the features it depends on."""
    (update,) = read_package(
        mum(
            """<update name="Hyper" displayName="Hyper-V" restart="required">
            <applicable disposition="detect"><detectUpdate><update name="All"/></detectUpdate></applicable>
            <selectable disposition="staged"><detectNone default="true"/></selectable></update>"""
        )
    ).updates
    assert (update.name, update.display_name, update.restart) == ("Hyper", "Hyper-V", "required")
    assert update.selectable == Selectable("staged", on_by_default=True)
    assert update.requires == ("All",)


def test_a_capability_is_found() -> None:
    """The capability a feature on demand declares is its identity."""
    capability = read_package(
        mum(
            '<declareCapability><capability><capabilityIdentity name="OpenSSH.Client" version="0.0.1.0"/>'
            "</capability></declareCapability>"
        )
    ).capability
    assert capability is not None
    assert (capability.name, capability.version) == ("OpenSSH.Client", "0.0.1.0")


def test_prefixes_do_not_matter() -> None:
    """The same document with a prefix for its namespace says the same."""
    plain = mum('<update name="u"><component><assemblyIdentity name="C" version="1.0"/></component></update>')
    prefixed = (
        plain.replace(b"<assembly ", b"<a:assembly ")
        .replace(b"xmlns=", b"xmlns:a=")
        .replace(b"</", b"</a:")
        .replace(b"<assemblyIdentity", b"<a:assemblyIdentity")
        .replace(b"<package", b"<a:package")
        .replace(b"<update", b"<a:update")
        .replace(b"<component", b"<a:component")
    )
    one, other = read_package(plain), read_package(prefixed)
    assert (one.identity, one.updates, one.elements) == (other.identity, other.updates, other.elements)


def test_what_is_not_understood_is_listed() -> None:
    """Unknown elements, unknown attributes and elements of other namespaces can all be seen."""
    package = read_package(
        mum(
            '<update name="u" later="1"><driver inf="x.inf"/></update><f:update xmlns:f="urn:foreign" name="v"/>',
            root='newAttribute="1"',
        )
    )
    assert package.elements - set(UNDERSTOOD) == {
        "@newAttribute",
        "package.update@later",
        "package.update.driver",
        "package.{urn:foreign}update",
    }
    assert [update.name for update in package.updates] == ["u"]


def test_words_are_found_whatever_their_case() -> None:
    """A rule can look for a word in the document."""
    package = read_package(mum("<!-- Baseline -->"))
    assert package.mentions("baseline")
    assert not package.mentions("WinPE")


def test_utf16_documents_are_read() -> None:
    """A document with a UTF-16 mark is read and can be searched."""
    text = mum('<update name="ü"/>').decode()
    package = read_package(f'<?xml version="1.0" encoding="utf-16"?>{text}'.encode("utf-16"))
    assert package.updates[0].name == "ü"
    assert package.mentions("Ü")


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", Fault.CORRUPT),
        (b"<assembly", Fault.CORRUPT),
        (b"<other/>", Fault.CORRUPT),
        (b'<assembly xmlns="urn:foreign"/>', Fault.CORRUPT),
        (mum("", package=""), Fault.CORRUPT),
        (mum("").replace(b'name="N"', b""), Fault.CORRUPT),
        (mum("").replace(b'version="1.0.0.0"', b""), Fault.CORRUPT),
        (mum("", package="<package/><package/>"), Fault.CORRUPT),
        (mum('<update><package contained="perhaps"/></update>'), Fault.CORRUPT),
        (b'<!DOCTYPE a [<!ENTITY b "c">]>' + mum(""), Fault.CORRUPT),
        (b'<?xml version="1.0" encoding="nonsense"?>' + mum(""), Fault.CORRUPT),
        (mum("<a>" * 101 + "</a>" * 101), Fault.TOO_LARGE),
        (mum("".join(f"<a{number}/>" for number in range(20_001))), Fault.TOO_LARGE),
        (mum("<" + "a" * 5000 + "/>"), Fault.TOO_LARGE),
        (mum(f'<x xmlns:p="{"u" * 2000}"/>'), Fault.TOO_LARGE),
        (mum("") + b" " * (16 << 20), Fault.TOO_LARGE),
        (b"DCM\x01PA30", Fault.UNSUPPORTED),
        (mum("").decode().encode("utf-16-le"), Fault.UNSUPPORTED),
    ],
)
def test_bad_documents_are_refused(data: bytes, fault: Fault) -> None:
    """Damage, document types, and documents built to exhaust a reader end in their fault."""
    with pytest.raises(FormatError) as caught:
        read_package(data)
    assert fault == caught.value.fault
