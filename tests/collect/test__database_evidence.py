"""Which kind of database a text speaks of."""

from __future__ import annotations

import pytest
import yaml

from gate.collect._database_evidence import (
    Evidence,
    decided,
    from_drivers,
    from_images,
    from_revisions,
    from_text,
    from_url,
)


@pytest.mark.parametrize(
    ("text", "kind", "driver"),
    [
        ("URL=postgresql+asyncpg://u:p@h/d", "postgresql", "asyncpg"),
        ("postgres://h/d", "postgresql", ""),
        ("mysql+pymysql://h", "mysql", "pymysql"),
        ("DB_ENGINE=mariadb", "mariadb", ""),
        ('PostgresDsn.build(scheme="postgresql+psycopg", host=h)', "postgresql", "psycopg"),
        ("sqlite:///x.db", "sqlite", ""),
    ],
)
def test_urls_and_engine_names(text: str, kind: str, driver: str) -> None:
    """In .env files, settings modules and env.py."""
    (one,) = from_text(text, "x", 50)
    assert (one.kind, one.driver) == (kind, driver)


def test_a_placeholder_is_no_evidence() -> None:
    """Alembic's template URL and foreign dialects."""
    assert from_url("driver://user:pass@localhost/dbname", "alembic.ini", 100) is None
    assert from_url("oracle://h/d", "alembic.ini", 100) is None


@pytest.mark.parametrize(
    ("image", "kind", "version"),
    [
        ("postgres:16-alpine", "postgresql", "16"),
        ("docker.io/library/postgres", "postgresql", ""),
        ("pgvector/pgvector:pg17", "postgresql", "17"),
        ("postgis/postgis:15-3.4", "postgresql", "15"),
        ("timescale/timescaledb:2.14-pg16", "postgresql", "16"),
        ("mariadb:10.11", "mariadb", "10.11"),
        ("mysql:8.0", "mysql", "8.0"),
        ("ghcr.io/x/mysql@sha256:0", "mysql", ""),
    ],
)
def test_images_of_services(image: str, kind: str, version: str) -> None:
    """Kind and version out of name and tag; an image outside of services: is none."""
    document = yaml.safe_load(f"jobs: {{t: {{container: {{image: python}}, services: {{db: {{image: '{image}'}}}}}}}}")
    assert [(one.kind, one.version) for one in from_images(document, "ci.yml", 46)] == [(kind, version)]


def test_revisions_of_one_dialect() -> None:
    """They only run on that kind."""
    assert [
        one.kind
        for one in from_revisions(["from sqlalchemy.dialects import postgresql\n", "op.x(postgresql_using='a')"])
    ] == ["postgresql"]


def test_the_heaviest_wins_and_mariadb_settles_a_mysql_driver() -> None:
    """The driver of MySQL serves both; the image says which."""
    every = [Evidence("mysql", 60, "url", "pymysql"), Evidence("mariadb", 48, "image", version="10.11")]
    assert decided(every) == (Evidence("mariadb", 48, "image", "pymysql", "10.11"), "10.11", False)
    assert decided([]) is None
    driver = list(from_drivers(["psycopg2-binary", "aiosqlite"], "is installed", 40))
    assert decided(driver) == (Evidence("postgresql", 40, "psycopg2-binary is installed", "psycopg2"), "", False)


def test_certain_only_without_a_rival() -> None:
    """A URL in the config is certain; a settings default beside another kind is a guess."""
    assert decided([Evidence("sqlite", 100, "ini")])[2]  # type: ignore[index]
    assert not decided([Evidence("sqlite", 60, "settings"), Evidence("postgresql", 48, "image")])[2]  # type: ignore[index]
