"""Takes the example's bad and good pull request through the whole gate, as a checkout of a pull request would be.

Leaves ``demo-output/{bad,good}.{json,md}`` and ends with 0 when the bad one fails and the good one passes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE, PULL_REQUESTS, OUTPUT = ROOT / "examples/flask-app", ROOT / "examples/pull-requests", ROOT / "demo-output"
EXPECTED = {"bad": 1, "good": 0}


def git(repo: Path, *words: str) -> None:
    """One git command in the demo's repository, with an identity of its own."""
    who = {
        "GIT_AUTHOR_NAME": "demo",
        "GIT_AUTHOR_EMAIL": "demo@example.org",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_COMMITTER_NAME": "demo",
        "GIT_COMMITTER_EMAIL": "demo@example.org",
    }
    subprocess.run(["git", "-C", str(repo), *words], check=True, stdout=subprocess.DEVNULL, env={**os.environ, **who})


def checkout(name: str, folder: Path) -> Path:
    """A repository whose main branch is the example and whose branch is the pull request."""
    repo = folder / name
    shutil.copytree(EXAMPLE, repo, ignore=shutil.ignore_patterns("__pycache__", "*.db", ".env"))
    git(repo, "init", "--quiet", "--initial-branch=main")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "the release that runs")
    git(repo, "checkout", "--quiet", "-b", name)
    shutil.copytree(
        PULL_REQUESTS / name, repo, dirs_exist_ok=True, ignore=shutil.ignore_patterns("README.md", "__pycache__")
    )
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", f"the {name} pull request")
    return repo


def judge(name: str, folder: Path) -> int:
    """The gate's exit code for one pull request; the report goes to the terminal and to demo-output."""
    repo = checkout(name, folder)
    words = [
        sys.executable,
        "-I",
        "-m",
        "gate",
        "check",
        "--repo",
        str(repo),
        "--base",
        "main",
        "--python",
        sys.executable,
        "--write",
        f"json={OUTPUT / name}.json",
        "--write",
        f"markdown={OUTPUT / name}.md",
    ]
    print(f"\n━━━ the {name} pull request ━━━\n", flush=True)
    code = subprocess.run(words, check=False).returncode
    print(f"\nexit code {code} (expected {EXPECTED[name]})", flush=True)
    return code


def main() -> int:
    """Both pull requests; then the comment that the bad one would get."""
    OUTPUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="alembic-gate-demo-") as folder:
        codes = {name: judge(name, Path(folder)) for name in EXPECTED}
    print("\n━━━ the comment on the bad pull request ━━━\n")
    print((OUTPUT / "bad.md").read_text("utf-8"))
    print("reports: demo-output/bad.json, demo-output/good.json (comments beside them as .md)")
    return 0 if codes == EXPECTED else 1


if __name__ == "__main__":
    sys.exit(main())
