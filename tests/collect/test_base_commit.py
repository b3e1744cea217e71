"""Which commit is the base, and how it was found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.running import gate, git, repository, revision, versions, write

BASE = {"a": revision("a", None)}


def subject(repo: Path, *words: str, environ: dict[str, str] | None = None) -> tuple[object, object, list[str]]:
    done = gate(repo, "--only", "single-head", *words, environ=environ)
    return done.report["subject"]["base_found_by"], done.report["subject"]["base_sha"], done.project["new_revisions"]


def test_a_branch_is_compared_with_the_merge_base(tmp_path: Path) -> None:
    """No flag: the default branch is found, and what this branch left is the base."""
    repo = repository(tmp_path / "r", BASE, {"b": revision("b", "a")})
    assert subject(repo) == ("merge-base", git(repo, "rev-parse", "main"), ["b"])


def test_uncommitted_revisions_are_the_deploy(tmp_path: Path) -> None:
    """On the default branch itself, the working tree against its last commit."""
    repo = repository(tmp_path / "r", BASE)
    write(repo, versions({"b": revision("b", "a")}))
    assert subject(repo) == ("merge-base", git(repo, "rev-parse", "main"), ["b"])


def test_the_flag_overrides(tmp_path: Path) -> None:
    """``--base`` names any ref; ``none`` makes all revisions one deploy."""
    repo = repository(tmp_path / "r", BASE, {"b": revision("b", "a")})
    assert subject(repo, "--base", "HEAD") == ("flag", git(repo, "rev-parse", "HEAD"), [])
    assert subject(repo, "--base", "none") == ("none", None, ["a", "b"])


def test_a_ref_that_is_not_here_is_wrong_usage(tmp_path: Path) -> None:
    """Exit 2, nothing on stdout, and how to fetch it."""
    done = gate(repository(tmp_path / "r", BASE), "--base", "nowhere")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "alembic-gate: --base nowhere: git knows no such commit here\n"
        "  Fetch it first (git fetch --depth=1 origin nowhere), or name a ref that git branch -a shows.\n"
    )


def test_without_git_everything_is_one_deploy(tmp_path: Path) -> None:
    """A plain folder works, and the report says what was compared."""
    repo = repository(tmp_path / "r", BASE)
    (repo / ".git").rename(tmp_path / "elsewhere")
    assert subject(repo) == ("none", None, ["a"])


def test_a_shallow_merge_checkout_knows_its_first_parent(tmp_path: Path) -> None:
    """What the runner checks out for a pull request: depth 1, a merge commit whose parents are only named."""
    repo = repository(tmp_path / "r", BASE, {"b": revision("b", "a")})
    git(repo, "checkout", "--quiet", "main")
    git(repo, "merge", "--quiet", "--no-ff", "change", "-m", "merge")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repo}", str(shallow))
    git(shallow, "fetch", "--quiet", "--depth=1", "origin", git(repo, "rev-parse", "HEAD^1"))
    found = subject(shallow, environ={"GITHUB_EVENT_NAME": "pull_request"})
    assert found == ("merge-parent", git(repo, "rev-parse", "HEAD^1"), ["b"])


ALONE = "this shallow clone holds the branch change alone"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--depth=1", "--branch=change"), True),
        (("--depth=1", "--branch=main"), False),
        (("--depth=1", "--branch=change", "--no-single-branch"), False),
        (("--branch=change",), False),
    ],
)
def test_a_shallow_clone_of_one_branch_says_what_it_was_compared_with(
    tmp_path: Path, words: tuple[str, ...], told: bool
) -> None:
    """Git then calls that branch the remote's own choice, and nothing committed on it looks new."""
    repo = repository(tmp_path / "r", BASE, {"b": revision("b", "a")})
    git(tmp_path, "clone", "--quiet", *words, f"file://{repo}", str(tmp_path / "clone"))
    done = gate(tmp_path / "clone", "--only", "single-head")
    assert any(note.startswith(ALONE) for note in done.project["coverage"]["notes"]) is told


def test_what_prepare_found_is_taken(tmp_path: Path) -> None:
    """context.json names the base; files that came by the API stand in for a commit that is not here."""
    repo = repository(tmp_path / "r", BASE, {"b": revision("b", "a")})
    files = [{"path": "migrations/versions/a.py", "text": BASE["a"]}]
    told = {
        "base_sha": "f" * 40,
        "base_found_by": "api",
        "base_files": files,
        "event": "pull_request",
        "pull_request": 7,
    }
    (tmp_path / "context.json").write_text(json.dumps(told))
    assert subject(repo, "--context", str(tmp_path / "context.json")) == ("api", "f" * 40, ["b"])


def test_a_base_branch_that_moved_on_makes_two_heads(tmp_path: Path) -> None:
    """One head here, one head there, two heads after the merge: a stale green is told before it merges."""
    repo = repository(tmp_path / "r", BASE, {"b": revision("b", "a")})
    git(repo, "checkout", "--quiet", "main")
    write(repo, versions({"c": revision("c", "a")}))
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "meanwhile")
    git(repo, "checkout", "--quiet", "change")
    done = gate(repo, "--only", "single-head")
    finding = done.project["findings"][0]
    assert (done.code, finding["message"]) == (1, "merging into main as it is today makes 2 heads: b, c")
    assert (finding["path"], finding["line"], finding["suggestion"]) == (
        "migrations/versions/b.py",
        6,
        'down_revision = "c"',
    )
