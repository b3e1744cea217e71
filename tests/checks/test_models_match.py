"""Autogenerate's diff: empty, full, or no answer at all."""

from __future__ import annotations

import pytest

from gate.checks.models_match import ask
from gate.facts.history import History, NewRevisions, Project, Revision
from gate.facts.rehearsal import Diff, Failure, Rehearsal, Server, Statement
from gate.facts.schema import Schema
from gate.model import Location
from gate.sql import parse

HISTORY = History((Revision("a", "a.py"),))
SERVER = Server("sqlite", (3, 40), "3.40", "file")
ADDED = {
    "kind": "add_column",
    "table": "users",
    "schema": None,
    "column": "age",
    "object": None,
    "detail": "('add_column', ...)",
    "changes": [],
}


def answer(diff: Diff | None, **more: object):
    rehearsal = Rehearsal(SERVER, Schema(), Schema(), diff=diff, **more)  # type: ignore[arg-type]
    return ask(rehearsal, HISTORY, NewRevisions(("a",)), Project("app"))


def test_an_empty_diff_passes() -> None:
    found = answer(Diff(runs=1, metadata_tables=3))
    assert (found.findings, found.undecided) == ((), None)


def test_a_difference_is_one_finding_with_the_code_to_paste() -> None:
    (finding,) = answer(Diff((ADDED,), 'op.add_column("users", ...)', 1, 3)).findings
    assert (finding.message, finding.table, finding.column, finding.severity) == (
        "the models have column users.age, and no revision adds it",
        "users",
        "age",
        "error",
    )
    assert finding.remedy is not None
    assert finding.remedy.steps[0].code == 'op.add_column("users", ...)'


def test_each_difference_has_its_own_part_of_the_code() -> None:
    """The whole is told once, in the report's section."""
    rows = ({**ADDED, "code": "op.a()"}, {**ADDED, "column": "b", "code": "op.b()"})
    found = answer(Diff(rows, "op.a()\nop.b()", 1, 3))
    assert [one.remedy.steps[0].code for one in found.findings if one.remedy] == ["op.a()", "op.b()"]
    assert found.sections["schema_diff"]["code"] == "op.a()\nop.b()"


NO_ANSWER = {
    "zero runs": (Diff(runs=0, metadata_tables=3), "env.py never called run_migrations, so nothing was compared"),
    "zero tables": (Diff(runs=1, metadata_tables=0), "the models' metadata holds no table"),
    "no metadata": (
        Diff(runs=1, error="env.py gives no target_metadata"),
        "the models could not be compared: env.py gives no target_metadata",
    ),
    "unresolved": (
        Diff(runs=1, error="NoReferencedTableError: t"),
        "the models could not be compared: NoReferencedTableError: t",
    ),
    "no upgrade": (None, "the upgrade did not get through, so there is no schema to compare"),
}


@pytest.mark.parametrize("name", NO_ANSWER)
def test_no_answer_is_undecided_never_clean(name: str) -> None:
    diff, reason = NO_ANSWER[name]
    found = answer(diff)
    assert (found.findings, found.undecided) == ((), reason)
    assert found.advice


def test_tables_made_on_import_make_the_check_vacuous() -> None:
    found = answer(Diff(runs=1, metadata_tables=3), creates_schema_outside=("users",))
    assert found.undecided is not None
    assert "could not fail" in found.undecided


def test_a_base_that_cannot_be_rebuilt_is_undecided() -> None:
    assert (
        answer(None, baseline_failure=Failure("x", "y")).undecided
        == "the base could not be rebuilt, so there is no schema to compare"
    )


def test_a_difference_that_the_deploy_makes_stands_at_its_statement() -> None:
    """The column that a revision adds and no model has; what no statement is about stands at the deploy's head."""
    history = History((Revision("a", "a.py"), Revision("x", "x.py"), Revision("b", "b.py", ("a",))))
    sql = "ALTER TABLE users ADD COLUMN age int"
    done = Statement(1, "b", Location("b.py", 7), sql, parse(sql, "sqlite").changes)
    other = {**ADDED, "kind": "create_table", "table": "orders", "column": None}
    diff = Diff(({**ADDED, "kind": "drop_column"}, other), "", 1, 3)
    rehearsal = Rehearsal(SERVER, Schema(), Schema(), statements=(done,), diff=diff)
    found = ask(rehearsal, history, NewRevisions(("b",)), Project("app")).findings
    assert [one.location for one in found] == [Location("b.py", 7), Location("b.py")]
    assert ["known-diffs" in one.remedy.summary for one in found if one.remedy] == [False, True]


SENTENCES = {
    ("drop_constraint", "uq_a"): "constraint uq_a on users is there after all revisions, and the models do not have it",
    ("create_unique_constraint", "uq_b"): "the models have unique constraint uq_b on users, and no revision makes it",
    ("create_foreign_key", None): "the models have a foreign key on users, and no revision makes it",
    ("create_table_comment", None): "the models have a table comment on users, and no revision makes it",
    ("modify_default", None): "modify default on users: the models and the revisions differ",
}


@pytest.mark.parametrize(("kind", "name"), SENTENCES)
def test_which_side_has_it_is_said_of_constraints_too(kind: str, name: str | None) -> None:
    """By name where there is one: a renamed table leaves six of them behind, and "differ" tells none apart."""
    row = {**ADDED, "kind": kind, "column": None, "object": name}
    (finding,) = answer(Diff((row,), "", 1, 3)).findings
    assert finding.message == SENTENCES[kind, name]
