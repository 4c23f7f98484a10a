"""The same packages by Wine's `wusa` and by the embedded adapter: an independent reading of what packages mean.

Wine projects whole files and sets some kinds of registry values; where it is known to do otherwise, that is asserted
as such. It knows nothing of applicability, hashes, descriptors and the component store. Measured with Wine 8.0.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Protocol

import cabarchive
import pytest
from support.samples import names as n
from support.samples.cabinets import cabinet
from support.samples.documents import answer_file
from support.samples.names import Arch, Identity
from support.samples.packages import update_cabinet
from support.samples.spec import Component, Container, FileSpec, Part, RegValue, UpdatePackage, ValueType
from support.servicing import Bench, add, add_made, sha256, take_media, value

from osrecipe.adapters.embedded import EmbeddedAdapter
from osrecipe.formats.reg import parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.samples import Samples

    from osrecipe.model.adapter import OpenImage

pytest_plugins = ["support.fixtures"]
pytestmark = pytest.mark.wine

SOFTWARE = "Windows\\System32\\config\\SOFTWARE"
WINDOWS, SYSTEM32 = "$(runtime.windows)\\", "$(runtime.system32)\\"


class Prefix(Protocol):
    """What `support.wine.prefix.Prefix` offers."""

    def install(self, package: Path) -> int:
        """What `wusa` answers."""

    def file(self, path: str) -> bytes | None:
        """A file of drive C."""

    def export(self, key: str) -> bytes:
        """A key as a `.reg` file."""


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory, samples: Samples) -> Path:
    """The sample media's WIMs, taken out once; read only."""
    return take_media(samples, tmp_path_factory.mktemp("media"))


@pytest.fixture
def bench(tmp_path: Path, samples: Samples, media: Path) -> Bench:
    """A place to work in with the embedded adapter."""
    return Bench(tmp_path, samples, media, EmbeddedAdapter())


@pytest.fixture
def image(bench: Bench) -> Iterator[OpenImage]:
    """The install image, open; discarded afterwards."""
    opened, _ = bench.open("install")
    yield opened
    opened.discard()


def key_of(name: str) -> str:
    """The registry key a package of these tests writes to."""
    return f"HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso\\{name}"


def update(name: str, *components: Component) -> UpdatePackage:
    """A package of its own for each test, as Wine has one prefix for all."""
    number = 9200000 + sum(name.encode())
    return UpdatePackage(
        f"made-{name}",
        "optional",
        f"KB{number}",
        Identity(f"Package_for_KB{number}", "10.0.1.0", "amd64"),
        (Part(f"Package_1_for_KB{number}", (n.PROFESSIONAL, n.ENTERPRISE), components),),
        container=Container.MSU,
    )


def component(
    name: str, *files: FileSpec, registry: tuple[RegValue, ...] = (), arch: str = Arch.AMD64
) -> Component:
    """A component."""
    return Component(Identity(f"Sample-{name}", "10.0.17134.900", arch), files, registry)


def both(
    bench: Bench, image: OpenImage, prefix: Prefix, made: UpdatePackage, content: bytes | None = None
) -> int:
    """Install by the adapter and by Wine; Wine's answer."""
    image.service(add_made(bench, made, content), bench.context())
    return prefix.install(bench.packages[made.stem])


def exported(prefix: Prefix, name: str) -> dict[str, tuple[int, str]]:
    """The values Wine has in a key: type and data in hexadecimal."""
    data = prefix.export(key_of(name))
    keys = [] if not data else [key for key in parse(data) if key.path.lower() == key_of(name).lower()]
    return {v.name: (v.type, (v.data or b"").hex()) for key in keys for v in key.values}


def ours(image: OpenImage, name: str, values: tuple[RegValue, ...]) -> dict[str, tuple[int, str] | None]:
    """The same values in the image."""
    return {v.name: value(image, SOFTWARE, f"Contoso\\{name}", v.name) for v in values}


def folded(data: tuple[int, str] | None) -> tuple[int, str] | None:
    r"""A text value without regard to case: Wine writes `C:\windows\system32`."""
    if data is None or data[0] not in (1, 2, 7):
        return data
    return data[0], bytes.fromhex(data[1]).decode("utf-16-le").lower()


FILES = (
    FileSpec("made.dll", SYSTEM32, b"MZ in system32"),
    FileSpec("made.txt", f"{WINDOWS}Contoso\\Deep\\", b"in a new folder" * 9000),
    FileSpec("made.sys", "$(runtime.drivers)\\", b"driver file"),
    FileSpec("made.inf", "$(runtime.inf)\\", b"[Version]"),
    FileSpec("program.exe", "$(runtime.programFiles)\\Contoso\\", b"MZ program"),
    FileSpec("empty.txt", f"{WINDOWS}Contoso\\", b""),
)


def test_files_are_projected_to_the_same_places(bench: Bench, image: OpenImage, prefix: Prefix) -> None:
    """Every variable of a destination means the same folder, and every file has the same bytes."""
    made = update("files", component("Files", *FILES))
    assert 0 == both(bench, image, prefix, made)
    for file in FILES:
        (path,) = file.paths("amd64")
        found = prefix.file(path)
        assert found is not None, path
        assert (file.sha256, file.sha256) == (hashlib.sha256(found).hexdigest(), sha256(image, path))


def test_a_32_bit_component_has_its_own_folders(bench: Bench, image: OpenImage, prefix: Prefix) -> None:
    """A wow64 component's System32 is SysWOW64 for both."""
    file = FileSpec("made32.dll", SYSTEM32, b"MZ 32 bits")
    assert 0 == both(bench, image, prefix, update("wow", component("Wow", file, arch=Arch.WOW64)))
    assert file.content == prefix.file("Windows\\SysWOW64\\made32.dll")
    assert file.sha256 == sha256(image, "Windows\\SysWOW64\\made32.dll")
    assert None is prefix.file("Windows\\System32\\made32.dll")


VALUES = (
    ("", ValueType.SZ, "the default"),
    ("Text", ValueType.SZ, "plain text"),
    ("Path", ValueType.SZ, "$(runtime.system32)\\made.dll"),
    ("Expand", ValueType.EXPAND_SZ, "%SystemRoot%\\made"),
    ("Binary", ValueType.BINARY, bytes(range(40))),
    ("Several", ValueType.MULTI_SZ, ("one", "two", "three")),
)


def test_values_are_the_same(bench: Bench, image: OpenImage, prefix: Prefix) -> None:
    """Texts, expandable texts, lists and binary data have the same bytes; paths differ in case alone."""
    values = tuple(RegValue(key_of("Values"), name, kind, data) for name, kind, data in VALUES)
    assert 0 == both(bench, image, prefix, update("values", component("Values", registry=values)))
    theirs, mine = exported(prefix, "Values"), ours(image, "Values", values)
    assert set(mine) == set(theirs)
    assert {name: folded(data) for name, data in mine.items()} == {
        name: folded(data) for name, data in theirs.items()
    }
    exact = set(mine) - {"Path"}
    assert {name: mine[name] for name in exact} == {name: theirs[name] for name in exact}


@pytest.mark.parametrize("stem", ["kb9000004-x64", "kb9000008-x64"])
def test_a_sample_package_agrees(bench: Bench, image: OpenImage, prefix: Prefix, stem: str) -> None:
    """Every file the answer key projects is where Wine puts it, with the same bytes."""
    answer = bench.samples.answer(stem)
    image.service(add(stem, answer), bench.context())
    assert 0 == prefix.install(bench.samples.package(stem))
    rows = [row for row in answer["images"]["install"]["files"] if row["role"] == "projected"]
    for row in rows:
        found = prefix.file(row["path"])
        assert found is not None, row["path"]
        assert row["sha256"] == hashlib.sha256(found).hexdigest() == sha256(image, row["path"])
    assert rows


# -- where Wine does otherwise ---------------------------------------------------------------------------------------


def test_wine_makes_every_dword_zero(bench: Bench, image: OpenImage, prefix: Prefix) -> None:
    """It reads the value's type as its number; we write the number."""
    values = (RegValue(key_of("Dword"), "Seven", ValueType.DWORD, 7),)
    assert 0 == both(bench, image, prefix, update("dword", component("Dword", registry=values)))
    assert {"Seven": (4, "00000000")} == exported(prefix, "Dword")
    assert {"Seven": (4, "07000000")} == ours(image, "Dword", values)


def test_wine_gives_up_on_a_qword(bench: Bench, image: OpenImage, prefix: Prefix) -> None:
    """It installs nothing of such a package; we write all of it."""
    values = (RegValue(key_of("Qword"), "Big", ValueType.QWORD, 1 << 40),)
    file = FileSpec("qword.txt", f"{WINDOWS}Contoso\\", b"beside a qword")
    assert 0 != both(bench, image, prefix, update("qword", component("Qword", file, registry=values)))
    assert None is prefix.file("Windows\\Contoso\\qword.txt")
    assert file.sha256 == sha256(image, "Windows\\Contoso\\qword.txt")
    assert {"Big": (11, "0000000000010000")} == ours(image, "Qword", values)


def test_wine_names_files_by_their_source(bench: Bench, image: OpenImage, prefix: Prefix) -> None:
    """A file that is called otherwise in the package keeps that name with Wine; Windows and we rename it."""
    file = FileSpec("final.txt", f"{WINDOWS}Contoso\\", b"renamed", source="source.txt")
    assert 0 == both(bench, image, prefix, update("source", component("Source", file)))
    assert (None, b"renamed") == (
        prefix.file("Windows\\Contoso\\final.txt"),
        prefix.file("Windows\\Contoso\\source.txt"),
    )
    assert (file.sha256, None) == (
        sha256(image, "Windows\\Contoso\\final.txt"),
        sha256(image, "Windows\\Contoso\\source.txt"),
    )


def test_wine_passes_over_prefixed_tags(bench: Bench, image: OpenImage, prefix: Prefix) -> None:
    """Names with a namespace prefix mean nothing to it, and it reports success; genuine manifests have them."""
    values = (RegValue(key_of("Prefixed"), "Text", ValueType.SZ, "written"),)
    made = update("prefixed", component("Prefixed", registry=values))
    files = {
        name.replace("/", "\\"): file.buf or b""
        for name, file in cabarchive.CabArchive(update_cabinet(made)).items()
    }
    content = {name: prefixed(data) if name.endswith(".manifest") else data for name, data in files.items()}
    assert 0 == both(bench, image, prefix, made, msu(made, cabinet(content)))
    assert {} == exported(prefix, "Prefixed")
    assert {"Text": (1, "written\0".encode("utf-16-le").hex())} == ours(image, "Prefixed", values)


def msu(made: UpdatePackage, inner: bytes) -> bytes:
    """An update file around a cabinet."""
    stem = f"Windows10.0-{made.kb}-x64"
    files = {f"{stem}.cab": inner, f"{stem}.xml": answer_file(made, f"{stem}.cab")}
    return cabinet(files, compress=False)


def prefixed(manifest: bytes) -> bytes:
    """A manifest whose registry elements have a namespace prefix."""
    text = re.sub(r"<(/?)(registry\w+)", r"<\1asm:\2", manifest.decode())
    return text.replace("<assembly ", '<assembly xmlns:asm="urn:schemas-microsoft-com:asm.v3" ', 1).encode()


def test_wine_ignores_what_a_package_is_for(bench: Bench, image: OpenImage, prefix: Prefix) -> None:
    """It installs a package whose parent is not there; we say that it is not applicable."""
    file = FileSpec("foreign.txt", f"{WINDOWS}Contoso\\", b"for another edition")
    made = update("foreign", component("Foreign", file))
    (part,) = made.parts
    made = UpdatePackage(
        made.stem,
        made.kind,
        made.kb,
        made.identity,
        (Part(part.name, (n.WINPE,), part.components),),
        made.container,
    )
    op = add_made(bench, made)
    with pytest.raises(Exception, match="not applicable"):
        image.service(op, bench.context())
    assert 0 == prefix.install(bench.packages[made.stem])
    assert file.content == prefix.file("Windows\\Contoso\\foreign.txt")
