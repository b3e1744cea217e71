"""Poetry's, PDM's and Pipenv's files as requirement lines and pins."""

from __future__ import annotations

import json
import tomllib

import pytest
from packaging.specifiers import SpecifierSet

from gate.collect import _lock_files
from gate.collect._lock_files import Locked, caret

LOCK = (
    '[[package]]\nname = "alembic"\nversion = "1.13.2"\n[[package]]\nname = "fork"\nversion = '
    '"1"\n[package.source]\ntype = "git"\n'
)


@pytest.mark.parametrize(
    ("said", "standard"),
    [
        ("*", ""),
        ("^1.2", ">=1.2,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("~1.4", ">=1.4,<1.5"),
        ("~1", ">=1,<2"),
        ("1.2.3", "==1.2.3"),
        (">=3.9,<4.0", ">=3.9,<4.0"),
        ("^3.9, !=3.9.1", ">=3.9,<4,!=3.9.1"),
        ("~=1.4", "~=1.4"),
        ("==1.*", "==1.*"),
    ],
)
def test_poetrys_words_in_the_standards(said: str, standard: str) -> None:
    """Caret and tilde as PEP 440, which packaging reads back."""
    assert caret(said) == standard
    SpecifierSet(standard)


def test_poetry() -> None:
    """Names, extras, git, optional groups and pins; a git package is not pinned by version."""
    table = tomllib.loads("""
[tool.poetry.dependencies]
python = "^3.11"
alembic = "^1.13"
uvicorn = {version = "^0.30", extras = ["standard"]}
fork = {git = "https://example.org/fork.git", rev = "abc"}
local = {path = "../local"}
[tool.poetry.group.dev.dependencies]
pytest = "*"
[tool.poetry.group.docs]
optional = true
[tool.poetry.group.docs.dependencies]
sphinx = "*"
""")
    assert _lock_files.poetry(table, LOCK) == Locked(
        ("alembic>=1.13,<2", "uvicorn[standard]>=0.30,<0.31", "fork @ git+https://example.org/fork.git@abc", "pytest"),
        ("alembic==1.13.2",),
    )


def test_an_optional_extra_is_left_out_unless_it_is_the_driver() -> None:
    """ldap needs headers; psycopg2 is what production has."""
    table = tomllib.loads("""
[tool.poetry.dependencies]
alembic = "*"
python-ldap = {version = "*", optional = true}
psycopg2-binary = {version = "*", optional = true}
[tool.poetry.extras]
ldap = ["python-ldap"]
pgsql = ["psycopg2-binary"]
""")
    assert _lock_files.poetry(table, "").requirements == ("alembic", "psycopg2-binary")


def test_pipenv_with_and_without_a_lock() -> None:
    """Direct names from Pipfile, everything else held by the lock."""
    pipfile = '[packages]\nalembic = "*"\nflask = "==3.0"\n'
    lock = json.dumps({"default": {"alembic": {"version": "==1.13.1"}, "mako": {"version": "==1.3"}}, "develop": {}})
    assert _lock_files.pipenv(pipfile, lock) == Locked(("alembic", "flask==3.0"), ("alembic==1.13.1", "mako==1.3"))
    assert _lock_files.pipenv("", lock).requirements == ("alembic==1.13.1", "mako==1.3")


def test_pdm() -> None:
    """[project]'s own lines, pins from pdm.lock."""
    assert _lock_files.pdm({"project": {"dependencies": ["alembic"]}}, LOCK) == Locked(
        ("alembic",), ("alembic==1.13.2",)
    )


def test_extras_with_a_driver_are_taken() -> None:
    """Applications put the production driver into an extra."""
    assert _lock_files.driver_extras({"pg": ["psycopg[binary]"], "docs": ["sphinx"], "mysql": ["PyMySQL>=1"]}) == (
        "pg",
        "mysql",
    )
