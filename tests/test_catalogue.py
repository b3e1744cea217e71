"""Every rule, check, format and collector has its test, its docs and an id equal to its file's name."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from gate import registry, render
from gate.model import Severity

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
    known = given | set(registry.collectors())
    assert [kind for kind in registry.needs(registry.checks()[id].ask).values() if kind not in known] == []
    for collector in registry.collectors().values():
        assert [kind for kind in registry.needs(collector).values() if kind not in known] == []
