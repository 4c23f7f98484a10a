"""A git repository of recipes with a branch for each kind of pull request that teams make; locks instead of media."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from support import plans

from osrecipe.inputs.lock import Lock, LockedInput, LockedRegFile, dump, lock_path
from osrecipe.inputs.reg_files import reg_file_facts
from osrecipe.model.facts import UpdateKind
from osrecipe.recipe import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from osrecipe.model.facts import InputFacts

TEMPLATE = Path(__file__).parent / "review"
_WHO = {"NAME": "A", "EMAIL": "a@example.org", "DATE": "2026-11-02T08:00:00+0000"}
ENV = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in _WHO.items()},
}

KNOWN: dict[str, InputFacts] = {
    "sample-media.iso": plans.media((("Professional", "re"), ("Enterprise", "re"))),
    "kb9000001-x64.msu": plans.update(UpdateKind.SERVICING_STACK, "9000001", "10.0.17134.191"),
    "kb9000002-x64.msu": plans.update(UpdateKind.CUMULATIVE, "9000002", "17134.228.1.0"),
    "kb9000003-x64.msu": plans.update(UpdateKind.CUMULATIVE, "9000003", "17134.345.1.0"),
    "kb9000004-x64.msu": plans.update(UpdateKind.FLASH, "9000004", "10.0.1.2"),
}
"""Facts of the sample updates by file name."""


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, as nobody in particular."""
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        check=True,
        capture_output=True,
        env=os.environ | ENV,
        text=True,
    )
    return done.stdout.strip()


def repository(folder: Path) -> Path:
    """A repository whose branch `main` holds three recipes with their locks."""
    shutil.copytree(TEMPLATE, folder, dirs_exist_ok=True)
    relock(folder)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "config", "core.autocrlf", "false")
    commit(folder, "Recipes")
    return folder


def commit(folder: Path, subject: str) -> None:
    """Everything there is."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", subject)


def relock(folder: Path) -> None:
    """Write the lock of every recipe that can be read, as `osrecipe lock` does where the inputs are."""
    for path in sorted((folder / "recipes").glob("*.yaml")):
        loaded = load(path)
        lines = [(name, stated.path) for name, stated in loaded.recipe.inputs.items()]
        inputs = {name: LockedInput(input=name, path=stated, facts=KNOWN[stated]) for name, stated in lines}
        stated = {
            tweak.reg_file
            for tweak in loaded.recipe.targets.install.tweaks.values()
            if tweak.reg_file is not None
        }
        regs = {
            name: LockedRegFile.model_validate(
                {"reg-file": name, "facts": reg_file_facts(loaded.folder / name, name)}
            )
            for name in stated
        }
        lock_path(path).write_text(
            dump(Lock(loaded.recipe.name, inputs, regs)), encoding="utf-8", newline="\n"
        )


# --- pull requests ---------------------------------------------------------------------------------------------------


def _edit(path: Path, *replacements: tuple[str, str]) -> None:
    text = path.read_bytes().decode()
    for old, new in replacements:
        assert old in text, f"`{old}` is not in {path.name}"
        text = text.replace(old, new)
    path.write_bytes(text.encode())


def _bump_the_lcu(recipes: Path) -> None:
    for name in ("desktop.yaml", "kiosk.yaml"):
        _edit(recipes / name, ("kb9000002", "kb9000003"))
    _edit(recipes / "desktop.yaml", ("17134.228", "17134.345"))


def _add_a_tweak(recipes: Path) -> None:
    _edit(
        recipes / "desktop.yaml",
        (
            "      power-plan:\n",
            (
                "      no-telemetry:\n"
                "        because: data protection officer, ticket 4711\n"
                "        registry:\n"
                "          HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\DataCollection: {AllowTelemetry: 0}\n"
                "        files: {Windows\\Temp\\setup.log: null}\n"
                "      power-plan:\n"
            ),
        ),
    )


def _change_a_fragment(recipes: Path) -> None:
    _edit(recipes / "fragments" / "corporate.yaml", ("ShowOnDesktop: 1", "ShowOnDesktop: 0"))
    _edit(
        recipes / "tweaks" / "explorer.reg", ("dword:00000000", 'dword:00000000\r\n"Hidden"=dword:00000001')
    )


def _reorder(recipes: Path) -> None:
    _edit(
        recipes / "desktop.yaml",
        (
            "  ordering: classic\n",
            (
                "  ordering:\n"
                "    use: classic\n"
                "    move:\n"
                "      - {step: netfx3, target: install, before: cleanup, because: trying whether cleanup shrinks it}\n"
            ),
        ),
    )
    text = (recipes / "desktop.yaml").read_text(encoding="utf-8")
    start, middle, end = (
        text.index(mark) for mark in ("      time-service:", "      power-plan:", "  winre:")
    )
    text = text[:start] + text[middle:end] + text[start:middle] + text[end:]
    (recipes / "desktop.yaml").write_text(text, encoding="utf-8", newline="\n")


def _rename(recipes: Path) -> None:
    _edit(
        recipes / "desktop.yaml",
        ("lcu: {", "cumulative: {"),
        ("lcu: auto", "cumulative: auto"),
        ("power-plan:", "no-sleep:"),
    )
    (recipes / "desktop.yaml").rename(recipes / "workstation.yaml")
    lock_path(recipes / "desktop.yaml").unlink()


def _new_edition(recipes: Path) -> None:
    _edit(
        recipes / "kiosk.yaml",
        ("- edition: Professional", "- edition: Professional\n      - edition: Enterprise"),
    )


def _drop_a_package(recipes: Path) -> None:
    _edit(
        recipes / "desktop.yaml",
        ("  flash: {update: kb9000004-x64.msu}\n", ""),
        ("    flash: auto\n", ""),
        ("    lcu: auto\n", "    lcu: [install, winre, winpe]\n"),
    )


def _change_only_comments(recipes: Path) -> None:
    _edit(
        recipes / "desktop.yaml",
        ("source: media\n", "# The media of the volume licence.\nsource: media\n"),
        ("netfx3: {enable: true}", "netfx3:\n      enable: true # the old accounting program needs it"),
    )


def _break_the_schema(recipes: Path) -> None:
    _edit(recipes / "desktop.yaml", ("  winre: {cleanup: superseded}", "  winre: {clean-up: superseeded}"))


def _delete_a_referenced_file(recipes: Path) -> None:
    (recipes / "tweaks" / "explorer.reg").unlink()


PULL_REQUESTS: dict[str, Callable[[Path], None]] = {
    "01-bump-the-lcu": _bump_the_lcu,
    "02-add-a-tweak": _add_a_tweak,
    "03-change-a-fragment": _change_a_fragment,
    "04-reorder": _reorder,
    "05-rename": _rename,
    "06-new-edition": _new_edition,
    "07-drop-a-package": _drop_a_package,
    "08-change-only-comments": _change_only_comments,
    "09-break-the-schema": _break_the_schema,
    "10-delete-a-referenced-file": _delete_a_referenced_file,
}
"""What each kind of pull request does to the recipes' folder."""
BROKEN = frozenset({"09-break-the-schema", "10-delete-a-referenced-file"})
"""Those whose recipes can't be read afterwards, so that nobody could have written their locks."""


def branch(folder: Path, name: str) -> None:
    """Check out a branch of that name with the pull request on it; `main` goes on meanwhile."""
    git(folder, "checkout", "--quiet", "-b", name, "main")
    PULL_REQUESTS[name](folder / "recipes")
    if name not in BROKEN:
        relock(folder)
    commit(folder, name)
