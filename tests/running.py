"""Helpers for tests that run the gate as a user does: a real git repository, the real command, the real report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INI = """\
[alembic]
script_location = migrations
prepend_sys_path = .
sqlalchemy.url = {url}
"""
ENV = """\
from alembic import context
from sqlalchemy import create_engine, pool

from models import metadata

config = context.config
engine = create_engine(config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata{options})
    with context.begin_transaction():
        context.run_migrations()
"""
MODELS = """\
import sqlalchemy as sa

metadata = sa.MetaData()
"""


@dataclass(frozen=True)
class Outcome:
    """What one run gave."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The report on stdout."""
        report: dict[str, Any] = json.loads(self.out)
        return report

    @property
    def project(self) -> dict[str, Any]:
        """Its first project."""
        project: dict[str, Any] = self.report["projects"][0]
        return project

    def verdicts(self) -> dict[str, str]:
        """Verdict by check."""
        return {row["id"]: row["verdict"] for row in self.project["checks"]}

    def reason(self, check: str) -> str:
        """Why a check is undecided or skipped."""
        return str(next(row["reason"] for row in self.project["checks"] if row["id"] == check))

    def findings(self, check: str | None = None) -> list[tuple[str, str, str, str | None]]:
        """Id, category, severity and revision of each finding."""
        return [
            (one["id"], one["category"], one["severity"], one["revision"])
            for one in self.project["findings"]
            if check in (None, one["check"])
        ]


def revision(id: str, down: str | None, upgrade: str = "pass", downgrade: str = "pass") -> str:
    """A revision file."""
    up, back = (text.strip("\n").replace("\n", "\n    ") for text in (upgrade, downgrade))
    return (
        f'"""{id}"""\nimport sqlalchemy as sa\nfrom alembic import op\n\nrevision = {id!r}\ndown_revision = {down!r}\n\n\n'
        f"def upgrade():\n    {up}\n\n\ndef downgrade():\n    {back}\n"
    )


def git(repo: Path, *words: str) -> str:
    """One git command with an identity of its own and nobody's configuration."""
    who = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.org", "GIT_COMMITTER_NAME": "t",
           "GIT_COMMITTER_EMAIL": "t@example.org", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}  # fmt: skip
    done = subprocess.run(
        ["git", "-C", str(repo), *words], check=True, capture_output=True, text=True, env={**os.environ, **who}
    )
    return done.stdout.strip()


def write(repo: Path, files: Mapping[str, str]) -> None:
    """Files with their folders."""
    for name, text in files.items():
        path = repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def project(repo: Path, url: str = "sqlite:///app.db", models: str = MODELS, options: str = "") -> dict[str, str]:
    """The files of a small project, without revisions."""
    return {
        "alembic.ini": INI.format(url=url),
        "migrations/env.py": ENV.replace("{options}", options),
        "models.py": models,
    }


def repository(
    repo: Path,
    base: Mapping[str, str],
    change: Mapping[str, str] | None = None,
    url: str = "sqlite:///app.db",
    models: str = MODELS,
    options: str = "",
) -> Path:
    """A repository: main with the project and ``base`` revisions, a branch with ``change`` (revision files by id)."""
    repo.mkdir(parents=True, exist_ok=True)
    git(repo, "init", "--quiet", "--initial-branch=main")
    write(repo, {**project(repo, url, models, options), **versions(base)})
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "base")
    if change is not None:
        git(repo, "checkout", "--quiet", "-b", "change")
        write(repo, versions(change))
        git(repo, "add", "--all")
        git(repo, "commit", "--quiet", "--allow-empty", "--message", "change")
    return repo


def versions(texts: Mapping[str, str]) -> dict[str, str]:
    """Names with a folder stay; bare ids are revision files."""
    return {
        name if "/" in name or "." in name else f"migrations/versions/{name}.py": text for name, text in texts.items()
    }


def gate(repo: Path, *words: str, environ: Mapping[str, str] | None = None, seconds: float = 240) -> Outcome:
    """``alembic-gate check`` on a repository, with the tests' own Python as the project's."""
    command = [
        sys.executable,
        "-I",
        "-m",
        "gate",
        *(words if words and not words[0].startswith("-") else ("check", *words)),
    ]
    if "--format" not in words:
        command += ["--format", "json"]
    if command[4] in ("check", "predeploy", "verify"):
        command += ["--repo", str(repo), "--no-progress"]
        command += [] if "--python" in words else ["--python", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds,
                          env={**os.environ, **(environ or {})}, cwd="/")  # fmt: skip
    return Outcome(done.returncode, done.stdout, done.stderr)
