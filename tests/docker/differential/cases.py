"""Random contexts, ignore files and Dockerfiles from a seed.

Small enough for a builder, odd enough to disagree about.
"""

# a table reads one case a line
from __future__ import annotations

import random
from dataclasses import dataclass, field

TREE = {
    "alembic.ini": 0o644, "env.py": 0o644, "setup.cfg": 0o600, "run.sh": 0o755, "a b.txt": 0o644, "app/__init__.py": 0o644,
    "app/models.py": 0o644, "app/db/env.py": 0o644, "app/db/versions/a.py": 0o644, "migrations/env.py": 0o644,
    "migrations/script.py.mako": 0o644, "migrations/versions/0001_a.py": 0o644, "migrations/versions/0002_b.py": 0o644,
    "migrations/versions/2024/0003_c.py": 0o644, "migrations/sql/x.sql": 0o644, "docs/env.py": 0o644, "docs/migrations/old.py": 0o644,
    "Migrations/env.py": 0o644, ".env": 0o600, "versions/top.py": 0o644,
}  # fmt: skip
LINKS = {
    "latest": "migrations",
    "app/link.py": "models.py",
    "app/up": "../migrations/versions",
    "dangling": "nowhere",
    "abs": "/migrations",
}
EMPTY = ("empty", "migrations/none")
NAMES = (
    "migrations",
    "versions",
    "env.py",
    "app",
    "db",
    "docs",
    "alembic.ini",
    "sql",
    "x.sql",
    "2024",
    "a b.txt",
    "latest",
    ".env",
)
WILD = ("*", "**", "*.py", "?nv.py", "[a-m]*", "[!a]*", "[^m]*", "0*", "*s", "**/env.py", "*_b.py", "**ions", "ver*")


@dataclass(frozen=True)
class Case:
    """One build: the ignore file, the Dockerfile, and what stands in the context."""

    number: int
    dockerfile: str
    ignore: str = ""
    files: dict[str, int] = field(default_factory=lambda: dict(TREE))
    links: dict[str, str] = field(default_factory=lambda: dict(LINKS))
    empty: tuple[str, ...] = EMPTY


def _pattern(dice: random.Random) -> str:
    parts = [dice.choice(NAMES if dice.random() < 0.6 else WILD) for _ in range(dice.choice((1, 1, 2, 2, 3)))]
    text = "/".join(parts)
    return (
        dice.choice(("", "", "", "/", "./", "**/", "!", "!", "!**/", "! ", "a/../"))
        + text
        + dice.choice(("", "", "", "/", "/**", "/*", " "))
    )


def ignore_case(number: int) -> Case:
    """A random ignore file and a ``COPY .`` that shows all of the context."""
    dice = random.Random(f"ignore {number}")
    lines = [_pattern(dice) for _ in range(dice.randint(1, 6))]
    if number % 2:  # every other file keeps to what old builders read the same way
        lines = [line.lstrip("! ") if line.startswith("! ") or set(line) & set("*?[") else line for line in lines]
    head = dice.choice(([], [], ["*"], ["*", "!app"], ["# comment"], ["\ufeff*.md"]))
    return Case(number, "FROM scratch\nCOPY . /c\n", "\n".join([*head, *lines]) + "\n", links={})


SOURCES = (
    ".", "app", "migrations", "migrations/", "migrations/versions", "migrations/*", "*/env.py", "**/*.py", "*.ini", "nothing*", "./app/models.py",
    "/alembic.ini", "../env.py", "migrations/versions/*.py", "latest", "latest/env.py", "app/up", "app/link.py", "[a-d]*", "e*", "docs", "empty",
    "versions/..", "setup.cfg", "run.sh", "Migrations", "missing", "migrations/versions/2024",
)  # fmt: skip
GOALS = (
    ".",
    "./",
    "/",
    "/x",
    "/x/",
    "x",
    "x/y/",
    "/app",
    "/app/migrations",
    "migrations",
    "migrations/",
    "/x/alembic.ini",
    "/y/env.py",
    "../z",
)
FLAGS = ("", "", "", "", "--chown=1000:1000 ", "--chmod=750 ")


def _copy(dice: random.Random, *, stages: list[str], modern: bool) -> str:
    name = dice.choice(("COPY", "COPY", "COPY", "ADD"))
    origin = f"--from={dice.choice(stages)} " if stages and name == "COPY" and dice.random() < 0.5 else ""
    sources = [dice.choice(GOALS[:-1] if origin else SOURCES) for _ in range(dice.choice((1, 1, 1, 2)))]
    goal = dice.choice(GOALS)
    goal = goal if len(sources) == 1 or goal.endswith("/") else f"{goal.rstrip('/')}/"
    flags = dice.choice(FLAGS) + (
        dice.choice(("", "", "--link ", "--exclude=versions ", "--exclude=**/*.py ")) if modern else ""
    )
    return f"{name} {origin}{flags}{' '.join(sources)} {goal}"


def copy_case(number: int, *, modern: bool = False) -> Case:
    """Random COPY and ADD lines over stages, folders and variables."""
    dice = random.Random(f"copy {number}")
    lines = ["ARG D=x", "FROM scratch AS one"]
    stages: list[str] = []
    for stage in range(dice.choice((1, 1, 2, 3))):
        if stage:
            stages.append(("one", "two", "three")[stage - 1])
            lines.append(f"FROM {dice.choice(['scratch', stages[-1]])} AS {('one', 'Two', 'three')[stage]}")
        for _ in range(dice.randint(1, 4)):
            choice = dice.random()
            if choice < 0.2:
                lines.append(
                    dice.choice(("WORKDIR /app", "WORKDIR x", "WORKDIR ../y", "WORKDIR /${D:-w}", "WORKDIR $D/z"))
                )
            elif choice < 0.3:
                lines.append(dice.choice(("ARG D", "ENV D=e", "ARG D=own", "ENV E=$D")))
            else:
                lines.append(_copy(dice, stages=[*stages, *map(str, range(len(stages)))], modern=modern))
    return Case(number, "\n".join(lines) + "\n", dice.choice(("", "", "docs\n", "**/versions\n!migrations/versions\n")))
