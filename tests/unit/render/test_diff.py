"""A comparison as text, as the comment on a pull request, as workflow commands and as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from support.plans import compiled, facts, recipe, update

from osrecipe.model.diff import Comparison, DiffProblem, RecipeDiff
from osrecipe.model.facts import UpdateKind
from osrecipe.model.plan import Origin
from osrecipe.model.registry import RegistryData, RegistryKey, RegistryRoot, SetValue
from osrecipe.plan.diff import diff_plans, empty_plan
from osrecipe.render import diff_github, diff_json, diff_text, diff_words
from osrecipe.render.diff_markdown import MARKER, markdown
from osrecipe.render.plan_markdown import LIMIT

SCHEMA = Path(__file__).parents[3] / "schemas" / "diff.schema.json"
HOSTILE = "</details> @everyone <script> `x` | ::error:: %0A\n::set-output"
KEY = RegistryKey(root=RegistryRoot.SOFTWARE, path="Contoso")


def bumped(path: str = "recipes/a.yaml") -> RecipeDiff:
    """A recipe whose cumulative update is an older one now."""
    older = facts(lcu=update(UpdateKind.CUMULATIVE, "1", "17134.1.1.0"))
    return RecipeDiff(
        path=path, state="changed", diff=diff_plans(compiled(recipe(), facts()), compiled(recipe(), older))
    )


def tweaked(path: str, values: int, text: str = "x") -> RecipeDiff:
    """A recipe with a new tweak of so many values."""
    made = tuple(
        SetValue(key=KEY, name=f"{text}{n}", data=RegistryData(kind="sz", text=text)) for n in range(values)
    )
    after = recipe(targets={"install": {"tweaks": {"t": {"registry": made, "because": text}}}})
    before = recipe(targets={"install": {}})
    diff = diff_plans(compiled(before, facts()), compiled(after, facts()))
    return RecipeDiff(path=path, state="changed", diff=diff)


def broken(path: str, reason: str = "no") -> RecipeDiff:
    """A recipe without a plan."""
    problem = DiffProblem(
        slug="recipe/syntax", reason=reason, hint="mend it", origin=Origin(file=path, line=3, column=5)
    )
    return RecipeDiff(path=path, state="broken", problems=(problem,))


def of(*recipes: RecipeDiff) -> Comparison:
    """A comparison."""
    return Comparison(before="main", after="feature", recipes=recipes)


def test_nothing_to_tell() -> None:
    """An empty difference says so, in every format."""
    plan = compiled(recipe(), facts())
    same = of(RecipeDiff(path="a.yaml", state="same", diff=diff_plans(plan, plan)))

    assert "main → feature\n\nnothing changes in 1 recipe\n" == diff_text.text(same)
    assert "Every image comes out the same" in markdown(same)
    assert "<details>" not in markdown(same)
    assert diff_github.text(same) == ""


def test_text_names_both_versions_once() -> None:
    """The words that two titles have in common are said once."""
    said = diff_text.text(of(bumped()))

    assert "add cumulative KB4343909 17134.228 → KB1 17134.1" in said
    assert "! downgraded" in said
    assert "1 of 1 recipe changes" in said


def test_a_long_comment_is_cut_loudly() -> None:
    """However many recipes differ, a forge takes the comment, and its first lines say what is left out."""
    many = of(*(tweaked(f"recipes/r{n:03}.yaml", 40, "y" * 60) for n in range(200)))
    said = markdown(many)

    assert len(said.encode()) <= LIMIT
    assert re.search(r"\*\*Cut: \d+ of 200 recipes that differ are shown below", said[:2000])
    assert said.count("<details>") == said.count("</details>") > 0


def test_values_go_before_recipes() -> None:
    """What just fits without values is shown with all recipes."""
    some = of(*(tweaked(f"recipes/r{n:03}.yaml", 40, "y" * 60) for n in range(20)))
    said = markdown(some)

    assert "**Cut: without the values that differ.**" in said
    assert 20 == said.count("<details>")


def test_very_many_risks_and_problems_are_cut() -> None:
    """The first part has bounds of its own."""
    said = markdown(of(*(broken(f"recipes/r{n:04}.yaml", "z" * 200) for n in range(1500))))

    assert len(said.encode()) <= LIMIT
    assert "**Cut: " in said


@pytest.mark.parametrize("make", [lambda: tweaked("a.yaml", 3, HOSTILE), lambda: broken("a.yaml", HOSTILE)])
def test_hostile_text_stays_text(make: object) -> None:
    """Nothing of a recipe closes a fold, mentions anybody, opens a tag or begins a workflow command."""
    assert callable(make)
    compared = of(make())
    said = markdown(compared)
    outside = re.sub(r"(`+).+?\1", "", said)

    assert outside.count("<details>") == outside.count("</details>")
    assert "<script" not in outside
    assert "@everyone" not in outside
    assert all(
        line.startswith(("::error ", "::warning ")) for line in diff_github.text(compared).splitlines()
    )
    assert "\x1b" not in diff_text.text(compared)


def test_a_problem_stands_at_its_line() -> None:
    """As a workflow command and in the comment."""
    compared = of(broken("recipes/a.yaml"))

    assert "::error file=recipes/a.yaml,line=3,col=5,title=recipe/syntax::no; mend it\n" == diff_github.text(
        compared
    )
    assert "- `recipes/a.yaml:3:5`: no (`recipe/syntax`); mend it" in markdown(compared)


def test_the_marker_comes_first() -> None:
    """Who posts the comment finds the earlier one by its first line."""
    assert MARKER == markdown(of(bumped())).splitlines()[0]


def test_json_keeps_its_schema() -> None:
    """What is written fits the committed schema, which is the models' own."""
    plan = compiled(recipe(), facts())
    new = RecipeDiff(path="n.yaml", state="added", diff=diff_plans(empty_plan(plan), plan))
    written = json.loads(diff_json.dump(of(bumped(), broken("b.yaml"), new)))

    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(written)
    assert diff_json.schema() == SCHEMA.read_text(encoding="utf-8")
    assert "osrecipe-diff/1" == written["format"]


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (["same"], "nothing changes in 1 recipe"),
        (["changed", "same"], "1 of 2 recipes changes"),
        (["changed", "changed", "broken"], "2 of 3 recipes change, 1 has no plan"),
        (["added", "removed", "same"], "1 of 3 recipes is new, 1 is gone"),
    ],
)
def test_headline(states: list[str], said: str) -> None:
    """Grammar for one and for many."""
    recipes = [RecipeDiff.model_validate({"path": "a", "state": state}) for state in states]

    assert said == diff_words.headline(recipes)
