"""Settings from flags, inputs and files: typed, checked, and refused with the nearest known name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate import settings
from gate.errors import UsageError


def from_file(tmp_path: Path, text: str, name: str = ".alembic-gate.yml") -> settings.Settings:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return settings.read({"repo": str(tmp_path)})


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        from_file(tmp_path, text)
    return f"{caught.value} | {caught.value.advice}"


def test_a_file_says_everything_once(tmp_path: Path) -> None:
    """Lists, mappings, numbers, the docker section under its flags' names, ``off`` without quotes."""
    found = from_file(
        tmp_path,
        """
only: [single-head, models-match]
env: {SECRET_KEY: x, DEBUG: 1}
rules: {dropping-column: off, setting-not-null: warning}
allow: [{rule: dropping-table, revision: a1, reason: never used}]
timeout: 30
import: [app.models]
heads: {expected: 2}
docker: {file: docker/Dockerfile, target: web, build-arg: {A: b}}
comment: off
""",
    )
    assert found.only == ("single-head", "models-match")
    assert found.env == {"SECRET_KEY": "x", "DEBUG": "1"}
    assert found.rules == {"dropping-column": "off", "setting-not-null": "warning"}
    assert (found.timeout, found.import_, found.heads) == (30, ("app.models",), "2")
    assert (found.dockerfile, found.docker_target, found.build_arg) == ("docker/Dockerfile", "web", {"A": "b"})
    assert found.comment == "off"


def test_pyproject_holds_them_too(tmp_path: Path) -> None:
    """``[tool.alembic-gate]``."""
    assert from_file(tmp_path, '[tool.alembic-gate]\nfail-on = "warning"\n', "pyproject.toml").fail_on == "warning"


def test_the_github_folder_holds_them_too(tmp_path: Path) -> None:
    """``.github/alembic-gate.yml``."""
    assert from_file(tmp_path, "timeout: 9\n", ".github/alembic-gate.yml").timeout == 9


def test_flags_stand_above_inputs_and_the_file(tmp_path: Path) -> None:
    """Flag, then input, then file, then default; ``env`` adds up."""
    (tmp_path / ".alembic-gate.yml").write_text("base: file\ntimeout: 5\nenv: {A: file, B: file}\n")
    found = settings.read(
        {"repo": str(tmp_path), "base": "flag", "env": {"A": "flag"}}, {"base": "input", "timeout": "7"}
    )
    assert (found.base, found.timeout, found.env) == ("flag", 7, {"A": "flag", "B": "file"})


WRONG = {
    "unknown key": ("onyl: [x]", ".alembic-gate.yml: unknown key onyl | Did you mean only?"),
    "unknown docker key": (
        "docker: {dockerfil: x}",
        ".alembic-gate.yml, docker: unknown key dockerfil | Did you mean dockerfile?",
    ),
    "unknown value": (
        "fail-on: eror",
        ".alembic-gate.yml, fail-on: unknown value 'eror' | Did you mean error? Known: error, warning, never.",
    ),
    "no number": (
        "timeout: soon",
        ".alembic-gate.yml, timeout: 'soon' is not a number | Write whole seconds or a count, such as 600.",
    ),
    "no mapping": ("- a\n- b\n", ".alembic-gate.yml: must hold keys and values | See docs/settings.md for the keys."),
    "no text": (
        "base: {a: b}",
        ".alembic-gate.yml, base: must be a text | git ref of the base; found by itself when absent",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_key_and_advice(tmp_path: Path, name: str) -> None:
    """Place, key, and what to write instead."""
    text, sentence = WRONG[name]
    assert refused(tmp_path, text) == sentence


def test_a_broken_file_is_said_with_its_place(tmp_path: Path) -> None:
    """Not YAML."""
    assert refused(tmp_path, "a: [b").startswith(".alembic-gate.yml: cannot be read: while parsing a flow sequence")


@pytest.mark.parametrize("text", ["yes", "1", "on", "tRue"])
def test_booleans_have_six_spellings(text: str) -> None:
    """YAML 1.2 core schema, as GitHub's own toolkit reads inputs."""
    with pytest.raises(UsageError, match="neither true nor false"):
        settings.parse("require-comment", text, "input require-comment")


def test_inputs_are_at_most_twenty_five() -> None:
    """A page of inputs that nobody reads is no interface (requirement 3)."""
    assert len(settings.options("input")) <= 25


def test_every_setting_has_a_meaning_and_a_place() -> None:
    """The table is the only place; docs, flags and action.yml come from it."""
    for row in settings.options():
        assert row.meaning, row.name
        assert row.places <= {"", "flag", "input", "file", "docker"}, row.name


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=6,
    ),
    st.sampled_from([row.name for row in settings.options("file")]),
)
def test_no_value_of_any_key_ends_in_a_traceback(value: object, key: str) -> None:
    """Typed, or a UsageError."""
    row = next(row for row in settings.options("file") if row.name == key)
    try:
        settings.typed(row, value, "file")
    except UsageError as error:
        assert error.advice
