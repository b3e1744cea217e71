"""Which Python runs the project's code: named, active, in the repository, our own; and what is told when none can."""

from __future__ import annotations

import contextlib
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.collect import environment
from gate.collect.environment import collect
from gate.collect.projects import find_projects
from gate.context import RunContext
from gate.errors import CannotDecide, ProjectBroken
from gate.facts.environment import ProjectEnvironment
from gate.settings import Settings

Collected = Callable[..., ProjectEnvironment]


@pytest.fixture
def collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collected:
    """The environment of a small project with these settings; no environment is active."""
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", environment.CONTAINER):
        monkeypatch.delenv(name, raising=False)
    repo = tmp_path / "repo"
    (repo / "m" / "versions").mkdir(parents=True)
    (repo / "alembic.ini").write_text("[alembic]\nscript_location = m\n")
    (repo / "m" / "env.py").write_text("")

    def now(**settings: object) -> ProjectEnvironment:
        chosen = Settings(repo=str(repo), cache_dir=str(tmp_path / "cache"), **settings)  # type: ignore[arg-type]
        project = find_projects(chosen)[0]
        context = RunContext(chosen, project, tmp_path, contextlib.ExitStack(), lambda _: None, lambda _: None)
        return collect(context, project)

    now.repo = repo  # type: ignore[attr-defined]
    return now


def made(folder: Path, alembic: str | None) -> Path:
    """A virtual environment that seems to hold Alembic."""
    venv.create(folder, with_pip=False)
    if alembic:
        site = next(folder.glob("lib/python*/site-packages"))
        (site / f"alembic-{alembic}.dist-info").mkdir()
        (site / f"alembic-{alembic}.dist-info" / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: alembic\nVersion: {alembic}\n"
        )
    return folder


def test_without_dependency_files_it_is_our_own(collected: Collected) -> None:
    """The gate was installed beside the project; the report says so."""
    found = collected()
    assert (found.source, found.python) == ("own", sys.executable)
    assert found.notes == ("no dependency files: the project runs in the gate's own Python",)
    assert found.pythonpath == (".",)


def test_an_environment_of_the_repository(collected: Collected) -> None:
    """.venv beside the project, with the versions that are in it."""
    made(collected.repo / ".venv", "1.13.1")  # type: ignore[attr-defined]
    found = collected()
    assert (found.source, found.alembic, found.version[:2]) == ("folder", "1.13.1", sys.version_info[:2])


def test_an_environment_without_alembic_is_passed_over(collected: Collected) -> None:
    """And named."""
    made(collected.repo / "venv", None)  # type: ignore[attr-defined]
    assert collected().notes[0] == "venv has no Alembic and is not used"


def test_an_environment_of_another_machine_is_passed_over(collected: Collected) -> None:
    """Its interpreter does not exist here."""
    folder = collected.repo / ".venv"  # type: ignore[attr-defined]
    folder.mkdir()
    (folder / "pyvenv.cfg").write_text("home = C:\\Python\n")
    assert collected().notes[0] == ".venv was made on another machine and is not used"


def test_in_the_container_a_checkouts_environment_is_not_trusted(
    collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be an interpreter of the pull request, run by us."""
    made(collected.repo / ".venv", "1.13.1")  # type: ignore[attr-defined]
    monkeypatch.setenv(environment.CONTAINER, "1")
    assert collected().notes[0] == ".venv is part of the checkout and is not trusted here"


def test_the_active_environment_comes_before_folders(
    collected: Collected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """VIRTUAL_ENV is what the user works in."""
    made(collected.repo / ".venv", "1.13.1")  # type: ignore[attr-defined]
    monkeypatch.setenv("VIRTUAL_ENV", str(made(tmp_path / "active", "1.16.0")))
    assert (collected().source, collected().alembic) == ("active", "1.16.0")


def test_a_named_interpreter_or_its_folder(collected: Collected, tmp_path: Path) -> None:
    """--python takes both."""
    folder = made(tmp_path / "named", "1.10.0")
    assert collected(python=str(folder)).alembic == "1.10.0"
    assert collected(python=str(folder / "bin" / "python")).source == "flag"


def test_a_named_interpreter_that_is_none(collected: Collected) -> None:
    """A sentence with what to name."""
    with pytest.raises(CannotDecide, match="there is no such Python"):
        collected(python="/nowhere/python")


def test_a_named_interpreter_without_alembic(collected: Collected, tmp_path: Path) -> None:
    """The user's word is not overruled in silence."""
    with pytest.raises(ProjectBroken, match="Alembic is not installed in"):
        collected(python=str(made(tmp_path / "bare", None)))


def test_our_own_python_where_it_satisfies_what_is_declared(collected: Collected) -> None:
    """Nothing is installed when everything is there in a version that fits."""
    (collected.repo / "requirements.txt").write_text("alembic>=1.0\nSQLAlchemy\n")  # type: ignore[attr-defined]
    assert collected().source == "own"


def test_install_none_is_our_own(collected: Collected) -> None:
    """Whatever the files say."""
    (collected.repo / "requirements.txt").write_text("alembic==0.1\n")  # type: ignore[attr-defined]
    assert collected(install="none").source == "own"


def test_without_uv_and_without_the_packages_it_is_said(collected: Collected, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install, or what to name."""
    monkeypatch.setattr("gate.collect._installer.find_uv", lambda: None)
    (collected.repo / "requirements.txt").write_text("alembic\nnobody-has-this==1\n")  # type: ignore[attr-defined]
    with pytest.raises(CannotDecide, match="uv is not here") as error:
        collected()
    assert error.value.what.startswith("the Python that runs the gate lacks nobody-has-this, and uv")
    assert error.value.advice is not None
    assert "pip install uv" in error.value.advice
