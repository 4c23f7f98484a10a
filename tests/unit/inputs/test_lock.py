"""The lock's text: what is written is read back, and what can't be read says where."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.plans import facts

from osrecipe.inputs.lock import FORMAT, Lock, LockedInput, LockedRegFile, dump, load_lock, parse, read_lock
from osrecipe.model.facts import (
    AnswerFileFacts,
    BlobFacts,
    DriverFacts,
    DriversFacts,
    FeatureFacts,
    FolderFacts,
    ImageFacts,
    MediaFacts,
    OfflineSetting,
    PackageFacts,
    RegFileFacts,
    Trace,
    UpdateFacts,
    UpdateKind,
    WimFacts,
)
from osrecipe.model.frozen import Digest
from osrecipe.model.names import InputId
from osrecipe.model.problems import OsrecipeError, Place
from osrecipe.model.registry import DeleteValue, RegistryData, RegistryKey, RegistryRoot, SetValue
from osrecipe.model.version import Version

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.model.facts import InputFacts
    from osrecipe.model.problems import Problem

HEAD = '{"format": "osrecipe-lock/1", "recipe": "t"}\n'
FOLDER = (
    '{"input": "oem", "path": "oem", "facts": {"kind": "folder", "tree": "sha256:00", "files": 1, "size": 2}}'
)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
versions = st.builds(
    Version,
    major=st.integers(0, 30_000),
    minor=st.integers(0, 9999),
    build=st.integers(0, 30_000),
    revision=st.integers(0, 9999),
)
packages = st.builds(
    PackageFacts,
    identity=text,
    version=versions,
    architecture=st.sampled_from(["amd64", "arm64"]),
    elements=st.lists(text, max_size=3).map(tuple),
    payload=st.integers(0, 2**40),
)
updates = st.builds(
    UpdateFacts,
    sha256=hexes,
    size=st.integers(0, 2**40),
    container=st.sampled_from(["cab", "msu-cab", "msu-wim"]),
    update_kind=st.sampled_from(list(UpdateKind)),
    kb=st.text("0123456789", max_size=8),
    builds=st.lists(st.integers(0, 30_000), max_size=2).map(tuple),
    stack=text,
    package=packages,
)
folders = st.builds(
    FolderFacts,
    tree=hexes.map(lambda h: Digest(f"sha256:{h}")),
    files=st.integers(0),
    size=st.integers(0),
    capabilities=st.dictionaries(text, st.none() | st.booleans(), max_size=2),
)
architectures = st.sampled_from(["amd64", "x86", "arm64"])
drivers = st.builds(
    DriversFacts,
    tree=hexes.map(lambda h: Digest(f"sha256:{h}")),
    files=st.integers(0),
    size=st.integers(0),
    drivers=st.lists(
        st.builds(
            DriverFacts,
            inf=text,
            provider=text,
            device_class=text,
            version=text,
            architectures=st.lists(architectures, unique=True).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    others=st.lists(text, max_size=2).map(tuple),
)
answer_files = st.builds(
    AnswerFileFacts,
    sha256=hexes,
    size=st.integers(0),
    passes=st.lists(text, max_size=2).map(tuple),
    offline=st.lists(
        st.builds(OfflineSetting, path=text, architecture=architectures, value=st.none() | text), max_size=2
    ).map(tuple),
    packages=st.booleans(),
    architectures=st.dictionaries(text, st.lists(architectures, max_size=2).map(tuple), max_size=2),
)
images = st.builds(
    ImageFacts,
    index=st.integers(1, 20),
    name=text,
    architecture=st.just("amd64"),
    version=versions,
    version_from=st.sampled_from(["xml", "registry", "packages"]),
    also=st.dictionaries(st.sampled_from(["registry", "packages"]), versions),
    languages=st.lists(text, max_size=2).map(tuple),
    winre=st.none() | st.builds(BlobFacts, sha1=hexes.map(lambda h: h[:40]), size=st.integers(0)),
    features=st.dictionaries(text, st.builds(FeatureFacts, enabled=st.booleans(), package=text), max_size=2),
    capture=st.sampled_from([None, "captured", "uncaptured", "unknown"]),
    apps=st.lists(text, max_size=2).map(tuple),
    capabilities=st.lists(text, max_size=2).map(tuple),
    traces=st.lists(
        st.builds(Trace, cause=st.sampled_from(["sysprep", "people"]), what=text), max_size=2
    ).map(tuple),
)
wims = st.builds(
    WimFacts,
    images=st.lists(images, max_size=2).map(tuple),
    compression=st.sampled_from(["none", "lzx"]),
    size=st.integers(0),
)
media = st.builds(
    MediaFacts,
    sha256=hexes,
    size=st.integers(0),
    label=text,
    install=wims,
    boot=st.none() | wims,
    netfx3=st.none() | packages,
    firmware=st.sampled_from([(), ("bios",), ("bios", "efi")]),
    features_read=st.booleans(),
    apps_read=st.booleans(),
    capabilities_read=st.booleans(),
)
names = st.from_regex(r"\A[A-Za-z][A-Za-z0-9._-]{0,8}\Z")
keys = st.builds(RegistryKey, root=st.sampled_from(list(RegistryRoot)), path=text)
data = st.one_of(
    st.builds(RegistryData, kind=st.just("sz"), text=text),
    st.builds(RegistryData, kind=st.just("dword"), number=st.integers(0, 2**32 - 1)),
    st.builds(RegistryData, kind=st.just("multi-sz"), lines=st.lists(text, max_size=2).map(tuple)),
)
changes = st.one_of(
    st.builds(SetValue, key=keys, name=text, data=data), st.builds(DeleteValue, key=keys, name=text)
)


@st.composite
def locks(draw: st.DrawFn) -> Lock:
    """Any lock."""
    held: dict[str, InputFacts] = draw(
        st.dictionaries(names, st.one_of(updates, folders, media, drivers, answer_files), max_size=3)
    )
    paths = draw(st.dictionaries(text.filter(bool), st.lists(changes, max_size=2).map(tuple), max_size=2))
    return Lock(
        draw(names),
        {
            InputId(name): LockedInput(input=InputId(name), path=f"{name}.x", facts=each)
            for name, each in held.items()
        },
        {
            path: LockedRegFile.model_validate(
                {"reg-file": path, "facts": RegFileFacts(sha256="0" * 64, changes=found)}
            )
            for path, found in paths.items()
        },
    )


@settings(max_examples=40, deadline=None)
@given(locks())
def test_what_is_written_is_read_back(lock: Lock) -> None:
    """A lock is its facts, and writing what was read gives the same text."""
    written = dump(lock)
    again = parse(written.encode(), "t.lock")

    assert lock == again
    assert written == dump(again)


@settings(max_examples=40, deadline=None)
@given(locks())
def test_every_input_has_one_line(lock: Lock) -> None:
    """One line for the head and one for each input, each JSON of its own, whatever is in it."""
    rows = dump(lock).split("\n")

    assert 1 + len(lock.inputs) + len(lock.reg_files) == len(
        [row for row in rows if json.loads(row or "1") != 1]
    )


def test_the_usual_facts_in_writing() -> None:
    """Keys in the models' order, defaults left out, versions as text: what git shows a reviewer."""
    known = facts()
    lock = Lock(
        "usual",
        {
            InputId("lcu"): LockedInput(
                input=InputId("lcu"), path="lcu.msu", facts=known.inputs[InputId("lcu")]
            )
        },
    )

    expected = (
        '{"format": "osrecipe-lock/1", "recipe": "usual"}\n'
        '{"input": "lcu", "path": "lcu.msu", "facts": {"kind": "update", '
        '"sha256": "02830e9fd12238f33673a301ad8ab456efffe124d5c3dcd116f2319aa1328d0d", "size": 5000, '
        '"container": "msu-cab", "update_kind": "cumulative", "kb": "4343909", "package": '
        '{"identity": "Package_for_RollupFix~31bf3856ad364e35~amd64~~17134.228.1.0", '
        '"version": "17134.228.1.0", "architecture": "amd64", "elements": ["file"], "payload": 1000}}}\n'
    )
    assert expected == dump(lock)


def test_a_lock_with_windows_line_breaks_is_read(tmp_path: Path) -> None:
    """Git may have turned the breaks, and an editor may have put a mark in front."""
    path = tmp_path / "t.lock"
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEAD}{FOLDER}\n\n".replace("\n", "\r\n").encode())

    assert FolderFacts(tree=Digest("sha256:00"), files=1, size=2) == read_lock(path).inputs[InputId("oem")]


def problems_of(data: str | bytes) -> tuple[Problem, ...]:
    """What is wrong with a lock that can't be read."""
    with pytest.raises(OsrecipeError) as caught:
        parse(data.encode() if isinstance(data, str) else data, "t.lock")
    return caught.value.problems


@pytest.mark.parametrize(
    ("rest", "place", "words"),
    [
        ('{"input": "a", ', "t.lock:2:16", "this is no JSON: expecting property name"),
        ("[1]", "t.lock:2:1", "a line is one JSON object"),
        ("{}", "t.lock:2:1", "a line is for an `input` or a `reg-file`"),
        ("<<<<<<< HEAD", "t.lock:2:1", "a merge conflict is left here"),
        ('{"input": "a", "input": "b"}', "t.lock:2:16", "`input` is there twice"),
        (
            FOLDER.replace('"size": 2', '"size": "2"'),
            "t.lock:2:94",
            "`size`: input should be a valid integer",
        ),
        (FOLDER.replace('"size": 2', '"sise": 2'), "t.lock:2:33", "`size`: field required"),
        (FOLDER.replace('"folder"', '"fodler"'), "t.lock:2:33", "input tag 'fodler'"),
        (FOLDER.replace('"oem", "path"', '"9", "path"'), "t.lock:2:2", "string should match pattern"),
        (f"{FOLDER}\n{FOLDER}", "t.lock:3:1", "`oem` has two lines"),
        ('{"input": ' + "[" * 100_000, "t.lock:2:1", "the line is nested too deeply"),
        ('{"input": ' + "9" * 5000 + "}", "t.lock:2:1", "a number is too long"),
    ],
)
def test_a_bad_line_says_where(rest: str, place: str, words: str) -> None:
    """File, line and column, and what is wrong there."""
    found = problems_of(HEAD + rest)[0]

    assert ("lock/syntax", place) == (found.slug, str(found.place))
    assert words in found.reason


def test_all_bad_lines_are_told_at_once() -> None:
    """Every line is looked at, whatever the others hold."""
    assert [2, 3] == [p.place.line for p in problems_of(f'{HEAD}{{"a": 1}}\n{{"b": 1}}\n') if p.place]


@pytest.mark.parametrize(
    "data", [b"", b"\n \n", b'{"input": "a"}\n', b'{"format": "other/1"}\n', b"\xff\xfe"]
)
def test_what_is_no_lock_is_said_to_be_none(data: bytes) -> None:
    """An empty file, other JSON lines, or no text at all."""
    assert problems_of(data)[0].slug in {"lock/format", "lock/syntax"}


def test_another_version_is_refused() -> None:
    """A lock of a later format is not guessed at."""
    found = problems_of(HEAD.replace("lock/1", "lock/2"))[0]

    assert "lock/format" == found.slug
    assert "the lock is of another version: osrecipe-lock/2" == found.reason
    assert Place("t.lock", 1, 2) == found.place
    assert FORMAT in found.hint


def test_a_lock_that_is_not_there(tmp_path: Path) -> None:
    """The hint says how one is made."""
    with pytest.raises(OsrecipeError) as caught:
        load_lock(tmp_path / "no.lock", shown_as="no.lock")

    problem = caught.value.problems[0]
    assert ("lock/missing", "no.lock") == (problem.slug, str(problem.place))
    assert "osrecipe lock" in problem.hint


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: (HEAD + t).encode()))
def test_any_bytes_end_in_a_lock_or_a_problem(data: bytes) -> None:
    """Nothing that can stand in a file is a crash."""
    with contextlib.suppress(OsrecipeError):
        assert parse(data, "t.lock").recipe
