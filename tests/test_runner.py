"""Facts once, answers together: verdicts, one finding per cause, bugs that do not hide the rest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gate import registry, runner
from gate.check import Answer, Check
from gate.errors import UsageError
from gate.model import Category, CheckResult, Evidence, EvidenceKind, Finding, ProjectReport, Severity, Verdict
from gate.settings import Settings
from tests.running import gate, repository, revision

RULE = Finding(
    "dropping-column",
    "safe-operations",
    Category.BACKWARD_INCOMPATIBLE,
    Severity.ERROR,
    "m",
    revision="b",
    table="users",
    column="age",
)
SEEN = Finding(
    "old-release-works",
    "old-release-works",
    Category.BACKWARD_INCOMPATIBLE,
    Severity.ERROR,
    "n",
    revision="b",
    table="users",
    column="age",
    evidence=(Evidence(EvidenceKind.OBSERVED, "SELECT fails"),),
)


def test_one_cause_gives_one_finding_per_category() -> None:
    """The rule's word stays and takes the observation as evidence."""
    (kept,) = runner.one_per_cause([SEEN, RULE])
    assert (kept.id, kept.evidence) == ("dropping-column", SEEN.evidence)


@pytest.mark.parametrize(
    "other",
    [
        replace(SEEN, column="name"),
        replace(SEEN, table="orders"),
        replace(SEEN, revision="c"),
        replace(SEEN, category=Category.LOCK),
    ],
)
def test_other_causes_stay(other: Finding) -> None:
    """Near misses: another column, table, revision, category."""
    assert len(runner.one_per_cause([RULE, other])) == 2


MISSING = {"a1": revision("a1", None, 'op.create_table("t", sa.Column("id", sa.Integer, primary_key=True))')}
FAILING = {"a2": revision("a2", "a1", 'op.execute("INSERT INTO nowhere VALUES (1)")')}


def test_an_upgrade_that_fails_is_told_once(tmp_path: Path) -> None:
    """`broken` is its category; the rule tells it, the check's finding points there, and both checks have failed."""
    done = gate(repository(tmp_path / "r", MISSING, FAILING), "--only", "upgrade-works,safe-operations")
    loud = [one for one in done.findings() if one[2] != "note"]
    assert sorted(loud) == [
        ("migration-fails", "transaction", "error", "a2"),
        ("upgrade-works", "broken", "error", "a2"),
    ]
    pointing = next(one for one in done.project["findings"] if one["id"] == "upgrade-works")
    assert pointing["remedy"] is None
    assert pointing["message"] == "revision a2 fails on any database: migration-fails at this line says why"
    assert (done.code, done.verdicts()) == (1, {"upgrade-works": "fail", "safe-operations": "fail"})
    assert done.reason("upgrade-works") == "see migration-fails"


def test_a_column_that_sqlite_refuses_alarms_once(tmp_path: Path) -> None:
    """A rule of its own says why the statement fails on empty tables too."""
    change = {"a2": revision("a2", "a1", 'op.execute("ALTER TABLE t ADD COLUMN code VARCHAR(9) UNIQUE")')}
    done = gate(repository(tmp_path / "r", MISSING, change), "--only", "upgrade-works,safe-operations")
    loud = [one for one in done.findings() if one[2] != "note"]
    assert loud == [("adding-column-with-non-constant-default", "fails-on-existing-rows", "error", "a2")]


@pytest.mark.parametrize("settings", ["rules: {migration-fails: off}", "rules: {migration-fails: warning}"])
def test_silencing_the_rule_does_not_silence_the_failure(tmp_path: Path, settings: str) -> None:
    """Then the check's own finding is the alarm."""
    repo = repository(tmp_path / "r", MISSING, {**FAILING, ".alembic-gate.yml": settings + "\n"})
    done = gate(repo, "--only", "upgrade-works,safe-operations")
    assert ("upgrade-works", "broken", "error", "a2") in done.findings()
    assert (done.code, done.verdicts()["upgrade-works"]) == (1, "fail")


def result(verdict: Verdict, id: str = "single-head") -> tuple[ProjectReport, ...]:
    return (ProjectReport("p", checks=(CheckResult(id, verdict),)),)


def test_verdicts_of_the_run() -> None:
    """Findings outrank undecided; undecided never reads as pass; ``on-undecided: warn`` is visible and green."""
    chosen = [
        Check("t", "q", Answer, id="single-head"),
        Check("t", "q", Answer, on_undecided="warn", id="image-contents"),
    ]
    both = result(Verdict.FAIL) + result(Verdict.UNDECIDED)
    assert runner.overall(both, Settings(), chosen) is Verdict.FAIL
    assert runner.overall(result(Verdict.UNDECIDED), Settings(), chosen) is Verdict.UNDECIDED
    assert runner.overall(result(Verdict.UNDECIDED, "image-contents"), Settings(), chosen) is Verdict.PASS
    assert (
        runner.overall(
            result(Verdict.UNDECIDED, "image-contents"), Settings(on_undecided={"image-contents": "fail"}), chosen
        )
        is Verdict.UNDECIDED
    )
    assert runner.overall(result(Verdict.SKIPPED), Settings(), chosen) is Verdict.PASS


def test_unknown_checks_are_refused() -> None:
    """With the known ones."""
    with pytest.raises(UsageError, match="there is no check 'x'"):
        runner.chosen_checks(Settings(only=("x",)))


def test_a_bug_of_ours_is_told_whole_and_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check is undecided, its traceback is in the report to paste, the other checks still answer."""

    def broken() -> Answer:
        raise ZeroDivisionError("oops")

    checks = {"broken": Check("t", "q", broken, id="broken"), "single-head": registry.checks()["single-head"]}
    monkeypatch.setattr(registry, "checks", lambda: checks)
    repo = repository(tmp_path / "r", {"a": revision("a", None)})
    report = runner.run(Settings(repo=str(repo), base="none"), lambda text: None)
    assert [(one.id, one.verdict, one.reason) for one in report.projects[0].checks] == [
        ("broken", "undecided", "internal error: ZeroDivisionError: oops"),
        ("single-head", "pass", None),
    ]
    assert (report.exit_code, "ZeroDivisionError: oops" in report.notices[0]) == (3, True)


def test_fail_on(tmp_path: Path) -> None:
    """``never`` reports and passes; ``warning`` fails on what is otherwise only shown."""
    repo = repository(tmp_path / "r", {"a": revision("a", None)}, {"b": revision("b", "a"), "c": revision("c", "a")})
    assert gate(repo, "--only", "single-head").code == 1
    done = gate(repo, "--only", "single-head", "--fail-on", "never")
    assert (done.code, done.report["verdict"], len(done.findings())) == (0, "pass", 1)
