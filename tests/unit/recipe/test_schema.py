"""The JSON schema: current, valid, and of one mind with the loader."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor

from osrecipe.model.problems import OsrecipeError
from osrecipe.recipe import editor, load, reference, schema, starter
from osrecipe.recipe.examples import EXAMPLES
from osrecipe.recipe.patterns import PATTERNS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden"
GOOD = sorted((GOLDEN / "recipe-good").glob("*.yaml"))
FRAGMENTS = [
    *sorted((GOLDEN / "recipe-good").glob("*.d/**/*.yaml")),
    *sorted((ROOT / "recipes").glob("*/**/*.yaml")),
]
SHIPPED = sorted((ROOT / "recipes").glob("*.yaml"))
STRUCTURAL = {
    "recipe/unknown-key",
    "recipe/missing-key",
    "recipe/wrong-type",
    "recipe/unquoted-build",
    "recipe/bad-hive",
    "recipe/bad-value",
    "recipe/schema",
    "recipe/extends",
}
BEYOND = {
    "39-empty-section": "whether a `null` drops something is known after merging",
    "58-tweak-without-a-change": "a fragment may give the change",
    "62-fragment-missing": "whether a file is there",
    "64-fragment-cycle": "needs the other files",
    "66-fragment-structure": "the mistakes are in the fragment as well",
    "67-nothing-to-drop": "needs the other files",
    "68-append-to-no-list": "needs the other files",
    "85-nothing-and-twice": "a fragment may give the settings",
    "83-names-windows-can-not-have": "a pattern for names of devices would be longer than what it says",
}
"""Bad recipes no schema of one file can see through, and why."""


class Constructor(SafeConstructor):
    """YAML 1.2 with `!append`, as an editor is told to read recipes."""


Constructor.add_constructor("!append", lambda self, node: self.construct_sequence(node, deep=True))


def read(path: Path) -> object:
    """A file as an editor's language server sees it: keys are text."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = Constructor
    return as_json(yaml.load(path.read_text(encoding="utf-8")))


def as_json(value: object) -> object:
    """The same data with the keys JSON would have."""
    if isinstance(value, dict):
        return {str(k).lower() if isinstance(k, bool) else str(k): as_json(v) for k, v in value.items()}
    return [as_json(v) for v in value] if isinstance(value, list) else value


def validator(kind: schema.FileKind) -> Draft202012Validator:
    """A validator of one of the schemas."""
    return Draft202012Validator(schema.build(kind))


@pytest.mark.parametrize("kind", ["recipe", "fragment"])
def test_valid_against_the_metaschema(kind: schema.FileKind) -> None:
    """What we publish is a JSON schema of the draft it names."""
    built = schema.build(kind)
    Draft202012Validator.check_schema(built)
    assert built["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("kind", ["recipe", "fragment"])
def test_committed_schema_is_current(kind: schema.FileKind) -> None:
    """`schemas/` holds what the models say now."""
    committed = ROOT / "schemas" / schema.FILE_NAMES[kind]
    assert committed.read_text(encoding="utf-8") == schema.dump(kind)


def test_committed_reference_is_current() -> None:
    """`docs/reference/recipe.md` holds what the models say now."""
    assert (ROOT / "docs" / "reference" / "recipe.md").read_text(encoding="utf-8") == reference.text()


@pytest.mark.parametrize("path", GOOD + SHIPPED, ids=lambda p: p.stem)
def test_good_recipes_validate(path: Path) -> None:
    """An editor has nothing to say about a recipe that loads, and the recipe says where the schema is."""
    assert [] == [e.message for e in validator("recipe").iter_errors(read(path))]
    modeline = path.read_text(encoding="utf-8").splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", modeline)
    assert named is not None
    assert (ROOT / "schemas" / "recipe.schema.json").samefile(path.parent / named[1])


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda p: p.stem)
def test_good_fragments_validate(path: Path) -> None:
    """An editor has nothing to say about the fragments of good recipes."""
    assert [] == [e.message for e in validator("fragment").iter_errors(read(path))]


def bad() -> Iterator[Path]:
    """Bad recipes that are YAML and have a structural problem."""
    for path in sorted((GOLDEN / "recipe-bad").glob("*.yaml")):
        try:
            load(path, shown_as=path.name)
        except OsrecipeError as e:
            slugs = {p.slug for p in e.problems}
        else:
            slugs = set()
        if slugs & STRUCTURAL and path.stem not in BEYOND and "recipe/syntax" not in slugs:
            yield path


@pytest.mark.parametrize("path", list(bad()), ids=lambda p: p.stem)
def test_structural_mistakes_are_seen_in_the_editor(path: Path) -> None:
    """What the loader calls a structural mistake, the schema refuses too."""
    assert list(validator("recipe").iter_errors(read(path)))


def properties() -> Iterator[tuple[str, dict[str, object]]]:
    """Every key of the language with its schema."""
    core = schema.core()
    definitions = core["$defs"]
    assert isinstance(definitions, dict)
    for name, part in [("Recipe", core), *definitions.items()]:
        assert isinstance(part, dict)
        found = part.get("properties", {})
        assert isinstance(found, dict)
        for key, value in found.items():
            assert isinstance(value, dict)
            yield f"{name}.{key}", dict(value)


def test_every_key_is_described() -> None:
    """Each key has a description, and an example unless it takes one of a few words."""
    for name, part in properties():
        assert part.get("description"), name
        closed = "enum" in part or "const" in part or part.get("type") == "boolean"
        assert closed or part.get("examples"), name


def test_no_example_is_left_over() -> None:
    """Examples belong to keys that exist."""
    assert set(EXAMPLES) <= {name for name, _ in properties()}


def test_examples_are_valid() -> None:
    """Each example may stand where it is shown."""
    core = schema.core()
    for name, part in properties():
        whole = {**part, "$defs": core["$defs"]}
        for example in part.get("examples", []):  # type: ignore[attr-defined]  # a JSON list
            assert [] == [e.message for e in Draft202012Validator(whole).iter_errors(example)], name


def test_every_pattern_has_words() -> None:
    """A value that does not match a pattern is answered in words, never with the pattern."""

    def patterns(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(found := value.get("pattern"), str):
                yield found
            for key, part in value.items():
                if key not in schema.REGISTRY_MAPS and key != "RegistryValue":
                    yield from patterns(part)
        elif isinstance(value, list):
            for part in value:
                yield from patterns(part)

    assert set(patterns(schema.core())) == set(PATTERNS)


def test_maps_are_closed() -> None:
    """No map of the language takes keys it does not know."""
    definitions = schema.core()["$defs"]
    assert isinstance(definitions, dict)
    for name, part in definitions.items():
        assert isinstance(part, dict)
        if "properties" in part:
            assert part["additionalProperties"] is False, name


def test_starter_loads_and_validates(tmp_path: Path) -> None:
    """What `init` writes is a valid recipe, in the loader and in the editor."""
    path = tmp_path / "new.yaml"
    path.write_text(starter.text("my-recipe"), encoding="utf-8")
    assert load(path).recipe.name == "my-recipe"
    assert [] == [e.message for e in validator("recipe").iter_errors(read(path))]
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=recipe.schema.json\n")


def test_starter_with_everything_switched_on(tmp_path: Path) -> None:
    """The lines the starter holds in reserve are valid too."""
    lines = []
    for line in starter.text("my-recipe").splitlines():
        reserve = re.match(r"( *)# ?( *[\w-]+:.*)", line)
        lines.append(f"{reserve[1]}{reserve[2]}" if reserve and "schema" not in line else line)
    path = tmp_path / "new.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    recipe = load(path).recipe
    assert set(recipe.inputs) == {"media", "ssu", "lcu", "oem"}
    assert set(recipe.updates.apply) == {"ssu", "lcu"}
    assert set(recipe.targets.install.tweaks) == {"no-consumer-features", "oem-files"}


@pytest.mark.parametrize("name", ["", "1st", "a b", "x" * 64, "a/b", "a\n"])
def test_starter_refuses_names_no_recipe_can_have(name: str) -> None:
    """A name that would not validate is refused before anything is written."""
    with pytest.raises(OsrecipeError) as caught:
        starter.text(name)
    assert [p.slug for p in caught.value.problems] == ["recipe/bad-value"]


def parts(value: object) -> Iterator[dict[str, object]]:
    """Every map inside a schema."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(part)


@pytest.mark.parametrize("kind", ["recipe", "fragment"])
def test_editors_are_told_what_words_and_patterns_mean(kind: schema.FileKind) -> None:
    """Each word of a closed list has a description, and each pattern says in words what it asks for."""
    built = schema.build(kind)
    for part in parts(built):
        if isinstance(words := part.get("enum"), list):
            meanings = part["markdownEnumDescriptions"]
            assert isinstance(meanings, list)
            assert len(words) == len(meanings)
        if isinstance(part.get("pattern"), str):
            assert str(part["patternErrorMessage"]).startswith("It must be ")
    used = {tuple(words) for part in parts(built) if isinstance(words := part.get("enum"), list)}
    assert set(editor.WORDS) == used


def test_every_key_and_part_has_a_name() -> None:
    """What an editor shows on top is the key or the part it stands on, never the whole schema's title."""
    built = schema.build()
    definitions = built["$defs"]
    assert isinstance(definitions, dict)
    for name, part in [("Recipe", built), *definitions.items()]:
        assert isinstance(part, dict)
        assert part["title"], name
        properties = part.get("properties", {})
        assert isinstance(properties, dict)
        for key, value in properties.items():
            assert isinstance(value, dict)
            assert key == value["title"], f"{name}.{key}"
