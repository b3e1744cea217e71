"""Which revision a schema is, out of the prints of a replay."""

from __future__ import annotations

from gate.collect._target_replay import Replay, lines_apart, matched
from gate.databases.fingerprint import fingerprint
from gate.facts.history import History, Revision
from gate.facts.schema import Column, Schema, Table


def schema(**tables: str) -> Schema:
    return Schema(
        {
            name: Table(name, columns=tuple(Column(one, "integer") for one in columns.split()))
            for name, columns in tables.items()
        }
    )


STATES = {
    "a": schema(users="id name", orders="id"),
    "b": schema(users="id name", orders="id total"),
    "c": schema(users="id name", orders="id total"),
    "d": schema(users="id name nick", orders="id total"),
}
HISTORY = History(
    tuple(Revision(id, f"{id}.py", (below,) if below else ()) for id, below in zip("abcd", (None, *"abc"), strict=True))
)
REPLAY = Replay({id: fingerprint(one).lines for id, one in STATES.items()}, 4)


def test_equal_schemas_are_a_range() -> None:
    """Revisions that change no schema cannot be told apart: all of them are named."""
    stamp = matched(REPLAY, STATES["b"], HISTORY)
    assert (stamp.candidates, stamp.differences) == (("b", "c"), 0)


def test_the_nearest_in_spite_of_drift() -> None:
    """Objects more or less do not hide the revision, and are counted."""
    stamp = matched(REPLAY, schema(users="id name nick", orders="id total", extra="x"), HISTORY)
    assert (stamp.candidates, stamp.differences) == (("d",), 2)
    assert lines_apart(REPLAY, STATES["a"], ["d"]) == 2


def test_what_resembles_nothing_is_not_stamped() -> None:
    """Somebody else's tables give no candidate, and a reason."""
    stamp = matched(REPLAY, schema(alpha="x y", beta="z"), HISTORY)
    assert (stamp.candidates, stamp.reason) == ((), "the target's tables resemble no revision of this history")
    assert matched(Replay({}, 4, "r1 cannot be replayed"), STATES["a"], HISTORY).reason == "r1 cannot be replayed"
