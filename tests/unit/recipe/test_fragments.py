"""Fragments: order, merge rules, paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.recipes import MINIMAL, write_and_load

from osrecipe.model.problems import OsrecipeError, Place
from osrecipe.recipe.merge import lay_over
from osrecipe.recipe.nodes import Entry, Map, Node, Scalar, Seq, Span
from osrecipe.recipe.sink import Sink

if TYPE_CHECKING:
    from pathlib import Path

HERE = Span(Place("x", 1, 1))


def tree(value: object) -> Node:
    """A tree of plain data; a tuple is a list to append."""
    if isinstance(value, dict):
        return Map({k: Entry(k, HERE, tree(v)) for k, v in value.items()}, HERE)
    if isinstance(value, list | tuple):
        return Seq(tuple(tree(v) for v in value), HERE, append=isinstance(value, tuple))
    assert value is None or isinstance(value, str | int)
    return Scalar(value, str(value), HERE)


def plain(node: Node) -> object:
    """The plain data of a tree."""
    if isinstance(node, Map):
        return {k: plain(e.value) for k, e in node.entries.items()}
    if isinstance(node, Seq):
        return [plain(i) for i in node.items]
    return node.value


def laid(base: object, over: object) -> tuple[object, bool]:
    """The result of laying one over the other, and whether all was well."""
    sink = Sink()
    low, high = tree(base), tree(over)
    assert isinstance(low, Map)
    assert isinstance(high, Map)
    return plain(lay_over(low, high, sink)), not sink


leaves = st.integers(0, 9) | st.text("ab", max_size=2) | st.lists(st.integers(0, 9), max_size=3)
keys = st.sampled_from(["a", "b", "c"])
maps = st.recursive(
    st.dictionaries(keys, leaves, max_size=3), lambda m: st.dictionaries(keys, leaves | m, max_size=3)
)


@given(maps)
def test_nothing_over_something_changes_nothing(base: dict[str, object]) -> None:
    """An empty fragment is neutral on either side."""
    assert (base, True) == laid(base, {})
    assert (base, True) == laid({}, base)


@given(maps, maps)
def test_laying_twice_is_laying_once(base: dict[str, object], over: dict[str, object]) -> None:
    """Without `!append` and `null`, a file over its own result changes nothing."""
    once, _ = laid(base, over)
    assert (once, True) == laid(once, over)


@given(maps, maps, maps)
def test_the_last_file_has_the_last_word(
    one: dict[str, object], two: dict[str, object], three: dict[str, object]
) -> None:
    """What the last file says is so in the result, however many files lie below."""
    result, _ = laid(laid(one, two)[0], three)

    def said(upper: object, whole: object) -> bool:
        if isinstance(upper, dict):
            return isinstance(whole, dict) and all(k in whole and said(v, whole[k]) for k, v in upper.items())
        return upper == whole

    assert said(three, result)


@given(st.lists(st.integers()), st.lists(st.integers()))
def test_append_appends(below: list[int], more: list[int]) -> None:
    """`!append` gives what was there and then its own items."""
    assert ({"a": below + more}, True) == laid({"a": below}, {"a": tuple(more)})


def test_append_to_nothing_is_a_list() -> None:
    """`!append` where no list was is just a list."""
    assert ({"a": [1]}, True) == laid({}, {"a": (1,)})


def test_null_drops_what_is_there() -> None:
    """`null` takes an entry away, with all below it."""
    assert ({"b": 1}, True) == laid({"a": {"x": 1}, "b": 1}, {"a": None})


def test_null_over_nothing_is_an_error() -> None:
    """A `null` that would do nothing is refused."""
    assert ({}, False) == laid({}, {"a": None})


@pytest.mark.parametrize(
    "path",
    [
        ("targets", "install", "tweaks", "x", "registry", "K"),
        ("targets", "winre", "tweaks", "x", "registry", "K", "V"),
        ("targets", "install", "tweaks", "x", "files", "F"),
        ("expect", "install", "registry", "K", "V"),
    ],
)
def test_null_that_deletes_in_the_image_is_kept(path: tuple[str, ...]) -> None:
    """In `registry` and a tweak's `files`, `null` is a value; it replaces and is not dropped."""

    def nest(value: object) -> object:
        for key in reversed(path):
            value = {key: value}
        return value

    assert (nest(None), True) == laid(nest(1), nest(None))
    assert (nest(None), True) == laid({}, nest(None))


def test_registry_data_is_one_value() -> None:
    """`{qword: 1}` over `{hex: …}` is the qword, not both."""
    base = {"expect": {"install": {"registry": {"K": {"V": {"hex": "00"}, "W": 1}}}}}
    over = {"expect": {"install": {"registry": {"K": {"V": {"qword": 1}}}}}}
    expected = {"expect": {"install": {"registry": {"K": {"V": {"qword": 1}, "W": 1}}}}}
    assert (expected, True) == laid(base, over)


def test_an_input_is_one_value() -> None:
    """A new file for an input does not keep the old file's hash."""
    base = {"inputs": {"lcu": {"update": "a", "sha256": "0"}}}
    assert ({"inputs": {"lcu": {"update": "b"}}}, True) == laid(base, {"inputs": {"lcu": {"update": "b"}}})


def test_order_of_files(tmp_path: Path) -> None:
    """What a file extends comes first, in order; a shared file is laid once, before its first user."""
    loaded = write_and_load(
        tmp_path,
        MINIMAL + "extends: [a.yaml, b.yaml]\n",
        a="extends: [base.yaml]\nvars: {from: a, a: 1}\n",
        b="extends: [base.yaml]\nvars: {from: b}\n",
        base="vars: {from: base, a: 0, base: 1}\n",
    )
    assert [p.name for p in loaded.files] == ["base.yaml", "a.yaml", "b.yaml", "recipe.yaml"]
    assert dict(loaded.recipe.vars) == {"from": "b", "a": 1, "base": 1}


def test_paths_belong_to_the_file_that_states_them(tmp_path: Path) -> None:
    """A path in a fragment is seen from the recipe's folder afterwards, template or not."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "f.yaml").write_text(
        'inputs: {a: {folder: x}, b: {folder: ../y/}, c: {update: "{{ vars.kb }}.msu"}}\n'
        "targets: {install: {tweaks: {t: {reg-file: ./t.reg}}}}\n",
        encoding="utf-8",
    )
    text = MINIMAL + "extends: [deep/f.yaml]\nvars: {kb: ../kb9}\n"
    recipe = write_and_load(tmp_path, text).recipe
    inputs = {
        str(name): item.model_dump(exclude_none=True, exclude_defaults=True)
        for name, item in recipe.inputs.items()
    }
    assert inputs["a"] == {"folder": "deep/x"}
    assert inputs["b"] == {"folder": "y"}
    assert inputs["c"] == {"update": "kb9.msu"}
    assert inputs["oem"] == {"folder": "files/oem"}
    assert [t.reg_file for t in recipe.targets.install.tweaks.values()] == ["deep/t.reg"]


def test_too_many_fragments(tmp_path: Path) -> None:
    """The number of fragments is bounded."""
    names = [f"f{i}" for i in range(70)]
    text = MINIMAL + "extends: [" + ", ".join(f"{n}.yaml" for n in names) + "]\n"
    with pytest.raises(OsrecipeError) as caught:
        write_and_load(tmp_path, text, **dict.fromkeys(names, "vars: {}\n"))
    assert {p.slug for p in caught.value.problems} == {"recipe/extends"}


def test_too_deep_fragments(tmp_path: Path) -> None:
    """The depth of fragments that extend fragments is bounded."""
    chain = {f"f{i}": f"extends: [f{i + 1}.yaml]\n" for i in range(20)}
    with pytest.raises(OsrecipeError) as caught:
        write_and_load(tmp_path, MINIMAL + "extends: [f0.yaml]\n", **chain)
    assert [p.slug for p in caught.value.problems] == ["recipe/extends"]


def test_a_link_back_to_the_recipe_is_a_circle(tmp_path: Path) -> None:
    """A circle is found by the file, not by its name."""
    (tmp_path / "link.yaml").symlink_to(tmp_path / "recipe.yaml")
    with pytest.raises(OsrecipeError) as caught:
        write_and_load(tmp_path, MINIMAL + "extends: [link.yaml]\n")
    assert [p.slug for p in caught.value.problems] == ["recipe/extends-cycle"]
