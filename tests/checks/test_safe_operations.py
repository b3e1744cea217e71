"""The check that asks the rules: the assumed world, one finding per cause, and what it rests on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gate import registry
from gate.checks.safe_operations import ask
from gate.facts.history import GraphProblem, History
from gate.facts.rehearsal import Deploy
from gate.facts.rulebook import Rulebook
from gate.facts.schema import Schema
from gate.model import Verdict
from tests.rules._deploy import deploy

RULES = Rulebook(frozenset(registry.rules()), tuple(rule.findings for rule in registry.rules().values()))


def said(world: Deploy) -> list[str]:
    """Errors and warnings, as id, category and severity."""
    found = ask(world, RULES).findings
    return sorted(f"{one.id} {one.category} {one.severity}" for one in found if one.severity != "note")


NOT_NULL = deploy("ALTER TABLE users ALTER COLUMN age SET NOT NULL")
INDEX = deploy("CREATE INDEX ix ON orders (note)")


def test_every_harm_of_an_unsafe_statement_is_said_once() -> None:
    assert said(NOT_NULL) == [
        "setting-not-null backward-incompatible error",
        "setting-not-null fails-on-existing-rows error",
        "setting-not-null lock error",
    ]


@pytest.mark.parametrize(("kind", "verdict"), [("unreadable", "undecided"), ("missing-parent", "pass")])
def test_a_file_that_tells_no_revision_of_its_own_is_not_passed_as_nothing_new(kind: Any, verdict: str) -> None:
    """It was neither run nor read; what lacks its parent is known, and counted where it is new."""
    problem = GraphProblem(kind, "versions/c.py cannot be read", "versions/c.py", advice="Mend or remove the file.")
    told = ask(replace(NOT_NULL, revisions=(), history=History((), (problem,))), RULES)
    assert ("undecided" if told.undecided else "pass", told.advice) == (
        verdict,
        problem.advice if told.undecided else None,
    )


def test_two_columns_of_one_statement_are_two_harms_for_the_old_release_and_one_lock_of_the_table() -> None:
    world = deploy("ALTER TABLE users ALTER name DROP NOT NULL, ALTER age SET NOT NULL, ALTER email TYPE varchar(10)")
    assert said(world) == [
        "dropping-not-null backward-incompatible warning",
        "narrowing-column-type backward-incompatible error",
        "narrowing-column-type fails-on-existing-rows error",
        "narrowing-column-type rewrite error",
        "setting-not-null backward-incompatible error",
        "setting-not-null fails-on-existing-rows error",
        "setting-not-null lock error",
    ]


def test_rules_of_other_checks_are_left_to_them() -> None:
    world = deploy("ALTER TABLE users ADD z int; UPDATE users SET z = 1")
    assert not [one for one in ask(world, RULES).findings if one.check != "safe-operations"]


def test_a_safe_deploy_passes_in_silence() -> None:
    answer = ask(deploy("CREATE TABLE t (a int); CREATE INDEX ix ON t (a)"), RULES)
    assert (answer.findings, answer.verdict(None)) == ((), Verdict.PASS)


def test_nobody_is_blocked_in_a_maintenance_window() -> None:
    assert said(replace(NOT_NULL, maintenance_window=True)) == ["setting-not-null fails-on-existing-rows error"]


def test_a_small_table_is_not_locked_for_long() -> None:
    assert said(replace(INDEX, small_tables=frozenset({"orders"}))) == []
    assert said(replace(INDEX, small_tables=frozenset({"users"}))) == ["creating-index-non-concurrently lock error"]


def test_code_that_is_replaced_first_does_not_meet_the_new_schema() -> None:
    world = replace(deploy("ALTER TABLE users DROP COLUMN age"), code_first=True)
    assert said(world) == ["dropping-column data-loss error"]


def test_of_two_rules_about_one_cause_the_worse_speaks() -> None:
    """DROP TABLE ... CASCADE loses data once, not twice."""
    assert said(deploy("DROP TABLE items CASCADE")) == [
        "dropping-table backward-incompatible error",
        "dropping-table data-loss error",
    ]


def test_the_assumed_world_is_told() -> None:
    world = replace(INDEX, maintenance_window=True, code_first=True, small_tables=frozenset({"logs"}))
    assert len(ask(world, RULES).notes) == 3


@pytest.mark.parametrize(
    ("world", "reason"),
    [
        (replace(INDEX, observed=False), "the revisions ran by themselves, without the project's environment"),
        (replace(INDEX, complete=False), "the upgrade stopped half way: what comes after was not seen"),
        (INDEX, None),
        (Deploy("postgresql", (15,), INDEX.history, (), (), Schema(), Schema()), "no new revisions"),
    ],
)
def test_what_the_answer_rests_on_is_told(world: Deploy, reason: str | None) -> None:
    assert ask(world, RULES).reason == reason
