"""A plan as a graph in four forms, each read back by a parser of its own."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from defusedxml.ElementTree import fromstring
from support.plans import compiled, facts, media, recipe

from osrecipe.model.recipe import Recipe
from osrecipe.render.cards import cards, reduced
from osrecipe.render.graph_dot import dot
from osrecipe.render.graph_html import html
from osrecipe.render.graph_mermaid import MOST_CHARACTERS, MOST_EDGES, label, mermaid
from osrecipe.render.graph_svg import svg

if TYPE_CHECKING:
    from osrecipe.model.plan import Plan

HOSTILE = '"]; click "x"\n</style><script>alert(1)</script> `|{}#'


@pytest.fixture(scope="module")
def usual() -> Plan:
    """A small plan."""
    return compiled(recipe(), facts())


def large(images: int) -> Plan:
    """A plan for media with so many editions."""
    editions = [(f"Edition {n}", "re") for n in range(images)]
    return compiled(recipe(), facts(media=media(editions)))


def hostile() -> Plan:
    """A plan whose every free text tries to be something else."""
    targets = {
        "install": {"tweaks": {"t": {"because": HOSTILE, "files": {"Windows\\x": None}}}},
    }
    made = Recipe.model_validate(recipe(targets=targets).model_dump(by_alias=True), strict=False)
    return compiled(made, facts(media=media([(HOSTILE, "re"), ("Pro", "re")])))


def test_cards_stand_after_what_they_wait_for(usual: Plan) -> None:
    """Columns rise along every line, and no two cards share a place."""
    found = cards(usual)

    assert all(found[other].column < card.column for card in found for other in card.after)
    assert len(found) == len({(card.column, card.track) for card in found})
    assert [t.id for u in usual.units for t in u.tasks] == [
        t.id for unit in usual.units for card in found if unit in card.units for t in unit.tasks
    ]


def test_a_line_that_a_longer_way_says_is_left_out() -> None:
    """Only what comes right before is kept."""
    assert {0: set(), 1: {0}, 2: {1}, 3: {1}} == reduced({0: set(), 1: {0}, 2: {0, 1}, 3: {0, 1}})


def test_mermaid_of_a_small_plan(usual: Plan) -> None:
    """Every task is a node under a name that says nothing of what it is called."""
    text = mermaid(usual)
    nodes = re.findall(r'^ +(n\d+)\["', text, re.MULTILINE)

    assert sum(len(u.tasks) for u in usual.units) == len(nodes) == len(set(nodes))
    assert text.startswith("flowchart TB\n")
    assert {"n" + n for pair in re.findall(r"n(\d+) --> n(\d+)", text) for n in pair} <= set(nodes)


@pytest.mark.parametrize("images", [6, 12, 60])
def test_mermaid_stays_in_its_bounds(images: int) -> None:
    """Beyond sixty tasks lanes are nodes, and however many there are a forge can draw it."""
    text = mermaid(large(images))

    assert text.count("-->") < MOST_EDGES
    assert len(text) < MOST_CHARACTERS
    assert "tasks" in text


def test_mermaid_of_very_many_lanes() -> None:
    """Where not even lanes fit, kinds of images do."""
    text = mermaid(large(300))

    assert "install: 300 lanes" in text
    assert text.count("-->") < 20


def test_labels_hold_nothing_that_ends_them() -> None:
    """Quotes, brackets and line breaks are written as Mermaid reads them back."""
    said = label(HOSTILE)

    assert not set(said) & set('"[]{}<>`|\n')


def test_svg_is_one_well_formed_picture(usual: Plan) -> None:
    """It fetches nothing, holds no script, and shows every task."""
    text = svg(usual)
    root = fromstring(text)
    shown = {"".join(e.itertext()) for e in root.iter("{http://www.w3.org/2000/svg}text")}

    assert {t.id.partition("/")[2] for u in usual.units for t in u.tasks} <= shown
    assert not re.search(r"<script|https?://(?!www\.w3\.org/2000/svg)|url\(|@import|on\w+=", text)


class _Page(HTMLParser):
    """Tags, ids and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one."""
        self.tags.add(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links |= {value or "" for name, value in attrs if name in {"href", "src"}}


def test_page_leads_only_to_itself(usual: Plan) -> None:
    """Every link meets an id of the page, ids are there once, and nothing is fetched or run."""
    page = _Page()
    page.feed(html(usual))

    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert not page.tags & {"script", "link", "img", "iframe", "object"}


def test_hostile_names_stay_text() -> None:
    """What recipes and media call things never becomes a tag, an attribute or a new line of a graph."""
    plan = hostile()
    page = _Page()
    page.feed(html(plan))
    picture = svg(plan)

    assert "script" not in page.tags
    fromstring(picture)
    assert "<script" not in picture + html(plan)
    assert all(
        re.match(r"(flowchart| +(subgraph|end|n\d+)| +classDef)", line) for line in mermaid(plan).splitlines()
    )
    assert not any(line.startswith(("]", "</", "click")) for line in dot(plan).splitlines())


def test_dot_has_every_task_and_edge(usual: Plan) -> None:
    """Nothing is left out of it, as it is made for tools."""
    text = dot(usual)

    assert len(usual.edges) == text.count(" -> ")
    assert all(f'"{t.id}" [' in text for u in usual.units for t in u.tasks)


def test_many_cards_name_no_tasks() -> None:
    """A picture of very many images stays small enough to open."""
    text = svg(large(150))

    assert len(text) < 1_000_000
    assert ":has(" not in text
