"""The PowerShell script of a plan: it parses, it has every task in order, and no text of a recipe can escape."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
import tree_sitter_powershell
from hypothesis import given
from hypothesis import strategies as st
from support.house import ROOT
from tree_sitter import Language, Parser

from osrecipe.adapters.dism import DismAdapter
from osrecipe.cli.prepare import Use, prepare
from osrecipe.model.registry import (
    CreateKey,
    DeleteKey,
    DeleteValue,
    RegistryChange,
    RegistryData,
    RegistryKey,
    RegistryRoot,
    SetValue,
)
from osrecipe.render.powershell import script
from osrecipe.render.powershell_registry import edits
from osrecipe.render.powershell_text import argument, comment, string

if TYPE_CHECKING:
    from pathlib import Path

    from support.samples import Samples
    from tree_sitter import Node

    from osrecipe.model.plan import Plan

pytest_plugins = ["support.fixtures"]
PARSER = Parser(Language(tree_sitter_powershell.language()))
GOLDEN = ROOT / "tests" / "golden" / "powershell" / "quickstart.ps1"


def faults(text: str) -> list[str]:
    """What a parser of PowerShell does not understand."""
    data = text.encode()
    found: list[str] = []

    def walk(node: Node) -> None:
        if node.is_error or node.is_missing:
            found.append(f"{node.start_point.row + 1}: {data[node.start_byte : node.end_byte][:80]!r}")
        else:
            for child in node.children:
                walk(child)

    walk(PARSER.parse(data).root_node)
    return found


def compiled(recipe: Path, inputs: Path) -> Plan:
    """The plan of a recipe."""
    return prepare(recipe, [inputs, ROOT / "recipes" / "files"], Use.NONE, DismAdapter()).plan


@pytest.fixture(scope="module")
def quickstart(samples: Samples) -> Plan:
    """The plan of the quickstart recipe on the sample media."""
    return compiled(ROOT / "recipes" / "quickstart.yaml", samples.folder)


@pytest.mark.parametrize("name", ["quickstart", "monthly-updates", "corporate", "tweaks-only", "on-windows"])
def test_every_example_s_script_parses(name: str, samples: Samples) -> None:
    """By a grammar that is not ours."""
    text = script(compiled(ROOT / "recipes" / f"{name}.yaml", samples.folder))
    assert [] == faults(text)
    assert text.isascii()
    assert "\n" not in text.replace("\r\n", "")


def test_the_parser_sees_what_is_wrong() -> None:
    """It would say so."""
    assert faults("if ($a { }")
    assert faults('Invoke-Dism @("a", ')


def test_the_quickstart_script_is_as_reviewed(quickstart: Plan) -> None:
    """Word for word, without digests."""
    text = re.sub(r"(?<=sha256:)[0-9a-f]{64}|(?<=\")[0-9a-f]{64}(?=\")", "…", script(quickstart))
    text = re.sub(r"SHA-256 [0-9a-f…]+|[0-9a-f]{12,}…", "…", text).replace("\r\n", "\n")
    if os.environ.get("OSRECIPE_REGOLD"):
        GOLDEN.write_text(text, encoding="utf-8", newline="\n")
    assert GOLDEN.read_text(encoding="utf-8") == text


def test_an_iso_is_written_with_a_run_s_own_options(quickstart: Plan) -> None:
    """No folder of the host is in the boot entries; the tool is looked for before anything is made."""
    text = script(quickstart)
    assert r'"-bootdata:2`#p0,e,bboot\etfsboot.com`#pEF,e,befi\microsoft\boot\efisys.bin"' in text
    assert text.index("Get-Command -Name $Oscdimg") < text.index("New-Item -ItemType Directory -Path $Work")
    assert "the recipe asks for oscdimg" not in text


def test_a_recipe_that_asks_for_oscdimg_begins_nothing_without_it(samples: Samples, tmp_path: Path) -> None:
    """The script of any other leaves a folder then."""
    recipe = tmp_path / "asking.yaml"
    text = (ROOT / "recipes" / "quickstart.yaml").read_text(encoding="utf-8")
    recipe.write_text(
        text.replace("quickstart.iso\n", "quickstart.iso\n  writer: oscdimg\n"), encoding="utf-8"
    )
    made = script(compiled(recipe, samples.folder))
    assert [] == faults(made)
    stop = made.index('if (-not $Oscdimg) { throw "the recipe asks for oscdimg')
    assert stop < made.index("New-Item -ItemType Directory -Path $Work")


def test_every_task_is_there_in_the_plan_s_order(quickstart: Plan) -> None:
    """Tasks of sessions by their ids, jobs by theirs."""
    text = script(quickstart)
    places = [text.index(f"# --- {unit.id}: ") for unit in quickstart.units]
    assert places == sorted(places)
    for unit in quickstart.units:
        if unit.kind == "session":
            start = text.index(f"# --- {unit.id}: ")
            spots = [text.index(f"# {task.id}: ", start) for task in unit.tasks]
            assert spots == sorted(spots)


def test_it_stops_where_a_run_stops(quickstart: Plan) -> None:
    """Every session gives up on failure; cleanup asks for pending actions; every package is read back."""
    text = script(quickstart)
    sessions = [unit for unit in quickstart.units if unit.kind == "session"]
    adds = [task for unit in sessions for task in unit.tasks if task.op.op == "add-package"]
    cleanups = [task for unit in sessions for task in unit.tasks if task.op.op == "cleanup"]
    assert text.count("catch { $failure = $_; Stop-Unit; throw $failure }") == len(sessions)
    assert len(re.findall(r"^\s+Assert-Package \"", text, re.MULTILINE)) == len(adds)
    assert len(re.findall(r"^\s+Assert-NothingPending\r?$", text, re.MULTILINE)) == len(cleanups)
    assert len(re.findall(r'"/Commit"', text)) == len(sessions)
    assert "$ErrorActionPreference = 'Stop'" in text


def test_one_servicing_command_a_line(quickstart: Plan) -> None:
    """And the globals with each."""
    lines = [line for line in script(quickstart).splitlines() if "Invoke-Dism @(" in line]
    verbs = (
        "/Add-Package",
        "/Mount-Image",
        "/Unmount-Image",
        "/Export-Image",
        "/Cleanup-Image",
        "/Enable-Feature",
    )
    for line in lines:
        assert 1 == sum(f'"{verb}"' in line for verb in verbs), line
        assert '"/English", "/NoRestart"' in line


@given(st.text(max_size=60))
def test_no_text_ends_a_string_early(text: str) -> None:
    """Quotes, backticks, dollars, curly quotes, line ends: one string, one argument, one comment."""
    for made in (string(text), argument(text.replace("{", "").replace("}", ""))):
        assert [] == faults(f"Use-It {made}")
        assert made.isascii()
        inner = re.sub(r"\$\(\[char\]0x[0-9a-f]{4}\)", "", made[1:-1])
        assert not re.search(r'(?<!`)(?:``)*["$]', re.sub(r"`.", "", inner))
    assert "\n" not in comment(text)
    assert comment(text).isascii()


def test_names_in_braces_become_variables() -> None:
    """Those of the adapter's command lines, with odd characters in their parts."""
    assert '"/ImageFile:$($Image)"' == argument("/ImageFile:{image}")
    assert '"$($Inputs["lcu"])"' == argument("{input:lcu}")
    assert '"/PackagePath:$(Copy-Alone @("lcu"))"' == argument("/PackagePath:{package:lcu}")
    assert '"$(Get-Artifact "a.b" "install.wim")"' == argument("{artifact:a.b:install.wim}")


def key(root: RegistryRoot, path: str) -> RegistryKey:
    """A key."""
    return RegistryKey(root=root, path=path)


def test_registry_changes_load_each_hive_once() -> None:
    """In the changes' order; numbers beyond the sign are written as .NET reads them; what can't be written stops."""
    software, system = RegistryRoot.SOFTWARE, RegistryRoot.SYSTEM
    changes: list[RegistryChange] = [
        SetValue(key=key(software, "A"), name="n", data=RegistryData(kind="dword", number=0xFFFF_FFFF)),
        SetValue(key=key(software, "A"), name="q", data=RegistryData(kind="qword", number=1)),
        SetValue(key=key(software, "A"), name="m", data=RegistryData(kind="multi-sz", lines=("a$b", ""))),
        SetValue(key=key(software, "A"), name="b", data=RegistryData(kind="binary", hex="00ff")),
        SetValue(key=key(software, "A"), name="s", data=RegistryData(kind="secret", text="join")),
        SetValue(key=key(software, "A"), name="l", data=RegistryData(kind="link", text="x")),
        DeleteValue(key=key(system, "CurrentControlSet\\Services\\X"), name="Start"),
        CreateKey(key=key(RegistryRoot.CLASSES, ".txt")),
        DeleteKey(key=key(RegistryRoot.CURRENT_USER, "Software\\Y")),
    ]
    lines = list(edits(changes, "install"))
    assert [] == faults("\n".join(lines))
    loads = [line for line in lines if line.startswith("Edit-Hive")]
    assert [
        'Edit-Hive "Windows\\System32\\config\\SOFTWARE" {',
        'Edit-Hive "Windows\\System32\\config\\SYSTEM" {',
        'Edit-Hive "Windows\\System32\\config\\SOFTWARE" {',
        'Edit-Hive "Users\\Default\\NTUSER.DAT" {',
    ] == loads
    assert '    Set-HiveValue "A" "n" (-1) DWord' in lines
    assert '    Set-HiveValue "A" "m" ([string[]]@("a`$b", "")) MultiString' in lines
    assert '    Set-HiveValue "A" "b" ([byte[]]@(0x00, 0xff)) Binary' in lines
    assert '    Set-HiveValue "A" "s" $Secrets["join"] String' in lines
    assert any(line.startswith("    throw ") and "link" in line for line in lines)
    assert '    Add-HiveKey "Classes\\.txt"' in lines
