"""Which kind of database to rehearse on."""

from __future__ import annotations

from gate.context import RunContext
from gate.facts.database_choice import DatabaseChoice
from gate.facts.history import Project


def collect(context: RunContext, project: Project) -> DatabaseChoice:
    """From the flags, else from the config's URL, else a guess."""
    kind, _, version = context.settings.database.partition(":")
    url = context.settings.database_url
    if url or kind:
        return DatabaseChoice(kind or url.partition(":")[0].partition("+")[0], version, url=url)  # type: ignore[arg-type]
    guess = (project.url or "sqlite").partition(":")[0].partition("+")[0]
    return DatabaseChoice(guess if guess in ("postgresql", "mysql", "mariadb", "sqlite") else "sqlite", certain=False)  # type: ignore[arg-type]
