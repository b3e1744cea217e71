"""report.json as text: valid, ASCII, and no workflow command in it."""

from __future__ import annotations

import dataclasses
import json

from gate.render import json as render_json
from tests.render.sample import BAD, NOT_NULL, PROJECT


def test_is_the_report():
    """The text is exactly the report's plain form."""
    assert json.loads(render_json.render(BAD)) == BAD.to_json()


def test_strange_characters_survive():
    """Lone surrogates can be written, and ``##[`` is escaped in a way that JSON reads back."""
    odd = dataclasses.replace(NOT_NULL, message="\ud800 ##[error] \u202e é")
    report = dataclasses.replace(BAD, projects=(dataclasses.replace(PROJECT, findings=(odd,)),))
    text = render_json.render(report)
    assert text.isascii()
    assert "##[" not in text
    assert json.loads(text) == report.to_json()
