"""Reading INF files: what a driver package says of itself, however it is written."""

from __future__ import annotations

import codecs
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.inf import MAX_BYTES, Inf, read_inf

if TYPE_CHECKING:
    from collections.abc import Iterable

ALL = ("amd64", "arm", "arm64", "ia64", "x86")
VERSION = {
    "Signature": '"$Windows NT$"',
    "Class": "Net",
    "Provider": "%Maker%",
    "DriverVer": "06/21/2018,1.2.3.4",
}
STRINGS = {"Maker": '"Contoso, Ltd."'}


def inf(
    *more: str, strings: dict[str, str] | None = None, manufacturer: Iterable[str] = (), **version: str | None
) -> str:
    """An INF: its version section with changes, its manufacturers, more lines, its strings."""
    keys = {**VERSION, **version}
    lines = ["[Version]", *(f"{name} = {value}" for name, value in keys.items() if value is not None)]
    lines += ["[Manufacturer]", *manufacturer] if manufacturer else []
    lines += [
        *more,
        "[Strings]",
        *(f"{name} = {value}" for name, value in (STRINGS | (strings or {})).items()),
    ]
    return "\r\n".join(lines) + "\r\n"


def read(text: str) -> Inf:
    """What an INF says that is a driver's."""
    found = read_inf(text.encode("cp1252"))
    assert found is not None
    return found


def test_an_inf_says_what_it_drives() -> None:
    """Class, provider with its string filled in, date, version, architectures and catalogues arrive as written."""
    text = inf("[Models.NTamd64]", manufacturer=["%Maker% = Models,NTamd64"], CatalogFile="connet.cat")

    expected = Inf(
        "Net", "Contoso, Ltd.", "06/21/2018", "1.2.3.4", ("amd64",), {"": "connet.cat"}, {"amd64": ()}
    )
    assert expected == read(text)


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF8, "utf-8"),
        (b"", "cp1252"),
    ],
)
def test_every_encoding_of_the_field_is_read(mark: bytes, encoding: str) -> None:
    """With a mark it is what the mark says, without one it is the western code page."""
    found = read_inf(mark + inf(strings={"Maker": '"Müller & Söhne"'}).encode(encoding))

    assert found is not None
    assert "Müller & Söhne" == found.provider


def test_half_a_character_at_the_end_does_no_harm() -> None:
    """A UTF-16 file that was cut in the middle of a character is read up to there."""
    found = read_inf(inf().encode("utf-16") + b"x")

    assert found is not None
    assert "Net" == found.device_class


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_every_line_ending_is_read(ending: str) -> None:
    """Windows', Unix's, and the old Mac's."""
    assert "1.2.3.4" == read(inf().replace("\r\n", ending)).version


def test_comments_are_left_out_and_quoted_semicolons_are_not() -> None:
    """A comment begins at a semicolon outside quotes, on a line of its own or behind a value."""
    text = inf(Provider='"A;B" ; the maker', DriverVer="01/02/2003,4.5.6.7;late") + "; Class = Other\r\n"

    assert ("A;B", "4.5.6.7") == (read(text).provider, read(text).version)


def test_two_quotes_in_a_quoted_value_are_one() -> None:
    """As everywhere in INF files."""
    assert 'The "best" maker' == read(inf(strings={"Maker": '"The ""best"" maker"'})).provider


def test_a_backslash_takes_the_next_line_along() -> None:
    """In the middle of a list, behind a quoted value, before a comment; a line that ends the file waits for no other."""
    manufacturer = ["%Maker% = Models, \\ ; for two systems", "  NTx86, \\", "  NTamd64"]
    found = read(
        inf(manufacturer=manufacturer, Provider='"Contoso"\\\r\n', DriverVer="01/02/2003,4.5\\\r\n  .6.7")
    )

    assert (("amd64", "x86"), "Contoso", "4.5.6.7") == (found.architectures, found.provider, found.version)
    assert "Net" == read(inf() + "last = 1\\").device_class


def test_a_quoted_backslash_is_a_path_and_no_continuation() -> None:
    """The quotes that are open at the end of the line keep it."""
    found = read(inf(Provider='"C:\\', Class="Net"))

    assert ("C:\\", "1.2.3.4") == (found.provider, found.version)


def test_strings_are_filled_in_without_regard_to_case() -> None:
    """Names of strings ignore case, `%%` is a percent sign, and a name nobody knows stays as it is."""
    found = read(inf(Provider="%maker% 100%% %Missing%", Class='"%Kind%"', strings={"KIND": "SCSIAdapter"}))

    assert ("Contoso, Ltd. 100% %Missing%", "SCSIAdapter") == (found.provider, found.device_class)


def test_a_section_that_comes_twice_goes_on() -> None:
    """Sections of one name are one, in whatever letters; the first of two like keys counts, as in Windows."""
    text = inf(Class=None) + "[VERSION]\r\nclass = Display\r\nProvider = Other\r\n"

    assert ("Display", "Contoso, Ltd.") == (read(text).device_class, read(text).provider)


@pytest.mark.parametrize(
    ("written", "date", "version"),
    [
        ("06/21/2018", "06/21/2018", ""),
        ("06/21/2018 , 10.0.1.2", "06/21/2018", "10.0.1.2"),
        ("06/21/2018,%Number%", "06/21/2018", "7.7"),
        (None, "", ""),
    ],
)
def test_date_and_version_are_apart(written: str | None, date: str, version: str) -> None:
    """`DriverVer` may have a date alone, or may not be there at all."""
    found = read(inf(DriverVer=written, strings={"Number": "7.7"}))

    assert (date, version) == (found.date, found.version)


def test_a_class_without_a_name_is_its_guid() -> None:
    """An INF may name its class by the GUID alone; where both are there, the name counts."""
    guid = "{4d36e972-e325-11ce-bfc1-08002be10318}"

    assert guid == read(inf(Class=None, ClassGuid=guid)).device_class
    assert "Net" == read(inf(ClassGuid=guid)).device_class


@pytest.mark.parametrize(
    ("decorations", "architectures"),
    [
        ("", ("x86",)),
        (",NTamd64", ("amd64",)),
        (",ntAMD64.10.0...16299", ("amd64",)),
        (",NTx86", ("x86",)),
        (",NTx86.6.1,NTamd64.6.1", ("amd64", "x86")),
        (",NTarm64.10.0", ("arm64",)),
        (",NTarm", ("arm",)),
        (",NTia64", ("ia64",)),
        (",NTalpha", ("other",)),
        (",NTalpha,NTmips,NTamd64", ("amd64", "other")),
        (",NT", ALL),
        (",NT.6.0", ALL),
    ],
)
def test_models_say_for_which_architectures(decorations: str, architectures: tuple[str, ...]) -> None:
    """By the decorations; without one they are for x86, and `NT` alone is for all of them."""
    assert architectures == read(inf(manufacturer=[f"%Maker% = Models{decorations}"])).architectures


def test_every_manufacturer_counts() -> None:
    """Models of several makers are for all of their architectures together; a line may be the models' name alone."""
    assert ("arm64", "x86") == read(inf(manufacturer=["%Maker% = A,NTarm64", "Fabrikam"])).architectures


@pytest.mark.parametrize(
    ("sections", "architectures"),
    [
        (["[DefaultInstall.NTarm64]"], ("arm64",)),
        (["[DefaultInstall.NTamd64.10.0]"], ("amd64",)),
        (["[DefaultInstall.NTx86]", "[DefaultInstall.ntamd64]"], ("amd64", "x86")),
        (["[DefaultInstall]"], ("x86",)),
        (["[DefaultInstall.NT]"], ALL),
        (["[DefaultInstall.Services]", "[DefaultInstallation.NTarm64]"], ()),
        ([], ()),
    ],
)
def test_a_primitive_driver_says_it_by_its_install_sections(
    sections: list[str], architectures: tuple[str, ...]
) -> None:
    """Filters and the like have no models; where no section says it, nothing is said."""
    assert architectures == read(inf(*sections)).architectures


def test_install_sections_beside_models_say_nothing() -> None:
    """What a right click would install is not for more architectures than the models are."""
    text = inf("[DefaultInstall]", manufacturer=["%Maker% = Models,NTamd64"])

    assert ("amd64",) == read(text).architectures


def test_catalogues_may_be_several() -> None:
    """One for each architecture, with strings filled in; keys that only look alike are none."""
    text = inf(
        **{"CatalogFile.NTamd64": "%Name%64.cat", "CatalogFile": "a.cat", "CatalogFile.other": "x.cat"},
        strings={"Name": "con"},
    )

    assert {"": "a.cat", "amd64": "con64.cat"} == read(text).catalogs


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[autorun]\r\nopen=setup.exe\r\nicon=setup.exe,0\r\n",
        inf(Signature=None),
        inf(Signature='"$Linux$"'),
        inf(Class=None),
        inf(Class='""'),
        "Signature = $Windows NT$\r\nClass = Net\r\n",
        "[Version\r\nSignature = $Windows NT$\r\nClass = Net\r\n",
    ],
    ids=["empty", "autorun", "unsigned", "other", "classless", "blank", "no-section", "no-bracket"],
)
def test_an_inf_that_is_no_driver_is_none(text: str) -> None:
    """Without a version section that has a Windows signature and a class it describes no driver."""
    assert read_inf(text.encode()) is None


@pytest.mark.parametrize("signature", ["$CHICAGO$", '"$Windows 95$"', "$windows nt$"])
def test_old_signatures_are_signatures(signature: str) -> None:
    """Those of Windows 95, too, quoted or not, in any letters."""
    assert "Net" == read(inf(Signature=signature)).device_class


def refused(data: bytes) -> Fault:
    """Why an INF can't be read."""
    with pytest.raises(FormatError) as caught:
        read_inf(data)
    assert "inf" == caught.value.format
    return caught.value.fault


def test_null_characters_are_no_text() -> None:
    """A program that is called `.inf`, or UTF-16 without its mark."""
    assert Fault.CORRUPT == refused(b"MZ\x90\0\x03")
    assert Fault.CORRUPT == refused(inf().encode("utf-16-le"))


def test_sizes_are_bounded() -> None:
    """A file, its number of lines, and a value have an end, written out or filled in."""
    assert Fault.TOO_LARGE == refused(b" " * (MAX_BYTES + 1))
    assert Fault.TOO_LARGE == refused(b"[a]\n" * 1_000_000)
    assert Fault.TOO_LARGE == refused(inf(Provider="x" * 5000).encode())
    assert "x" * 4096 == read(inf(Provider="x" * 4096)).provider


def test_strings_that_fill_the_memory_are_refused() -> None:
    """Some bytes of references to a long string would be terabytes."""
    text = inf(Provider="%a%" * 1_000_000, strings={"a": "x" * 4_000_000})

    assert Fault.TOO_LARGE == refused(text.encode())


def test_lines_that_all_go_on_are_bounded() -> None:
    """Continued lines count as lines; one after the other they would be copied for hours."""
    assert Fault.TOO_LARGE == refused(b"a\\\n" * 4_000_000)


def test_a_line_without_end_is_read() -> None:
    """Ten million characters in one line that says nothing of the driver, with quotes and comments in it."""
    text = inf() + "[Files]\r\n" + 'x";"' * 2_500_000

    assert "1.2.3.4" == read(text).version


_PIECES = st.lists(
    st.sampled_from(
        [
            "[Version]\n",
            "[Strings]\n",
            "[Manufacturer]\n",
            "[DefaultInstall.NTamd64]\n",
            "Signature=$Windows NT$\n",
            "Class=%a%\n",
            "a=",
            '"',
            "%",
            "%a%",
            ";",
            "\\\n",
            "\n",
            ",NTx86.6",
            "=",
            "]",
            "[",
            "DriverVer=%a%,%%",
            '[SourceDisksFiles]\nb=1,"a,\\..\n',
            "[SourceDisksNames.amd64]\n1=,c.cab,,a\n",
            "[Manufacturer]\na=b,NTamd64\n[b.NTamd64]\nc=d\n[d]\nCopyFiles=@b,d\n",
        ]
    )
    | st.text(max_size=5),
    max_size=40,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(st.one_of(_PIECES, _PIECES.map(lambda text: inf() + text)), st.sampled_from(["utf-8-sig", "utf-16"]))
def test_any_text_is_read_or_refused(text: str, encoding: str) -> None:
    """Whatever an INF holds, it is read, is none, or is a FormatError; what is read is bounded and can be written."""
    with suppress(FormatError):
        found = read_inf(text.encode(encoding, "replace"))
        if found is not None:
            assert found.device_class
            assert (
                max(map(len, (found.provider, found.date, found.version, *found.catalogs.values()))) <= 4096
            )
            assert str(found).encode()
            assert all(len(name) <= 4096 for name in found.copied("amd64"))
            assert not any(path.startswith(("/", "..")) for path in found.sources.get("amd64", ()))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No bytes end in another exception."""
    with suppress(FormatError):
        found = read_inf(data)
        assert found is None or found.device_class


@pytest.mark.parametrize(
    "hostile",
    [
        "[SourceDisksFiles]\n" + "".join(f"{n}=1\n" for n in range(60_000)),
        "[SourceDisksFiles]\na=1,%X%\n[Strings]\nX=" + "y" * 5000,
    ],
)
def test_files_without_end_are_refused(hostile: str) -> None:
    """More files than any driver has, and names that are longer than any."""
    with pytest.raises(FormatError) as caught:
        read(inf(manufacturer=["A = Models,NTamd64"]) + hostile)
    assert Fault.TOO_LARGE == caught.value.fault


def test_models_for_very_many_systems_say_nothing_of_files() -> None:
    """Their lists would have to be read again for each; the files are listed, not more."""
    systems = ",".join(f"NTamd64.{n}" for n in range(400))
    sections = [f"[M.NTamd64.{n}]\r\nx = Install" for n in range(400)]
    found = read(
        inf(
            "[SourceDisksFiles]",
            "a.sys = 1",
            "[Install]",
            "CopyFiles = @a.sys",
            *sections,
            manufacturer=[f"A = M,{systems}"],
        )
    )

    assert (("a.sys",), set()) == (found.sources["amd64"], found.copied("amd64"))


def test_lists_without_end_say_nothing_of_files() -> None:
    """A few hundred kilobytes can name millions of files over and over; nobody waits for that."""
    sections = [f"[M.NTamd64.{n}]\r\nx = Install" for n in range(16)]
    lists = [f"CopyFiles = L{n}" for n in range(20_000)]
    listed = [f"[L{n}]\r\nx{n}" for n in range(20_000)]
    systems = ",".join(f"NTamd64.{n}" for n in range(16))
    found = read(inf(*sections, "[Install]", *lists, *listed, manufacturer=[f"A = M,{systems}"]))
    few = read(inf(*sections, "[Install]", *lists[:2], *listed[:2], manufacturer=[f"A = M,{systems}"]))

    assert (set(), {"x0", "x1"}) == (found.copied("amd64"), few.copied("amd64"))
