"""The plain words that formats share: nothing is said twice, and numbers read well."""

from __future__ import annotations

import dataclasses
import re

import pytest

from gate.model import Category, CheckResult, Remedy, Step, Verdict
from gate.render import formats
from gate.render._words import duration, headline, language, plural, said_once, size, steps, suggestion, word
from tests.render.sample import BAD, GOOD, INDEX, NOT_NULL, PROJECT


def test_headline_counts_the_unanswered():
    """The verdict's line tells findings, and checks without an answer when there are any."""
    assert headline(BAD) == "fail: 3 errors, 1 warning, 0 notes, 1 check undecided"
    assert headline(GOOD) == "pass: 0 errors, 0 warnings, 0 notes"


def test_a_repeated_reason_is_told_once():
    """Six checks that failed for one cause tell it once and refer to it."""
    checks = [CheckResult(name, Verdict.UNDECIDED, "no server", "start one") for name in ("a", "b")]
    assert said_once(checks) == [checks[0], CheckResult("b", Verdict.UNDECIDED, "as `a`")]


@pytest.mark.parametrize("format_id", ["markdown", "text"])
def test_a_repeated_remedy_is_told_once(format_id):
    """Two columns with the same safe way: the second one points at the first."""
    other = dataclasses.replace(NOT_NULL, column="region")
    report = dataclasses.replace(BAD, projects=(dataclasses.replace(PROJECT, findings=(NOT_NULL, other)),))
    said = formats()[format_id](report)
    assert said.count("Fill old rows in batches") == 1
    assert "see `adding-not-nullable-column` at `migrations/versions/0005_country.py:18`" in said


@pytest.mark.parametrize("format_id", ["markdown", "text"])
def test_harms_of_one_statement_are_told_together(format_id):
    """One statement that does two harms is one block, and still two findings."""
    other = dataclasses.replace(NOT_NULL, category=Category.BACKWARD_INCOMPATIBLE, message="Old INSERTs fail.")
    report = dataclasses.replace(BAD, projects=(dataclasses.replace(PROJECT, findings=(NOT_NULL, other)),))
    said = formats()[format_id](report)
    assert said.count("Fill old rows in batches") == 1
    assert said.count("0005_country.py:18") == 1
    assert "fail: 2 errors" in said
    assert re.search(r"also \W*backward-incompatible\W* \(error\): Old INSERTs fail\.", said)


def test_nothing_is_repeated_inside_a_finding():
    """A title that repeats the summary and a suggestion that repeats a step are left out."""
    remedy = Remedy("Keep the files.", (Step(1, "Keep the files", "x = 1"),))
    assert [one.title for one in steps(remedy)] == [""]
    assert suggestion(dataclasses.replace(INDEX, remedy=remedy, suggestion=" x = 1")) == ""
    assert suggestion(INDEX) == INDEX.suggestion


def test_numbers_read_well():
    """Units, plurals, thousands."""
    assert [duration(one) for one in (0.0341, 4.25, 200)] == ["34 ms", "4.2 s", "3 min 20 s"]
    assert [size(one) for one in (12, 1536, 227633266688, None)] == ["12 B", "1.5 kB", "228 GB", ""]
    assert [plural(1, "error"), plural(1204, "error"), plural(2, "table touched", "tables touched")] == [
        "1 error", "1,204 errors", "2 tables touched",
    ]  # fmt: skip
    assert [word(one) for one in (None, True, ["a", 1], 1204)] == ["", "yes", "a, 1", "1,204"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("op.add_column('a', sa.Column('b'))", "python"),
        ('down_revision = "0005"', "python"),
        ("ALTER TABLE a ADD b int", "sql"),
        ("alembic merge -m x a b", "sh"),
        ("COPY migrations /app/migrations", "dockerfile"),
        ("--- a/.dockerignore\n+++ b/.dockerignore", "diff"),
        ("!migrations", ""),
        ("", ""),
    ],
)
def test_language_by_its_looks(code, expected):
    """A block's language is what colours it rightly, or none."""
    assert language(code) == expected
