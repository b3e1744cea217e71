"""Examples for the patterns of CHECK constraints, with Python's own engine as the judge."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.databases._patterns import like_example, regex_example


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[a-z]+$",
        r"^[0-9a-f]{64}$",
        r"^\d{3}-\d{4}$",
        r"^[A-Z]{2,3}$",
        r"^(foo|barbaz)$",
        r"^[\w.+-]+@[\w-]+\.[a-z]{2,}$",
        r"^([A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9])$",
        r"^https?://.+",
        r"^#[0-9A-F]{6}$",
        r"^\s*$",
        r"a\.b\*c",
        r"^v?(\d+)(?:\.\d+)*$",
    ],
)
def test_an_example_matches(pattern: str) -> None:
    """Every row's example does, and rows differ where the pattern leaves room."""
    examples = [regex_example(pattern, number) for number in range(4)]
    assert all(one is not None and re.search(pattern, one) for one in examples), examples
    if "+" in pattern or "{" in pattern:
        assert len(set(examples)) > 1


@pytest.mark.parametrize("pattern", [r"[^a]", r"(?=x)", r"(a", r"a)", r"[a", "\\"])
def test_what_is_not_understood_gives_none(pattern: str) -> None:
    """The seeder has other values to try."""
    assert regex_example(pattern, 0) is None


@settings(max_examples=200)
@given(st.text(alphabet="ab^$.*+?()[]{}|\\-1,:<>=!", max_size=20), st.integers(0, 3))
def test_any_text_is_survived(pattern: str, number: int) -> None:
    """Conditions come from the project's schema: nothing in them is an error or takes for ever."""
    example = regex_example(pattern, number)
    assert example is None or len(example) < 100_000


def test_a_pattern_of_endless_repeats_is_left_alone() -> None:
    """It would fill the memory."""
    assert regex_example("(((a{999}){999}){999}){999}", 0) is None


@pytest.mark.parametrize(("pattern", "example"), [("A%", "Aa2"), ("%@%", "a2@a"), ("___", "aaa"), ("x", "x")])
def test_like_patterns(pattern: str, example: str) -> None:
    """Per cent and underscore."""
    assert like_example(pattern, 2) == example
