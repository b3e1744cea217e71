"""Official data from npm, fetched when a test needs it: GitHub's OpenAPI description and example payloads.

Nothing of it is kept in the repository. Without npm a test is skipped and says so; in CI that is a failure.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest

CACHE = Path(tempfile.gettempdir()) / "alembic-gate-npm"


def member(package: str, version: str, path: str) -> Any:
    """One JSON file of a package."""
    archive = CACHE / f"{package.replace('@', '').replace('/', '-')}-{version}.tgz"
    if not archive.exists():
        _pack(package, version)
    with tarfile.open(archive) as tar:
        file = tar.extractfile(f"package/{path}")
        assert file is not None
        return json.load(file)


def _pack(package: str, version: str) -> None:
    problem = "npm is not installed"
    if shutil.which("npm"):
        CACHE.mkdir(exist_ok=True)
        done = subprocess.run(
            ["npm", "pack", "--silent", f"{package}@{version}"], cwd=CACHE, capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return
        problem = f"npm could not fetch {package}: {done.stderr.strip()[-200:]}"
    if os.environ.get("ALEMBIC_GATE_CI") == "1":
        pytest.fail(problem)
    pytest.skip(problem)
