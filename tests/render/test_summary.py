"""The job summary: complete where the comment is cut, and always below the runner's limit."""

from __future__ import annotations

from gate.render import markdown, summary
from tests.render.test_markdown import EVIL, with_findings


def test_complete_where_the_comment_is_cut():
    """Two hundred findings with their statements: the comment drops some text, the summary none."""
    report = with_findings(200)
    assert "statement:" not in markdown.render(report)
    assert summary.render(report).count("statement: `ALTER TABLE users ADD COLUMN") == 200


def test_bytes_are_counted_not_characters():
    """Wide characters cannot push the summary over the runner's limit in bytes."""
    said = summary.render(with_findings(1_500, message="𝕏" * 900 + EVIL))
    assert len(said.encode()) <= 1_000_000
    assert said.startswith("### ❌ alembic-gate check · fail: 1,500 errors")
