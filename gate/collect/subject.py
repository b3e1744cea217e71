"""Who is judged: from context.json in a workflow, from git elsewhere."""

from __future__ import annotations

from gate.collect._git import Git
from gate.collect._prepared import prepared
from gate.context import RunContext
from gate.facts.subject import RunSubject


def collect(context: RunContext) -> RunSubject:
    """The run's subject; parts that nobody knows stay None."""
    told = prepared(context.settings)
    git = Git(context.repo)
    return RunSubject(
        repository=told.get("repository"),
        head_sha=git.revision("HEAD") or told.get("head_sha"),
        pull_request=told.get("pull_request"),
        event=told.get("event"),
    )
