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
    """One build: the ignore file, the Dockerfile, and what stands in the context.

    ``own_ignore`` is ``Dockerfile.dockerignore``; ``args`` and ``named`` (folders of the context) are the build's flags.
    """

    number: int
    dockerfile: str
    ignore: str = ""
    files: dict[str, int] = field(default_factory=lambda: dict(TREE))
    links: dict[str, str] = field(default_factory=lambda: dict(LINKS))
    empty: tuple[str, ...] = EMPTY
    archives: tuple[str, ...] = ()
    folders: dict[str, int] = field(default_factory=dict)
    own_ignore: str | None = None
    args: tuple[str, ...] = ()
    target: str = ""
    named: dict[str, str] = field(default_factory=dict)


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


def _copy(dice: random.Random, *, stages: list[str]) -> str:
    name = dice.choice(("COPY", "COPY", "COPY", "ADD"))
    origin = f"--from={dice.choice(stages)} " if stages and name == "COPY" and dice.random() < 0.5 else ""
    sources = [dice.choice(GOALS[:-1] if origin else SOURCES) for _ in range(dice.choice((1, 1, 1, 2)))]
    goal = dice.choice(GOALS)
    goal = goal if len(sources) == 1 or goal.endswith("/") else f"{goal.rstrip('/')}/"
    return f"{name} {origin}{dice.choice(FLAGS)}{' '.join(sources)} {goal}"


def copy_case(number: int) -> Case:
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
                lines.append(_copy(dice, stages=[*stages, *map(str, range(len(stages)))]))
    return Case(number, "\n".join(lines) + "\n", dice.choice(("", "", "docs\n", "**/versions\n!migrations/versions\n")))


# What came with BuildKit 0.9 (Docker 23) and later, or needs its newest built-in frontend.
MEMBERS = {"env.py": 0o640, "kept/": 0o750, "kept/x.py": 0o644, "versions/in.py": 0o600, "up->kept": 0o777}
ARCHIVES = ("old.tar", "old.tar.gz", "old.tbz", "old.txz", "old.zst", "broken.tar.gz", "empty.tar")
# Below the root only: with --exclude this builder stops at a link at the root of what is copied that leads nowhere
# ("/dangling": not found), which loses nobody a revision in silence and is not modelled.
DEEP_LINKS = {
    "to/latest": "../migrations", "app/link.py": "models.py", "app/up": "../migrations/versions", "to/gone": "nowhere",
    "to/abs": "/migrations",
}  # fmt: skip
FOLDERS = {"migrations": 0o700, "migrations/versions": 0o750, "app/db": 0o711, "docs": 0o2755}
EXCLUDES = (
    "versions", "**/*.py", "*.py", "env.py", "**/versions", "migrations/versions", "**", "*", "2024", "versions/2024", "?nv.py",
    "versions/*", "versions/**", "/versions", "./env.py", "**/2024/", "db/", "[!e]*", "[^e]*", "models.py", "**ions", "../x",
)  # fmt: skip
MODES = (
    "--chmod=640 ", "--chmod=u=rwX,go=rX ", "--chmod=go-rwx ", "--chmod=a+x ", "--chmod=0 ", "--chmod=1755 ", "--chmod=$M ",
    "--chmod=+x ", "--chmod=u+s ", "--chmod=u=g ", "--chmod=9 ",
)  # fmt: skip
WORDS = (
    "${D:-w}", "$D", "${U:-app}", "${D:+x}", "${U:+x}y", "${D#o}", "${D%n}", "${D##*w}", "${D%%w*}", "${D/w/v}", "${D//o/0}", "${U-dash}",
    "${D:?no}", "${U:?no}", "a${TARGETARCH}", "${TARGETOS}/${BUILDARCH}", "'$D'", '"$D"x', "\\$D", "${U:-${D}}", "$TARGETSTAGE", "${E}",
)  # fmt: skip
HEREDOCS = (
    "{name} {flags}<<EOF {goal}\none $D ${{U:-u}} \\$D \\d+ 'q' \"q\"\nEOF",
    "{name} {flags}<<-EOF {goal}\n\tone\n\t\ttwo $D\n\tEOF",
    "{name} {flags}<<'EOF' {goal}\n$D\nCOPY . .\nEOF",
    '{name} {flags}<<"env.py" {goal}\n$D\nenv.py',
    "{name} {flags}<<A.py <<B.py {goal}/\n1\nA.py\n2\nB.py",
    "{name} {flags}alembic.ini <<env.py {goal}/\nenv\nenv.py",
    "{name} {flags}<<EOF {goal}\nEOF",
    "{name} {flags}<<EOF {goal}\nFROM scratch\n# no comment\n\nback\\\nslash\nEOF",
)


def _modern_flags(dice: random.Random, name: str) -> str:
    flags = ""
    if dice.random() < 0.35:
        flags += "--link "
    for _ in range(dice.choice((0, 0, 1, 1, 2))):
        flags += f"--exclude={dice.choice(('', '', '', '!', '**/'))}{dice.choice(EXCLUDES)} "
    if dice.random() < 0.3:
        flags += dice.choice(MODES)
    if dice.random() < 0.15:
        flags += "--chown=7:8 "
    if name == "ADD" and dice.random() < 0.2:
        flags += dice.choice(("--unpack=false ", "--unpack ", "--unpack=true "))
    return flags


def _modern_line(dice: random.Random, stages: list[str], named: list[str]) -> str:
    name = dice.choice(("COPY", "COPY", "COPY", "ADD"))
    goal = dice.choice((*GOALS, "/to/latest", "/x/env.py", "x/", "/app/versions")).rstrip("/") or "/"
    roll = dice.random()
    if roll < 0.15:
        return dice.choice(HEREDOCS).format(name=name, flags=_modern_flags(dice, "COPY"), goal=goal.rstrip("/") or "/h")
    origin = ""
    if (stages or named) and name == "COPY" and dice.random() < 0.4:
        origin = f"--from={dice.choice([*stages, *named, *named])} "
    own = (
        *SOURCES,
        "./app/",
        "migrations/./versions",
        "a b.txt",
        "*.t*",
        ".env",
        "to/abs",
        "to/gone",
        "to/la*",
        "to/latest",
    )
    sources = [
        dice.choice(GOALS if origin and "other" not in origin else own) for _ in range(dice.choice((1, 1, 1, 2)))
    ]
    if name == "ADD" and dice.random() < 0.5:
        sources[0] = dice.choice((*ARCHIVES, "old*", "*.tar"))
    if dice.random() < 0.2:
        goal = f"/v/{dice.choice(WORDS)}"
    goal = goal if len(sources) == 1 and dice.random() < 0.6 else f"{goal.rstrip('/')}/"
    words = f"{' '.join(sources)} {goal}"
    if dice.random() < 0.15:
        words = "[" + ", ".join(f'"{word}"' for word in [*sources, goal.replace('"', "")]) + "]"
    return f"{name} {origin}{_modern_flags(dice, name)}{words}"


def _modern_step(dice: random.Random, stages: list[str], named: list[str]) -> str:
    roll = dice.random()
    if roll < 0.12:
        return dice.choice(
            ("WORKDIR /app", "WORKDIR x", f"WORKDIR /w/{dice.choice(WORDS)}", "WORKDIR /to/latest/in", "USER 7")
        )
    if roll < 0.24:
        return dice.choice(
            ("ARG D", "ENV D=env", "ARG D=own", "ENV E=$D", "ARG M=700", "ENV M=750", "ARG E=${D:-none}", "ENV U $D x", "ARG A=1 U=$D", "ARG TARGETARCH", "ARG TARGETSTAGE", "ENV A=1 B=$A", 'LABEL a="b c"', "VOLUME /app")
        )  # fmt: skip
    if roll < 0.3:
        return f"ONBUILD {_modern_line(dice, [], named) if dice.random() < 0.8 else 'WORKDIR ob'}"
    return _modern_line(dice, stages, named)


def modern_case(number: int) -> Case:
    """Random builds of what only current builders know: ``--link``, ``--exclude``, heredocs, archives, named contexts."""
    dice = random.Random(f"modern {number}")
    named = {"other": dice.choice(("app", "migrations", "docs"))} if dice.random() < 0.4 else {}
    lines = [dice.choice(("", "# syntax=\n", "# escape=\\\n# check=skip=all\n", "")) + "ARG D=own", "ARG BASE"]
    lines.append(
        dice.choice(
            ("FROM scratch AS one", "FROM ${BASE:-scratch} AS one", "FROM --platform=$BUILDPLATFORM scratch AS one")
        )
    )
    stages: list[str] = []
    for stage in range(dice.choice((1, 1, 2, 3))):
        if stage:
            stages.append(("one", "two", "three")[stage - 1])
            lines.append(f"FROM {dice.choice(['scratch', stages[-1], *named])} AS {('one', 'Two', 'three')[stage]}")
        lines += [
            _modern_step(dice, [*stages, *map(str, range(len(stages)))], list(named)) for _ in range(dice.randint(1, 4))
        ]
    ignore = (
        "",
        "",
        "docs\n",
        "**/versions\n!migrations/versions\n",
        "*\n!**/*.py\n! alembic.ini\n",
        "**ions\n!app\n*.t*\n",
    )
    return Case(
        number, "\n".join(lines) + "\n", dice.choice(ignore), archives=ARCHIVES, folders=FOLDERS, links=DEEP_LINKS,
        own_ignore=dice.choice((None, None, None, "", "app\n", "Dockerfile*\n*.ini\n")),
        args=dice.choice(((), (), ("D=over",), ("U=u", "M=711"), ("D=", "E=e"))),
        target=dice.choice(("", "", "", "one", "TWO", "0")) if stages else "", named=named,
    )  # fmt: skip
