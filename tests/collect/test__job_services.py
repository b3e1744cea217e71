"""Requirement 40: a refused localhost in a job names the service's host and port."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect._job_services import advice, services
from tests.running import gate, repository, revision, write

WORKFLOW = """
on: pull_request
jobs:
  lint:
    runs-on: ubuntu-latest
  gate:
    runs-on: ubuntu-latest
    services:
      db: {image: "postgres:16", ports: ["5433:5432"]}
      cache: {image: "redis:7"}
  other:
    services:
      pg: {image: "postgis/postgis:16-3.4"}
      maria: {image: "mariadb:10.11", ports: [3307]}
"""
INSIDE = "Inside a container localhost is the container itself. A job's services are at SERVICE:PORT: "
CONTAINER, RUNNER = {"ALEMBIC_GATE_IMAGE": "1"}, {"GITHUB_ACTIONS": "true"}


def workflow(repo: Path, text: str = WORKFLOW) -> Path:
    write(repo, {".github/workflows/ci.yml": text})
    return repo


def test_services_of_a_kind(tmp_path: Path) -> None:
    """The port inside the service; the job's own services where it has some, every job's otherwise."""
    repo = workflow(tmp_path)
    assert list(services(repo, "postgresql")) == ["db:5432", "pg:5432"]
    assert list(services(repo, "postgresql", "gate")) == ["db:5432"]
    assert list(services(repo, "mysql", "lint")) == ["maria:3307"]


@pytest.mark.parametrize("text", ["", "[1, 2]", "jobs: 3", "jobs: {a: null, b: {services: [x]}}", "jobs: {a: {services: {b: null}}}", "a: [", "\x00"])  # fmt: skip
def test_a_workflow_that_cannot_be_read_names_nothing(tmp_path: Path, text: str) -> None:
    """The advice then has an example."""
    repo = workflow(tmp_path, text)
    assert advice("postgresql://u@localhost/a", repo, CONTAINER) == f"{INSIDE}such as postgres:5432."
    assert advice("mysql+pymysql://u@127.0.0.1/a", repo, CONTAINER) == f"{INSIDE}such as mysql:3306."


def test_only_localhost_and_only_in_a_job(tmp_path: Path) -> None:
    """Another host, a socket, a file and a laptop keep the advice that they had; the runner itself is told of ports."""
    repo = workflow(tmp_path)
    for url in ("postgresql://u@db/a", "postgresql://u@/a?host=/run/pg", "sqlite:///x.db"):
        assert advice(url, repo, CONTAINER) is None
    assert advice("postgresql://u@localhost/a", repo, {}) is None
    told = advice("postgresql://u@localhost:5499/a", repo, {**RUNNER, "GITHUB_JOB": "gate"}) or ""
    assert told.startswith("On the runner itself a service is at localhost only when `ports:` maps its port")
    assert told.endswith("a job's services are at SERVICE:PORT: the workflow has db:5432.")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("postgresql", ["check", "--database-url", "postgresql+psycopg2://u:hidden@127.0.0.1:1/x"]),
        ("postgresql", ["predeploy", "--target-url", "postgresql+psycopg2://u:hidden@localhost:1/x"]),
        ("mysql", ["check", "--database-url", "mysql+pymysql://u:hidden@127.0.0.1:1/x"]),
        ("mysql", ["predeploy", "--target-url", "mysql+pymysql://u:hidden@127.0.0.1:1/x"]),
    ],
)
def test_a_refused_connection_says_so_in_the_report(tmp_path: Path, kind: str, words: list[str]) -> None:
    """Through the command, on a port where nobody listens."""
    repo = workflow(repository(tmp_path / "r", {"r1": revision("r1", None)}))
    only = "upgrade-works" if words[0] == "check" else "target-ready"
    # of a check in the image the interpreter would have to be readable for the probe's own user
    environ, start = (RUNNER, "On the runner itself") if words[0] == "check" else (CONTAINER, INSIDE)
    done = gate(repo, *words, "--only", only, "--base", "none", environ=environ)
    names = "db:5432, pg:5432" if kind == "postgresql" else "maria:3307"
    (row,) = [one for one in done.project["checks"] if one["id"] == only]
    assert (done.code, row["advice"].startswith(start)) == (3, True), row
    assert row["advice"].endswith(f"SERVICE:PORT: the workflow has {names}.")
    assert "hidden" not in done.out + done.err
