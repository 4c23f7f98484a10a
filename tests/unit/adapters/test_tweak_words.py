"""How a tweak's work is counted before it is done."""

from __future__ import annotations

from osrecipe.adapters.embedded.refusals import _tweak
from osrecipe.model.registry import CreateKey, RegistryKey, RegistryRoot
from osrecipe.model.tasks import ApplyTweak
from osrecipe.model.winpath import WinPath


def test_one_is_no_plural() -> None:
    """One change is said as one."""
    key = CreateKey(key=RegistryKey(root=RegistryRoot.SOFTWARE, path="A"))
    op = ApplyTweak(tweak="t", registry=(key,), delete=(WinPath("a"), WinPath("b")))
    assert ("make 1 registry change", "delete 2 paths") == _tweak(op)
