"""What is looked at before a run that mounts images: the host, against what the plan needs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from osrecipe.cli.prepare import Ready
    from osrecipe.engine.workspace import Workspace


def require_host(prepared: Ready, workspace: Workspace, dism: str, parallel: int) -> None:
    """Go on only if this host can do a plan's work with DISM; say on standard error what may be in the way.

    Raises:
        OsrecipeError: it can't; every reason at once (`run/host-not-ready`).
    """
    if prepared.adapter.version.name != "dism":
        return
    from osrecipe.adapters.dism.host import probe
    from osrecipe.adapters.dism.preflight import Level, examine, need_of
    from osrecipe.model.codes import ExitCode, Slug
    from osrecipe.model.problems import OsrecipeError, Problem
    from osrecipe.render import host as shown_host

    host = probe(workspace.folder, dism)
    need = need_of(prepared.plan, prepared.gathered.facts, parallel)
    found = examine(host, need=need, work=workspace.folder)
    failed = [one for one in found if one.level is Level.FAIL]
    if failed:
        problems = [Problem(Slug.RUN_HOST, one.text, None, one.hint) for one in failed]
        raise OsrecipeError(*problems, exit_code=ExitCode.TASK)
    for one in found:
        if one.level is Level.WARN:
            print(f"warning: {shown_host.line(one)}", file=sys.stderr)
