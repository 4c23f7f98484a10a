"""Updates on images: the same cases on every adapter, compared with the answer keys of the sample packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.samples.spec import ValueType
from support.servicing import NETFX3, Bench, add, enable_netfx3, sha256, take_media, value
from support.standins import machine

from osrecipe.adapters.embedded import EmbeddedAdapter
from osrecipe.formats.wim.reader import WimReader
from osrecipe.model.adapter import TaskError
from osrecipe.model.tasks import CleanupImage, SetFeature
from osrecipe.model.winpath import WinPath

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples import Samples

    from osrecipe.model.adapter import Adapter, OpenImage

pytest_plugins = ["support.fixtures"]

ADAPTERS = ("embedded", "dism")
"""The second drives the stand-in, a program of its own that shares no code with either."""
SSU, LCU, NEXT_LCU, DOTNET = "kb9000001-x64", "kb9000002-x64", "kb9000003-x64", "kb9000008-x64"
UPDATES = [SSU, LCU, "kb9000004-x64", "kb9000005-x64", "kb9000006-x64", DOTNET]


NOTHING: dict[str, Any] = {"files": [], "mums": [], "components": [], "registry": []}


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory, samples: Samples) -> Path:
    """The sample media's WIMs, taken out once; read only."""
    return take_media(samples, tmp_path_factory.mktemp("media"))


@pytest.fixture(params=ADAPTERS)
def bench(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    samples: Samples,
    media: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Bench:
    """A place to work in, for each adapter."""
    dism = request.param == "dism"
    adapter: Adapter = machine(tmp_path / "machine", monkeypatch).adapter if dism else EmbeddedAdapter()
    return Bench(tmp_path, samples, media, adapter)


def is_embedded(bench: Bench) -> bool:
    """Whether it is the adapter that counts components and bytes; DISM does not say what it did."""
    return bench.adapter.version.name == "embedded"


def service(bench: Bench, image: OpenImage, stem: str) -> Any:
    """Add a sample update."""
    return image.service(add(stem, bench.samples.answer(stem)), bench.context())


def differences(image: OpenImage, expected: dict[str, Any]) -> list[str]:
    """Where an image differs from an answer key's files, descriptions, manifests and registry values."""
    found = [
        f"{row['path']}: {got}"
        for row in (*expected["files"], *expected["mums"])
        if (got := sha256(image, row["path"])) != row["sha256"]
    ]
    found += [
        f"{row['manifest']}: {got}"
        for row in expected["components"]
        if (got := sha256(image, row["manifest"])) != row["manifest_sha256"]
    ]
    for row in expected["registry"]:
        wanted = (ValueType(row["type"]).number, row["data"])
        got_value = value(image, row["hive"], row["key"], row["name"])
        if got_value != wanted:
            found.append(f"{row['hive']}: {row['key']}: {row['name']}: {got_value}")
    return found


@pytest.mark.parametrize("kind", ["install", "winre", "winpe", "setup"])
@pytest.mark.parametrize("stem", UPDATES)
def test_an_update_does_what_its_answer_key_says(bench: Bench, stem: str, kind: str) -> None:
    """Every file, description and value of the parts that apply is there after saving; else it is not applicable."""
    answer = bench.samples.answer(stem)
    expected = answer["images"][kind]
    image, _ = bench.open(kind)
    if answer["requires_stack"]:
        service(bench, image, SSU)
    if not expected["applicable"]:
        with pytest.raises(TaskError) as caught:
            service(bench, image, stem)
        image.discard()
        assert caught.value.slug == "run/not-applicable"
        assert caught.value.code == "0x800f081e"
        return
    assert service(bench, image, stem).status == "done"
    saved = bench.folder / "saved.wim"
    image.commit(saved)
    again, _ = bench.open(str(saved))
    assert differences(again, expected) == []
    assert again.state("package", answer["identity"]) == "installed"
    for package in expected["packages"] if is_embedded(bench) else ():  # DISM lists outer packages only
        assert again.state("package", package) == "installed"
    again.discard()
    with WimReader.open(saved) as wim:
        assert split_links(wim, expected["links"]) == []


def split_links(wim: WimReader, groups: list[list[str]]) -> list[list[str]]:
    """Groups of paths that are not one file."""
    tree = wim.tree(1)
    return [group for group in groups if len({tree.get(path).hard_link_group for path in group}) != 1]


def test_what_an_update_replaces_stays_in_the_store(bench: Bench) -> None:
    """The old version's files stay under their own names in the store, as they were."""
    image, _ = bench.open("install")
    service(bench, image, SSU)
    service(bench, image, LCU)
    kept = bench.samples.answer(LCU)["images"]["install"]["kept"]
    assert [row["path"] for row in kept if sha256(image, row["path"]) != row["sha256"]] == []
    assert kept
    image.discard()


def test_the_servicing_stack_goes_first(bench: Bench) -> None:
    """A cumulative update without its stack fails, names the stack, and changes nothing."""
    image, _ = bench.open("install")
    with pytest.raises(TaskError) as caught:
        service(bench, image, LCU)
    assert caught.value.code == "0x800f0823"
    assert "servicing stack" in caught.value.reason
    assert ("10.0.17134.191" in caught.value.reason) == is_embedded(bench)  # DISM does not say which
    assert image.state("package", bench.samples.answer(LCU)["identity"]) is None
    image.discard()


def test_adding_an_update_twice_does_nothing(bench: Bench) -> None:
    """The second time nothing changes, and everything is still there; DISM can't say beforehand that it will not."""
    image, _ = bench.open("winpe")
    service(bench, image, SSU)
    service(bench, image, LCU)
    again = service(bench, image, LCU)
    assert again.status == ("nothing-to-do" if is_embedded(bench) else "done")
    assert is_embedded(bench) or again.figures == (("packages", 0),)
    assert differences(image, bench.samples.answer(LCU)["images"]["winpe"]) == []
    image.discard()


def test_the_cumulative_update_after_netfx3_adds_its_part(bench: Bench) -> None:
    """.NET 3.5 brings old files; the cumulative update again brings exactly those up to date."""
    answer = bench.samples.answer(LCU)
    image, _ = bench.open("install")
    service(bench, image, SSU)
    service(bench, image, LCU)
    assert image.state("feature", "NetFx3") == "disabled"
    outcome = image.service(enable_netfx3(), bench.context())
    assert outcome.status == "done"
    assert image.state("feature", "NetFx3") == "enabled"
    assert image.state("package", NETFX3) == "installed"
    assert image.service(enable_netfx3(), bench.context()).status == "nothing-to-do"
    stated = bench.samples.answer("media")["features"]["NetFx3"]["when_enabled"]
    assert differences(image, {**NOTHING, **stated}) == []
    assert differences(image, answer["images"]["install+netfx3"]) != []
    again = service(bench, image, LCU)
    assert not is_embedded(bench) or dict(again.figures)["components"] == 1
    assert differences(image, answer["images"]["install+netfx3"]) == []
    image.discard()


def test_a_later_cumulative_update_supersedes(bench: Bench) -> None:
    """The later update's versions win, the earlier package is superseded and can't come back."""
    first, second = (bench.samples.answer(stem) for stem in (LCU, NEXT_LCU))
    image, _ = bench.open("install")
    service(bench, image, SSU)
    service(bench, image, LCU)
    service(bench, image, NEXT_LCU)
    assert differences(image, second["images"]["install"]) == []
    assert image.state("package", first["identity"]) == "superseded"
    assert image.state("package", second["identity"]) == "installed"
    with pytest.raises(TaskError) as caught:
        service(bench, image, LCU)
    assert caught.value.slug == "run/not-applicable"
    image.discard()


def test_cleanup_removes_what_is_superseded(bench: Bench) -> None:
    """Superseded versions leave the store, what is installed stays, and bytes come back."""
    first, second = (bench.samples.answer(stem) for stem in (LCU, NEXT_LCU))
    image, _ = bench.open("install")
    for stem in (SSU, LCU, NEXT_LCU):
        service(bench, image, stem)
    outcome = image.service(CleanupImage(level="superseded"), bench.context())
    assert dict(outcome.figures)["bytes-reclaimed" if is_embedded(bench) else "packages"] > 0
    assert image.state("package", first["identity"]) is None
    assert differences(image, second["images"]["install"]) == []
    forms = {row["key_form"] for row in second["images"]["install"]["components"]}
    dropped = second["dropped_components"]
    gone = [
        row
        for row in first["images"]["install"]["components"]
        if row["key_form"] not in forms and row["name"] not in dropped
    ]
    assert [row["manifest"] for row in gone if image.info(WinPath(row["manifest"]))] == []
    assert gone
    again = image.service(CleanupImage(level="superseded"), bench.context())
    assert again.status == ("nothing-to-do" if is_embedded(bench) else "done")
    assert image.service(CleanupImage(level="reset-base"), bench.context()).status == "done"
    image.discard()


def test_cleanup_refuses_pending_actions(bench: Bench) -> None:
    """An image with pending actions is not cleaned up."""
    from osrecipe.model.changes import PutFile

    image, _ = bench.open("winpe")
    image.apply((PutFile(WinPath("Windows\\WinSxS\\pending.xml"), b"<x/>"),))
    with pytest.raises(TaskError) as caught:
        image.service(CleanupImage(level="superseded"), bench.context())
    assert caught.value.slug == "run/pending-actions"
    image.discard()


@pytest.mark.parametrize("feature", ["SampleTelnetClient", "SMB1Protocol"])
def test_a_feature_is_switched_both_ways(bench: Bench, feature: str) -> None:
    """On: its files are where they belong. Off: they are gone, and the store still has them."""
    image, _ = bench.open("install")
    stated = bench.samples.answer("media")["features"][feature]
    was = image.state("feature", feature)
    states = ["disabled", "enabled"] if was == "enabled" else ["enabled", "disabled"]
    for state in states:
        op = SetFeature(feature=feature, state=state, package="")  # type: ignore[arg-type]  # one of the two
        assert image.service(op, bench.context()).status == "done"
        assert image.state("feature", feature) == state
        assert image.service(op, bench.context()).status == "nothing-to-do"
        if state == "enabled":
            assert differences(image, {**NOTHING, **stated["when_enabled"]}) == []
        else:
            assert [path for path in stated["gone_when_disabled"] if image.info(WinPath(path))] == []
            stored = [row for row in stated["when_enabled"]["files"] if row["role"] == "store"]
            assert [row["path"] for row in stored if sha256(image, row["path"]) != row["sha256"]] == []
    image.discard()


def test_an_unknown_feature_fails(bench: Bench) -> None:
    """A feature the image does not have fails by name."""
    image, _ = bench.open("winpe")
    with pytest.raises(TaskError) as caught:
        image.service(SetFeature(feature="NoSuch", state="enabled", package=""), bench.context())
    assert "NoSuch" in caught.value.reason
    image.discard()
