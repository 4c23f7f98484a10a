"""A run over time, as a picture and as a page."""

from __future__ import annotations

import itertools
import re
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from defusedxml.ElementTree import fromstring
from support import results
from support.plans import facts, media, origins, recipe

from osrecipe.model.plan import Note, Plan
from osrecipe.plan import compile_plan
from osrecipe.render.lanes import lanes, needs
from osrecipe.render.report_html import html
from osrecipe.render.run_svg import WIDTH, svg
from osrecipe.render.timeline import timeline

if TYPE_CHECKING:
    from collections.abc import Callable
    from xml.etree.ElementTree import Element

    from osrecipe.model.result import RunResult

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "</title></svg><script>alert(1)</script><img src=x onerror=y> \"'& \x1b\u202e漢"


@cache
def usual() -> Plan:
    """The usual plan."""
    return compile_plan(recipe(), facts(), origins())


def unrecorded(result: RunResult) -> RunResult:
    """The same result without start times, as an older report has none."""
    return result.model_copy(
        update={
            "units": tuple(u.model_copy(update={"started": 0}) for u in result.units),
            "tasks": tuple(t.model_copy(update={"started": 0}) for t in result.tasks),
        }
    )


RUNS: dict[str, Callable[[], RunResult]] = {
    "done": lambda: results.done(usual(), ("winre",)),
    "failed": lambda: results.failed(usual(), "install-pro/cleanup", left=True),
    "cached": lambda: results.done(usual(), tuple({u.lane for u in usual().units})),
    "unrecorded": lambda: unrecorded(results.done(usual(), ("winre",))),
}


# -- the figures ---------------------------------------------------------------------------------------------------------


def test_every_unit_that_ran_is_one_bar() -> None:
    """Bars and stored units together are the units that were not skipped, each once, in its lane."""
    result = results.failed(usual(), "install-pro/cleanup")
    rows = timeline(result, usual()).rows
    bars = [bar.unit.id for row in rows for line in row.lines for bar in line]

    assert [lane.id for lane in lanes(usual())] == [row.lane.id for row in rows]
    assert sorted(u.unit for u in result.units if u.status not in {"skipped", "cached"}) == sorted(bars)


def test_bars_of_a_line_do_not_overlap_and_hold_their_segments() -> None:
    """Within a line each bar begins after the one before; a task lies within its unit."""
    for make in RUNS.values():
        for row in timeline(make(), usual()).rows:
            for line in row.lines:
                assert all(a.end <= b.start for a, b in itertools.pairwise(line))
                assert all(b.start <= s.start <= s.end <= b.end for b in line for s in b.segments)


def test_start_times_are_estimated_when_there_are_none() -> None:
    """Without start times a unit begins when all it waits for are over, and the picture says so."""
    result = unrecorded(results.done(usual()))
    time = timeline(result, usual())
    ends = {b.unit.id: b.end for row in time.rows for line in row.lines for b in line}

    assert not time.recorded
    assert timeline(results.done(usual()), usual()).recorded
    for row in time.rows:
        for bar in (b for line in row.lines for b in line):
            assert max((ends[o] for o in needs(usual())[bar.unit.id]), default=0) == bar.start
    assert "start times were not recorded" in svg(result, usual())
    assert "start times were not recorded" not in svg(results.done(usual()), usual())


def test_critical_bars_are_a_chain_to_the_end() -> None:
    """The emphasised bars follow one another by what waits for what, and the last of them ends last."""
    time = timeline(results.done(usual()), usual())
    bars = [bar for row in time.rows for line in row.lines for bar in line]
    chain = sorted((bar for bar in bars if bar.critical), key=lambda bar: bar.start)

    assert max(bar.end for bar in bars) == chain[-1].end
    assert 0 == chain[0].start
    assert all(a.unit.id in needs(usual())[b.unit.id] for a, b in itertools.pairwise(chain))


def test_critical_chain_goes_through_what_only_took_the_place() -> None:
    """A unit that waited for room, not for an artifact, follows the one that made room."""
    done = results.done(usual())
    at, units = 0, []
    for unit in done.units:
        units.append(unit.model_copy(update={"started": at}))
        at += unit.milliseconds
    serial = done.model_copy(update={"units": tuple(units), "milliseconds": at})
    bars = [b for row in timeline(serial, usual()).rows for line in row.lines for b in line]

    assert all(bar.critical for bar in bars)


# -- the picture ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("run", RUNS)
def test_picture_stands_alone_and_stays_in_its_frame(run: str) -> None:
    """It is well-formed, refers to nothing outside, has no scripts, and nothing is drawn outside its frame."""
    text = svg(RUNS[run](), usual())
    root: Element = fromstring(text)
    height = float(root.attrib["height"])
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}

    assert {"svg", "style", "defs", "pattern", "path", "rect", "text", "title", "g"} >= kinds
    assert not re.search(r"href|url\((?!#osr-hatch\))|@import|on\w+=", text)
    for rect in root.iter(f"{SVG}rect"):
        x, y = float(rect.get("x", "0")), float(rect.get("y", "0"))
        assert 0 <= x <= x + float(rect.attrib["width"]) <= WIDTH + 2
        assert 0 <= y <= y + float(rect.attrib["height"]) <= height
    for word in root.iter(f"{SVG}text"):
        assert 0 <= float(word.attrib["x"]) <= WIDTH
        assert 0 <= float(word.attrib["y"]) <= height


@pytest.mark.parametrize("run", RUNS)
def test_picture_names_every_unit(run: str) -> None:
    """Each unit that ran or came from the store has its bar or mark with a title."""
    result = RUNS[run]()
    root: Element = fromstring(svg(result, usual()))
    titles = [element.text or "" for element in root.iter(f"{SVG}title")]

    for unit in result.units:
        named = sum(title.startswith(f"{unit.unit}: ") for title in titles)
        assert (0 if unit.status == "skipped" else 1) == named


def test_cached_and_failed_differ_by_more_than_colour() -> None:
    """What came from the store is hatched, what failed is crossed."""
    assert 'class="stored"' in svg(RUNS["cached"](), usual()).partition("</defs>")[2]
    assert 'class="cross"' in svg(RUNS["failed"](), usual())
    assert 'class="cross"' not in svg(RUNS["done"](), usual())


def test_picture_knows_both_grounds() -> None:
    """A reader with a dark screen gets dark colours."""
    assert "prefers-color-scheme:dark" in svg(RUNS["done"](), usual())


@pytest.mark.parametrize("milliseconds", [0, 1, 999, 61_000, 3_600_000, 40 * 3_600_000, 10**12])
def test_axis_suits_every_length(milliseconds: int) -> None:
    """A run of no time and one of years have a handful of ticks."""
    result = RUNS["cached"]().model_copy(update={"milliseconds": milliseconds})
    text = svg(result, usual())

    assert 1 <= text.count('class="grid"') <= 10


def test_large_run_is_cut_and_says_so() -> None:
    """Of hundreds of lanes some are left out, and how many is told."""
    plan = compile_plan(
        recipe(updates={"apply": {}}), facts(media=media([(f"E{n}", "") for n in range(200)])), origins()
    )
    text = svg(results.done(plan), plan)

    assert f"{len(lanes(plan)) - 150} more lanes left out" in text


# -- the page ------------------------------------------------------------------------------------------------------------


class _Page(HTMLParser):
    """Collects tags, attributes and text; checks that tags are closed."""

    VOID = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag begins."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """The tag that was opened last ends."""
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        """Text."""
        self.text += data


def read(text: str) -> _Page:
    """Parse a page."""
    page = _Page()
    page.feed(text)
    page.close()
    assert [] == page.open
    return page


@pytest.mark.parametrize("run", RUNS)
def test_page_stands_alone(run: str) -> None:
    """It is well-formed, fetches nothing, has no scripts, and its policy forbids both."""
    text = html(RUNS[run](), usual())
    page = read(text)

    assert not {"script", "link", "img", "iframe", "object", "form"} & page.tags
    assert not {"src", "href"} & page.attributes
    assert not {name for name in page.attributes if name.startswith("on")}
    assert not re.search(r"url\((?!#osr-hatch\))|@import", text)
    assert "default-src &#39;none&#39;" in text


@pytest.mark.parametrize("run", RUNS)
def test_page_accounts_for_every_task(run: str) -> None:
    """Each task of the plan has exactly one row."""
    text = html(RUNS[run](), usual())

    for task in (t for unit in usual().units for t in unit.tasks):
        assert 1 == text.count(f'<td class="task"><code>{task.id}</code></td>')


def test_failure_stands_first() -> None:
    """The cause is read before what is left behind, and that before all else."""
    text = read(html(RUNS["failed"](), usual())).text
    order = ["What failed", "What is left behind", "Images", "The run", "Inputs", "Tasks", "Particulars"]

    assert order == sorted(order, key=text.index)
    for said in ("0x800f081e", "take the package for this build", "rm -r out/.osrecipe/usual/runs/1/work"):
        assert said in text


def test_hashes_stand_whole() -> None:
    """Outputs and inputs are named by their whole hashes."""
    result = RUNS["done"]()
    text = read(html(result, usual())).text

    assert all(w.sha256 in text for w in result.written)
    assert all(i.digest in text for i in usual().inputs)


def test_checks_show_what_was_read_back() -> None:
    """A check that failed says what was found."""
    result = RUNS["failed"]()
    tasks = list(result.tasks)
    at, check = next((n, c) for n, t in enumerate(results.done(usual()).tasks) for c in t.checks)
    tasks[at] = tasks[at].model_copy(
        update={"checks": (check.model_copy(update={"passed": False, "found": "other"}),)}
    )
    text = read(html(result.model_copy(update={"tasks": tuple(tasks)}), usual())).text

    assert "found: other" in text


def test_hostile_text_is_no_markup() -> None:
    """Names, titles, reasons and details are text wherever they stand."""
    plan = usual()
    units = tuple(
        u.model_copy(
            update={
                "tasks": tuple(t.model_copy(update={"title": EVIL}) for t in u.tasks),
                **({"name": EVIL} if u.kind == "session" else {}),
            }
        )
        for u in plan.units
    )
    hostile = plan.model_copy(update={"units": units, "notes": (Note(text=EVIL),), "recipe": EVIL})
    result = RUNS["failed"]()
    assert result.first_failure is not None
    failure = result.first_failure.model_copy(
        update={"reason": EVIL, "remedy": EVIL, "code": EVIL, "log": EVIL}
    )
    tasks = tuple(t.model_copy(update={"detail": EVIL, "title": EVIL, "log": EVIL}) for t in result.tasks)
    bad = result.model_copy(update={"recipe": EVIL, "first_failure": failure, "tasks": tasks})
    text = html(bad, hostile)
    page = read(text)

    assert not {"script", "img"} & page.tags
    assert "\x1b" not in text
    assert "\u202e" not in text
    fromstring(svg(bad, hostile))
