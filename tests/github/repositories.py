"""A repository on the fake server, and checkouts as actions/checkout makes them."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

INI = "[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:///app.db\n"
ENV = """\
from alembic import context
from sqlalchemy import create_engine

config = context.config
with create_engine(config.get_main_option("sqlalchemy.url")).connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
"""


def revision(id: str, parent: str | None, table: str | None = None) -> str:
    """A revision file that creates a table."""
    return (
        f'"""{id}"""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\nrevision = "{id}"\ndown_revision = {parent!r}\n'.replace(
            "'", '"'
        )
        + f'branch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n    op.create_table("{table or "t_" + id}", sa.Column("id", sa.Integer, primary_key=True))\n'
        + f'\n\ndef downgrade():\n    op.drop_table("{table or "t_" + id}")\n'
    )


def git(folder: Path, *words: str) -> str:
    """git as a developer runs it, with a clean configuration."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.com",
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
        "GIT_CONFIG_KEY_1": "init.defaultBranch",
        "GIT_CONFIG_VALUE_1": "main",
    }
    done = subprocess.run(["git", "-C", str(folder), *words], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@dataclass
class Origin:
    """A bare repository with ``main`` (revisions a1, b2), and a folder to work in."""

    root: Path
    name: str = "octo/shop"

    def __post_init__(self) -> None:
        self.bare = self.root / f"{self.name}.git"
        self.bare.mkdir(parents=True)
        git(self.bare, "init", "--bare", "-q")
        for key in ("uploadpack.allowAnySHA1InWant", "uploadpack.allowFilter"):
            git(self.bare, "config", key, "true")
        self.work = self.root / "work"
        self.work.mkdir()
        git(self.work, "init", "-q")
        git(self.work, "remote", "add", "origin", str(self.bare))
        self.write({"alembic.ini": INI, "migrations/env.py": ENV, "requirements.txt": "alembic\nsqlalchemy\n",
                    "migrations/versions/a1_first.py": revision("a1", None), "migrations/script.py.mako": ""})  # fmt: skip
        self.first = self.commit("first")
        self.write({"migrations/versions/b2_second.py": revision("b2", "a1")})
        self.main = self.commit("second")
        self.push("main", "refs/heads/main")

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self, message: str) -> str:
        git(self.work, "add", "-A")
        git(self.work, "commit", "-q", "--allow-empty", "-m", message)
        return git(self.work, "rev-parse", "HEAD")

    def push(self, what: str, ref: str) -> None:
        git(self.work, "push", "-q", "-f", "origin", f"{what}:{ref}")

    def advance(self, files: dict[str, str]) -> str:
        """A commit on main."""
        git(self.work, "checkout", "-q", "main")
        self.write(files)
        sha = self.commit("advance")
        self.push("main", "refs/heads/main")
        return sha

    def pull(self, number: int, files: dict[str, str], start: str = "main", *, merge: bool = True) -> tuple[str, str]:
        """A pull request with its head and merge refs; (head, merge) commits."""
        git(self.work, "checkout", "-q", "-B", f"pr-{number}", start)
        self.write(files)
        head = self.commit(f"pull {number}")
        self.push("HEAD", f"refs/pull/{number}/head")
        merged = head
        if merge:
            git(self.work, "checkout", "-q", "--detach", "main")
            git(self.work, "merge", "-q", "--no-ff", "-m", "merge", head)
            merged = git(self.work, "rev-parse", "HEAD")
            self.push("HEAD", f"refs/pull/{number}/merge")
        git(self.work, "checkout", "-q", "main")
        return head, merged

    def checkout(self, folder: Path, ref: str, depth: int = 1) -> Path:
        """As actions/checkout does: a fetch of one ref, detached, without credentials."""
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "-q")
        git(folder, "remote", "add", "origin", f"https://github.invalid/{self.name}")
        deep = [f"--depth={depth}"] if depth else []
        git(folder, "fetch", "-q", "--no-tags", *deep, f"file://{self.bare}", f"+{ref}:refs/remotes/x/{ref}")
        git(folder, "checkout", "-q", "--detach", f"refs/remotes/x/{ref}")
        return folder
