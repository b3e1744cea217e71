"""Hidden characters are shown, lengths are bounded."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.render._clean import bounded, bounded_block, clip, one_line, visible


def test_hidden_characters_are_named():
    """Direction overrides, controls, escapes, surrogates and tags are written as code points."""
    assert visible("a\u202eb\x1b[31m\ud800\U000e0041") == "a<U+202E>b<U+001B>[31m<U+D800><U+E0041>"


def test_one_kind_of_newline():
    """Every line separator is a newline, and one line folds them all."""
    assert visible("a\r\nb\rc\u2028d\x85e") == "a\nb\nc\nd\ne"
    assert one_line(" a\r\n\t b ") == "a b"


def test_letters_of_all_scripts_stay():
    """Accents, emoji with joiners and right-to-left letters are text like any other."""
    assert visible("né 👩‍💻 שלום") == "né 👩‍💻 שלום"


@settings(max_examples=100)
@given(st.text(max_size=80), st.integers(1, 20))
def test_any_text_can_be_written_and_is_bounded(raw, limit):
    """What is visible can be encoded, and a clip never exceeds its limit."""
    visible(raw).encode()
    assert len(clip(raw, limit)) <= limit
    assert len(bounded(raw, limit)) <= limit


def test_lines_are_cut_at_lines():
    """Code is cut after a whole line, and says how much is missing."""
    assert bounded_block("one\ntwo\nthree", 9) == "one\ntwo\n… 6 more characters"
