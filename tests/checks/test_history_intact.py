"""What the base has may not be edited, deleted or re-parented."""

from __future__ import annotations

from dataclasses import replace

from gate.checks.history_intact import ask
from gate.facts.history import Base, History, Revision

A = Revision("a", "a.py", digest="1", message="start")
B = Revision("b", "b.py", ("a",), digest="2", down_line=5)
BASE = Base(History((A, B)), "1" * 40, "main", "merge-base")


def said(*revisions: Revision) -> list[str]:
    return [one.message for one in ask(History(revisions), BASE).findings]


def test_untouched_is_silent() -> None:
    """Also with new revisions on top, and with a file that only moved."""
    assert said(A, replace(B, path="elsewhere/b.py"), Revision("c", "c.py", ("b",))) == []


def test_formatting_is_silent() -> None:
    """The digest is of the syntax tree, so it is the same."""
    assert said(A, replace(B, message="better words", line=9)) == []


def test_deleted() -> None:
    """Named with who still counts on it."""
    assert said(A, Revision("c", "c.py", ("b",))) == [
        "main has revision b (b.py), and its file is gone here; c still names it as parent"
    ]


def test_re_parented() -> None:
    """Databases that ran it skip what is now below it."""
    assert said(A, replace(B, parents=("x",)), Revision("x", "x.py", ("a",))) == [
        "revision b is on main with parent a, and here its parent is x: databases that ran it skip what is now below it"
    ]


def test_edited() -> None:
    """What it does was changed."""
    assert said(A, replace(B, digest="3")) == [
        "revision b is on main already, and what it does was changed: databases that ran it never get the change"
    ]


def test_a_squash_is_no_heap_of_findings() -> None:
    """Every old revision replaced by a new root at once."""
    answer = ask(History((Revision("z", "z.py"),)), BASE)
    assert (answer.findings, answer.reason) == ((), "the history was squashed: all old revisions were replaced at once")


def test_no_base_is_skipped() -> None:
    """Not a pass."""
    assert ask(History((A,)), Base()).skipped == "there is no base to compare with"
