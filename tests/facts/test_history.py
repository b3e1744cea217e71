"""The graph's questions, in one pass whatever the size."""

from __future__ import annotations

from gate.facts.history import History, Revision


def test_parents_come_before_children() -> None:
    """Merges, and ``depends_on`` by branch label."""
    history = History((
        Revision("m", "m", ("b", "c")), Revision("c", "c", ("a",), ("x",)), Revision("b", "b", ("a",)), Revision("a", "a"),
        Revision("z", "z", branch_labels=("x",)),
    ))  # fmt: skip
    order = [one.id for one in history.ordered]
    assert sorted(order) == ["a", "b", "c", "m", "z"]
    assert order.index("a") < order.index("b") < order.index("m")
    assert order.index("z") < order.index("c") < order.index("m")
    assert history.ancestors(["c"]) == {"a", "c", "z"}


def test_what_a_cycle_holds_back_comes_last() -> None:
    """And is named."""
    history = History(
        (Revision("b", "b", ("c",)), Revision("c", "c", ("b",)), Revision("d", "d", ("c",)), Revision("a", "a"))
    )
    assert [one.id for one in history.ordered] == ["a", "b", "c", "d"]
    assert [one.id for one in history.held_back] == ["b", "c", "d"]


def test_a_long_chain_is_walked_once() -> None:
    """Thirty thousand revisions in a row: a walk that looked at every pair would not end in this test's time limit."""
    history = History(tuple(Revision(f"r{n}", f"r{n}", (f"r{n - 1}",) if n else ()) for n in reversed(range(30_000))))
    assert [history.ordered[0].id, history.ordered[-1].id] == ["r0", "r29999"]
    assert len(history.ancestors(["r29999"])) == 30_000
