"""Reading answer files: which passes they are about, and as little as possible beside that."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.unattend import MAX_BYTES, PASSES, OfflineSetting, read_answer_file

NS = "urn:schemas-microsoft-com:unattend"
WCM = "http://schemas.microsoft.com/WMIConfig/2002/State"
LUA = "Microsoft-Windows-LUA-Settings"
SECRET = "hunter2-Pa$$w0rd"  # noqa: S105 - what must not come out again


def component(name: str, body: str, architecture: str = "amd64") -> str:
    """One component of a pass."""
    return f'<component name="{name}" processorArchitecture="{architecture}" language="neutral">{body}</component>'


def answer(*more: str, **passes: str) -> bytes:
    """An answer file with components by pass, and what stands beside them."""
    body = "".join(f'<settings pass="{name}">{inside}</settings>' for name, inside in passes.items())
    return f'<unattend xmlns="{NS}" xmlns:wcm="{WCM}">{body}{"".join(more)}</unattend>'.encode()


def refused(data: bytes) -> tuple[Fault, str]:
    """Why a file is not read."""
    with pytest.raises(FormatError) as caught:
        read_answer_file(data)
    assert "unattend" == caught.value.format
    return caught.value.fault, caught.value.reason


def test_passes_are_told_in_setup_s_order() -> None:
    """Whatever order the file has, and each once."""
    shell = component("Microsoft-Windows-Shell-Setup", "<TimeZone>UTC</TimeZone>")
    again = f'<settings pass="specialize">{shell}</settings>'
    found = read_answer_file(answer(again, oobeSystem=shell, windowsPE=shell, specialize=shell))

    assert ("windowsPE", "specialize", "oobeSystem") == found.passes
    assert PASSES == read_answer_file(answer(**dict.fromkeys(reversed(PASSES), shell))).passes


def test_a_pass_without_components_is_none() -> None:
    """Tools leave empty passes in files; they say nothing."""
    found = read_answer_file(answer(specialize="", oobeSystem="<!-- later -->"))

    assert ((), ()) == (found.passes, found.offline)


def test_offline_settings_are_told_with_their_architecture() -> None:
    """Component, setting and architecture, in the file's order; other passes tell none."""
    found = read_answer_file(
        answer(
            offlineServicing=component(LUA, "<EnableLUA>true</EnableLUA>")
            + component("Microsoft-Windows-Foundation", "<A/><B/>", "x86"),
            specialize=component("Other", "<C/>"),
        )
    )

    expected = [
        (f"{LUA}/EnableLUA", "amd64"),
        ("Microsoft-Windows-Foundation/A", "x86"),
        ("Microsoft-Windows-Foundation/B", "x86"),
    ]
    assert expected == [(one.path, one.architecture) for one in found.offline]


def test_values_are_kept_only_of_readable_settings() -> None:
    """What the caller names has its text, without the space around it; all others have none."""
    body = "<EnableLUA> true\n</EnableLUA><Other>true</Other>"
    data = answer(offlineServicing=component(LUA, body) + component("X", "<EnableLUA>true</EnableLUA>"))

    assert ["true", None, None] == [o.value for o in read_answer_file(data, {f"{LUA}/EnableLUA"}).offline]
    assert [None, None, None] == [o.value for o in read_answer_file(data).offline]


def test_a_nested_setting_is_one_setting_without_a_value() -> None:
    """Only its outermost name is told, even where its value could be read."""
    nested = '<EnableLUA>text<Inner wcm:action="add">1</Inner></EnableLUA>'
    found = read_answer_file(answer(offlineServicing=component(LUA, nested)), {f"{LUA}/EnableLUA"})

    assert (OfflineSetting(LUA, "EnableLUA", "amd64"),) == found.offline


def test_attributes_of_other_namespaces_do_no_harm() -> None:
    """`wcm:action`, `wcm:keyValue` and the like are in most files."""
    body = '<Commands wcm:action="add" xmlns:x="y" x:z="1">1</Commands>'
    found = read_answer_file(answer(offlineServicing=component("C", body)))

    assert ["C/Commands"] == [one.path for one in found.offline]


def test_comments_and_processing_instructions_are_no_settings() -> None:
    """Wherever they stand."""
    body = "<!-- <EnableLUA>false</EnableLUA> --><?tool keep?><EnableLUA>tr<!-- a -->ue</EnableLUA>"
    data = b"<?xml version='1.0'?><!-- a --><?b?>" + answer(
        "<!-- c -->", offlineServicing=component(LUA, body)
    )

    found = read_answer_file(data, {f"{LUA}/EnableLUA"})
    assert [(f"{LUA}/EnableLUA", "true")] == [(one.path, one.value) for one in found.offline]


@pytest.mark.parametrize(
    "data",
    [
        answer('<servicing><package action="install"><source location="x.cab"/></package></servicing>'),
        answer(
            offlineServicing=component(
                "Microsoft-Windows-PnpCustomizationsNonWinPE",
                '<DriverPaths><PathAndCredentials wcm:action="add"><Path>C:\\d</Path></PathAndCredentials></DriverPaths>',
            )
        ),
    ],
    ids=["package", "drivers"],
)
def test_packages_and_drivers_to_install_are_told_apart(data: bytes) -> None:
    """They are files from elsewhere, and no settings."""
    found = read_answer_file(data)

    assert (True, ()) == (found.packages, found.offline)


def test_an_empty_servicing_section_installs_nothing() -> None:
    """Nor do driver paths of another pass, which only runs in Windows PE."""
    paths = component("Microsoft-Windows-PnpCustomizationsWinPE", "<DriverPaths/>")

    assert not read_answer_file(answer("<servicing/>", windowsPE=paths)).packages


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_files_in_the_encodings_of_windows_are_read(encoding: str) -> None:
    """With a mark, and a declaration that says the same."""
    declared = "utf-16" if encoding == "utf-16" else "utf-8"
    text = f'<?xml version="1.0" encoding="{declared}"?>' + answer(specialize=component("C", "<A/>")).decode()

    assert ("specialize",) == read_answer_file(text.encode(encoding)).passes


BOMB = (
    '<!DOCTYPE unattend [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


@pytest.mark.parametrize(
    "front",
    [BOMB, "<!DOCTYPE unattend>", '<!DOCTYPE unattend SYSTEM "file:///etc/passwd">'],
)
def test_document_types_and_entities_are_refused(front: str) -> None:
    """Before anything in them is resolved."""
    assert Fault.CORRUPT == refused(front.encode() + answer(specialize=component("C", "<A>&c;</A>")))[0]


@pytest.mark.parametrize(
    ("data", "root"),
    [
        (b'<assembly xmlns="urn:schemas-microsoft-com:asm.v3"/>', "assembly"),
        (b"<unattend/>", "unattend"),
        (b"<" + b"x" * 1000 + b"/>", "x" * 60),
    ],
)
def test_another_root_is_named(data: bytes, root: str) -> None:
    """A manifest, an answer file of Windows XP or one without its namespace; a long name is cut."""
    fault, reason = refused(data)

    assert Fault.UNSUPPORTED == fault
    assert reason.endswith(f"its root is `{root}`")


def test_a_pass_that_setup_does_not_know_is_refused() -> None:
    """A misspelled pass would silently do nothing; so would one without a name."""
    assert (Fault.CORRUPT, "Setup knows no such pass: `oobesystem`") == refused(
        answer(oobesystem=component("C", "<A/>"))
    )
    assert Fault.CORRUPT == refused(answer(f"<settings>{component('C', '<A/>')}</settings>"))[0]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("offlineservicing", "did you mean `offlineServicing`?"),
        ("oobesytem", "did you mean `oobeSystem`?"),
        ("x" * 9, f"the passes are: {', '.join(PASSES)}"),
    ],
)
def test_the_pass_that_was_meant_is_named(name: str, hint: str) -> None:
    """Case matters in their names, which is easily missed."""
    with pytest.raises(FormatError) as caught:
        read_answer_file(answer(**{name: component("C", "<A/>")}))
    assert hint == caught.value.hint


def test_the_architectures_of_each_pass_are_told() -> None:
    """As written, in lower case, each once; a component need not say."""
    other = component("C", "<A/>").replace('"amd64"', '"X86"')
    assert other != component("C", "<A/>")
    found = read_answer_file(
        answer(oobeSystem=other + component("D", "<A/>") + other, specialize=component("C", "<A/>"))
    )
    assert {"specialize": ("amd64",), "oobeSystem": ("amd64", "x86")} == found.architectures


def test_sizes_are_bounded() -> None:
    """Bytes and elements have an end; nesting as deep as that is no trouble."""
    assert Fault.TOO_LARGE == refused(b" " * (MAX_BYTES + 1))[0]
    assert Fault.TOO_LARGE == refused(answer("<a/>" * 300_000))[0]
    deep = "<a>" * 100_000 + "</a>" * 100_000
    assert ("specialize",) == read_answer_file(answer(specialize=component("C", deep))).passes


def test_a_long_namespace_is_refused() -> None:
    """Each of many elements would get a copy of it: a small file would fill the memory."""
    many = "".join(f"<q:a{number}/>" for number in range(1000))

    assert Fault.TOO_LARGE == refused(answer(f'<x xmlns:q="{"n" * 100_000}">{many}</x>'))[0]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[Unattended]\r\nUnattendMode=FullUnattended\r\n",
        answer()[:-3],
        b'<?xml version="1.0" encoding="klingon"?><unattend/>',
        b"\xff\xfe<\0u",
        b"<a>&nothing;</a>",
        b"\1" * 100,
    ],
)
def test_what_is_no_xml_is_refused(data: bytes) -> None:
    """Empty, of Windows XP's form, cut off, or in an encoding that nobody knows."""
    assert Fault.CORRUPT == refused(data)[0]


def test_utf_16_without_its_mark_is_refused() -> None:
    """Windows writes one."""
    assert Fault.UNSUPPORTED == refused(answer().decode().encode("utf-16-le"))[0]


SECRETS = (
    f"<AdministratorPassword><Value>{SECRET}</Value><PlainText>true</PlainText></AdministratorPassword>",
    f"<Password>{SECRET}</Password>",
    f"<ProductKey>{SECRET}</ProductKey>",
    f"<Credentials><Domain>d</Domain><Username>u</Username><Password>{SECRET}</Password></Credentials>",
)


@pytest.mark.parametrize("body", SECRETS)
@pytest.mark.parametrize("name", ["offlineServicing", "oobeSystem"])
def test_secrets_stay_in_the_file(body: str, name: str) -> None:
    """Nothing that is read shows a password or a key, nor does what is said of a file that is cut off after one."""
    whole = answer(**{name: component("Microsoft-Windows-Shell-Setup", body)})

    assert SECRET in whole.decode()
    assert SECRET not in repr(read_answer_file(whole, {f"{LUA}/EnableLUA"}))
    for data in (
        whole[:-20],
        whole + b"<",
        whole.replace(b"</settings>", SECRET.encode() + b"&x;</settings>"),
    ):
        assert SECRET not in refused(data)[1]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<settings pass='specialize'>",
                "</settings>",
                "<component>",
                "</component>",
                "<a b='c'/>",
                "&#x;",
                "<!--",
                "-->",
            ]
        )
        | st.text(max_size=4),
        max_size=12,
    ).map(lambda parts: answer("".join(parts)).decode())
    | st.text(max_size=60),
    st.sampled_from(["utf-8", "utf-16", "latin-1"]),
)
def test_any_text_is_read_or_refused(text: str, encoding: str) -> None:
    """No text ends in another exception than a FormatError."""
    with suppress(FormatError):
        assert set(read_answer_file(text.encode(encoding, "replace")).passes) <= set(PASSES)
