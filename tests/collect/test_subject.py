"""What was judged, for the head of the report."""

from __future__ import annotations

import json
from pathlib import Path

from tests.running import gate, git, repository, revision


def test_the_subject_names_commits_and_pull_request(tmp_path: Path) -> None:
    """From git, and from what prepare wrote."""
    repo = repository(tmp_path / "r", {"a": revision("a", None)}, {"b": revision("b", "a")})
    told = {
        "repository": "o/r",
        "pull_request": 3,
        "event": "pull_request",
        "base_sha": git(repo, "rev-parse", "main"),
        "base_found_by": "merge-parent",
    }
    (tmp_path / "context.json").write_text(json.dumps(told))
    done = gate(repo, "--only", "single-head", "--context", str(tmp_path / "context.json"))
    assert done.report["subject"] == {
        "repository": "o/r",
        "head_sha": git(repo, "rev-parse", "HEAD"),
        "base_sha": git(repo, "rev-parse", "main"),
        "base_found_by": "merge-parent",
        "pull_request": 3,
        "event": "pull_request",
    }


def test_a_context_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    """Exit 2 with a sentence."""
    repo = repository(tmp_path / "r", {"a": revision("a", None)})
    (tmp_path / "context.json").write_text("[]")
    done = gate(repo, "--context", str(tmp_path / "context.json"))
    assert (done.code, done.out, "is not a context written by prepare" in done.err) == (2, "", True)
