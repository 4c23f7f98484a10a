"""Reading DISM's output: literal texts of the facts, bars, the last error, no localised dates or sizes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osrecipe.adapters.dism import output
from osrecipe.adapters.dism.output import Transcript, blocks, feature_word, package_word
from osrecipe.adapters.lines import LineSplitter
from osrecipe.model.version import Version

UNELEVATED = (
    b"\r\nError: 740\r\n\r\nElevated permissions are required to run DISM. \r\n"
    b"Use an elevated command prompt to complete these tasks.\r\n"
)
BANNER = "\r\nDeployment Image Servicing and Management tool\r\nVersion: 10.0.26100.1150\r\n\r\n"
DONE = "The operation completed successfully.\r\n"
BAR = "[=====                      10.1%                          ]"
FULL = "[==========================100.0%==========================]"


def read(text: str | bytes, encoding: str = "cp850") -> tuple[Transcript, list[float]]:
    """Everything as it would come from a pipe, torn anywhere."""
    data = text if isinstance(text, bytes) else text.encode(encoding)
    shares: list[float] = []
    said = Transcript(shares.append)
    splitter = LineSplitter(encoding)
    for start in range(0, len(data), 7):
        for line in splitter.feed(data[start : start + 7]):
            said.add(line)
    for line in splitter.finish():
        said.add(line)
    return said, shares


def test_the_banner_states_the_tool_and_the_image_line_the_image() -> None:
    """Two lines that look alike are told apart, and `Version : x` of a detail is neither."""
    said, _ = read(BANNER + "Image Version: 10.0.26100.2033\r\n\r\nVersion : 10.0.17134\r\n" + DONE)
    assert Version.parse("10.0.26100.1150") == said.tool
    assert Version.parse("10.0.26100.2033") == said.image
    assert said.says_done


def test_a_detail_is_no_banner() -> None:
    """The version of an image does not pass for the tool's."""
    said, _ = read("Details for image : x.wim\r\n\r\nVersion : 10.0.26100\r\n")
    assert said.tool is None


def test_the_elevation_error_has_no_banner() -> None:
    """122 bytes, for every command line."""
    assert len(UNELEVATED) == 122
    said, _ = read(UNELEVATED)
    assert said.tool is None
    assert said.error == 740
    assert said.words.startswith("Elevated permissions are required to run DISM.")


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\r\r\n"])
def test_bars_are_progress_whatever_ends_their_lines(end: str) -> None:
    """They survive redirection; text may follow the last one on its line."""
    said, shares = read(BANNER + f"Mounting image{end}{BAR}{end}{FULL} {end}{DONE}")
    assert shares == pytest.approx([0.101, 1.0])
    assert not any("%" in line for line in said.text)
    assert said.says_done


def test_text_after_a_bar_is_kept() -> None:
    """As `…] The restore operation completed successfully.` has it."""
    said, shares = read(f"{FULL} The restore operation completed successfully.\r\n")
    assert shares == [1.0]
    assert said.text == ["The restore operation completed successfully."]


def test_the_last_error_line_wins() -> None:
    """Errors of single packages come before the command's own."""
    text = (
        BANNER + "An error occurred trying to open - c:\\x.mum Error: 0x80070003\r\n"
        "Error: 2\r\n\r\nfirst\r\n"
        "Error: 0xc142011d\r\n\r\nThe directory is half unmounted.\r\n\r\n"
        "The DISM log file can be found at C:\\x\\dism.log\r\n"
    )
    said, _ = read(text)
    assert said.error == 0xC142011D
    assert said.words == "The directory is half unmounted."


def test_completed_with_errors_is_not_done() -> None:
    """Not even with the sentence of success."""
    said, _ = read(
        BANNER
        + DONE
        + "The command completed with errors.\r\nFor more information, refer to the log file.\r\n"
    )
    assert not said.says_done


def test_bytes_of_another_code_page_do_no_harm() -> None:
    """What can't be decoded is replaced; the codes are still there."""
    said, _ = read(b"\xff\xfe\x81\r\nError: 0x800f081e\r\n", "utf-8")
    assert said.error == 0x800F081E


MOUNTED = (
    BANNER + "Mounted images:\r\n\r\n"
    "Mount Dir : C:\\work : odd\\mount\r\nImage File : C:\\x\\image.wim\r\nImage Index : 1\r\n"
    "Mounted Read/Write : Yes\r\nStatus : Ok\r\n\r\n"
    "Mount Dir : C:\\b\r\nImage File : C:\\b.wim\r\nImage Index : 2\r\n"
    "Mounted Read/Write : No\r\nStatus : Needs Remount\r\n\r\n"
    "Mount Dir : C:\\c\r\nImage File : C:\\c.wim\r\nImage Index : 1\r\nMounted Read/Write : No\r\nStatus : Invalid\r\n\r\n"
)


def test_mounts_are_listed() -> None:
    """Keys end at the first ` : `, so that paths may hold one; the three states are told apart."""
    rows = output.mounts(read(MOUNTED + DONE)[0].text)
    assert ["C:\\work : odd\\mount", "C:\\b", "C:\\c"] == [row.folder for row in rows]
    assert [True, False, False] == [row.is_ok for row in rows]
    assert [False, True, False] == [row.needs_remount for row in rows]


def test_no_mounts_are_no_rows() -> None:
    """Whatever the sentence is."""
    assert output.mounts(read(BANNER + "No mounted images found.\r\n\r\n" + DONE)[0].text) == ()


PACKAGES = (
    BANNER + "Image Version: 10.0.17134.345\r\n\r\nPackages listing:\r\n\r\n"
    "Package Identity : Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.345.1.5\r\n"
    "State : Install Pending\r\nRelease Type : Security Update\r\nInstall Time : \r\n\r\n"
    "Package Identity : Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.9\r\n"
    "State : Superseded\r\nRelease Type : Security Update\r\nInstall Time : 19.03.2019 15:27\r\n\r\n"
    "Package Identity : X~~amd64~~1.0\r\nState : Staged\r\nRelease Type : Update\r\nInstall Time :\r\n\r\n"
)


def test_packages_are_listed_with_their_states() -> None:
    """Offline, pending is installed; staged is not; an empty time is no trouble, in any format."""
    found = output.packages(read(PACKAGES + DONE)[0].text)
    words = [package_word(state) for state in found.values()]
    assert ["installed", "superseded", None] == words
    assert "package_for_rollupfix~31bf3856ad364e35~amd64~~17134.345.1.5" in found


FEATURES = (
    BANNER
    + "Features listing for package : Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~10.0.17134.1\r\n\r\n"
    + "".join(
        f"Feature Name : {name}\r\nState : {state}\r\n\r\n"
        for name, state in (
            ("NetFx3", "Disabled with Payload Removed"),
            ("SMB1Protocol", "Enabled"),
            ("TelnetClient", "Enable Pending"),
            ("TFTP", "Disable Pending"),
        )
    )
)


def test_features_are_listed_with_their_states() -> None:
    """Pending states are the states that come; the package's own line is no feature."""
    found = output.features(read(FEATURES + DONE)[0].text)
    assert {
        "netfx3": "disabled",
        "smb1protocol": "enabled",
        "telnetclient": "enabled",
        "tftp": "disabled",
    } == {name: feature_word(state) for name, state in found.items()}


def test_blocks_leave_out_what_is_outside() -> None:
    """Headlines and sentences belong to no row."""
    assert [{"A": "1", "B": "x : y"}] == blocks(["Title : t", "A : 1", "B : x : y", "done"], "A")


@pytest.mark.parametrize("text", ["[  50,5%  ]", "[==50.5%==]"])
def test_a_bar_s_number_may_have_either_point(text: str) -> None:
    """The host's locale decides."""
    _, shares = read(text + "\r\n")
    assert shares == [0.505]


LITERAL_PACKAGES = (
    "Package Identity : Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.345.1.5\r\n"
    "State : Install Pending\r\nRelease Type : Security Update\r\nInstall Time :{time}\r\n\r\n"
    "Package Identity : Package_for_ServicingStack_191~31bf3856ad364e35~amd64~~17134.191.1.0\r\n"
    "State : Installed\r\nRelease Type : Update\r\nInstall Time :{time}\r\n\r\n"
)
LITERAL_DETAILS = (
    "Details for image : D:\\images\\install.wim\r\n\r\nIndex : 7\r\nName : Windows 11 Pro N\r\n"
    "Size : {size}\r\nVersion : 10.0.26100\r\nServicePack Build : 1742\r\nCreated : {moment}\r\n"
    "Languages :\r\n\ten-GB (Default)\r\n\r\n"
)
HOSTS = {
    "en-US": (" 4/1/2019 8:09 PM", "13,920,868,868 bytes", "4/1/2019 - 8:09:02 PM", "cp437"),
    "en-GB": (" 01/04/2019 20:09", "18,675,690,173 bytes", "06/09/2024 - 04:26:57", "cp850"),
    "de-DE": (" 19.03.2019 15:27", "13.920.868.868 bytes", "19.03.2019 - 15:27:55", "cp850"),
    "fr-FR": (" 19/03/2019 15:27", "13\u00a0920\u00a0868\u00a0868 bytes", "19/03/2019 - 15:27:55", "cp850"),
    "ja-JP": (" 2019/03/19 15:27", "13,920,868,868 bytes", "2019/03/19 - 15:27:55", "cp932"),
    "pending": ("", "0 bytes", "", "cp866"),
}


@pytest.mark.parametrize("host", HOSTS)
def test_dates_and_digits_of_any_host_change_nothing(host: str) -> None:
    """Labels are English, dates and grouping the host's: what is read is the same everywhere, in its code page or another."""
    time, size, moment, page = HOSTS[host]
    text = (
        BANNER + LITERAL_PACKAGES.format(time=time) + LITERAL_DETAILS.format(size=size, moment=moment) + DONE
    )
    for encoding in (page, "utf-8", "cp1252"):
        data = text.encode(page)
        said, _ = read(data, encoding)
        assert {
            "package_for_rollupfix~31bf3856ad364e35~amd64~~17134.345.1.5": "Install Pending",
            "package_for_servicingstack_191~31bf3856ad364e35~amd64~~17134.191.1.0": "Installed",
        } == output.packages(said.text)
        assert (Version.parse("10.0.26100.1150"), None, None) == (said.tool, said.image, said.error)
        assert said.says_done


@pytest.mark.parametrize("page", ["cp437", "cp850", "cp866", "cp932", "cp936", "utf-8"])
def test_no_byte_stops_reading(page: str) -> None:
    """Every byte there is, lead bytes without their followers too: banner, bar, code and words are still found."""
    noise = bytes(sorted(set(range(256)) - set(b"\r\n")))
    data = BANNER.encode() + noise + b"\r\n" + BAR.encode() + b"\r" + noise[128:] + b"\x81\r\n"
    said, shares = read(data + b"\r\nError: 0x800f081e\r\n\r\nNot \x81 applicable.\r\n", page)
    assert said.error == 0x800F081E
    assert shares == pytest.approx([0.101])
    assert said.tool is not None
    assert "applicable." in said.words


@given(st.binary(max_size=300), st.sampled_from(["cp437", "cp932", "utf-8"]))
def test_any_output_is_read_without_an_error(data: bytes, page: str) -> None:
    """A transcript answers whatever was printed, and no noise passes for success."""
    said, shares = read(data, page)
    assert not said.says_done
    assert all(0 <= share <= 1 for share in shares)
    assert isinstance(said.words, str)
    assert said.error is None or 0 <= said.error <= 0xFFFF_FFFF
    assert isinstance(output.packages(said.text) | output.features(said.text), dict)
    assert isinstance(output.mounts(said.text), tuple)


LOCALISED = (
    b"\r\nTool zur Imageverwaltung f\x81r die Bereitstellung\r\nVersion: 10.0.26100.1150\r\n\r\n"
    b"Fehler: 2\r\n\r\nDer Vorgang wurde erfolgreich beendet.\r\n"
)


def test_localised_text_is_never_taken_for_anything() -> None:
    """Without `/English` there is no error, no success: nothing is guessed from a language."""
    said, _ = read(LOCALISED, "cp850")
    assert (None, False, "") == (said.error, said.says_done, said.words)


def test_several_bars_on_one_line_and_none_half_a_bar() -> None:
    """The last counts; a bar that was cut off is text."""
    said, shares = read(f"{BAR}{FULL} done\r\n[=====      10.\r\n")
    assert ([1.0], ["done", "[=====      10."]) == (shares, said.text)
