"""alembic-gate init: two files that fit the repository, never over files that are there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gate import cli, settings
from gate.init import SETTINGS, WORKFLOW
from tests.running import git


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository as teams have them: compose with PostgreSQL 16, a URL from the environment, two Dockerfiles."""
    files = {
        "alembic.ini": "[alembic]\nscript_location = migrations\n",
        "migrations/env.py": 'import os\nurl = os.environ["DATABASE_URL"]\n',
        "migrations/versions/a.py": 'revision = "a"\ndown_revision = None\n',
        "compose.yml": "services:\n  db:\n    image: postgres:16-alpine\n",
        "requirements.txt": "alembic\nPyMySQL\n",
        "Dockerfile": "FROM scratch\n",
        "Dockerfile.worker": "FROM scratch\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "init", "--quiet", "--initial-branch=feature")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "first")
    git(tmp_path, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    return tmp_path


def run(repo: Path, *words: str) -> int:
    return cli.main(["init", "--repo", str(repo), *words])


def test_prints_without_writing(repo, capsys):
    """Without --write both files are printed and nothing is touched."""
    before = sorted(repo.rglob("*"))
    assert run(repo) == 0
    assert sorted(repo.rglob("*")) == before
    text = capsys.readouterr().out
    assert text.startswith(f"# --- {WORKFLOW}\nname: migrations\n")
    assert f"# --- {SETTINGS}\n" in text
    assert "    branches: [trunk]\n" in text


@pytest.mark.parametrize(
    ("branches", "config", "expected"),
    [
        (("main",), None, "main"),
        (("master",), None, "master"),
        (("main", "stable"), "stable", "stable"),
        (("main",), "gone", "main"),
        ((), None, "feature"),
    ],
)
def test_without_a_remote_the_default_branch_is_not_the_one_checked_out(repo, capsys, branches, config, expected):
    """``init`` is often run on the branch that adds the gate."""
    git(repo, "symbolic-ref", "--delete", "refs/remotes/origin/HEAD")
    for name in branches:
        git(repo, "branch", name)
    if config:
        git(repo, "config", "init.defaultBranch", config)
    assert run(repo) == 0
    assert f"    branches: [{expected}]\n" in capsys.readouterr().out


def test_writes_what_it_saw(repo, capsys):
    """The settings name the database, the variable and the Dockerfiles, and the gate reads them back."""
    assert run(repo, "--write") == 0
    assert capsys.readouterr().out == f"wrote {WORKFLOW}\nwrote {SETTINGS}\n"
    said = yaml.safe_load((repo / SETTINGS).read_text())
    assert said == {"database": "postgresql:16", "env": {"DATABASE_URL": "{url}"}}
    assert "#   dockerfile: Dockerfile.worker\n" in (repo / SETTINGS).read_text()
    assert settings.read({"repo": str(repo)}).database == "postgresql:16"


def test_commented_settings_are_right_too(repo):
    """Uncommenting what is offered gives a valid file."""
    run(repo, "--write")
    lines = (repo / SETTINGS).read_text().splitlines()
    start = lines.index("# rules:")
    bare = [line.removeprefix("# ") for line in lines[start:]]
    (repo / SETTINGS).write_text("\n".join(bare))
    read = settings.read({"repo": str(repo)})
    assert read.rules == {"missing-lock-timeout": "off"}
    assert read.allow[0]["reason"]
    assert read.world == {"small-tables": ["countries"]}


def test_never_over_a_file(repo, capsys):
    """A second run leaves both files as somebody may have changed them."""
    run(repo, "--write")
    (repo / WORKFLOW).write_text("mine")
    capsys.readouterr()
    assert run(repo, "--write") == 0
    assert (repo / WORKFLOW).read_text() == "mine"
    assert capsys.readouterr().out == f"{WORKFLOW} is there already and stays as it is\n"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("requirements.txt", "Flask\npsycopg2-binary==2.9\n", "postgresql"),
        ("pyproject.toml", '[project]\ndependencies = [\n  "asyncpg>=0.29",\n]\n', "postgresql"),
        ("poetry.lock", '[[package]]\nname = "mysqlclient"\n', "mysql"),
        ("docker-compose.dev.yaml", "services:\n  db: {image: 'mariadb:10.11'}\n", "mariadb:10.11"),
        ("pyproject.toml", '[project]\ndependencies = ["alembic", "psycopg[binary]"]\n', "postgresql"),
        ("requirements.txt", "Flask\n# psycopg-like\nmy-psycopg-tools\n", None),
    ],
)
def test_database_by_what_stands_there(tmp_path, name, text, expected):
    """Compose images come first, then drivers in dependency files; a word inside another is no driver."""
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = m\n")
    (tmp_path / "m/versions").mkdir(parents=True)
    (tmp_path / "m/env.py").write_text("")
    (tmp_path / name).write_text(text)
    assert run(tmp_path, "--write") == 0
    said = yaml.safe_load((tmp_path / SETTINGS).read_text()) or {}
    assert said.get("database") == expected


def test_without_alembic_it_says_so(tmp_path, capsys):
    """A repository without any Alembic environment ends in one sentence, exit 2, and no file."""
    assert run(tmp_path, "--write") == 2
    assert list(tmp_path.iterdir()) == []
    assert "lembic" in capsys.readouterr().err


def test_workflow_is_a_workflow(repo):
    """The written workflow passes GitHub's schema and actionlint."""
    run(repo, "--write")
    tools = Path(sys.executable).parent
    schema = [tools / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", repo / WORKFLOW]
    for command in (schema, [tools / "actionlint", "-no-color", repo / WORKFLOW]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
