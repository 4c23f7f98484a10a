"""The PowerShell script of a plan: it parses, it has every task in order, and no text of a recipe can escape."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from typing import TYPE_CHECKING

import pytest
import tree_sitter_powershell
from hypothesis import given
from hypothesis import strategies as st
from support.dict_plans import task
from support.house import ROOT
from support.servicing import session_of
from tree_sitter import Language, Parser

from osrecipe.adapters.dism import DismAdapter
from osrecipe.adapters.dism.describe import describe
from osrecipe.adapters.dism.placeholders import Placeholder, literal, pieces
from osrecipe.cli.prepare import Use, prepare
from osrecipe.inputs.hashing import tree_digest
from osrecipe.model.frozen import Digest
from osrecipe.model.names import InputId
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
from osrecipe.model.tasks import AddDrivers, ChangeSettings, DriverInf, InputRef, SetCapability, Setting
from osrecipe.render.powershell import call, printed, saved, script
from osrecipe.render.powershell_registry import edits
from osrecipe.render.powershell_text import argument, ascii_only, comment, string

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


@pytest.fixture(scope="module")
def on_windows(samples: Samples) -> Plan:
    """The plan of the recipe with all that only DISM can do."""
    return compiled(ROOT / "recipes" / "on-windows.yaml", samples.folder)


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
    assert text.index("Get-Program $Oscdimg") < text.index("CreateDirectory($Work)")
    assert '"$($Out)\\quickstart.iso"' in text
    assert text.endswith("\r\nShow-Outputs\r\n")
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
    assert stop < made.index("CreateDirectory($Work)")


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
        assert (
            '"/English", "/NoRestart", "/LogPath:$($Log)", "/LogLevel:3", "/ScratchDir:$($Scratch)"' in line
        )


def test_dism_is_never_started_without_the_globals(quickstart: Plan) -> None:
    """By a line of the plan, or by one of the functions: each has its log and its scratch folder."""
    starts = [line for line in script(quickstart).splitlines() if "& $Dism" in line]
    assert 4 == len(starts)
    assert 1 == sum("& $Dism @Arguments" in line for line in starts)
    assert 3 == sum("& $Dism (Get-Globals)" in line for line in starts)


def test_an_input_is_of_its_kind_and_of_its_bytes(on_windows: Plan) -> None:
    """A folder is no file; both are held against the plan's digest before anything is made."""
    text = script(on_windows)
    for one in on_windows.inputs:
        kind = {"iso": "ISO", "update": "file", "answer-file": "file"}.get(one.kind, "folder")
        line = f'Confirm-Input "{one.id}" "{kind}" "{one.digest.removeprefix("sha256:")}"'
        assert text.index(line) < text.index("CreateDirectory($Work)")
    assert {"ISO", "file", "folder"} == set(re.findall(r'Confirm-Input "\S+" "(\w+)"', text))


def test_the_digest_of_a_folder_is_what_the_script_computes(tmp_path: Path) -> None:
    """Rows of path, type and hash, sorted by the UTF-8 bytes of the path as it is, then NFC, then one JSON array."""
    for name in ("b.txt", "a/z.inf", "a-b", "A", "\uff5e", "\U0001f4bf", "e\u0301"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name, encoding="utf-8")
    rows: dict[str, str] = {}
    for path in tmp_path.rglob("*"):
        name = path.relative_to(tmp_path).as_posix()
        shown = unicodedata.normalize("NFC", name)
        sha256 = "" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
        rows["-".join(f"{one:02X}" for one in name.encode())] = (
            f'["{shown}","file","{sha256}"]' if sha256 else f'["{shown}","folder"]'
        )
    joined = "[" + ",".join(rows[key] for key in sorted(rows)) + "]"
    assert tree_digest(tmp_path).digest == f"sha256:{hashlib.sha256(joined.encode()).hexdigest()}"


def test_drivers_are_added_by_the_real_path_and_looked_for_by_version(on_windows: Plan) -> None:
    """How many are on a line depends on where the folder is; each INF has its version beside it."""
    text = script(on_windows)
    assert r'Add-Drivers "$($Inputs["maker"])" @("network\e1\connet.inf", "storage\constor.inf")' in text
    assert 'Assert-Drivers @("connet.inf", "constor.inf") @("10.0.17134.50", "1.2.3.4")' in text
    assert '"/Driver:$($Inputs' not in text


def test_no_name_of_a_folder_is_taken_for_a_pattern(on_windows: Plan) -> None:
    """Brackets are letters: nothing is copied, made or looked at by `-Path`."""
    for line in script(on_windows).splitlines():
        assert not re.search(r"(Copy|Move|New|Get|Remove)-(Item|ChildItem)\b.* -Path ", line), line
        assert "New-Item" not in line
        assert "Tee-Object" not in line


def test_every_unit_and_task_says_when_it_begins(quickstart: Plan) -> None:
    """With the time, and DISM's lines as they come."""
    text = script(quickstart)
    for unit in quickstart.units:
        assert f'Write-Step "{unit.id}: ' in text
        if unit.kind == "session":
            for task in unit.tasks:
                assert f'Write-Step "{task.id}: ' in text


def test_the_host_is_looked_at_before_anything_is_made(quickstart: Plan) -> None:
    """Elevation, 64 bits, volume and space; DISM's family as soon as there is an image to hold it against."""
    text = script(quickstart)
    assert "#Requires -RunAsAdministrator" in text
    assert text.index("\nConfirm-Host 7") < text.index("CreateDirectory($Work)")
    dism = text.index('Confirm-Dism "$($Media)sources\\install.wim"')
    assert dism < text.index("# --- source.images")
    assert "$Families = @(@(19041, 19045), " in text


def test_a_saved_script_has_a_mark_and_a_printed_one_is_ascii(samples: Samples, tmp_path: Path) -> None:
    """Windows PowerShell 5.1 reads the first as it is, and the second in any code page; strings are alike in both."""
    recipe = tmp_path / "r.yaml"
    text = (ROOT / "recipes" / "quickstart.yaml").read_text(encoding="utf-8")
    recipe.write_text(text.replace("policy 12.3", "f\u00fcr alle \u202e"), encoding="utf-8")
    plan = compiled(recipe, samples.folder)
    data = saved(plan)
    assert data.startswith(b"\xef\xbb\xbf#")
    assert "# because: f\u00fcr alle ?, no" in data.decode("utf-8-sig")
    assert "# because: f\\xfcr alle ?, no" in printed(plan)
    assert printed(plan).isascii()
    assert "\r" not in printed(plan)
    assert [] == faults(data.decode("utf-8-sig"))


def test_the_command_that_runs_it_names_every_input(on_windows: Plan) -> None:
    """Quoted, so that ids with hyphens and names with quotes are what they are."""
    line = call(on_windows, "it's.ps1")
    assert [] == faults(line)
    assert line.startswith("& '.\\it''s.ps1' -Inputs @{'media' = '...'; ")
    assert all(f"'{one.id}' = " in line for one in on_windows.inputs)
    assert line.endswith(" -Work 'D:\\work' -Oscdimg 'oscdimg.exe'")


def test_a_secret_is_asked_for_before_anything_is_made(samples: Samples, tmp_path: Path) -> None:
    """By its name; the script holds no value of it."""
    recipe = tmp_path / "r.yaml"
    text = (ROOT / "recipes" / "quickstart.yaml").read_text(encoding="utf-8")
    made = text.replace("ConsumerFeatures: 1", "ConsumerFeatures: {secret: join}", 1)
    recipe.write_text(made + "\nsecrets: {join: {env: OSR_JOIN}}\n", encoding="utf-8")
    plan = compiled(recipe, samples.folder)
    shown = script(plan)
    asked = 'if (-not $Secrets.ContainsKey("join")) { throw "this secret is not given: join" }'
    assert shown.index(asked) < shown.index("CreateDirectory($Work)")
    assert '"DisableWindowsConsumerFeatures" $Secrets["join"] String' in shown
    assert call(plan, "y.ps1").endswith(" -Secrets @{'join' = '...'}")
    assert [] == faults(shown)


@given(st.text(max_size=60))
def test_no_text_ends_a_string_early(text: str) -> None:
    """Quotes, backticks, dollars, curly quotes, line ends: one string, one argument, one comment."""
    for made in (string(text), argument(literal(text))):
        assert [] == faults(f"Use-It {made}")
        assert made.isascii()
        inner = re.sub(r"\$\(\[char\]0x[0-9a-f]{4}\)", "", made[1:-1])
        assert not re.search(r'(?<!`)(?:``)*["$]', re.sub(r"`.", "", inner))
    assert comment(text).isprintable()
    assert ascii_only(comment(text)).isascii()


@given(st.text(alphabet="{}mount:input", max_size=40) | st.text(max_size=40))
def test_what_is_meant_literally_names_nothing(text: str) -> None:
    """Whatever braces it has, and whatever names stand around it; it is all there."""
    around = list(pieces(f"{{mount}}{literal(text)}{{input:x}}"))
    assert (Placeholder("mount"), Placeholder("input", "x")) == (around[0], around[-1])
    assert text == "".join(part for part in around[1:-1] if isinstance(part, str))
    assert all(isinstance(part, str) for part in around[1:-1])


def test_braces_of_a_recipe_are_no_names() -> None:
    """In the script and in `explain` a text is what DISM is given, as a run gives it."""
    name = "{input:media}{mount}"
    add = SetCapability(capability=name, source=InputRef(input=InputId("fod"), digest=Digest("sha256:0")))
    zone = ChangeSettings(settings=(Setting(name="time-zone", value="{secrets}"),))
    driver = AddDrivers(
        source=InputRef(input=InputId("drv"), digest=Digest("sha256:0")),
        drivers=(DriverInf(inf="{intel}/x.inf"),),
        whole=False,
    )
    unit = session_of("i", "install.wim", 1)
    actions = [a for op in (add, zone, driver) for a in describe(task("i/x", op, None), unit)]
    said = {text for action in actions for text in action.argv}
    assert any("/CapabilityName:{input:media}{mount}" in action.text for action in actions)
    assert {'"/CapabilityName:{input:media}{mount}"', '"/Set-TimeZone:{secrets}"'} <= {
        argument(t) for t in said
    }
    assert '"/Driver:$($Inputs["drv"])\\{intel}\\x.inf"' in {argument(text) for text in said}


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
