"""Runs the gate on tiny projects in every promised combination of Python, Alembic and SQLAlchemy."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from gate.collect._interpreters import fitting  # noqa: E402  # after the path is set

PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
LIBRARIES = (  # Alembic, SQLAlchemy, oldest and newest Python of the pair
    ("alembic==1.7.*", "sqlalchemy==1.4.*", "3.8", "3.11"),
    ("alembic==1.10.*", "sqlalchemy==1.4.*", "3.8", "3.11"),
    ("alembic==1.10.*", "sqlalchemy==2.0.*", "3.8", "3.12"),
    ("alembic==1.13.*", "sqlalchemy==1.4.*", "3.8", "3.12"),
    ("alembic==1.13.*", "sqlalchemy==2.0.*", "3.8", "3.13"),
    ("alembic==1.16.*", "sqlalchemy==2.0.*", "3.9", "3.14"),
    ("alembic", "sqlalchemy==2.0.*", "3.10", "3.14"),
    ("alembic", "sqlalchemy==2.1.*", "3.10", "3.14"),
)
OLDER = (("alembic==1.1.*", "sqlalchemy==1.3.*", "3.8", "3.8"),)  # below what is promised: says so, judges what it can
FEW = (("3.8", 0), ("3.9", 4), ("3.12", 4), ("3.13", 7))
EXPECTED = {"plain_ini": 0, "plain_unsafe": 1, "async_sqlite": 0}


@dataclass(frozen=True)
class Cell:
    """One combination."""

    python: str
    alembic: str
    sqlalchemy: str

    @property
    def install(self) -> str:
        """The command that makes its environment."""
        return f"pip install -q '{self.alembic}' '{self.sqlalchemy}' 'greenlet<4' 'aiosqlite<0.22' setuptools"


def cells(few: bool) -> Iterator[Cell]:
    """Every combination that exists, or the subset that the tests run."""
    if few:
        yield from (Cell(python, *LIBRARIES[row][:2]) for python, row in FEW)
        return
    for alembic, sqlalchemy, first, last in (*LIBRARIES, *OLDER):
        for python in PYTHONS:
            if number(first) <= number(python) <= number(last):
                yield Cell(python, alembic, sqlalchemy)


def number(text: str) -> tuple[int, ...]:
    """3.10 after 3.9."""
    return tuple(map(int, text.split(".")))


def repository(situation: str, folder: Path) -> Path:
    """A project of ``tests/projects`` as main and a branch on it."""
    source = ROOT / "tests" / "projects" / situation
    repo = folder / situation
    shutil.copytree(source / "base", repo)
    git = ["git", "-C", str(repo), "-c", "user.name=m", "-c", "user.email=m@example.org"]
    subprocess.run(["git", "init", "-q", "-b", "main", str(repo)], check=True)
    for step in ("base", "change"):
        if step == "change":
            subprocess.run([*git, "checkout", "-q", "-b", "change"], check=True)
            shutil.copytree(source / "change", repo, dirs_exist_ok=True)
        subprocess.run([*git, "add", "-A", "-f"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", step], check=True)
    return repo


def judged(cell: Cell, situation: str, cache: Path) -> tuple[int, str]:
    """Exit code of the gate, and why a check is undecided."""
    with tempfile.TemporaryDirectory() as folder:
        repo = repository(situation, Path(folder))
        words = [
            "check",
            "--repo",
            str(repo),
            "--base",
            "main",
            "--format",
            "json",
            "--no-progress",
            "--cache-dir",
            str(cache),
        ]
        words += ["--skip", "image-contents,merge-order", "--python-version", cell.python, "--install", cell.install]
        done = subprocess.run(
            [sys.executable, "-m", "gate", *words], capture_output=True, text=True, check=False, cwd=ROOT
        )
    if not done.stdout:
        return done.returncode, done.stderr.strip()
    checks = [row for project in json.loads(done.stdout)["projects"] for row in project["checks"]]
    return done.returncode, next((str(row["reason"]) for row in checks if row["verdict"] == "undecided"), "")


def main() -> int:
    """One line for each combination; 1 when one that is promised does not hold."""
    wrong = 0
    with tempfile.TemporaryDirectory() as cache:
        for cell in cells("--few" in sys.argv):
            name = f"{cell.python:5} {cell.alembic:16} {cell.sqlalchemy:18}"
            if fitting(cell.python) is None:
                print(f"{name} skipped: Python {cell.python} is not on this machine", flush=True)
                continue
            results = {situation: judged(cell, situation, Path(cache)) for situation in EXPECTED}
            said = [
                f"{situation} {code}" + (f" ({reason[:160]})" if code not in (0, 1) else "")
                for situation, (code, reason) in results.items()
            ]
            holds = all(results[situation][0] == code for situation, code in EXPECTED.items())
            promised = (cell.alembic, cell.sqlalchemy) not in {row[:2] for row in OLDER}
            wrong += promised and not holds
            print(
                f"{name} {'holds' if holds else 'DIFFERS' if promised else 'not promised'}: {'; '.join(said)}",
                flush=True,
            )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
