"""What a transaction holds, from what the observer tells of each statement."""

from __future__ import annotations

from typing import Any

from gate.collect._held import Held

A, B = ["a", "ShareLock", "a"], ["b", "AccessExclusiveLock", "b"]


def told(transaction: str = "1/1", **more: Any) -> dict[str, Any]:
    """One statement's record; ``whole`` unless said otherwise."""
    return {"transaction": transaction, "whole": True, "held": [], "locks": [], "changing": [], **more}


def test_what_one_statement_takes_the_next_holds() -> None:
    """Locks in the order in which they were taken; tables that were locked for a change stay changeable."""
    held = Held()
    held.completed(told(locks=[A], changing=[[1, "a", True, False]]))
    second = held.completed(told(whole=False, locks=[B], changing=[[2, "b", True, True]]))
    third = held.completed(told(whole=False))
    assert (second["held"], second["changing"]) == ([A], [[1, "a", False, False], [2, "b", True, True]])
    assert (third["held"], third["changing"]) == ([A, B], [[1, "a", False, False], [2, "b", False, True]])


def test_what_is_told_whole_replaces_what_was_known() -> None:
    """After a new name, or a savepoint that took locks back."""
    held = Held()
    held.completed(told(locks=[A, B], changing=[[1, "a", True, False]]))
    whole = held.completed(told(held=[B], changing=[[2, "c", False, False]]))
    assert (whole["held"], whole["changing"]) == ([B], [[2, "c", False, False]])


def test_a_table_and_its_indexes_are_one() -> None:
    """Locked just now if one of them is, with children if one of them has some."""
    rows = [[1, "a", True, False], [1, "a", False, True]]
    assert Held().completed(told(changing=rows))["changing"] == [[1, "a", True, True]]


def test_transactions_do_not_mix() -> None:
    """Two connections may take turns; what was never told whole holds nothing."""
    held = Held()
    held.completed(told("1/1", locks=[A]))
    held.completed(told("2/1", locks=[B]))
    assert held.completed(told("1/1", whole=False))["held"] == [A]
    assert held.completed(told("2/1", whole=False))["held"] == [B]
    assert held.completed(told("3/1", whole=False))["held"] == []


def test_other_records_are_left_alone() -> None:
    """Those of SQLite and MySQL, of statements that are known, and of what could not be observed."""
    for seen in ({}, {"known": True}, {"observer_error": "x"}, {"foreign_keys": True}):
        assert Held().completed(seen) is seen


def test_only_so_many_transactions_are_remembered() -> None:
    """Project code may open as many as it likes."""
    held = Held()
    for number in range(1000):
        held.completed(told(f"{number}/1", locks=[A]))
    assert held.completed(told("999/1", whole=False))["held"] == [A]
    assert held.completed(told("0/1", whole=False))["held"] == []
