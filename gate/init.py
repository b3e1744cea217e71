"""``alembic-gate init``: a workflow and a settings file for this repository, made from what stands in it.

Prints them; writes them with ``--write``, and never over a file that is there. Reads files only: no project code runs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gate import __version__
from gate.collect._git import Git
from gate.collect.projects import find_projects
from gate.errors import PASS, GateError
from gate.facts.history import Project
from gate.settings import Settings, find_file

WORKFLOW = ".github/workflows/migrations.yml"
SETTINGS = ".alembic-gate.yml"
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
_SCHEMA = f"https://raw.githubusercontent.com/alembic-gate/alembic-gate/v{__version__}/gate/schemas/settings-v1.json"
ACTION = f"alembic-gate/alembic-gate@v{__version__}"

_SKIPPED = {".git", ".venv", "venv", "node_modules", "site-packages", "__pycache__", "dist", "build", ".tox", "vendor"}
_DEPENDENCIES = ("requirements*.txt", "pyproject.toml", "Pipfile", "setup.cfg", "setup.py", "poetry.lock", "uv.lock")
_DRIVERS = {
    "postgresql": r"psycopg2?(?:-binary|-c)?|asyncpg|pg8000",
    "mysql": r"pymysql|mysqlclient|aiomysql|asyncmy|mysql-connector-python",
    "mariadb": r"mariadb",
}
_SERVERS = re.compile(r"""image:\s*["']?(?:[\w.-]+/)*(postgres|postgis|mysql|mariadb)(?::(\d+(?:\.\d+)?)[\w.-]*)?""")
_KINDS = {"postgres": "postgresql", "postgis": "postgresql", "mysql": "mysql", "mariadb": "mariadb"}
_VARIABLE = re.compile(
    r"""(?:environ(?:\.get)?\s*[\[(]|getenv\s*\()\s*["']((?:\w*(?:DATABASE|DB|SQLALCHEMY|POSTGRES|MYSQL)\w*)(?:URL|URI|DSN))["']"""
)


@dataclass(frozen=True)
class Seen:
    """What the repository shows about itself."""

    projects: tuple[Project, ...]
    database: str = ""
    database_from: str = ""
    variables: tuple[str, ...] = ()
    dockerfiles: tuple[str, ...] = ()
    branch: str = "main"


def main(settings: Settings) -> int:
    """Print or write both files. Raises UsageError when the repository holds no Alembic environment."""
    repo = Path(settings.repo)
    seen = look(settings)
    files = {WORKFLOW: workflow(seen)}
    if find_file(repo) is None:
        files[SETTINGS] = settings_file(seen)
    writing = "--write" in settings.arguments
    for name, text in files.items():
        sys.stdout.write(_written(repo, name, text) if writing else f"# --- {name}\n{text}\n")
    sys.stdout.write(_next(repo, writing))
    return PASS


def _written(repo: Path, name: str, text: str) -> str:
    path = repo / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return f"{name} is there already and stays as it is\n"
    except OSError as error:
        advice = "Check the folder's rights."
        raise GateError(f"cannot be written: {error.strerror}", where=name, advice=advice) from error
    return f"wrote {name}\n"


def _next(repo: Path, writing: bool) -> str:
    lines = [] if writing else ["# `alembic-gate init --write` writes these files."]
    held = find_file(repo)
    if held is not None and not writing:
        lines.append(f"# Settings are in {held.relative_to(repo)} already.")
    if (repo / ".gitlab-ci.yml").is_file():
        lines.append("# For GitLab see docs/ci.md: the gate is one command there too.")
    if (repo / ".pre-commit-config.yaml").is_file():
        lines.append("# For pre-commit add the hook alembic-gate (docs/ci.md).")
    return "".join(f"{line}\n" for line in lines)


def look(settings: Settings) -> Seen:
    """Read what decides the two files."""
    repo = Path(settings.repo)
    projects = find_projects(settings)
    files = list(_files(repo))
    database, source = _database(repo, files) or _from_url(projects)
    return Seen(
        projects=projects,
        database=database,
        database_from=source,
        variables=_variables(files),
        dockerfiles=tuple(one.relative_to(repo).as_posix() for one in files if _is_dockerfile(one)),
        branch=_branch(repo),
    )


def _files(folder: Path, depth: int = 4) -> Iterator[Path]:
    """Files of the repository that are its own, a few levels deep."""
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir():
            if depth and path.name not in _SKIPPED:
                yield from _files(path, depth - 1)
        elif path.is_file() and path.stat().st_size < 1_000_000:
            yield path


def _from_url(projects: Iterable[Project]) -> tuple[str, str]:
    """The kind that a config's URL names; empty when none does."""
    for project in projects:
        kind = re.split(r"[+:]", project.url or "")[0]
        if kind in {*_KINDS.values(), "sqlite"}:
            return kind, project.config or "the config"
    return "", ""


def _database(repo: Path, files: Sequence[Path]) -> tuple[str, str] | None:
    """Kind and version of the database that the project uses, and the file that says so."""
    for path in (one for one in files if _is_compose(one)):
        if found := _SERVERS.search(_text(path)):
            return ":".join(part for part in (_KINDS[found[1]], found[2]) if part), path.relative_to(repo).as_posix()
    for path in (one for one in files if any(one.match(pattern) for pattern in _DEPENDENCIES)):
        for kind, drivers in _DRIVERS.items():
            if re.search(rf"(?i)(?<![\w.-])(?:{drivers})(?![\w-])", re.sub("#.*", "", _text(path))):
                return kind, path.relative_to(repo).as_posix()
    return None


def _variables(files: Iterable[Path]) -> tuple[str, ...]:
    """Environment variables with a database's URL that the project's code reads."""
    found = {name for path in files if path.suffix == ".py" for name in _VARIABLE.findall(_text(path))}
    return tuple(sorted(found))[:5]


def _is_compose(path: Path) -> bool:
    return bool(re.fullmatch(r"(docker-)?compose[\w.-]*\.ya?ml", path.name)) or ".github/workflows" in path.as_posix()


def _is_dockerfile(path: Path) -> bool:
    return path.name == "Dockerfile" or path.name.startswith("Dockerfile.") or path.suffix == ".Dockerfile"


def _branch(repo: Path) -> str:
    """The default branch: the remote's choice, git's ``init.defaultBranch``, main or master, else what is checked out."""
    git = Git(repo)
    usual = git.line("config", "init.defaultBranch")
    named = (
        git.line("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"),
        usual if usual and git.revision(f"refs/heads/{usual}") else None,
        git.default_base(),
        git.line("symbolic-ref", "--quiet", "HEAD"),
    )
    short = (re.sub(r"^refs/(?:remotes/origin|heads)/", "", name) for name in named if name)
    return next((name for name in short if re.fullmatch(r"[\w./-]+", name)), "main")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def workflow(seen: Seen) -> str:
    """The workflow: least rights, one run per pull request, the comment by the job's own token."""
    return f"""\
name: migrations
on:
  pull_request:
  merge_group:
  push:
    branches: [{seen.branch}]
permissions: {{}}
concurrency:
  group: migrations-${{{{ github.event.pull_request.number || github.ref }}}}
  cancel-in-progress: true
jobs:
  alembic-gate:
    runs-on: ubuntu-latest
    timeout-minutes: 20
    permissions:
      contents: read
      pull-requests: write # for the one comment
    steps:
      - uses: {CHECKOUT}
        with:
          persist-credentials: false # the project's code runs later: it needs no token
      - uses: {ACTION}
"""


def settings_file(seen: Seen) -> str:
    """The settings: what was seen, and the rest as comments to uncomment."""
    names = ", ".join(project.name for project in seen.projects)
    lines = [f"# yaml-language-server: $schema={_SCHEMA}"]
    lines += ["# Settings of alembic-gate. `alembic-gate check --help` and docs/settings.md explain every key."]
    lines += [f"# Environments found: {names}"]
    if seen.database:
        lines += [f"database: {seen.database} # seen in {seen.database_from}"]
    else:
        lines += ["# database: postgresql:16"]
    if seen.variables:
        lines += ["env: # what the project's code needs to start; {url} is the scratch database"]
        lines += [f'  {name}: "{{url}}"' for name in seen.variables]
    else:
        lines += ["# env:", '#   DATABASE_URL: "{url}"']
    return "\n".join([*lines, *_docker(seen), *_COMMENTED]) + "\n"


def _docker(seen: Seen) -> list[str]:
    if len(seen.dockerfiles) < 2:
        return []
    which = [f"#   dockerfile: {name}" for name in seen.dockerfiles[:10]]
    return ["# docker: # several Dockerfiles: say which image runs the migrations", *which]


_COMMENTED = (
    "# rules:",
    "#   missing-lock-timeout: off",
    "# allow: # findings that are accepted, each with its reason",
    "#   - rule: dropping-column",
    "#     revision: 0123456789ab",
    "#     reason: unused since the release of March",
    "#     until: 2027-01-31",
    "# world:",
    "#   small-tables: [countries]",
)
