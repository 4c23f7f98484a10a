"""Drivers, apps, capabilities, settings and answer files in an image: read from its files alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import used
from support.image_files import Files
from support.samples.names import APPS

from osrecipe.formats.errors import FormatError
from osrecipe.formats.iso import IsoReader
from osrecipe.formats.mum import Identity
from osrecipe.formats.wim.reader import WimReader
from osrecipe.model.registry import RegistryData
from osrecipe.windows.answer_files import PLACE, READABLE, read_back
from osrecipe.windows.capabilities import capabilities, capability_name
from osrecipe.windows.driver_store import driver_versions, same_version
from osrecipe.windows.image_files import WimFiles
from osrecipe.windows.international import same_setting
from osrecipe.windows.provisioned_apps import is_whole_name, provisioned_apps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.samples import Samples


STORE = "Windows\\System32\\DriverStore\\FileRepository\\"
SOFTWARE = "Windows\\System32\\config\\SOFTWARE"
PACKAGES = "Windows\\servicing\\Packages\\"
APPLICATIONS = "Microsoft\\Windows\\CurrentVersion\\Appx\\AppxAllUserStore\\Applications"
CBS = "Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages"
INF = '[Version]\nSignature="$Windows NT$"\nClass=Net\nDriverVer=01/02/2003,{}\n'


def store(**drivers: str) -> Files:
    """A driver store; `connet_inf_amd64_1=V` is `connet.inf_amd64_1` with the INF `connet.inf` of version `V`."""
    made = {}
    for name, version in drivers.items():
        inf, _, rest = name.partition("_inf_")
        made[f"{STORE}{inf}.inf_{rest}\\{inf}.inf"] = INF.format(version).encode()
    return Files(made)


@pytest.fixture(scope="module")
def pro(samples: Samples) -> Iterator[WimFiles]:
    """The first install image of the sample media."""
    with (
        IsoReader(samples.media) as iso,
        iso.open("sources\\install.wim") as stream,
        WimReader(stream) as wim,
    ):
        yield WimFiles(wim, 1)


# --- drivers ---------------------------------------------------------------------------------------------------------


def test_all_packages_of_an_inf_are_found() -> None:
    """Several versions of one INF lie side by side; letters say nothing, and names that only begin alike are others."""
    files = store(connet_inf_amd64_1="1.0", CONNET_inf_amd64_2="2.0", connet2_inf_amd64_3="3.0")

    assert ["1.0", "2.0"] == sorted(driver_versions(files, "ConNet.inf"))
    assert ("3.0",) == driver_versions(files, "connet2.inf")
    assert () == driver_versions(files, "con.inf")


def test_a_folder_without_its_inf_is_no_driver() -> None:
    """Nor is one whose INF describes none; a driver without a version has an empty one."""
    files = Files(
        {
            f"{STORE}a.inf_amd64_1\\a.sys": b"",
            f"{STORE}b.inf_amd64_1\\b.inf": b"[autorun]",
            f"{STORE}c.inf_amd64_1\\c.inf": INF.partition("DriverVer")[0].encode(),
        }
    )

    assert [(), (), ("",)] == [driver_versions(files, f"{name}.inf") for name in "abc"]


def test_a_damaged_inf_is_said_to_be() -> None:
    """It is not taken for a driver that is not there."""
    with pytest.raises(FormatError, match="null characters"):
        driver_versions(Files({f"{STORE}a.inf_amd64_1\\a.inf": b"MZ\0"}), "a.inf")


def test_an_image_without_a_driver_store_has_none(pro: WimFiles) -> None:
    """The sample images carry no drivers beside Windows' own."""
    assert () == driver_versions(pro, "constor.inf")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1.2.3.4", "1.2.3.4", True),
        ("1.2.3.4", " 01.2.3.04 ", True),
        ("1.2", "1.2.0.0", True),
        ("1.2", "1.2.0.1", False),
        ("1.2.3.4.5", "1.2.3.4", False),
        ("1.2.3.4.5", "1.2.3.4.5", True),
        ("", "", True),
        ("", "0.0", False),
        ("beta", "beta", True),
        ("1.²", "1.2", False),
        ("9" * 5000, "9" * 5000, True),
    ],
)
def test_versions_are_compared_as_numbers(one: str, other: str, *, same: bool) -> None:
    """Missing numbers are zero and leading zeros say nothing; what is no version is compared as text."""
    assert (same, same) == (same_version(one, other), same_version(other, one))


# --- apps ------------------------------------------------------------------------------------------------------------


def test_the_sample_image_s_apps_are_found(pro: WimFiles) -> None:
    """By their whole names, in order."""
    assert tuple(sorted(APPS, key=str.lower)) == provisioned_apps(pro)


def test_apps_are_keys_with_whole_names() -> None:
    """Other keys beside them are none; so are apps of single users."""
    hive = used.hive(
        {(f"{APPLICATIONS}\\b.App_1.0_x64__p", "Path"): "x"},
        f"{APPLICATIONS}\\A.App_1.0_neutral_~_p",
        f"{APPLICATIONS}\\Upgrade",
        f"{APPLICATIONS.replace('Applications', 'S-1-5-18')}\\C.App_1.0_x64__p",
    )

    assert ("A.App_1.0_neutral_~_p", "b.App_1.0_x64__p") == provisioned_apps(Files({SOFTWARE: hive}))


def test_an_image_without_apps_has_none() -> None:
    """Windows PE, Server, or an image without a registry."""
    assert () == provisioned_apps(Files({SOFTWARE: used.hive({("Microsoft", "a"): 1})}))
    assert () == provisioned_apps(Files({}))


def test_a_damaged_hive_is_said_to_be() -> None:
    """It is not taken for an image without apps."""
    with pytest.raises(FormatError):
        provisioned_apps(Files({SOFTWARE: b"no hive"}))


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (APPS[0], True),
        ("A_1.0_x64__p", True),
        ("A_1.0_x64_split.scale-100_p", True),
        ("A_1.0__r_p", False),
        ("_1.0_x64__p", False),
        ("A_1.0_x64__", False),
        ("A_1.0_x64_p", False),
        ("A_1.0_x64_r_p_q", False),
        ("Contoso.Player", False),
    ],
)
def test_a_whole_name_has_five_parts(text: str, *, whole: bool) -> None:
    """Of which only the resource may be empty."""
    assert whole == is_whole_name(text)


# --- capabilities ----------------------------------------------------------------------------------------------------


def package(name: str, capability: str, language: str = "") -> tuple[str, bytes]:
    """A package that declares a capability, as identity and description."""
    identity = f"{name}~31bf3856ad364e35~amd64~~10.0.1.0"
    spoken = f' language="{language}"' if language else ""
    text = f"""<assembly xmlns="urn:schemas-microsoft-com:asm.v3">
<assemblyIdentity name="{name}" version="10.0.1.0" language="neutral" processorArchitecture="amd64"
 publicKeyToken="31bf3856ad364e35"/><package identifier="{name}" releaseType="OnDemand Pack">
<declareCapability><capability><capabilityIdentity name="{capability}"{spoken} version="0.0.1.0"/></capability>
</declareCapability></package></assembly>"""
    return identity, text.encode()


@pytest.mark.parametrize(
    ("state", "there"), [(0x70, True), (0x60, True), (0x80, True), (0x50, False), (0x40, False), (0, False)]
)
def test_a_capability_is_there_when_its_package_is(state: int, *, there: bool) -> None:
    """Installed, or to be at the first start; not when it was superseded, staged or removed."""
    identity, mum = package("OpenSSH-Client-Package", "OpenSSH.Client")
    hive = used.hive({(f"{CBS}\\{identity}", "CurrentState"): state})
    files = Files({f"{PACKAGES}{identity}.mum": mum, SOFTWARE: hive})

    expected = {"openssh.client~~~~0.0.1.0"} if there else set()
    assert expected == capabilities(files)


def test_capabilities_are_known_by_descriptions_alone() -> None:
    """Where the registry has no word on a package, that it is described says that it is there."""
    identity, mum = package("Basic-de", "Language.Basic", "de-DE")

    assert {"language.basic~~~de-de~0.0.1.0"} == capabilities(Files({f"{PACKAGES}{identity}.MUM": mum}))


def test_the_sample_image_has_no_capability(pro: WimFiles) -> None:
    """Its packages declare none."""
    assert frozenset() == capabilities(pro)


def test_a_capability_is_called_as_dism_calls_it() -> None:
    """Its name, two empty parts, the language where it has one, its version."""
    basic = Identity("Language.Basic", "0.0.1.0", "", "de-DE", "")
    client = Identity("OpenSSH.Client", "0.0.1.0", "", "neutral", "")

    assert ["Language.Basic~~~de-DE~0.0.1.0", "OpenSSH.Client~~~~0.0.1.0"] == [
        capability_name(basic),
        capability_name(client),
    ]


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "wanted", "found", "same"),
    [
        ("time-zone", "W. Europe Standard Time", "w. europe standard time ", True),
        ("user-locale", "de-DE", "de-AT", False),
        ("ui-language", "de-DE", "", False),
        ("keyboards", "0407:00000407", "0409:00000409, 0407:00000407", True),
        ("keyboards", "0407:00000407;0409:00000409", "0409:00000409;0407:00000407", True),
        ("keyboards", "0407:0000040A", "0407:0000040a", True),
        ("keyboards", "0407:00000407;0409:00000409", "0407:00000407", False),
        ("keyboards", "0407:00000407", "", False),
    ],
)
def test_a_setting_is_what_was_wanted(name: str, wanted: str, found: str, *, same: bool) -> None:
    """Without regard to case; of keyboards there may be more, in another order."""
    assert same == same_setting(name, wanted, found)


# --- answer files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "number"), [("true", 1), ("False", 0)])
def test_a_readable_setting_ends_as_a_registry_value(value: str, number: int) -> None:
    """So that it can be read back."""
    check = read_back("Microsoft-Windows-LUA-Settings/EnableLUA", value)

    assert check is not None
    assert ("EnableLUA", RegistryData(kind="dword", number=number)) == (check.name, check.data)
    assert str(check.key).endswith("Policies\\System")


def test_what_can_not_be_read_back_has_no_check() -> None:
    """Other settings, and values that are neither true nor false."""
    assert read_back("Microsoft-Windows-LUA-Settings/Other", "true") is None
    assert [None] * len(READABLE) == [read_back(path, "perhaps") for path in READABLE]
    assert "Windows\\Panther\\unattend.xml" == str(PLACE)
