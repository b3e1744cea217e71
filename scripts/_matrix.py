"""Runs the gate on tiny projects in every promised combination of Python, Alembic and SQLAlchemy."""

from __future__ import annotations

import collections
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
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
EXPECTED = {"plain_ini": 0, "plain_unsafe": 1, "async_sqlite": 0, "missing_module": 1}
WORDS = {0: "pass", 1: "fail", 3: "undecided"}  # the gate's exit codes


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
    """Exit code of the gate, and which checks are undecided, why."""
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
    undecided: dict[str, list[str]] = {}
    for row in checks:
        if row["verdict"] == "undecided":
            undecided.setdefault(str(row["reason"]), []).append(row["id"])
    return done.returncode, "; ".join(f"{', '.join(ids)}: {reason}" for reason, ids in undecided.items())


class Kept:
    """Results of an earlier run on the same commit: a run that was broken off goes on where it stopped."""

    def __init__(self, path: Path) -> None:
        self._path, self._commit = path, commit()
        told = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        self._rows: dict[str, dict[str, tuple[int, str]]] = told["rows"] if told.get("commit") == self._commit else {}

    def of(self, cell: Cell, cache: Path) -> dict[str, tuple[int, str]]:
        """Exit code and reason by situation, run now where nothing is kept."""
        name = " ".join((cell.python, cell.alembic, cell.sqlalchemy))
        if name not in self._rows:
            self._rows[name] = {situation: judged(cell, situation, cache) for situation in EXPECTED}
            self._path.parent.mkdir(exist_ok=True)
            self._path.write_text(json.dumps({"commit": self._commit, "rows": self._rows}, indent=1), "utf-8")
        return {situation: (code, reason) for situation, (code, reason) in self._rows[name].items()}


def commit() -> str:
    """The commit that is judged, with what is not committed."""
    git = ["git", "-C", str(ROOT)]
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    dirt = subprocess.run([*git, "diff", "HEAD", "--", "gate", "tests/projects"], capture_output=True, check=False)
    return f"{head} {hashlib.sha256(dirt.stdout).hexdigest()[:12]}"


def verdict(cell: Cell, results: Mapping[str, tuple[int, str]]) -> str:
    """Whether the combination holds what is promised of it."""
    if all(results[situation][0] == code for situation, code in EXPECTED.items()):
        return "holds"
    return "not promised" if (cell.alembic, cell.sqlalchemy) in {row[:2] for row in OLDER} else "DIFFERS"


def line(cell: Cell, results: Mapping[str, tuple[int, str]]) -> str:
    """A row of the table: what was found, and what could not be judged, why."""
    said = [
        f"{situation} {WORDS.get(code, code)}" + (f" (not judged: {reason[:400]})" if reason else "")
        for situation, (code, reason) in results.items()
    ]
    return f"{cell.python:6} {cell.alembic:15} {cell.sqlalchemy:17} {verdict(cell, results):12} {'; '.join(said)}"


def main() -> int:
    """One line for each combination, the sum at the end; 1 when one that is promised does not hold."""
    kept, sums = Kept(ROOT / "matrix-output" / "results.json"), collections.Counter[str]()
    print(f"{'Python':6} {'Alembic':15} {'SQLAlchemy':17} {'':12} {', '.join(EXPECTED)}", flush=True)
    with tempfile.TemporaryDirectory() as cache:
        for cell in cells("--few" in sys.argv):
            if fitting(cell.python) is None:
                sums["skipped"] += 1
                print(f"{cell.python:6} {cell.alembic:15} {cell.sqlalchemy:17} {'skipped':12} Python {cell.python} is not on this machine", flush=True)  # fmt: skip
                continue
            results = kept.of(cell, Path(cache))
            sums[verdict(cell, results)] += 1
            print(line(cell, results), flush=True)
    print(", ".join(f"{count} {name}" for name, count in sums.items()))
    return 1 if sums["DIFFERS"] else 0


if __name__ == "__main__":
    sys.exit(main())
