"""How a project is installed, read from its dependency files."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect import _dependencies
from gate.collect._dependencies import Recipe

PROJECT = (
    '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11,<3.13"\ndependencies = ["alembic>=1.13"]\n'
)


def recipe(folder: Path, files: dict[str, str]) -> Recipe | None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return _dependencies.find(iter([folder]))


def test_a_uv_lock_is_synchronised_with_the_extra_that_has_the_driver(tmp_path: Path) -> None:
    """uv.lock wins over everything beside it."""
    extras = '[project.optional-dependencies]\npg = ["psycopg[binary]"]\ndocs = ["sphinx"]\n'
    found = recipe(
        tmp_path, {"uv.lock": "version = 1\n", "pyproject.toml": PROJECT + extras, "requirements.txt": "alembic\n"}
    )
    assert found is not None
    assert (found.how, found.sync, found.words) == ("uv.lock", True, ("--extra", "pg"))


def test_a_member_of_a_workspace_uses_the_lock_above(tmp_path: Path) -> None:
    """backend/pyproject.toml, uv.lock and the workspace at the root."""
    recipe(
        tmp_path,
        {
            "uv.lock": "version = 1\n",
            "pyproject.toml": '[tool.uv.workspace]\nmembers = ["backend"]\n',
            "backend/pyproject.toml": PROJECT,
        },
    )
    found = _dependencies.find(iter([tmp_path / "backend", tmp_path]))
    assert found is not None
    assert (found.how, found.folder) == ("uv.lock", tmp_path / "backend")


def test_requirements_follow_includes_and_leave_options_out(tmp_path: Path) -> None:
    """What decides the environment are all files; what is declared are the names."""
    files = {
        "requirements.txt": "-r requirements/base.txt\n# no\n--index-url https://example.org\nflask==3.0 \\\n  "
        "--hash=sha256:0\n",
        "requirements/base.txt": "alembic==1.13.1  # why\n",
    }
    found = recipe(tmp_path, files)
    assert found is not None
    assert (found.how, found.declared) == ("requirements.txt", ("flask==3.0", "alembic==1.13.1"))
    assert [path.name for path in found.files] == ["requirements.txt", "base.txt", "pyproject.toml"]


def test_the_file_that_brings_alembic_is_taken(tmp_path: Path) -> None:
    """requirements.txt without it is not the application's."""
    found = recipe(tmp_path, {"requirements.txt": "mkdocs\n", "requirements/main.txt": "alembic\n"})
    assert found is not None
    assert found.how == "requirements/main.txt"


@pytest.mark.parametrize("line", ["-e .", ".", "--editable=.", "-e ./libs/core", ".[pg]", "-e .  # own"])
def test_a_local_line_builds_in_a_copy(tmp_path: Path, line: str) -> None:
    """The workspace must not change, so the project is never built in it."""
    found = recipe(tmp_path, {"requirements.txt": f"alembic\n{line}\n"})
    assert found is not None
    assert (found.needs_copy, found.declared) == (True, ("alembic",))


def test_every_other_kind_of_file(tmp_path: Path) -> None:
    """Poetry, PDM, Pipenv, static and dynamic metadata, setup.py; and nothing."""
    poetry = '[tool.poetry.dependencies]\npython = "^3.9"\nalembic = "*"\n'
    assert recipe(tmp_path / "a", {"pyproject.toml": poetry, "poetry.lock": ""}).locked.requirements == ("alembic",)  # type: ignore[union-attr]
    assert (
        recipe(tmp_path / "b", {"pyproject.toml": PROJECT, "pdm.lock": "[[package]]\nname = 'x'\nversion = '1'\n"}).how
        == "pdm.lock"
    )  # type: ignore[union-attr]
    assert recipe(tmp_path / "c", {"Pipfile": '[packages]\nalembic = "*"\n'}).how == "Pipfile"  # type: ignore[union-attr]
    assert recipe(tmp_path / "d", {"pyproject.toml": PROJECT}).words == ("-r", str(tmp_path / "d" / "pyproject.toml"))  # type: ignore[union-attr]
    assert recipe(tmp_path / "e", {"setup.py": "setup(install_requires=['alembic'])"}).needs_copy  # type: ignore[union-attr]
    assert recipe(tmp_path / "f", {"README.md": ""}) is None
    assert (
        recipe(tmp_path / "g", {"pyproject.toml": "[broken", "requirements.txt": "alembic"}).how == "requirements.txt"
    )  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("files", "wish"),
    [
        ({".python-version": "3.12.4\n", "pyproject.toml": PROJECT}, "3.12.4"),
        ({"pyproject.toml": PROJECT}, ">=3.11,<3.13"),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.9"\n'}, ">=3.9,<4"),
        ({"Pipfile": '[requires]\npython_version = "3.10"\n'}, "3.10"),
        ({"runtime.txt": "python-3.11.4\n"}, "3.11.4"),
        ({"Dockerfile": "FROM --platform=linux/amd64 docker.io/library/python:3.12-slim\n"}, "3.12"),
        ({"README.md": ""}, ""),
    ],
)
def test_the_python_that_files_ask_for(tmp_path: Path, files: dict[str, str], wish: str) -> None:
    """.python-version first, then metadata, then the image."""
    recipe(tmp_path, files)
    assert _dependencies.wished_python(tmp_path, tmp_path) == wish
