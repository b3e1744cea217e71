"""Levels and suppressions, and the findings about suppressions that are no good."""

from __future__ import annotations

import dataclasses
import datetime

import pytest

from gate.model import Category, Finding, Location, Severity
from gate.settings import Settings
from gate.suppressions import apply

TODAY = datetime.date(2026, 11, 22)
PATH = "versions/a.py"
KNOWN = {"dropping-column": "safe-operations", "renaming-table": "safe-operations", "single-head": "single-head"}


def finding(line: int = 5, end: int | None = None, id: str = "dropping-column") -> Finding:
    return Finding(
        id, "safe-operations", Category.DATA_LOSS, Severity.ERROR, "gone", Location(PATH, line, end), revision="r1"
    )


def source(*body: str) -> str:
    return "\n".join(['revision = "r1"', "", "", "def upgrade():", *(f"    {one}" for one in body), ""])


def judged(text: str, *findings: Finding, settings: Settings | None = None, asked: frozenset[str] | None = None):
    return apply(findings, {PATH: text}, settings or Settings(), TODAY, known=KNOWN, asked=asked)


@pytest.mark.parametrize(
    ("text", "line", "reason", "until"),
    [
        (
            source('op.drop_column("t", "c")  # gate: allow dropping-column -- unused since 4'),
            5,
            "unused since 4",
            None,
        ),
        (source("# gate: allow dropping-column -- why", 'op.drop_column("t", "c")'), 6, "why", None),
        (source("# gate: allow dropping-column -- why", "", "# more", 'op.drop_column("t", "c")'), 8, "why", None),
        (source("# gate: allow dropping-column until 2026-12-31 -- why", "x()"), 6, "why", "2026-12-31"),
        (source("# gate: allow dropping-column -- why until 2026-11-22", "x()"), 6, "why", "2026-11-22"),
        (source("# gate: allow renaming-table, dropping-column -- why", "x()"), 6, "why", None),
        (source("x(", '    "c",  # gate: allow dropping-column -- why', ")"), 5, "why", None),
    ],
)
def test_a_comment_with_a_reason_allows_the_finding(text, line, reason, until):
    """On the line, above it, with or without a last day, for several rules, inside a call of several lines."""
    end = line + 2 if text.count("(\n") else None
    [allowed, *others] = judged(text, finding(line, end), finding(line, end, "renaming-table"))
    assert allowed.suppressed is not None
    assert (allowed.suppressed.reason, allowed.suppressed.until) == (reason, until)
    assert allowed.suppressed.source.startswith(PATH)
    assert all(one.id == "renaming-table" for one in others)


def test_a_comment_inside_of_a_batch_covers_the_batch():
    """Batch mode runs its statements at the end of the block, so findings stand at its head."""
    text = source(
        'with op.batch_alter_table("t") as b:', '    b.drop_column("c")  # gate: allow dropping-column -- why'
    )
    [allowed] = judged(text, finding(5))
    assert allowed.suppressed


@pytest.mark.parametrize(
    ("text", "id", "message"),
    [
        (
            source("x()  # gate: allow dropping-column"),
            "suppression-without-reason",
            "The suppression of dropping-column (versions/a.py:5) gives no reason, so it allows nothing.",
        ),
        (
            source("x()  # gate: allow dropping-column until 2026-11-21 -- why"),
            "expired-suppression",
            "The suppression of dropping-column (versions/a.py:5) ended on 2026-11-21.",
        ),
        (
            source("x()  # gate: allow dropping-column until tomorrow -- why"),
            "expired-suppression",
            "The suppression of dropping-column (versions/a.py:5) ended on tomorrow.",
        ),
        (
            source("x()  # gate: allow droping-column -- why"),
            "suppression-of-unknown-rule",
            "The suppression of droping-column (versions/a.py:5) names no rule that there is.",
        ),
        (
            source("x()  # gate: allow -- why"),
            "suppression-of-unknown-rule",
            "The suppression of no rule (versions/a.py:5) names no rule that there is.",
        ),
    ],
)
def test_a_bad_suppression_allows_nothing_and_is_told(text, id, message):
    """Without reason, expired, of an unknown rule: the finding stands, and a second one says why."""
    standing, about = judged(text, finding(5))
    assert standing == finding(5)
    assert (about.id, about.message, about.severity, about.category, about.revision) == (
        id,
        message,
        Severity.WARNING,
        Category.HYGIENE,
        "r1",
    )
    assert about.location == Location(PATH, 5)


def test_an_unused_suppression_is_told():
    """A comment on another line than the finding's allows nothing, and says so."""
    standing, about = judged(source("x()", "", "y()  # gate: allow dropping-column -- why"), finding(5))
    assert (standing.suppressed, about.id, about.location) == (None, "unused-suppression", Location(PATH, 7))


def test_what_nobody_asked_about_is_not_unused():
    """With `--only single-head` no rule was asked, so none of their suppressions is unused."""
    text = source("x()  # gate: allow dropping-column -- why")
    assert judged(text, asked=frozenset({"single-head"})) == ()
    assert [one.id for one in judged(text, asked=frozenset({"safe-operations"}))] == ["unused-suppression"]


def test_text_in_a_string_is_no_comment():
    """Only real comments count."""
    text = source('x("# gate: allow dropping-column -- why")')
    assert judged(text, finding(5)) == (finding(5),)


@pytest.mark.parametrize("scope", [{"revision": "r1"}, {"path": "versions/*.py"}, {}])
def test_the_settings_allow_by_revision_and_path(scope):
    """An entry without revision and path allows the rule everywhere."""
    settings = Settings(allow=({"rule": "dropping-column", "reason": "window", "until": TODAY, **scope},))
    [allowed] = judged(source("x()"), finding(5), settings=settings)
    assert allowed.suppressed
    assert allowed.suppressed.reason == "window"


def test_entries_about_other_revisions_are_left_alone():
    """Settings outlive a pull request: an entry for a revision that is not judged here is not called unused."""
    entry = {"rule": "dropping-column", "reason": "window"}
    settings = Settings(allow=({**entry, "revision": "r0"}, entry, {**entry, "path": "other/*"}))
    assert judged(source("x()"), settings=settings) == ()


def test_an_entry_for_a_revision_judged_here_may_be_unused():
    """Then it is told, without a place in a file that would not show it."""
    settings = Settings(allow=({"rule": "dropping-column", "reason": "window", "revision": "r1"},))
    [about] = judged(source("x()"), settings=settings)
    assert (about.id, about.location, about.revision) == ("unused-suppression", None, "r1")


@pytest.mark.parametrize(
    ("level", "expected"),
    [("warning", Severity.WARNING), ("error", Severity.ERROR), ("note", Severity.NOTE), ("off", None), (False, None)],
)
def test_levels(level, expected):
    """`rules:` raises, lowers or switches off what a rule says."""
    found = judged(source("x()"), finding(5), settings=Settings(rules={"dropping-column": level}))
    assert [one.severity for one in found] == ([expected] if expected else [])


def test_the_first_good_suppression_wins():
    """A reasonless comment does not hide a good settings entry."""
    settings = Settings(allow=({"rule": "dropping-column", "reason": "window"},))
    allowed, about = judged(source("x()  # gate: allow dropping-column"), finding(5), settings=settings)
    assert allowed == dataclasses.replace(finding(5), suppressed=allowed.suppressed)
    assert (allowed.suppressed.reason, about.id) == ("window", "suppression-without-reason")


def test_broken_source_allows_nothing():
    """What Python cannot read has no comments to trust."""
    assert judged('x = """# gate: allow dropping-column -- why', finding(1)) == (finding(1),)
