"""Does the deploy run: always, on rows, on difficult rows; and what cannot be told."""

from __future__ import annotations

from gate.checks.upgrade_works import ask
from gate.facts.history import History, NewRevisions, Revision
from gate.facts.rehearsal import Failure, Rehearsal, RowsRun, Server
from gate.facts.schema import Schema
from gate.model import Location

HISTORY = History((Revision("a", "a.py"), Revision("b", "b.py", ("a",))))
NEW = NewRevisions(("b",), ("a",))
SERVER = Server("postgresql", (17, 0), "17.0", "binaries")
NULLS = Failure(
    'null value in column "x" violates not-null constraint',
    "NotNullViolation",
    "b",
    Location("b.py", 4),
    "ALTER ...",
    1,
    "23502",
)
SYNTAX = Failure('syntax error at or near "MODIFY"', "SyntaxError", "b", Location("b.py", 4), "ALTER ...", 1, "42601")


def answer(*runs: RowsRun, rows: tuple[str, ...] = ("b",), baseline: Failure | None = None):
    return ask(
        Rehearsal(SERVER, Schema(), Schema(), runs=runs, version_rows=rows, baseline_failure=baseline), HISTORY, NEW
    )


def test_a_clean_run_passes() -> None:
    assert answer(RowsRun("plain"), RowsRun("hostile")).findings == ()


def test_failing_on_an_empty_database_is_broken() -> None:
    (finding,) = answer(RowsRun("plain", SYNTAX), RowsRun("empty", SYNTAX)).findings
    assert (finding.category, finding.severity, finding.message) == (
        "broken",
        "error",
        'revision b fails on any database: syntax error at or near "MODIFY"',
    )


def test_failing_on_plain_rows_is_an_error() -> None:
    (finding,) = answer(RowsRun("plain", NULLS), RowsRun("empty")).findings
    assert (finding.category, finding.severity, finding.depends_on_data) == ("fails-on-existing-rows", "error", False)


def test_failing_on_difficult_rows_depends_on_the_data() -> None:
    (finding,) = answer(RowsRun("plain"), RowsRun("hostile", NULLS)).findings
    assert (finding.category, finding.severity, finding.depends_on_data) == ("fails-on-existing-rows", "warning", True)


def test_a_backfill_that_chokes_on_a_nonsense_value_is_no_finding() -> None:
    nonsense = Failure("invalid input syntax for type json", "InvalidTextRepresentation", "b", sqlstate="22P02")
    assert answer(RowsRun("plain"), RowsRun("hostile", nonsense)).findings == ()


def test_a_lost_version_row_is_told() -> None:
    (finding,) = answer(RowsRun("plain"), rows=("a",)).findings
    assert (finding.category, finding.message) == (
        "broken",
        "the upgrade ends without an error, and the version table says a instead of b: the next run repeats it",
    )


def test_a_base_that_cannot_be_rebuilt_is_undecided() -> None:
    found = answer(baseline=Failure("no such table: users", "OperationalError", "a"))
    assert (found.findings, found.undecided) == ((), "the base cannot be rebuilt at revision a: no such table: users")
    assert "`bootstrap:` (base-ref, a .sql file, or a command)" in (found.advice or "")


def test_an_extension_that_the_server_lacks_is_undecided() -> None:
    lack = Failure(
        'extension "postgis" is not available',
        "FeatureNotSupported",
        "b",
        lacks=("the scratch server has no extension postgis", "give one"),
    )
    found = answer(RowsRun("plain", lack), RowsRun("empty", lack))
    assert (found.findings, found.undecided, found.advice) == (
        (),
        "revision b cannot be judged here: the scratch server has no extension postgis",
        "give one",
    )


def test_nothing_new_says_so() -> None:
    found = ask(Rehearsal(SERVER, Schema(), Schema()), HISTORY, NewRevisions((), ("b",)))
    assert (found.findings, found.undecided, found.reason) == ((), None, "no new revisions")
