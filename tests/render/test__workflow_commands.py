"""Workflow commands, read back as the runner does."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.render._workflow_commands import MESSAGE_LIMIT, command, harmless

NASTY = st.text(
    alphabet=st.one_of(st.sampled_from(list("%:,=#[]\n\r 0ADor;")), st.characters(exclude_categories=["Cs"])),
    max_size=80,
)


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """A command as actions/runner's ActionCommand.TryParseV2 reads it."""
    name, rest = re.fullmatch(r"::(.*?)::(.*)", line, re.DOTALL).groups()
    name, _, listed = name.partition(" ")
    pairs = dict(pair.split("=", 1) for pair in listed.split(",") if pair)
    return name, {key: value.replace("%3A", ":").replace("%2C", ",") for key, value in pairs.items()}, rest


def test_command_is_one_line():
    """Data escapes percent and newlines, properties also colons and commas; absent properties are left out."""
    assert command("error", "50%\nnext", file="a,b:c.py", line=3, endLine=None) == (
        "::error file=a%2Cb%3Ac.py,line=3::50%25%0Anext"
    )
    assert command("notice", "hello") == "::notice::hello"


@settings(max_examples=150)
@given(NASTY, NASTY)
def test_any_text_is_one_command(message, title):
    """Whatever the texts hold, the runner reads one command with exactly these properties."""
    line = command("warning", message, title=title)
    assert "\n" not in line
    assert "\r" not in line
    assert "##[" not in line
    assert parsed(line)[0] == "warning"
    assert set(parsed(line)[1]) == {"title"}


def test_message_is_bounded_and_never_cut_inside_an_escape():
    """A message above the runner's limit ends with an ellipsis, its last escape whole."""
    text = parsed(command("error", "\n%" * 4000))[2]
    assert len(text) <= MESSAGE_LIMIT
    assert re.fullmatch("(?:%0A|%25)+…", text)


@settings(max_examples=150)
@given(NASTY)
def test_log_lines_are_no_commands(raw):
    """No line of a harmless text is a command of either form."""
    said = harmless(raw)
    assert "##[" not in said
    assert not any(re.match(r"\s*::", line) for line in said.split("\n"))
