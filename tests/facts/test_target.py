"""Where a target stands, out of its version rows and the revision graph."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.facts.history import History, Revision
from gate.facts.target import UnknownRevision, overlapping, pending, rubbish, state_of


def history(**parents: tuple[str, ...]) -> History:
    return History(tuple(Revision(id, f"v/{id}.py", below) for id, below in parents.items()))


LINE = history(a=(), b=("a",), c=("b",))
FORK = history(a=(), b=("a",), c=("a",))
MERGED = history(a=(), b=("a",), c=("a",), m=("b", "c"))


@pytest.mark.parametrize(
    ("graph", "current", "unknown", "tables", "expected", "state", "left"),
    [
        (LINE, ("c",), (), True, False, "up-to-date", ()),
        (LINE, ("a",), (), True, False, "behind", ("b", "c")),
        (LINE, (), (), True, False, "unstamped", ("a", "b", "c")),
        (LINE, (), (), False, False, "empty", ("a", "b", "c")),
        (LINE, ("x",), (UnknownRevision("x"),), True, False, "unknown-revision", ("a", "b", "c")),
        (LINE, ("x",), (UnknownRevision("x", newer=True),), True, False, "ahead", ("a", "b", "c")),
        (FORK, ("b", "c"), (), True, False, "several-heads", ()),
        (FORK, ("b", "c"), (), True, True, "up-to-date", ()),
        (FORK, ("b",), (), True, False, "behind", ("c",)),
        (MERGED, ("b", "c"), (), True, False, "behind", ("m",)),
        (LINE, ("a", "b"), (), True, False, "several-heads", ("c",)),
    ],
)
def test_state(
    graph: History,
    current: tuple[str, ...],
    unknown: tuple[UnknownRevision, ...],
    tables: bool,
    expected: bool,
    state: str,
    left: tuple[str, ...],
) -> None:
    """One word for each situation; what an upgrade to the heads would run."""
    assert state_of(graph, current, unknown, has_tables=tables, expected_heads=expected) == state
    assert tuple(one.id for one in pending(graph, current)) == left


def test_rows_that_other_rows_imply() -> None:
    """An ancestor beside its descendant; what only ``depends_on`` implies may stay."""
    assert overlapping(LINE, ("a", "c")) == ("a",)
    apart = History((Revision("a", "a.py"), Revision("b", "b.py", (), ("a",))))
    assert overlapping(apart, ("a", "b")) == ()


@pytest.mark.parametrize("row", [None, "", " ", "a b", "x;drop", "a-b", "a@head", "x" * 256, 5, "a\n", "'"])
def test_rubbish(row: object) -> None:
    """What no Alembic could have written."""
    assert rubbish(row)


@given(st.from_regex(r"[0-9a-zA-Z_]{1,40}", fullmatch=True))
@settings(max_examples=50)
def test_identifiers_are_no_rubbish(id: str) -> None:
    """Whatever ``--rev-id`` takes."""
    assert not rubbish(id)
