"""The terminal: calm without colour, the verdict last, nothing that a terminal or a log obeys."""

from __future__ import annotations

import dataclasses
import re

from gate.render import text
from tests.render.sample import BAD, GOOD, NOT_NULL, PROJECT


def test_colour_only_when_asked():
    """No escape code without asking; with colour the words are the same."""
    plain = text.render(BAD)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[\d;]*m", "", text.render(BAD, colour=True)) == plain


def test_the_last_line_is_the_verdict():
    """Whoever looks at the end of a log sees the answer."""
    assert text.render(BAD).splitlines()[-1] == "fail: 3 errors, 1 warning, 0 notes, 1 check undecided (4.2 s)"
    assert text.render(GOOD).splitlines()[-1] == "pass: 0 errors, 0 warnings, 0 notes"


def test_project_output_is_no_command():
    """Escape codes and workflow commands in untrusted text are shown, not obeyed."""
    evil = "\x1b[2J\n::error::owned\n##[error]owned"
    finding = dataclasses.replace(NOT_NULL, message=evil, precondition_sql=evil, depends_on_data=True)
    said = text.render(dataclasses.replace(BAD, projects=(dataclasses.replace(PROJECT, findings=(finding,)),)))
    assert "\x1b" not in said
    assert not re.search(r"^\s*::|##\[", said, re.MULTILINE)


def test_fifty_thousand_findings_are_counted():
    """The terminal shows the worst and counts the rest."""
    many = (NOT_NULL,) * 50_000
    said = text.render(dataclasses.replace(BAD, projects=(dataclasses.replace(PROJECT, findings=many),)))
    assert "… and 49,500 more findings: --format json has them all" in said
    assert said.splitlines()[-1].startswith("fail: 50,000 errors")
