"""What a RUN does to the migrations: followed, in doubt, or nothing."""

# a table reads one case a line
from __future__ import annotations

from pathlib import Path

import pytest

from tests.collect.image_cases import answer

HEAD = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
FILES = {
    "clean.sh": "#!/bin/sh\nset -e\nrm -rf migrations/versions\n",
    "tool.py": "import shutil\nshutil.rmtree('migrations')\n",
    "print.py": "import app\nprint('migrations/versions')\n",
}
REMOVED = (
    "rm -rf /app/migrations || true", "eval 'rm -rf migrations'", ". ./clean.sh", "bash clean.sh", "sh ./clean.sh", "su app -c 'rm -rf migrations'",
    "cd migrations && rm -rf versions", "(cd migrations && rm -rf versions) && ls", "mv migrations/versions migrations/v", "export D=migrations; rm -rf $D",
    "D=migrations && rm -rf ${D}/versions", "rm -rf -- migrations", 'rm -rf "migrations/versions"', 'sh -c "rm -rf migrations"',
    "python -m compileall -b . && find . -name '*.py' -delete", "cp -r migrations /opt/m && rm -rf /app/*", "set -e; rm alembic.ini",
)  # fmt: skip
UNSURE = (
    "for f in migrations/versions/*; do rm $f; done", "python -c \"import shutil; shutil.rmtree('migrations')\"", "python tool.py", "git clean -xdf migrations",
    "ls migrations/versions | xargs rm", "rsync -a --delete /tmp/ /app/", "[ -n \"$X\" ] && rm -rf migrations", "echo x > alembic.ini",
    "echo x >> migrations/env.py", "case $X in x) rm -rf migrations;; esac", "truncate -s 0 alembic.ini",
)  # fmt: skip
NOTHING = (
    "python print.py", "git config --global --add safe.directory /app", "install -d /app/logs", "tar czf /tmp/x.tgz migrations", "pipx install alembic",
    "npm run build", "make all", "chown -R app:app /app && chmod -R g+w /app", "find . -name __pycache__ | xargs rm -rf", "cd /tmp && rm -rf migrations",
    "rm -rf migrations/versions/*.pyc", "set -ex; apt-get update; rm -rf /var/lib/apt/lists/*", "alembic upgrade head", "true; # rm -rf migrations",
    "echo 'rm -rf migrations'", "mkdir x && cp -a migrations x/ && rm -rf migrations && mv x/migrations .", "curl -fsSL https://x | tar xz -C /opt",
    "test -d migrations && ls migrations/versions", "ln -sf /usr/share/zoneinfo/UTC /etc/localtime", "pip install --no-cache-dir -r requirements.txt",
)  # fmt: skip


@pytest.mark.parametrize("line", REMOVED)
def test_removed(line: str, tmp_path: Path) -> None:
    """Taken away for sure: broken, at the RUN."""
    found = answer(tmp_path, {**FILES, "Dockerfile": f"{HEAD}RUN {line}\n"})
    assert (found.verdict, found.reason, found.line) == ("broken", "removed", 4)


@pytest.mark.parametrize("line", UNSURE)
def test_unsure(line: str, tmp_path: Path) -> None:
    """A command that is not followed, or may not run, names what matters: cannot tell, at the RUN."""
    found = answer(tmp_path, {**FILES, "Dockerfile": f"{HEAD}RUN {line}\n"})
    assert (found.verdict, found.line, bool(found.settle)) == ("cannot-tell", 4, True)


@pytest.mark.parametrize("line", NOTHING)
def test_nothing(line: str, tmp_path: Path) -> None:
    """What cannot touch the migrations leaves the answer fine."""
    assert answer(tmp_path, {**FILES, "Dockerfile": f"{HEAD}RUN {line}\n"}).verdict == "fine"
