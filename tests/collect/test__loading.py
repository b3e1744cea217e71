"""What the probe is told: every path in the private copy."""

from __future__ import annotations

import logging.config
from pathlib import Path

from gate.collect._loading import told
from gate.facts.environment import ProjectEnvironment
from gate.facts.history import Project

ENVIRONMENT = ProjectEnvironment("python", pythonpath=("backend",), modules=("shop.models",))


def test_paths_are_those_of_the_copy(tmp_path: Path) -> None:
    """Config, scripts, sys.path: relative to the copy, also when said as absolute paths of the workspace."""
    project = Project(
        "p",
        config="backend/alembic.ini",
        script_location="backend/m",
        directory="backend",
        prepend_sys_path=("/repo/lib",),
    )
    said = told(project, ENVIRONMENT, tmp_path, Path("/repo"))
    assert (said["ini"], said["toml"]) == (f"{tmp_path}/backend/alembic.ini", None)
    assert (said["script_location"], said["pythonpath"], said["prepend_sys_path"]) == (
        f"{tmp_path}/backend/m",
        [f"{tmp_path}/backend"],
        [f"{tmp_path}/lib"],
    )
    assert said["import"] == ["shop.models"]


def test_without_a_config_there_is_one_that_file_config_takes(tmp_path: Path) -> None:
    """env.py files hand config_file_name to fileConfig without asking."""
    said = told(
        Project("p", kind="script-location", script_location="m", version_locations=("m/versions/a", "m/versions/b")),
        ENVIRONMENT,
        tmp_path,
        Path("/repo"),
    )
    logging.config.fileConfig(said["ini"], disable_existing_loggers=False)
    assert said["options"] == {"version_locations": f"{tmp_path}/m/versions/a {tmp_path}/m/versions/b"}


def test_pyproject_with_and_without_an_ini_beside_it(tmp_path: Path) -> None:
    """alembic.ini holds URL and logging where it is there."""
    project = Project("p", kind="pyproject", config="pyproject.toml", script_location="m")
    assert told(project, ENVIRONMENT, tmp_path, Path("/repo"))["ini"] is None
    (tmp_path / "alembic.ini").write_text("")
    assert told(project, ENVIRONMENT, tmp_path, Path("/repo"))["ini"] == f"{tmp_path}/alembic.ini"
