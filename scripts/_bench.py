"""Ratios of the gate to the hand-made script: U = ``alembic upgrade head`` + ``alembic check``, H = ``alembic heads``.

Synthetic projects: N revisions over N/10 tables, one CREATE TABLE per ten revisions, then columns and indexes, models in
step with the head, three new revisions on a branch. Both sides use the same server and the same interpreter; neither
writes bytecode of revision files. Cold = no snapshot yet, warm = the snapshot of the base is there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from gate.databases.base import open_server

NEW = 3
ENV = """\
from alembic import context
from sqlalchemy import create_engine, pool
from models import metadata
with create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
    with context.begin_transaction():
        context.run_migrations()
"""


def build(folder: Path, count: int, url: str) -> None:
    """A repository: the base on main, the last revisions on a branch."""
    versions = folder / "migrations/versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(
        f"[alembic]\nscript_location = migrations\nprepend_sys_path = .\nsqlalchemy.url = {url}\n"
    )
    (folder / "migrations/env.py").write_text(ENV)
    (folder / "models.py").write_text("")
    git(folder, "init", "--quiet", "--initial-branch=main")
    models = ["import sqlalchemy as sa", "metadata = sa.MetaData()"]
    columns: dict[str, list[str]] = {}
    for number in range(count):
        if number == count - NEW:
            git(folder, "add", "--all")
            git(folder, "commit", "--quiet", "--message", "base")
            git(folder, "checkout", "--quiet", "-b", "change")
        table = f"t{number // 10}"
        if number % 10 == 0:
            columns[table] = ['sa.Column("id", sa.Integer, primary_key=True)']
            up = f'op.create_table("{table}", {columns[table][0]})'
            down = f'op.drop_table("{table}")'
        else:
            column = f'sa.Column("c{number}", sa.String(40))'
            columns[table].append(column)
            up, down = f'op.add_column("{table}", {column})', f'op.drop_column("{table}", "c{number}")'
        parent = f'"r{number - 1:05d}"' if number else "None"
        text = f'"""{number}"""\nimport sqlalchemy as sa\nfrom alembic import op\nrevision = "r{number:05d}"\ndown_revision = {parent}\n'
        (versions / f"r{number:05d}.py").write_text(f"{text}def upgrade():\n    {up}\ndef downgrade():\n    {down}\n")
    models += [f'sa.Table("{table}", metadata, {", ".join(every)})' for table, every in columns.items()]
    (folder / "models.py").write_text("\n".join(models) + "\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "change")


def git(folder: Path, *words: str) -> None:
    """One git command with an identity of its own."""
    who = dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "bench") | dict.fromkeys(
        ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "b@example.org"
    )
    subprocess.run(
        ["git", "-C", str(folder), *words], check=True, env={**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull}
    )


def timed(words: list[str], folder: Path, expected: tuple[int, ...] = (0,)) -> float:
    """Wall seconds of one process."""
    started = time.perf_counter()
    done = subprocess.run(
        words,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    seconds = time.perf_counter() - started
    if done.returncode not in expected:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return seconds


def paired(runs: int, sides: Mapping[str, Callable[[], float]], yardstick: str) -> None:
    """Each side once per round, in turn; prints the median of the rounds' ratios to the yardstick."""
    rounds = [{name: side() for name, side in sides.items()} for _ in range(runs)]
    for name in sides:
        ratios = [one[name] / one[yardstick] for one in rounds]
        seconds = statistics.median(one[name] for one in rounds)
        print(
            f"    {name:34} {statistics.median(ratios):6.2f} x  (min {min(ratios):.2f}, max {max(ratios):.2f}; median {seconds:.2f} s)",
            flush=True,
        )


def gate(*words: str) -> list[str]:
    """The gate's command with the bench's interpreter as the project's."""
    return [
        sys.executable,
        "-I",
        "-m",
        "gate",
        "check",
        "--python",
        sys.executable,
        "--no-progress",
        "--format",
        "json",
        *words,
    ]


def upgrades(runs: int, count: int, dialect: str, folder: Path) -> None:
    """The pull request check against U."""
    work = folder / "work"
    work.mkdir()
    work.chmod(0o755)
    with open_server(
        dialect, None, None, cache_dir=folder / "servers", workdir=work, progress=lambda text: None
    ) as server:
        scratch = server.create()
        url = scratch.url("psycopg2" if dialect == "postgresql" else "pysqlite")
        repo = folder / "repo"
        build(repo, count, url)
        print(f"  {dialect}, {count} revisions, {NEW} of them new", flush=True)

        def by_hand() -> float:
            nonlocal scratch
            scratch.drop()
            scratch = server.create()
            ini = repo / "alembic.ini"
            ini.write_text(
                ini.read_text().split("sqlalchemy.url")[0]
                + f"sqlalchemy.url = {scratch.url('psycopg2' if dialect == 'postgresql' else 'pysqlite')}\n"
            )
            alembic = [sys.executable, "-m", "alembic"]
            return timed([*alembic, "upgrade", "head"], repo) + timed([*alembic, "check"], repo)

        same = ["--only", "single-head,history-intact,upgrade-works,models-match"]
        cache = ["--cache-dir", str(folder / "cache")]
        timed(gate(*cache, *same), repo)
        paired(
            runs,
            {
                "U: upgrade + check": by_hand,
                "gate, same questions, cold": lambda: timed(gate("--no-cache", *same), repo),
                "gate, same questions, warm": lambda: timed(gate(*cache, *same), repo),
                "gate, every check, warm": lambda: timed(gate(*cache), repo, (0, 1)),
            },
            "U: upgrade + check",
        )


def heads(runs: int, count: int, folder: Path) -> None:
    """Static questions against H."""
    repo = folder / "repo"
    build(repo, count, "sqlite://")
    print(f"  static checks, {count} revisions", flush=True)
    paired(
        runs,
        {
            "H: alembic heads": lambda: timed([sys.executable, "-m", "alembic", "heads"], repo),
            "gate --only single-head": lambda: timed(gate("--only", "single-head"), repo),
        },
        "H: alembic heads",
    )


def main() -> int:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--revisions", default="100,1000")
    parser.add_argument("--dialects", default="sqlite,postgresql")
    parser.add_argument("--heads", default="1000,10000")
    chosen = parser.parse_args()
    print(f"median ratios of {chosen.runs} paired rounds (wall time of whole processes)")
    for work, sizes in ((heads, chosen.heads), *((upgrades, chosen.revisions) for _ in [0])):
        for size in (int(one) for one in sizes.split(",") if one):
            for dialect in [""] if work is heads else chosen.dialects.split(","):
                folder = Path(tempfile.mkdtemp(prefix="alembic-gate-bench-"))
                try:
                    heads(chosen.runs, size, folder) if work is heads else upgrades(chosen.runs, size, dialect, folder)
                finally:
                    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
