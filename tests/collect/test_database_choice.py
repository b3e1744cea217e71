"""The scratch database's kind: what the user says, else the weight of the repository's own evidence."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from gate.collect.database_choice import collect, parsed
from gate.collect.projects import find_projects
from gate.context import RunContext
from gate.errors import UsageError
from gate.facts.database_choice import DatabaseChoice
from gate.facts.environment import ProjectEnvironment
from gate.settings import Settings


def choice(folder: Path, files: dict[str, str], drivers: tuple[str, ...] = (), **settings: object) -> DatabaseChoice:
    every = {"alembic.ini": "[alembic]\nscript_location = m\n", "m/env.py": "", **files}
    for name, text in every.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    chosen = Settings(repo=str(folder), **settings)  # type: ignore[arg-type]
    environment = ProjectEnvironment("python", source="built", drivers=drivers)
    context = RunContext(
        chosen, find_projects(chosen)[0], folder, contextlib.ExitStack(), lambda _: None, lambda _: environment
    )
    return collect(context, context.project)


def ini(url: str) -> dict[str, str]:
    return {"alembic.ini": f"[alembic]\nscript_location = m\nsqlalchemy.url = {url}\n"}


def test_the_url_of_the_config(tmp_path: Path) -> None:
    """Certain when env.py does not overwrite it."""
    assert choice(tmp_path, ini("postgresql+asyncpg://u:p@h/d")) == DatabaseChoice(
        "postgresql", "", "asyncpg", why="URL in alembic.ini"
    )


def test_a_url_that_env_py_overwrites_is_a_guess(tmp_path: Path) -> None:
    """Then other evidence weighs more."""
    files = {
        **ini("sqlite:///x.db"),
        "m/env.py": 'config.set_main_option("sqlalchemy.url", settings.url)',
        ".env.example": "URL=postgresql://h/d",
    }
    found = choice(tmp_path, files)
    assert (found.kind, found.why, found.certain) == ("postgresql", "postgresql in .env.example", False)


def test_the_version_of_the_workflows_service(tmp_path: Path) -> None:
    """Kind from the driver, version from services:."""
    workflow = "jobs:\n  t:\n    services:\n      db:\n        image: postgres:15-alpine\n"
    found = choice(tmp_path, {".github/workflows/ci.yml": workflow}, ("psycopg2",))
    assert (found.kind, found.version, found.driver) == ("postgresql", "15", "psycopg2")


def test_nothing_known_is_a_guess(tmp_path: Path) -> None:
    """The probe learns the truth at the first connection."""
    found = choice(tmp_path, {})
    assert (found.kind, found.certain) == ("sqlite", False)


def test_flags_outrank_everything(tmp_path: Path) -> None:
    """And keep the project's own driver where the kind is the same."""
    found = choice(tmp_path, ini("postgresql+psycopg://h/d"), database="postgres:16")
    assert (found.kind, found.version, found.driver, found.why) == ("postgresql", "16", "psycopg", "--database")
    assert choice(tmp_path, {}, database_url="mysql+pymysql://root@127.0.0.1/").url == "mysql+pymysql://root@127.0.0.1/"


@pytest.mark.parametrize("text", ["oracle", "postgresql:x", "postgres:16;drop"])
def test_an_unknown_kind_is_a_usage_error(text: str) -> None:
    """With what is known."""
    with pytest.raises(UsageError):
        parsed(text)


def test_a_url_of_an_unknown_kind_does_not_show_its_password(tmp_path: Path) -> None:
    """The sentence names the scheme only."""
    with pytest.raises(UsageError, match="no database that is known: oracle") as error:
        choice(tmp_path, {}, database_url="oracle://u:secret@h/d")
    assert "secret" not in str(error.value) + str(error.value.advice)


def test_an_engine_made_with_the_configs_url_keeps_it(tmp_path: Path) -> None:
    """Drivers that happen to be installed too weigh less than the URL."""
    files = {
        **ini("mysql+pymysql://u:p@h/d"),
        "m/env.py": 'engine = create_engine(config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)',
    }
    found = choice(tmp_path, files, ("psycopg", "pymysql"))
    assert (found.kind, found.driver, found.certain) == ("mysql", "pymysql", True)
