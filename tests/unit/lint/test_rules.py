"""What rules find beyond their golden cases, and that they find nothing in the recipes we ship."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.lint_cases import write_lock
from support.recipes import MINIMAL

from osrecipe.lint import gather, lint
from osrecipe.lint.reference import text as reference
from osrecipe.lint.rule import Facts, Severity
from osrecipe.lint.rules.secrets import suspicion
from osrecipe.lint.run import ALL, BY_NAME, choose
from osrecipe.model.codes import ExitCode
from osrecipe.model.problems import OsrecipeError
from osrecipe.model.registry import RegistryData, RegistryKey, RegistryRoot
from osrecipe.windows.registry_owners import OWNED, owned_by_windows, shared_key

if TYPE_CHECKING:
    from support.samples import Samples

    from osrecipe.recipe import LoadedRecipe

ROOT = Path(__file__).parents[3]
SHIPPED = sorted((ROOT / "recipes").glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_shipped_recipes_are_clean(path: Path) -> None:
    """No rule that judges the text alone finds anything in the recipes we ship."""
    assert () == lint(gather(path, None).subject).findings


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_shipped_recipes_are_clean_with_their_inputs(path: Path, samples: Samples) -> None:
    """Nor does any rule when it sees the real inputs, and every rule could judge."""
    outcome = gather(path, [samples.folder])
    assert () == outcome.problems
    assert outcome.subject.plan is not None
    assert () == lint(outcome.subject).findings


def test_shipped_recipes_have_outputs_of_their_own() -> None:
    """Together they are as clean as each alone."""
    before: list[LoadedRecipe] = []
    for path in SHIPPED:
        subject = gather(path, None, before).subject
        assert () == lint(subject).findings
        before.append(subject.loaded)


def test_rules_that_need_facts_are_left_out_without_them(tmp_path: Path) -> None:
    """Without a lock only the text is judged; with one, all of it."""
    path = tmp_path / "recipe.yaml"
    path.write_text(MINIMAL + "updates: {apply: {lcu: [install]}}\n", encoding="utf-8")
    blind = gather(path, None)
    assert "there is no lock" == blind.blind
    needed = {rule.name for rule in ALL if rule.facts is Facts.NEEDED}
    assert not needed & {f.rule for f in lint(blind.subject).findings}
    write_lock(path)
    seeing = gather(path, None)
    assert "" == seeing.blind
    found = {f.rule for f in lint(seeing.subject).findings}
    assert {"boot-left-behind", "winre-left-behind", "cumulative-without-stack"} <= found


def test_a_lock_of_other_inputs_is_no_facts(tmp_path: Path) -> None:
    """A lock that does not cover an input, or covers another file of that id, tells nothing, and that is said."""
    path = tmp_path / "recipe.yaml"
    path.write_text(MINIMAL, encoding="utf-8")
    write_lock(path)
    path.write_text(MINIMAL.replace("kb1.msu", "kb2.msu"), encoding="utf-8")
    assert "the lock does not cover the input `lcu`" == gather(path, None).blind
    path.write_text(MINIMAL.replace("  lcu:", "  more: {update: kb1.msu}\n  lcu:"), encoding="utf-8")
    assert "the lock does not cover the input `more`" == gather(path, None).blind
    text = MINIMAL.replace("{}}", "{tweaks: {x: {reg-file: a.reg}}}}")
    path.write_text(text, encoding="utf-8")
    assert "the lock does not cover `a.reg`" == gather(path, None).blind


def test_a_broken_lock_is_a_problem(tmp_path: Path) -> None:
    """A lock that can't be read is said, and the text is judged all the same."""
    path = tmp_path / "recipe.yaml"
    path.write_text(MINIMAL, encoding="utf-8")
    path.with_suffix(".lock").write_text("no lock\n", encoding="utf-8")
    outcome = gather(path, None)
    assert ["lock/syntax"] == [p.slug for p in outcome.problems]
    assert "unused-input" in {f.rule for f in lint(outcome.subject).findings}


def test_missing_inputs_are_problems(tmp_path: Path) -> None:
    """With a folder of inputs given, an input that is not there is a problem, not a finding."""
    path = tmp_path / "recipe.yaml"
    path.write_text(MINIMAL, encoding="utf-8")
    outcome = gather(path, [tmp_path])
    assert {"input/missing"} == {p.slug for p in outcome.problems}
    assert "the inputs can't be read" == outcome.blind


def test_what_a_fragment_offers_need_not_be_taken(tmp_path: Path) -> None:
    """Inputs, variables and secrets of a fragment are for many recipes; unused ones are no finding there."""
    shared = "inputs: {extra: {update: x.msu}}\nvars: {unused: text}\nsecrets: {join: {env: A}}\n"
    (tmp_path / "shared.yaml").write_text(shared, encoding="utf-8")
    path = tmp_path / "recipe.yaml"
    path.write_text("extends: [shared.yaml]\n" + MINIMAL, encoding="utf-8")
    rules = choose(["unused-input", "unused-var", "unused-secret"], [])
    found = [f.problem.reason for f in lint(gather(path, None).subject, rules).findings]
    assert ["the input `lcu` is not used", "the input `oem` is not used"] == found


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    """Neither the words nor the source line of a finding about a secret hold the secret."""
    path = tmp_path / "recipe.yaml"
    tweak = "{tweaks: {x: {registry: {HKLM\\SOFTWARE\\A: {Password: hunter22}}}}}"
    path.write_text(MINIMAL.replace("{install: {}}", f"{{install: {tweak}}}"), encoding="utf-8")
    (found,) = lint(gather(path, None).subject, choose(["plain-secret"], [])).findings
    assert "hunter22" not in str(found.problem)
    assert "" == found.problem.source


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DefaultPassword", "hunter2"),
        ("password", "x y"),
        ("JoinToken", "abc"),
        ("ApiKey", "abc"),
        ("CLIENT_SECRET", "abc"),
        ("Anything", "ghp_" + "a1B2" * 9),
        ("Anything", "AKIA" + "ABCDEFGH12345678"),
        ("Anything", "-----BEGIN RSA PRIVATE KEY-----"),
        ("Anything", "https://x.blob.core.windows.net/a?sv=1&sig=" + "aB3%2F" * 8),
        ("Anything", "9aKx2LqTz7VbN4mWc8RyH1sDfG5jPe3UoXiQ6tEw"),
    ],
)
def test_suspicious(name: str, value: str) -> None:
    """Names that say so, documented forms, and random texts are suspected."""
    assert suspicion(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PasswordExpiryWarning", "14"),
        ("DefaultPassword", ""),
        ("NoPassword", "1"),
        ("TokenBroker", "on demand"),
        ("Keyboard", "text"),
        ("Key", "value"),
        ("PublicKey", "abc"),
        ("Id", "{6D809377-6AF0-444B-8957-A3773F02200E}"),
        ("Hash", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("Path", "C:\\Program Files\\Contoso\\Agent Version 2\\bin\\agent.exe"),
        ("Url", "https://contoso.com/support?id=1"),
        ("Words", "TheQuickBrownFoxJumpsOverTheLazyDogAgainAndAgain"),
        ("Policy", "MACHINE/Software/Policies/Contoso/Agent2"),
    ],
)
def test_not_suspicious(name: str, value: str) -> None:
    """Ordinary names, paths, addresses, GUIDs and hashes are not."""
    assert "" == suspicion(name, value)


def written(key: str, name: str, number: int | None = None) -> tuple[RegistryKey, str, RegistryData]:
    r"""A value below `HKLM\SOFTWARE`."""
    data = RegistryData(kind="sz", text="x") if number is None else RegistryData(kind="dword", number=number)
    return RegistryKey(root=RegistryRoot.SOFTWARE, path=key), name, data


def test_editions_decide_who_heeds_a_policy() -> None:
    """A policy only some editions heed is in vain when none of the images is one, and not judged when none is known."""
    policy = written(r"Policies\Microsoft\Windows\DataCollection", "AllowTelemetry", 0)
    for editions, vain in (
        (["Professional"], True),
        (["Professional", "Enterprise"], False),
        (["ServerStandard"], False),
        (["EnterpriseS"], False),
        (["ProfessionalEducation"], True),
        ([], False),
    ):
        assert vain == (owned_by_windows(*policy, editions=editions, build=17134) is not None), editions
    other = written(r"Policies\Microsoft\Windows\DataCollection", "AllowTelemetry", 1)
    assert owned_by_windows(*other, editions=["Professional"], build=17134) is None


def test_builds_decide_too() -> None:
    """A row about later builds is silent on earlier ones, and when the build is not known."""
    switch = written(r"Microsoft\Windows Defender\Features", "TamperProtection", 0)
    assert owned_by_windows(*switch, editions=[], build=17134) is None
    assert owned_by_windows(*switch, editions=[], build=None) is None
    assert owned_by_windows(*switch, editions=[], build=19041) is not None


def test_rows_have_reasons_and_sources() -> None:
    """Each row says what becomes of a write, what to do and who says so, in the form of our messages."""
    for row in OWNED:
        assert row.reason
        assert row.instead
        assert row.source
        assert not row.reason.endswith(".")
        assert row.key == row.key.lower()
        assert row.values == tuple(v.lower() for v in row.values)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        (r"WOW6432Node\Policies\X", r"HKLM\SOFTWARE\Policies\X"),
        (r"wow6432node\Microsoft\SystemCertificates", r"HKLM\SOFTWARE\Microsoft\SystemCertificates"),
        (r"WOW6432Node\Contoso", None),
        (r"WOW6432Node\Classes\.txt", None),
        ("WOW6432Node", None),
        (r"Policies\X", None),
    ],
)
def test_shared_keys(path: str, meant: str | None) -> None:
    """Keys Windows does not redirect are told from those it does."""
    assert meant == shared_key(RegistryKey(root=RegistryRoot.SOFTWARE, path=path))


def test_rules_are_described() -> None:
    """Every rule has what the reference page needs, in the form of our messages."""
    for rule in ALL:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
        assert rule.says
        assert not rule.says.endswith(".")
        assert rule.why.endswith(".")
        assert rule.source
        assert not rule.source.endswith(".")
        assert rule.severity in Severity


def test_reference_is_current() -> None:
    """`docs/reference/lint.md` holds what the rules say now."""
    assert (ROOT / "docs" / "reference" / "lint.md").read_text(encoding="utf-8") == reference()


def test_choosing_rules() -> None:
    """Rules are named with or without `lint/`; one that does not exist is a usage error with a suggestion."""
    assert ["reset-base-on-install"] == [r.name for r in choose(["lint/reset-base-on-install"], [])]
    assert set(BY_NAME) - {"select-all"} == {r.name for r in choose([], ["select-all"])}
    with pytest.raises(OsrecipeError) as caught:
        choose([], ["selct-all"])
    assert ExitCode.USAGE is caught.value.exit_code
    assert "did you mean `select-all`?" == caught.value.problems[0].hint
