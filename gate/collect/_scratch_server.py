"""The scratch server of a rehearsal; projects of one run share it."""

from __future__ import annotations

from typing import Any

from gate.collect import _job_services
from gate.context import RunContext
from gate.databases.base import ScratchServer, open_server
from gate.errors import ServerUnavailable
from gate.facts.database_choice import DatabaseChoice


def scratch_server(context: RunContext, choice: DatabaseChoice, notes: list[str]) -> ScratchServer:
    """A server of this kind, started when first asked for; it ends with the run. A stand-in is told in ``notes``."""
    key = f"server {choice.kind} {choice.version} {choice.url}"
    if key not in context.shared:
        context.progress(f"starting a scratch server: {choice.kind} {choice.version}".rstrip())
        context.shared[key] = context.stack.enter_context(_opened(context, choice, notes))
    found: ScratchServer = context.shared[key]
    return found


def _opened(context: RunContext, choice: DatabaseChoice, notes: list[str]) -> ScratchServer:
    """A version that the user names is kept to; for one that was only found, another one is better than none."""
    means: dict[str, Any] = {
        "cache_dir": context.cache_dir, "workdir": context.workdir, "progress": context.progress
    }  # fmt: skip
    try:
        with _job_services.named(choice.url, context.repo):
            return open_server(choice.kind, choice.version or None, choice.url or None, **means)
    except ServerUnavailable:
        if choice.url or not choice.version or choice.why == "--database":
            raise
        server = open_server(choice.kind, None, None, **means)
        notes.append(f"{choice.kind} {choice.version} is not on this machine: another version stands in for it")
        return server
