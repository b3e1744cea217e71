"""The deploy by its ids, and the heads that it starts from."""

from __future__ import annotations

from gate.collect.new_revisions import baseline
from gate.facts.history import History, Revision


def test_the_baseline_is_what_is_there_without_the_new() -> None:
    """Several heads, a merge among the new revisions."""
    history = History(
        (Revision("a", "a"), Revision("b", "b", ("a",)), Revision("c", "c", ("a",)), Revision("m", "m", ("b", "c")))
    )
    assert baseline(history, ("m",)) == ("b", "c")
    assert baseline(history, ("c", "m")) == ("b",)
    assert baseline(history, ("a", "b", "c", "m")) == ()
