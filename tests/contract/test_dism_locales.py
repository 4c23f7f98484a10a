"""The dism adapter on hosts of other languages: dates, digit grouping and code page are the host's, results the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from support.inline import in_process
from support.servicing import Bench, add, enable_netfx3, take_media
from support.standins import machine

from osrecipe.model.adapter import TaskError
from osrecipe.model.tasks import CleanupImage

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples import Samples

pytest_plugins = ["support.fixtures"]
SSU, LCU = "kb9000001-x64", "kb9000002-x64"
HOSTS = {
    "en-US": {"STANDIN_LOCALE": "en-US"},
    "de-DE": {"STANDIN_LOCALE": "de-DE"},
    "fr-FR": {"STANDIN_LOCALE": "fr-FR"},
    "de-DE in another code page": {"STANDIN_LOCALE": "de-DE", "STANDIN_OEMCP": "cp1252"},
}


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory, samples: Samples) -> Path:
    """The sample media's WIMs."""
    return take_media(samples, tmp_path_factory.mktemp("media"))


def serviced(bench: Bench) -> list[str]:
    """What the adapter says of one image's tasks, from opening it to its saved form."""
    said = []
    image, _ = bench.open("install")
    for stem in (SSU, LCU):
        outcome = image.service(add(stem, bench.samples.answer(stem)), bench.context())
        said.append(f"{outcome.status}: {outcome.detail}")
    outcome = image.service(CleanupImage(level="superseded"), bench.context())
    said.append(f"{outcome.status}: {outcome.detail}")
    outcome = image.service(enable_netfx3(), bench.context())
    said.append(f"{outcome.status}: {outcome.detail}; {image.state('feature', 'NetFx3')}")
    with pytest.raises(TaskError) as caught:
        image.service(add(SSU, {"identity": "X~~amd64~~1.0", "kb": "KB1"}), bench.context())
    said.append(f"{caught.value.slug} {caught.value.code}: {caught.value.reason}")
    image.commit(bench.folder / "saved.wim")
    again, _ = bench.open(str(bench.folder / "saved.wim"))
    said += [f"{again.state('package', bench.samples.answer(stem)['identity'])}" for stem in (SSU, LCU)]
    again.discard()
    return said


@pytest.mark.parametrize("name", list(HOSTS)[1:])
def test_a_host_s_language_changes_nothing(
    name: str, tmp_path: Path, samples: Samples, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every line says what it says on an English host, although its listings have other dates."""
    got = {}
    for host in ("en-US", name):
        folder = tmp_path / re.sub(r"\W", "", host)
        made = machine(folder / "machine", monkeypatch)
        for variable in ("STANDIN_LOCALE", "STANDIN_OEMCP"):
            monkeypatch.delenv(variable, raising=False)
        for variable, value in HOSTS[host].items():
            monkeypatch.setenv(variable, value)
        bench = Bench(folder, samples, media, made.adapter)
        in_process(monkeypatch)
        got[host] = serviced(bench), [line for line in bench.log if line.startswith("Install Time : 1")]
        assert [] == made.mounts
    assert got["en-US"][0] == got[name][0]
    assert 7 == len(got[name][0])
    if name.startswith("de-DE"):
        assert any(re.search(r": \d\d\.\d\d\.\d{4} ", line) for line in got[name][1])
