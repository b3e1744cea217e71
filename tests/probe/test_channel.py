"""The probe's side of the channel: a reply may wait, and no other word comes before it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gate.probe.channel import Channel, Closed


class Gate:
    """The other side: hears messages and says replies when the test says so."""

    def __init__(self) -> None:
        theirs_in, self._replies = os.pipe()
        self._messages, theirs_out = os.pipe()
        self.channel = Channel(theirs_in, theirs_out)
        self._heard = os.fdopen(self._messages, encoding="utf-8")

    def say(self, reply: dict[str, Any]) -> None:
        os.write(self._replies, json.dumps(reply).encode() + b"\n")

    def hear(self) -> Any:
        return json.loads(self._heard.readline())

    def end(self) -> None:
        os.close(self._replies)


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A channel and who listens."""
    made = Gate()
    yield made
    made.channel.close()


def no_rows(_: str) -> list[Any]:
    raise AssertionError("nobody asked")


def test_who_posts_goes_on_before_the_reply(gate: Gate) -> None:
    """The event is said at once; the reply is read by the next word, which is said after it."""
    gate.channel.post({"event": "statement"}, no_rows)
    assert gate.hear() == {"event": "statement"}
    gate.say({})
    gate.channel.write({"event": "revision"})
    assert gate.hear() == {"event": "revision"}


def test_queries_are_answered_while_the_reply_is_awaited(gate: Gate) -> None:
    """As many as the other side has; then its reply settles it, once."""
    gate.channel.post({"event": "statement"}, lambda query: [[query]])
    gate.say({"query": "one"})
    gate.say({"query": "two"})
    gate.say({})
    gate.channel.settle()
    gate.channel.settle()
    assert [gate.hear() for _ in range(3)] == [
        {"event": "statement"},
        {"event": "rows", "rows": [["one"]]},
        {"event": "rows", "rows": [["two"]]},
    ]


def test_a_reply_is_never_taken_for_another_ones(gate: Gate) -> None:
    """Who asks while a reply is owed gets the second one, and so does who reads the next request."""
    gate.channel.post({"event": "statement"}, no_rows)
    gate.say({})
    gate.say({"url": "here"})
    assert gate.channel.ask({"event": "need"}) == {"url": "here"}
    gate.channel.post({"event": "statement"}, no_rows)
    gate.say({})
    gate.say({"do": "quit"})
    assert gate.channel.read() == {"do": "quit"}


def test_the_other_side_may_end_while_a_reply_is_owed(gate: Gate) -> None:
    """Then nothing is to be waited for."""
    gate.channel.post({"event": "statement"}, no_rows)
    gate.end()
    with pytest.raises(Closed):
        gate.channel.settle()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_neither_speaks_nor_takes_replies(gate: Gate) -> None:
    """The replies are the parent's: a child that read one would leave it waiting for ever."""
    gate.channel.post({"event": "statement"}, no_rows)
    child = os.fork()
    if not child:
        code = 1
        try:
            gate.channel.settle()
            gate.channel.write({"event": "noise"})
            gate.channel.post({"event": "noise"}, no_rows)
            gate.channel.ask({"event": "noise"})
        except Closed:
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    answering = threading.Thread(target=gate.say, args=({},))
    answering.start()
    gate.channel.settle()
    answering.join()
    assert gate.hear() == {"event": "statement"}
    gate.channel.write({"event": "last"})
    assert gate.hear() == {"event": "last"}
