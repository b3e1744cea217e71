"""Every rule, check, format and collector has its test, its docs and an id equal to its file's name."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
import typing
from pathlib import Path

import pytest

from gate import registry, render
from gate.model import Severity
from tests.running import repository, revision

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("rules", "checks", "render", "collect")


def public(room: str) -> list[str]:
    """Stems of a room's public modules."""
    return sorted(path.stem for path in (ROOT / "gate" / room).glob("*.py") if not path.stem.startswith("_"))


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_of_a_room_has_its_test(room: str) -> None:
    """``gate/rules/x.py`` has ``tests/rules/test_x.py``."""
    missing = [stem for stem in public(room) if not list((ROOT / "tests" / room).glob(f"test_{stem}*.py"))]
    assert missing == []


@pytest.mark.parametrize("room", ROOMS)
def test_every_test_file_has_its_module(room: str) -> None:
    """No test of a rule that is gone."""
    stems = [path.stem for path in (ROOT / "gate" / room).glob("*.py")]
    tests = [path.stem.removeprefix("test_") for path in (ROOT / "tests" / room).glob("test_*.py")]
    assert [one for one in tests if not any(one.startswith(stem) for stem in stems)] == []


def test_rule_ids_are_file_names() -> None:
    """The id is computed, so it cannot drift."""
    assert list(registry.rules()) == [stem.replace("_", "-") for stem in public("rules")]


def test_formats_are_file_names() -> None:
    """``--format`` lists whatever files there are."""
    assert list(render.formats()) == public("render")


@pytest.mark.parametrize("id", list(registry.rules()))
def test_a_rule_reads_as_a_page(id: str) -> None:
    """Title, why, examples that are unsafe and safe, and a docstring."""
    rule = registry.rules()[id]
    assert rule.title
    assert len(rule.why) > 40
    assert rule.unsafe
    assert rule.safe
    assert all(isinstance(severity, Severity) for severity in rule.harms.values())
    assert inspect.getmodule(rule.find).__doc__


@pytest.mark.parametrize("id", list(registry.rules()))
def test_a_rule_is_documented(id: str) -> None:
    """The generated page has a section for it."""
    assert f"## {id}\n" in (ROOT / "docs/rules.md").read_text("utf-8")


@pytest.mark.parametrize("id", list(registry.checks()))
def test_a_check_asks_only_for_facts_that_somebody_collects(id: str) -> None:
    """A check with an unknown fact would never be answered."""
    from gate.context import RunContext
    from gate.facts.history import Project
    from gate.facts.rulebook import Rulebook
    from gate.settings import Settings

    given = {Settings, Project, RunContext, Rulebook}
    asked, todo = set(), [registry.checks()[id].ask]
    while todo:
        fresh = set(registry.needs(todo.pop()).values()) - asked - given
        asked |= fresh
        todo += [registry.collector(kind) for kind in fresh]


def test_a_fact_has_one_collector() -> None:
    """Else which of two files is believed would depend on their names."""
    collected = [
        typing.get_type_hints(function)["return"]
        for stem in public("collect")
        for name, function in vars(importlib.import_module(f"gate.collect.{stem}")).items()
        if name.startswith("collect") and getattr(function, "__module__", "") == f"gate.collect.{stem}"
    ]
    assert len(collected) == len(set(collected)) > 5


def test_one_question_loads_what_it_needs(tmp_path: Path) -> None:
    """``--only single-head`` reads files: no parser of SQL or YAML, no driver, no validator is loaded for it."""
    repo = repository(tmp_path / "r", {"a": revision("a", None)})
    code = (
        "import sys; from gate.cli import main; code = main(sys.argv[1:]); "
        "heavy = {'sqlglot', 'postgast', 'psycopg', 'pymysql', 'yaml', 'jsonschema'}; "
        "print(code, sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    words = ["check", "--repo", str(repo), "--base", "none", "--only", "single-head", "--no-progress"]
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == "0 []\n"
