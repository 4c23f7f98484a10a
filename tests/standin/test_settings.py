"""Features, capabilities, drivers, apps, answer files, languages, editions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.expected import Expected, wrong_files
from support.registry import values
from support.samples import catalogue as c
from support.samples import names as n
from support.samples.cabinets import cabinet
from support.samples.documents import mum, nested_update_xml, parents_xml
from support.samples.packages import component_files
from support.servicing import IMAGES
from support.standin import apply_image

from standin.hivefile import Hive, sz

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples import Samples
    from support.standin import Standin

SOFTWARE, SYSTEM = "Windows/System32/config/SOFTWARE", "Windows/System32/config/SYSTEM"
APP = "Contoso.Player_1.2.3.0_x64__8wekyb3d8bbwe"
APPS = "Microsoft\\Windows\\CurrentVersion\\Appx\\AppxAllUserStore"


@pytest.fixture
def root(tmp_path: Path, media: Path) -> Path:
    """An install image's files."""
    return apply_image(media / "install.wim", 1, tmp_path / "image")


@pytest.fixture
def pe(tmp_path: Path, media: Path) -> Path:
    """A PE image's files."""
    return apply_image(media / "boot.wim", 1, tmp_path / "pe")


def feature_states(dism: Standin, root: Path) -> dict[str, str]:
    """The features with their states."""
    lines = dism(f"/Image:{root}", "/Get-Features").lines
    found = [line.partition(" : ")[2] for line in lines if line.startswith(("Feature Name", "State"))]
    return dict(zip(found[::2], found[1::2], strict=True))


def text(hive: Path, key: str, name: str) -> str:
    """A text value, by an independent reader."""
    _, data = values(hive)[key.lower(), name.lower()]
    return data.decode("utf-16-le").rstrip("\0")


def test_the_features_of_an_image(dism: Standin, root: Path) -> None:
    """On, off, and off without payload; under the heading of the foundation package."""
    assert {
        "NetFx3": "Disabled with Payload Removed",
        "SMB1Protocol": "Enabled",
        "SampleTelnetClient": "Disabled",
    } == (feature_states(dism, root))
    heading = f"Features listing for package : {n.FOUNDATION.package_name}"
    assert heading in dism(f"/Image:{root}", "/Get-Features").lines
    one = dism(f"/Image:{root}", "/Get-Features", f"/PackageName:{n.FOUNDATION.package_name}").lines
    assert ["Feature Name : NetFx3"] == [line for line in one if line.startswith("Feature Name")]
    info = dism(f"/Image:{root}", "/Get-FeatureInfo", "/FeatureName:smb1protocol").lines
    assert {"Feature Name : SMB1Protocol", "State : Enabled"} <= set(info)


def test_a_feature_goes_on_and_off(dism: Standin, root: Path, samples: Samples) -> None:
    """Its files appear as links of the store's and go again; the switch is pending both times."""
    stated = samples.answer("media")["features"]["SampleTelnetClient"]
    line = [f"/Image:{root}", "/FeatureName:SampleTelnetClient"]
    assert 0 == dism(*line, "/Enable-Feature").code
    assert "Enable Pending" == feature_states(dism, root)["SampleTelnetClient"]
    assert [] == wrong_files(Expected().add({**stated["when_enabled"]}), root)
    assert (root / "Windows/WinSxS/pending.xml").exists()
    assert 0 == dism(*line, "/Disable-Feature").code
    assert "Disable Pending" == feature_states(dism, root)["SampleTelnetClient"]
    assert [] == [path for path in stated["gone_when_disabled"] if (root / path.replace("\\", "/")).exists()]


def test_a_feature_with_its_payload_removed(dism: Standin, root: Path) -> None:
    """It comes back only from a source."""
    line = [f"/Image:{root}", "/FeatureName:SampleTelnetClient"]
    assert 0 == dism(*line, "/Disable-Feature", "/Remove").code
    assert "Disabled with Payload Removed" == feature_states(dism, root)["SampleTelnetClient"]
    assert 0x800F081F == dism(*line, "/Enable-Feature").code


def test_unknown_features_and_missing_sources(dism: Standin, root: Path, pe: Path) -> None:
    """0x800f080c names the feature; 0x800f081f; a source that is not there."""
    done = dism(f"/Image:{pe}", "/Enable-Feature", "/FeatureName:NoSuch")
    assert 0x800F080C == done.code
    assert "NoSuch" in done.text
    line = [f"/Image:{root}", "/Enable-Feature", "/FeatureName:NetFx3"]
    assert 0x800F081F == dism(*line).code
    assert 3 == dism(*line, f"/Source:{root / 'no'}").code


def test_net_framework_from_a_source(dism: Standin, root: Path, samples: Samples, media: Path) -> None:
    """As a feature or as a capability it is the same package."""
    stated = samples.answer("media")["features"]["NetFx3"]["when_enabled"]
    line = [f"/Image:{root}", "/Add-Capability", "/CapabilityName:NetFX3~~~~"]
    assert (0x800F0950, 0x800F081F) == (dism(*line).code, dism(*line, "/LimitAccess").code)
    (root.parent / "other").mkdir()
    other = f"/Source:{root.parent / 'other'}"
    assert (0x800F0950, 0x800F081F) == (dism(*line, other).code, dism(*line, other, "/LimitAccess").code)
    assert "State : Not Present" in dism(f"/Image:{root}", "/Get-Capabilities").lines
    assert 0 == dism(*line, f"/Source:{media}", "/LimitAccess").code
    assert [] == wrong_files(Expected().add(stated), root)
    assert "Enable Pending" == feature_states(dism, root)["NetFx3"]
    assert "State : Install Pending" in dism(f"/Image:{root}", "/Get-Capabilities").lines


def test_a_capability_that_declares_itself(dism: Standin, root: Path, tmp_path: Path) -> None:
    """It is found among a source's cabinets by what it says, added and removed."""
    package = n.Identity("Sample-LanguageFeatures-Basic-Package", language="ja-JP")
    component = c.Shape("Sample-Basic", (("basic.dll", c.SYSTEM32),)).at()
    name = '<capabilityIdentity name="Language.Basic" language="ja-JP" version="0.0.1.0"/>'
    declared = f"<declareCapability><capability>{name}</capability></declareCapability>"
    body = parents_xml((n.FOUNDATION,)) + declared
    body += nested_update_xml("basic", component.identity, component=True)
    description = mum(package, 'releaseType="OnDemand Pack"', body)
    folder = tmp_path / "fod"
    folder.mkdir()
    (folder / "basic.cab").write_bytes(cabinet({"update.mum": description, **component_files([component])}))
    (folder / "other.cab").write_bytes(cabinet({"readme.txt": b"nothing"}))
    line = [f"/Image:{root}", "/CapabilityName:language.basic~~~ja-jp~0.0.1.0"]
    assert 0 == dism(*line, "/Add-Capability", f"/Source:{folder}").code
    assert (root / "Windows/System32/basic.dll").exists()
    assert "State : Install Pending" in dism(*line, "/Get-CapabilityInfo").lines
    assert (
        "Capability Identity : Language.Basic~~~ja-JP~0.0.1.0" in dism(*line[:1], "/Get-Capabilities").lines
    )
    assert 0 == dism(*line, "/Remove-Capability").code
    assert not (root / "Windows/System32/basic.dll").exists()
    assert 0x800F080C == dism(*line, "/Remove-Capability").code


def inf(folder: Path, name: str, text: str = "") -> Path:
    """A driver: an INF with a catalogue and a program beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for ending in ("sys", "cat"):
        (folder / f"{name}.{ending}").write_bytes(name.encode())
    path = folder / f"{name}.inf"
    written = text or (
        "[Version]\r\nClass=Net ; a comment\r\nProvider=%Who%\r\nDriverVer=01/02/2020,1.2.3.4\r\n"
        f'CatalogFile={name}.cat\r\n[SourceDisksFiles]\r\n{name}.sys=1\r\n[Strings]\r\nWho="Contoso"\r\n'
    )
    path.write_text(written, encoding="utf-16")
    return path


def test_drivers(dism: Standin, root: Path, tmp_path: Path) -> None:
    """Into the driver store, published as oemN.inf, listed as text sorts, removed by that name."""
    image = f"/Image:{root}"
    empty = dism(image, "/Get-Drivers").lines
    assert "(No drivers found in the image matching the criteria)" in empty
    for number in range(11):
        inf(tmp_path / f"drivers/{number}", f"net{number}", "")
    assert 2 == dism(image, "/Add-Driver", f"/Driver:{tmp_path / 'drivers'}").code
    done = dism(image, "/Add-Driver", f"/Driver:{tmp_path / 'drivers'}", "/Recurse").lines
    assert "Searching for driver packages to install..." in done
    assert "Found 11 driver package(s) to install." in done
    first = tmp_path / "drivers/0/net0.inf"
    assert f"Installing 1 of 11 - {first}: The driver package was successfully installed." in done
    listed = dism(image, "/Get-Drivers").lines
    published = [line.partition(" : ")[2] for line in listed if line.startswith("Published Name")]
    assert ["oem0.inf", "oem1.inf", "oem10.inf", "oem2.inf"] == published[:4]
    block = [
        "Inbox : No",
        "Class Name : Net",
        "Provider Name : Contoso",
        "Date : 1/2/2020",
        "Version : 1.2.3.4",
    ]
    assert ["Published Name : oem0.inf", "Original File Name : net0.inf", *block] == listed[5:12]
    assert "Date : 02.01.2020" in dism("/English", image, "/Get-Drivers", STANDIN_LOCALE="de-DE").lines
    store = root / "Windows/System32/DriverStore/FileRepository"
    assert 11 == len(list(store.glob("*/net*.sys")))
    assert "Driver Store Path" in dism(image, "/Get-DriverInfo", "/Driver:oem3.inf").text
    assert 0 == dism(image, "/Remove-Driver", "/Driver:oem3.inf").code
    assert 2 == dism(image, "/Remove-Driver", "/Driver:oem3.inf").code
    assert 10 == len(list(store.iterdir()))
    assert "Inbox : Yes" in dism(image, "/Get-Drivers", "/All").lines


def test_a_driver_is_what_its_inf_names(dism: Standin, root: Path, tmp_path: Path) -> None:
    """Its catalogue and its files from where they are listed go into the store; what else lies there does not."""
    path = inf(
        tmp_path / "drivers",
        "net",
        "[Version]\r\nClass=Net\r\nCatalogFile=wrong.cat\r\nCatalogFile.NTamd64=NET.cat\r\n[SourceDisksNames]\r\n"
        '1="a, b",,,\\x64\r\n[SourceDisksFiles.amd64]\r\nnet.sys=1,deep\r\n[SourceDisksFiles.x86]\r\nold.sys=1\r\n',
    )
    line = (f"/Image:{root}", "/Add-Driver", f"/Driver:{path}")
    assert 2 == dism(*line).code
    deep = path.parent / "x64" / "deep"
    deep.mkdir(parents=True)
    (deep / "net.sy_").write_bytes(b"packed")
    assert 0 == dism(*line).code
    [store] = (root / "Windows/System32/DriverStore/FileRepository").iterdir()
    found = {p.relative_to(store).as_posix() for p in store.rglob("*") if p.is_file()}
    assert {"net.inf", "NET.cat", "x64/deep/net.sys"} == found


def test_an_unsigned_driver_wants_the_switch(dism: Standin, root: Path, tmp_path: Path) -> None:
    """No catalogue beside the INF is SetupAPI's code for that; with `/ForceUnsigned` it is taken."""
    path = inf(tmp_path / "drivers", "net")
    (path.parent / "net.cat").unlink()
    line = (f"/Image:{root}", "/Add-Driver", f"/Driver:{path}")
    assert 0xE000022F == dism(*line).code
    assert 0 == dism(*line, "/ForceUnsigned").code


def test_a_damaged_inf(dism: Standin, root: Path, tmp_path: Path) -> None:
    """In a folder with good ones it is reported and the command succeeds; named itself it is an error."""
    folder = tmp_path / "drivers"
    inf(folder, "good")
    bad = inf(folder, "bad", "nothing")
    mixed = dism(f"/Image:{root}", "/Add-Driver", f"/Driver:{folder}")
    assert (0, True) == (mixed.code, f"could not be installed: {bad}" in mixed.text)
    assert 13 == dism(f"/Image:{root}", "/Add-Driver", f"/Driver:{bad}").code
    good = dism(f"/Image:{root}", "/Add-Driver", f"/Driver:{folder / 'good.inf'}").lines
    assert "Found 1 driver package(s) to install." == good[3]
    assert [] == [line for line in good if line.startswith("Searching")]


def test_apps(dism: Standin, root: Path, pe: Path) -> None:
    """Listed by their parts; a removed one is gone and noted; Windows PE has none."""
    with Hive(root / SOFTWARE, write=True) as hive:
        hive.set(f"{APPS}\\Applications\\{APP}", "Path", sz("x"))
        hive.save()
    (root / "Program Files/WindowsApps" / APP).mkdir(parents=True)
    listed = dism(f"/Image:{root}", "/Get-ProvisionedAppxPackages").lines
    assert {"DisplayName : Contoso.Player", "Architecture : x64", f"PackageName : {APP}"} <= set(listed)
    line = [f"/Image:{root}", "/Remove-ProvisionedAppxPackage", f"/PackageName:{APP}"]
    assert 0 == dism(*line).code
    keys = {key for key, _ in values(root / SOFTWARE)}
    assert f"{APPS}\\Deprovisioned\\Contoso.Player_8wekyb3d8bbwe".lower() in keys
    assert f"{APPS}\\Applications\\{APP}".lower() not in keys
    assert not (root / "Program Files/WindowsApps" / APP).exists()
    assert 2 == dism(*line).code
    assert 50 == dism(f"/Image:{pe}", "/Get-ProvisionedAppxPackages").code


ANSWERS = """<?xml version="1.0" encoding="utf-8"?>
<unattend xmlns="urn:schemas-microsoft-com:unattend">
  <servicing><package action="install"><source location="{package}"/></package></servicing>
  <settings pass="offlineServicing"><component name="Any">
    <UserLocale>de-DE</UserLocale><TimeZone>W. Europe Standard Time</TimeZone><EnableLUA>false</EnableLUA>
    <RegisteredOwner>Contoso</RegisteredOwner><Unheard>of</Unheard>
  </component></settings>
  <settings pass="specialize"><component name="Any"><RegisteredOwner>Later</RegisteredOwner></component></settings>
</unattend>
"""


def test_an_answer_file(dism: Standin, root: Path, samples: Samples, tmp_path: Path) -> None:
    """Only the offlineServicing pass and packages; what it does not know is passed over in silence."""
    path = tmp_path / "unattend.xml"
    path.write_text(ANSWERS.format(package=samples.package("kb9000005-x64")), encoding="utf-8")
    assert 0 == dism(f"/Image:{root}", f"/Apply-Unattend:{path}").code
    owner = text(root / SOFTWARE, "Microsoft\\Windows NT\\CurrentVersion", "RegisteredOwner")
    assert "Contoso" == owner
    policies = "microsoft\\windows\\currentversion\\policies\\system"
    assert bytes(4) == values(root / SOFTWARE)[policies, "enablelua"][1]
    user = root / "Users/Default/NTUSER.DAT"
    assert "de-DE" == text(user, "Control Panel\\International", "LocaleName")
    assert "Package_for_KB9000005" in dism(f"/Image:{root}", "/Get-Packages").text
    path.write_text("<x", encoding="utf-8")
    assert 13 == dism(f"/Image:{root}", f"/Apply-Unattend:{path}").code
    assert 2 == dism(f"/Image:{root}", f"/Apply-Unattend:{tmp_path / 'no.xml'}").code


def test_languages(dism: Standin, root: Path) -> None:
    """What is set can be read; a UI language has to be installed, a system locale needs a code page."""
    image = f"/Image:{root}"
    assert 87 == dism(image, "/Set-UILang:de-DE").code
    assert 0 == dism(image, "/Set-UILang:en-us").code
    assert 87 == dism(image, "/Set-SysLocale:hi-IN").code
    assert 87 == dism(image, "/Set-UserLocale:xx-XX").code
    for setting in ("SysLocale:fr-FR", "UserLocale:de-DE", "InputLocale:0407:00000407;0409:00000409"):
        assert 0 == dism(image, f"/Set-{setting}").code
    assert 0 == dism(image, "/Set-TimeZone:W. Europe Standard Time").code
    assert {
        "Default system UI language : en-US",
        "System locale : fr-FR",
        "Default time zone : W. Europe Standard Time",
        "User locale for default user : de-DE",
        "Active keyboard(s) : 0407:00000407, 0409:00000409",
        "Keyboard layered driver : Not installed.",
        "Installed language(s): en-US",
        "  Type : Fully localized language.",
    } <= set(dism(image, "/Get-Intl").lines)
    assert "040c" == text(root / SYSTEM, "ControlSet001\\Control\\Nls\\Language", "Default")
    assert 87 == dism(image, "/Set-AllIntl:ja-JP").code
    assert 0 == dism(image, "/Set-AllIntl:en-US").code
    assert 87 == dism(image, "/Set-LayeredDriver:7").code
    assert 0 == dism(image, "/Set-LayeredDriver:6").code
    assert 0 == dism(image, "/Set-UILangFallback:en-US").code
    found = dism(image, "/Get-Intl").lines
    assert {
        "Keyboard layered driver : Japanese Keyboard (106/109 Key)",
        "The UI language fallback is : en-US",
        "User locale for default user : en-US",
    } <= set(found)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("0409:00000409", "0409:00000409"),
        ("hi-IN", "0439:00010439"),
        ("0809:00000407;0409:00000409", "0809:00000407, 0409:00000409"),
        ("0409:00000409;0409:00020409;0409:00010409", "0409:00000409, 0409:00020409, 0409:00010409"),
    ],
)
def test_keyboards(dism: Standin, root: Path, given: str, shown: str) -> None:
    """Each with its language, in order, as given; what was set before is replaced."""
    assert 0 == dism(f"/Image:{root}", "/Set-InputLocale:0407:00000407;0411:00000411").code
    assert 0 == dism(f"/Image:{root}", f"/Set-InputLocale:{given}").code
    assert f"Active keyboard(s) : {shown}" in dism(f"/Image:{root}", "/Get-Intl").lines


QUERIES = {
    "/Get-Packages": "Packages listing:",
    "/Get-Features": "Features listing for package :",
    "/Get-Capabilities": "Capability listing:",
    "/Get-Drivers": "(No drivers found in the image matching the criteria)",
    "/Get-Intl": "Reporting offline international settings.",
    "/Get-ProvisionedAppxPackages": "The operation completed successfully.",
}


@pytest.mark.parametrize("kind", list(IMAGES))
def test_every_sample_image_answers_every_query(
    dism: Standin, tmp_path: Path, media: Path, kind: str
) -> None:
    """And takes every setting; only apps are not for Windows PE."""
    name, index = IMAGES[kind]
    image = f"/Image:{apply_image(media / name, index, tmp_path / 'any')}"
    for query, expected in QUERIES.items():
        done = dism(image, query)
        refused = query == "/Get-ProvisionedAppxPackages" and kind != "install"
        assert (50 if refused else 0) == done.code, query
        assert refused or any(line.startswith(expected) for line in done.lines), query
    settings = ("SysLocale:fr-FR", "UserLocale:en-GB", "InputLocale:de-DE", "TimeZone:UTC", "UILang:en-US")
    assert [0] * 5 == [dism(image, f"/Set-{setting}").code for setting in settings]
    assert {
        "Default system UI language : en-US",
        "System locale : fr-FR",
        "Default time zone : UTC",
        "User locale for default user : en-GB",
        "Active keyboard(s) : 0407:00000407",
    } <= set(dism(image, "/Get-Intl").lines)


def test_a_time_zone_the_image_does_not_know(dism: Standin, root: Path) -> None:
    """Where the image lists its time zones, only those are taken."""
    with Hive(root / SOFTWARE, write=True) as hive:
        hive.create("Microsoft\\Windows NT\\CurrentVersion\\Time Zones\\UTC")
        hive.save()
    assert 87 == dism(f"/Image:{root}", "/Set-TimeZone:Nowhere").code
    assert 0 == dism(f"/Image:{root}", "/Set-TimeZone:UTC").code


def test_lang_ini(dism: Standin, root: Path, tmp_path: Path) -> None:
    """Written for the languages of the image, over what was there."""
    media = tmp_path / "media"
    (media / "sources").mkdir(parents=True)
    (media / "sources/lang.ini").write_text("old", encoding="utf-8")
    assert 87 == dism(f"/Image:{root}", "/Gen-LangINI").code
    assert 0 == dism(f"/Image:{root}", "/Gen-LangINI", f"/Distribution:{media}").code
    assert "en-US = 3\n" in (media / "sources/lang.ini").read_text(encoding="utf-8")
    line = [f"/Image:{root}", "/Set-SetupUILang:en-US"]
    assert 0 == dism(*line, f"/Distribution:{media}").code


def test_editions(dism: Standin, root: Path, pe: Path) -> None:
    """An edition can be read; Windows PE has none to change."""
    assert "Current Edition : Professional" in dism(f"/Image:{root}", "/Get-CurrentEdition").lines
    assert 0 == dism(f"/Image:{root}", "/Get-TargetEditions").code
    assert 50 == dism(f"/Image:{pe}", "/Get-CurrentEdition").code
