"""What the probe may say: project code sits beside the speaker, so every shape is tried."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate import _messages
from gate.errors import ProjectBroken

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("revision", "sql", "seconds", "observed", "error", "row_count", "line")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"[]",
        b'"answer"',
        b"null",
        b'{"answer": NaN}',
        b'{"answer": -Infinity}',
        b'{"answer": 1e999}',
        b'{"answer": 1' + b"0" * 50 + b"}",
        b'{"answer": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"event": "statement", "sql": 1}',
        b'{"event": "statement", "seconds": "soon"}',
        b'{"event": "statement", "observed": []}',
        b'{"event": "statement", "error": "x"}',
        b'{"event": "statement", "observed": {"locks": {}}}',
        b'{"event": "statement", "observed": {"gone": [{}]}}',
        b'{"event": "statement", "observed": {"touched": [{"table": "t", "scans": "many"}]}}',
        b'{"event": "statement", "observed": {"held": [1]}}',
        b'{"event": "statement", "observed": {"held": [["a", "ShareLock", 1]]}}',
        b'{"event": "statement", "observed": {"changing": [["16400", "a", true, false]]}}',
        b'{"event": "committed", "oids": ["1"]}',
        b'{"event": "committed"}',
    ],
)
def test_nonsense_is_refused(line: bytes) -> None:
    """One expected error, whatever is wrong; never a traceback, never a value that surprises later."""
    with pytest.raises(ProjectBroken, match="nonsense on the gate's channel"):
        _messages.parsed(line)


def test_what_the_probe_really_says_passes() -> None:
    """Text of every script, big integers, and an observation as PostgreSQL's observer gives it."""
    event = {
        "event": "statement", "revision": "a1", "line": 3, "sql": "ALTER TABLE große ADD x int -- 🐘", "seconds": 0.1,
        "row_count": 2**64 - 1, "error": None,
        "observed": {"locks": [["a_pkey", "ShareLock", "a"]], "changing": [[16400, "a", True, False]],
                     "touched": [{"table": "a", "scans": 1, "rows_read": None}], "lost": [["index", "i", "t"]]},
    }  # fmt: skip
    assert _messages.parsed(json.dumps(event).encode()) == event


def test_text_that_no_file_can_hold_is_replaced() -> None:
    """Lone surrogates (as escapes or as bytes) and NUL; the report could not be written otherwise."""
    assert _messages.parsed(b'{"answer": ["\\ud800x", {"\\u0000": "a\\uDFFF"}]}') == {
        "answer": ["\ufffdx", {"\ufffd": "a\ufffd"}]
    }
    told = _messages.parsed(b'{"answer": "\xed\xa0\x80"}')
    assert told["answer"].encode("utf-8")


def test_rows_are_lists_of_lists() -> None:
    """An error of the project's connection, text and single values are no rows."""
    assert _messages.rows([[1, "a"], []]) == [[1, "a"], []]
    for told in ({"error": "x"}, "rows", [1], [["a"], "b"], None):
        with pytest.raises(ProjectBroken):
            _messages.rows(told)


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
@settings(max_examples=60)
def test_an_event_is_taken_whole_or_refused(fields: dict[str, Any]) -> None:
    """Whatever it holds, nothing but the expected error comes out."""
    line = json.dumps({"event": "statement", **fields}).encode()
    try:
        told = _messages.parsed(line)
    except ProjectBroken:
        return
    assert json.dumps(told).encode("utf-8", "strict")
