"""The file of known differences."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from gate.collect._known_diffs import DEFAULT, read
from gate.context import RunContext
from gate.errors import UsageError
from gate.facts.history import Project
from gate.settings import Settings


def context(folder: Path, named: str = "") -> RunContext:
    settings = Settings(repo=str(folder), known_diffs=named)
    return RunContext(settings, Project("api"), folder, contextlib.ExitStack(), lambda _: None, lambda _: None)


def test_the_projects_own_rows(tmp_path: Path) -> None:
    """By the project's name; the usual file needs no setting; none is none."""
    assert read(context(tmp_path)) == ()
    (tmp_path / DEFAULT).write_text(
        '{"schema": "alembic-gate/known-diffs/v1", "projects": {"api": [{"kind": "x"}], "other": [{"kind": "y"}]}}'
    )
    assert read(context(tmp_path)) == ({"kind": "x"},)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"schema": "v0", "projects": {}}',
        '{"schema": "alembic-gate/known-diffs/v1", "projects": {"api": [1]}}',
    ],
)
def test_a_file_that_is_none_is_a_sentence(tmp_path: Path, text: str) -> None:
    """With the command that writes one."""
    (tmp_path / "k.json").write_text(text)
    with pytest.raises(UsageError, match="cannot be read") as error:
        read(context(tmp_path, "k.json"))
    assert error.value.advice == "Write it with: alembic-gate known-diffs --write"


def test_a_named_file_that_is_missing(tmp_path: Path) -> None:
    """A typing error must not let every difference count, nor none."""
    with pytest.raises(UsageError, match="there is no such file"):
        read(context(tmp_path, "k.json"))
