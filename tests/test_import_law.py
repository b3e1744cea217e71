"""The import law of the house: who may see whom. Holds for every module-level and function-level import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import repository, revision

USERS = 'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Integer))'
ROOT = Path(__file__).resolve().parent.parent
GATE = ROOT / "gate"
VALUES = {"model", "errors", "facts"}
PURE = VALUES | {"sql", "docker"}
# What a room may see of ours. A room not named here is a command or the entry and may see everything but the probe.
LAW: dict[str, set[str]] = {
    "model": set(),
    "errors": set(),
    "facts": VALUES,
    "settings": {"errors"},
    "sql": {"facts", "model"},
    "docker": {"facts", "model"},
    "check": VALUES,
    "rule": VALUES,
    "rules": PURE | {"rule", "rules"},
    "checks": PURE | {"check", "settings", "known_diffs", "plan"},
    "render": {"model", "render", "_room"},
    "databases": PURE | {"settings", "databases", "_family", "_reach"},
    "_messages": {"errors"},
    "_family": set(),
    "_reach": set(),
    "_room": set(),
    "sandbox": VALUES | {"settings", "sandbox", "_messages", "_family"},
    "context": VALUES | {"settings"},
    "collect": PURE
    | {
        "settings",
        "context",
        "databases",
        "sandbox",
        "_family",
        "_reach",
        "collect",
        "suppressions",
    },  # staging skips what is allowed
    "publish": VALUES | {"settings", "render", "reports", "github", "publish"},
    "github": VALUES | {"settings", "github", "render"},
    "prepare": VALUES | {"settings", "github", "collect", "prepare"},
    "suppressions": VALUES | {"settings"},
    "known_diffs": VALUES | {"settings"},
    "probe": set(),
}


def modules() -> list[Path]:
    return sorted(path for path in GATE.rglob("*.py") if "__pycache__" not in path.parts)


def room(dotted: str) -> str:
    """``gate.rules.x`` is of the room ``rules``."""
    return dotted.split(".")[1] if "." in dotted else dotted


def imported(path: Path) -> Iterator[str]:
    """Dotted names of ours that a module imports anywhere, type-only imports left out."""
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "gate")
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == "gate":
            if node.module == "gate":
                yield from (f"gate.{alias.name}" for alias in node.names if not alias.name.startswith("__"))
            else:
                yield str(node.module)
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield "gate.relative-import"


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(GATE).as_posix())
def test_a_module_sees_only_what_the_law_allows(path: Path) -> None:
    """Each room sees only the rooms that the law names."""
    dotted = "gate." + ".".join(path.relative_to(GATE).with_suffix("").parts)
    mine = room(dotted.removesuffix(".__init__"))
    allowed = LAW.get(mine)
    if allowed is None:
        return
    wrong = [name for name in imported(path) if room(name) not in allowed | {mine}]
    assert wrong == []


@pytest.mark.parametrize("path", sorted((GATE / "probe").glob("*.py")), ids=lambda path: path.name)
def test_the_probe_never_imports_the_gate(path: Path) -> None:
    """The untrusted side is standard library, the project's alembic and sqlalchemy, and itself."""
    assert "gate." not in {name.split(".")[0] + "." for name in imported(path)}


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(GATE).as_posix())
def test_alembic_and_sqlalchemy_are_imported_in_the_probe_alone(path: Path) -> None:
    """The gate brings an Alembic along for projects that cannot be installed; its own process never loads it."""
    if path.parent == GATE / "probe":
        return
    names = [
        alias.name if isinstance(node, ast.Import) else str(node.module)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    ]
    assert [name for name in names if name.split(".")[0] in ("alembic", "sqlalchemy")] == []


def test_rules_see_each_other_only_through_helpers() -> None:
    """A rule may use ``gate/rules/_*.py``, never another rule."""
    wrong = {
        (path.name, name)
        for path in (GATE / "rules").glob("*.py")
        for name in imported(path)
        if name.startswith("gate.rules.") and not name.split(".")[2].startswith("_")
    }
    assert wrong == set()


def test_only_the_sandbox_knows_where_the_probe_is() -> None:
    """No other module of ours names the probe's folder or package."""
    naming = {path.name for path in modules() if path.parent.name != "probe" and '/ "probe"' in path.read_text("utf-8")}
    assert naming <= {"sandbox.py"}


@pytest.mark.parametrize(
    ("url", "needed"),
    [
        ("sqlite:///app.db", {"sqlglot"}),
        ("postgresql+psycopg2://app@db/app", {"postgast", "psycopg"}),
    ],
)
def test_a_run_loads_its_own_parser_and_driver_alone(tmp_path: Path, url: str, needed: set[str]) -> None:
    """Each of the others takes 0.1 s and more, at every run of everybody."""
    change = {"a2": revision("a2", "a1", "op.execute('UPDATE users SET name = 1')")}
    repo = repository(tmp_path / "r", {"a1": revision("a1", None, USERS)}, change, url)
    command = [sys.executable, "-I", "-X", "importtime", "-m", "gate", "check", "--repo", str(repo), "--no-progress"]
    done = subprocess.run([*command, "--base", "main"], capture_output=True, text=True, check=False, cwd="/")
    assert "unbatched-backfill" in done.stdout, done.stdout + done.stderr[-2000:]
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert loaded & {"sqlglot", "postgast", "psycopg", "pymysql", "alembic", "sqlalchemy"} == needed


def test_there_are_no_cycles() -> None:
    """Module-level imports form no cycle."""
    graph = {}
    for path in modules():
        dotted = "gate." + ".".join(path.relative_to(GATE).with_suffix("").parts)
        graph[dotted.removesuffix(".__init__")] = top_level(path)
    state: dict[str, int] = {}

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert state.get(name) != 1, f"cycle: {' -> '.join((*trail, name))}"
        if name in state or name not in graph:
            return
        state[name] = 1
        for other in graph[name]:
            visit(other if other in graph else other.rpartition(".")[0], (*trail, name))
        state[name] = 2

    for name in graph:
        visit(name, ())


def top_level(path: Path) -> list[str]:
    """What is imported when the module is loaded (functions and TYPE_CHECKING left out)."""
    found = []
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.startswith("gate.")]
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "gate":
            names = [alias.name for alias in node.names]
            folder = GATE.joinpath(*node.module.split(".")[1:])
            found += [f"{node.module}.{name}" if is_module(folder, name) else node.module for name in names]
    return [name for name in found if name != "gate"]


def is_module(folder: Path, name: str) -> bool:
    return (folder / f"{name}.py").is_file() or (folder / name).is_dir()
