"""What the host refuses is a problem, not a bug."""

from __future__ import annotations

import errno

import pytest
import typer

from osrecipe.cli.guard import guarded
from osrecipe.model.codes import ExitCode


@pytest.mark.parametrize(("number", "slug"), [(errno.EACCES, "run/task-failed"), (errno.ENOSPC, "run/space")])
def test_host_refusal(number: int, slug: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The path and the host's reason are said, without a traceback."""

    @guarded
    def command() -> None:
        raise OSError(number, "No Luck", "/proc/x.lock")

    with pytest.raises(typer.Exit) as caught:
        command()
    said = capsys.readouterr().err
    assert ExitCode.TASK == caught.value.exit_code
    assert f"error[{slug}]: the host refused: no luck: `/proc/x.lock`" in said
    assert "Traceback" not in said


def test_an_os_error_of_our_own_making_is_a_bug(capsys: pytest.CaptureFixture[str]) -> None:
    """Without an error number it is not the host's answer."""

    @guarded
    def command() -> None:
        raise OSError("odd")

    with pytest.raises(typer.Exit) as caught:
        command()
    assert ExitCode.UNEXPECTED == caught.value.exit_code
    assert "error[internal/bug]" in capsys.readouterr().err
