"""`osrecipe.engine.store`: artifacts by key, published whole, evicted by age."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from support.dict_images import VERSION
from support.dict_plans import sample_plan, write_inputs

from osrecipe.engine.evidence import Evidence, survey
from osrecipe.engine.keys import store_key
from osrecipe.engine.store import Store, is_staging
from osrecipe.model.checks import CheckResult, NothingPending
from osrecipe.model.plan import Session
from osrecipe.model.problems import OsrecipeError
from osrecipe.model.result import TaskResult

if TYPE_CHECKING:
    from pathlib import Path

    from osrecipe.engine.store import Entry, Lease
    from osrecipe.model.plan import Job


class _Clock:
    """Counts."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def wall(self) -> int:
        self.now += 1000
        return self.now

    def ticks(self) -> int:
        return self.now


CLOCK = _Clock()


@pytest.fixture
def unit(tmp_path: Path) -> Session | Job:
    """A unit with one artifact, `install.wim`."""
    return sample_plan(write_inputs(tmp_path / "in")).units[0]


def _evidence(
    unit: Session | Job, run: str, artifacts: Path, checks: tuple[CheckResult, ...] = ()
) -> Evidence:
    folders, files = survey(artifacts, unit.produces)
    results = tuple(
        TaskResult(task=t.id, unit=unit.id, title=t.title, status="done", checks=checks) for t in unit.tasks
    )
    return Evidence(
        unit=unit.id,
        key=store_key(unit.digest, VERSION),
        digest=unit.digest,
        adapter=VERSION,
        run=run,
        at=CLOCK.wall(),
        milliseconds=5,
        tasks=results,
        artifacts=unit.produces,
        folders=folders,
        files=files,
    )


def _publish(lease: Lease, unit: Session | Job, run: str, content: bytes) -> Entry:
    made = lease.stage(unit.id)
    for name in unit.produces:
        (made / "artifacts").mkdir(parents=True, exist_ok=True)
        (made / "artifacts" / name).write_bytes(content)
    return lease.publish(made, _evidence(unit, run, made / "artifacts"), unit)


def _key(unit: Session | Job) -> str:
    return store_key(unit.digest, VERSION).removeprefix("sha256:")


def test_published_is_found(tmp_path: Path, unit: Session | Job) -> None:
    """What was published is found by its key, whole, with its evidence; nothing stays in staging."""
    store = Store(tmp_path / "store")
    key = store_key(unit.digest, VERSION)
    assert store.find(key, unit) is None
    with store.lease("r1", CLOCK) as lease:
        made = _publish(lease, unit, "r1", b"wim")
        found = lease.find(key, unit)

    assert found == made
    assert found is not None
    assert b"wim" == (found.artifacts / "install.wim").read_bytes()
    assert (True, 3) == (found.whole, found.evidence.size)
    assert [".leases", ".lock", ".staging", key.removeprefix("sha256:")] == sorted(
        p.name for p in (tmp_path / "store" / "v1").iterdir()
    )
    assert [] == list((tmp_path / "store" / "v1" / ".staging").iterdir())


def test_first_publisher_wins(tmp_path: Path, unit: Session | Job) -> None:
    """A second publisher of the same key gets the first one's artifacts, and leaves nothing of its own."""
    store = Store(tmp_path / "store")
    with store.lease("r1", CLOCK) as one, store.lease("r2", CLOCK) as two:
        first = _publish(one, unit, "r1", b"first")
        second = _publish(two, unit, "r2", b"second")

    assert first == second
    assert ["r1"] == [p.name for p in (tmp_path / "store" / "v1" / _key(unit)).iterdir()]


def test_publishers_race(tmp_path: Path, unit: Session | Job) -> None:
    """Of many publishers at once exactly one wins, and all are given its artifacts."""
    store = Store(tmp_path / "store")
    found: list[Entry] = []
    barrier = threading.Barrier(8)

    def publish(run: str) -> None:
        with store.lease(run, CLOCK) as lease:
            barrier.wait()
            found.append(_publish(lease, unit, run, run.encode()))

    threads = [threading.Thread(target=publish, args=(f"r{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (8, 1) == (len(found), len({entry.folder for entry in found}))
    assert found[0].evidence.run.encode() == (found[0].artifacts / "install.wim").read_bytes()
    assert 1 == len(list((tmp_path / "store" / "v1" / _key(unit)).iterdir()))


@pytest.mark.parametrize("damage", ["no evidence", "half evidence", "short artifact", "no artifact"])
def test_torn_entries_are_ignored_and_swept(tmp_path: Path, unit: Session | Job, damage: str) -> None:
    """An entry that is not whole is not found, and the sweep removes it."""
    store = Store(tmp_path / "store")
    with store.lease("r1", CLOCK) as lease:
        entry = _publish(lease, unit, "r1", b"wim")
    evidence, artifact = entry.folder / "evidence.json", entry.artifacts / "install.wim"
    match damage:
        case "no evidence":
            evidence.unlink()
        case "half evidence":
            evidence.write_bytes(evidence.read_bytes()[:50])
        case "short artifact":
            artifact.write_bytes(b"w")
        case "no artifact":
            artifact.unlink()

    assert store.find(entry.evidence.key, unit) is None
    assert (f"{_key(unit)}/r1",) == store.sweep()
    assert not entry.folder.parent.exists()
    assert () == store.sweep()


def test_same_size_damage_is_found_on_first_use(tmp_path: Path, unit: Session | Job) -> None:
    """Content is verified before a unit reads it: a damaged entry is removed, so that it is made anew."""
    store = Store(tmp_path / "store")
    with store.lease("r1", CLOCK) as lease:
        entry = _publish(lease, unit, "r1", b"wim")
        assert lease.verify(entry, frozenset({"install.wim"}))
        (entry.artifacts / "install.wim").write_bytes(b"wxm")
        assert lease.verify(entry, frozenset())
        assert not lease.verify(entry, frozenset({"install.wim"}))

    assert store.find(entry.evidence.key, unit) is None


def test_evicts_the_longest_unused(tmp_path: Path) -> None:
    """Over the budget, what was used longest ago goes first; its evidence stays and still answers."""
    units = sample_plan(write_inputs(tmp_path / "in")).units[:3]
    store = Store(tmp_path / "store", budget=25)
    with store.lease("r1", CLOCK) as lease:
        for unit in units:
            _publish(lease, unit, "r1", b"0123456789")
    with store.lease("r2", CLOCK) as lease:
        lease.find(store_key(units[0].digest, VERSION), units[0])

    gone = store.evict()

    assert [(units[1].id, 10)] == [(e.unit, e.size) for e in gone]
    found = [store.find(store_key(u.digest, VERSION), u) for u in units]
    assert [True, False, True] == [entry.whole for entry in found if entry]
    assert () == store.evict()
    assert [] == list((tmp_path / "store" / "v1" / ".trash").iterdir())


def test_never_evicts_what_a_live_run_uses(tmp_path: Path) -> None:
    """What a live run found or published stays, whatever the budget; once the run has ended it may go."""
    units = sample_plan(write_inputs(tmp_path / "in")).units[:2]
    store = Store(tmp_path / "store", budget=0)
    with store.lease("r1", CLOCK) as lease:
        _publish(lease, units[0], "r1", b"0123456789")
    with store.lease("r2", CLOCK) as lease:
        lease.find(store_key(units[0].digest, VERSION), units[0])
        _publish(lease, units[1], "r2", b"0123456789")
        assert () == store.evict()
    assert {u.id for u in units} == {e.unit for e in store.evict()}


def test_dead_leases_protect_nothing(tmp_path: Path, unit: Session | Job) -> None:
    """A lease whose process died is swept with what it staged, and keeps nothing from eviction."""
    store = Store(tmp_path / "store", budget=0)
    with store.lease("r1", CLOCK) as lease:
        _publish(lease, unit, "r1", b"wim")
    leases = tmp_path / "store" / "v1" / ".leases"
    (leases / "dead.lock").touch()
    (leases / "dead.keys").write_text(_key(unit) + "\n")
    (tmp_path / "store" / "v1" / ".staging" / "dead" / "u").mkdir(parents=True)
    with store.lease("live", CLOCK) as lease:
        lease.stage(unit.id).mkdir(parents=True)
        swept = store.sweep()
        assert [".staging/dead"] == list(swept)
        assert lease.stage(unit.id).is_dir()
    assert 1 == len(store.evict())
    assert not (leases / "dead.lock").exists()


def test_more_checks_than_were_made(tmp_path: Path) -> None:
    """An entry made under fewer checks does not answer for a plan that asks for more, but for one that asks for less."""
    plan = sample_plan(write_inputs(tmp_path / "in"), checks=(NothingPending(),))
    unit = plan.units[1]
    assert isinstance(unit, Session)
    bare = unit.model_copy(update={"tasks": tuple(t.model_copy(update={"checks": ()}) for t in unit.tasks)})
    key = store_key(unit.digest, VERSION)
    store = Store(tmp_path / "store")
    with store.lease("r1", CLOCK) as lease:
        _publish(lease, bare, "r1", b"wim")
        assert (True, False) == (store.find(key, bare) is not None, store.find(key, unit) is not None)
        made = lease.stage(unit.id)
        (made / "artifacts").mkdir(parents=True)
        (made / "artifacts" / "image.wim").write_bytes(b"wim")
        good = CheckResult(check=NothingPending(), passed=True, found="absent")
        lease.publish(made, _evidence(unit, "r1", made / "artifacts", (good,)), unit)

    assert store.find(key, unit) is not None
    assert store.find(key, bare) is not None


def test_failed_checks_answer_for_nothing(tmp_path: Path) -> None:
    """Evidence of a check that did not hold is no evidence."""
    plan = sample_plan(write_inputs(tmp_path / "in"), checks=(NothingPending(),))
    unit = plan.units[1]
    artifacts = tmp_path / "artifacts"
    artifacts.mkdir()
    (artifacts / "image.wim").write_bytes(b"wim")
    bad = CheckResult(check=NothingPending(), passed=False, found="present")

    assert not _evidence(unit, "r1", artifacts, (bad,)).covers(unit)


def test_artifacts_hold_no_links(tmp_path: Path) -> None:
    """A link in an artifact would publish something that lies elsewhere: it is refused, as is a missing artifact."""
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "evil").symlink_to("/etc/passwd")
    for name in ("sources", "none"):
        with pytest.raises(OsrecipeError) as caught:
            survey(tmp_path, (name,))
        assert "run/unaccounted" == caught.value.problems[0].slug


def test_folders_keep_times_and_empty_folders(tmp_path: Path) -> None:
    """An artifact that is a folder is listed with its empty folders and files."""
    (tmp_path / "sources" / "en-us").mkdir(parents=True)
    (tmp_path / "sources" / "a.dll").write_bytes(b"a")
    os.utime(tmp_path / "sources" / "a.dll", ns=(5, 123_456_700))
    folders, files = survey(tmp_path, ("sources",))

    assert (("sources", "sources/en-us"), ["sources/a.dll"]) == (folders, [f.path for f in files])
    assert 123_456_700 == (tmp_path / "sources" / "a.dll").stat().st_mtime_ns


@pytest.mark.parametrize(
    ("path", "mine"),
    [
        ("s/v1/.staging/r1/u", True),
        ("s/v1/.staging/r2/u", False),
        ("s/v1/.staging/r1", False),
        ("s/v1/.staging/r1/u/deep", False),
        ("s/v2/.staging/r1/u", False),
        ("s/v1/other/r1/u", False),
        ("s/v1/.staging/r1/../../r2/u", False),
        ("linked/v1/.staging/r1/u", False),
    ],
)
def test_staging_is_known_by_its_run(tmp_path: Path, path: str, mine: bool) -> None:
    """Only what lies directly in the staging folder of the run itself is the run's, with no link on the way."""
    (tmp_path / "linked" / "v1").mkdir(parents=True)
    (tmp_path / "elsewhere" / "r1").mkdir(parents=True)
    (tmp_path / "linked" / "v1" / ".staging").symlink_to(tmp_path / "elsewhere")

    assert mine == is_staging(tmp_path / path, "r1")
