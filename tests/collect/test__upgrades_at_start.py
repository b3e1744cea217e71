"""Start-up commands that upgrade the database in every replica."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect._upgrades_at_start import places


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("Dockerfile", 'FROM x\nCMD ["sh", "-c", "alembic upgrade head && uvicorn app:app"]\n', ("Dockerfile:2",)),
        ("entrypoint.sh", "#!/bin/sh\nflask db upgrade\nexec gunicorn app:app\n", ("entrypoint.sh:2",)),
        (
            "docker-compose.yml",
            "services:\n  web:\n    command: sh -c 'alembic -c a.ini upgrade head; uvicorn a:b'\n",
            ("docker-compose.yml:3",),
        ),
        ("docker-compose.yml", "services:\n  migrate:\n    command: alembic upgrade head\n", ()),
        ("entrypoint.sh", "#!/bin/sh\n# alembic upgrade head\nexec gunicorn app:app\n", ()),
        ("entrypoint.sh", "psql -c 'select pg_advisory_lock(1)'\nalembic upgrade head\nexec gunicorn\n", ()),
        ("Dockerfile", 'RUN alembic history\nCMD ["uvicorn", "a:b"]\n', ()),
    ],
)
def test_places(tmp_path: Path, name: str, text: str, found: tuple[str, ...]) -> None:
    """An upgrade followed by a server; a step of its own, a comment, or one under a lock is fine."""
    (tmp_path / name).write_text(text)
    assert places(tmp_path) == found
