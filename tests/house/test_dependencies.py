"""What is imported is declared, what is declared is imported, and the decision records say why."""

from __future__ import annotations

import re
import sys
import tomllib

from support.house import ROOMS, ROOT, at, imports, modules

ADR = ROOT / "docs" / "adr"
MODULE_OF = {"ruamel.yaml": "ruamel", "typing-extensions": "typing_extensions"}
"""Distributions whose module is not called as they are."""


def _declared() -> dict[str, str]:
    """Declared distributions by the top-level module they bring."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.split(r"[<>=!~\[; ]", line, maxsplit=1)[0] for line in project["dependencies"]]
    return {MODULE_OF.get(name, name): name for name in names}


def _imported() -> dict[str, str]:
    """Third-party modules by one place that imports them."""
    found: dict[str, str] = {}
    for module in modules():
        for line, name in imports(module):
            top = name.split(".")[0]
            if top not in sys.stdlib_module_names and top != "osrecipe":
                found.setdefault(top, at(module, line, name))
    return found


def test_what_is_imported_is_declared() -> None:
    """Nothing works only because another dependency happens to bring it."""
    comes_along = {
        "pydantic_core",  # pydantic's own other half, of exactly its version
        "_typeshed",  # known to type checkers alone
    }
    missing = {top: place for top, place in _imported().items() if top not in {*_declared(), *comes_along}}
    assert {} == missing


def test_what_is_declared_is_imported() -> None:
    """A dependency nothing uses is only risk."""
    assert set() == set(_declared()) - set(_imported())


def test_every_dependency_has_its_reason() -> None:
    """One line in the record, and none for what is gone."""
    page = (ADR / "0002-runtime-dependencies.md").read_text(encoding="utf-8")
    table = page.partition("System libraries")[0]
    assert sorted(_declared().values()) == sorted(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))


def test_every_record_is_in_the_index() -> None:
    """By number and title, in order."""
    records = sorted(ADR.glob("0*.md"))
    lines = re.findall(
        r"^\| \[(\d+)\]\((.+)\) \| (.+) \|$", (ADR / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    titles = [r.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ") for r in records]
    assert [r.name for r in records] == [name for _number, name, _title in lines]
    assert titles == [f"{number}. {title}" for number, _name, title in lines]


def test_every_record_has_its_three_parts() -> None:
    """Situation, decision, consequences."""
    for record in ADR.glob("0*.md"):
        heads = re.findall(r"^## (.+)$", record.read_text(encoding="utf-8"), re.MULTILINE)
        assert ["Situation", "Decision", "Consequences"] == heads, record.name


def test_links_between_pages_lead_somewhere() -> None:
    """Every relative link of the documentation names a file that is there."""
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in (*(ROOT / "docs").rglob("*.md"), ROOT / "README.md")
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert [] == dead


def test_the_architecture_page_names_every_room() -> None:
    """In the order of imports."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert list(ROOMS) == re.findall(r"^\*\*([a-z]+)\*\* —", page, re.MULTILINE)
