"""The closing summary of a run."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import pytest
from support import results
from support.plans import facts, origins, recipe

from osrecipe.model.codes import ExitCode
from osrecipe.plan import compile_plan
from osrecipe.render import ends, summary, words

if TYPE_CHECKING:
    from osrecipe.model.plan import Plan

_INK = re.compile("\x1b\\[[0-9;]*m")


@cache
def usual() -> Plan:
    """The usual plan."""
    return compile_plan(recipe(), facts(), origins())


def test_good_run_says_what_was_written() -> None:
    """Path, size and hash of the output stand in the text, and no failure."""
    result = results.done(usual(), ("winre",))
    shown = summary.text(result, usual())
    (written,) = result.written

    assert f"wrote `{written.path}`, 4.4 GiB, SHA-256 {written.sha256[:12]}" in shown
    assert "error[" not in shown
    assert "exit" not in shown


def test_every_image_has_a_line_with_its_build() -> None:
    """Images are listed by name with the build that was read back."""
    shown = summary.text(results.done(usual()), usual())
    images = ends.images(results.done(usual()), usual())

    assert ["winre", "Windows 10 Pro", "Windows 10 Enterprise", "PE", "Setup"] == [i.name for i in images]
    assert all(
        re.search(rf"^  {re.escape(i.name)} +build 10\.0\.17134\.228 ", shown, re.MULTILINE) for i in images
    )


def test_failure_comes_first_and_what_is_left_behind_after_it() -> None:
    """The cause is read before its consequences: what was left behind, discarded, not run."""
    result = results.failed(usual(), "install-pro/cleanup", left=True)
    shown = summary.text(result, usual())
    order = [
        "error[run/task-failed]: install-pro/cleanup",
        "the package is not applicable to this image",
        "code: 0x800f081e",
        "recipe: recipe.yaml",
        "log: .osrecipe/",
        "hint: take the package for this build",
        "left behind:",
        "remove it with: rm -r out/.osrecipe/usual/runs/1/work",
        "tasks done but discarded",
        "not run: install-pro/harvest",
        "exit 6: cleanup is incomplete",
    ]

    assert order == sorted(order, key=shown.index)
    assert "wrote" not in shown


def test_discarded_image_is_not_reported_as_built() -> None:
    """An image whose session failed shows no build."""
    result = results.failed(usual(), "install-pro/cleanup")
    pro = next(i for i in ends.images(result, usual()) if i.lane == "install-pro")

    assert (False, 0) == (pro.saved, pro.done)
    assert re.search(r"Windows 10 Pro +not saved", summary.text(result, usual()))


def test_every_task_is_accounted_for() -> None:
    """Done, cached, failed, discarded and not run together are all tasks."""
    result = results.failed(usual(), "install-pro/cleanup")
    number = {s: len(ends.by_status(result, s)) for s in ("done", "cached", "failed", "discarded", "not-run")}
    shown = summary.text(result, usual())

    assert len(result.tasks) == sum(number.values())
    assert f"{words.count(number['discarded'], 'task')} done but discarded" in shown
    assert f"{words.count(number['not-run'], 'task')} not run" in shown


@pytest.mark.parametrize("code", [c for c in ExitCode if c != ExitCode.DONE])
def test_exit_class_is_named(code: ExitCode) -> None:
    """Whatever the exit code, the last line says it and what it means."""
    result = results.done(usual()).model_copy(update={"exit_code": code})

    assert f"exit {int(code)}: {words.ENDS[code]}" == summary.text(result, usual()).splitlines()[-1]


def test_colour_changes_no_word() -> None:
    """Without its colours the coloured text is the plain one."""
    result = results.failed(usual(), "install-pro/cleanup", left=True)
    coloured = summary.text(result, usual(), color=True)

    assert summary.text(result, usual()) == _INK.sub("", coloured)
    assert coloured != _INK.sub("", coloured)
