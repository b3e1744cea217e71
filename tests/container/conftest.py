"""The action's image, built with a real Docker engine from the Dockerfile, once for all tests of this folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TAG = "alembic-gate:test"


def _docker(*words: str, seconds: float = 900) -> subprocess.CompletedProcess[str]:
    # The classic builder, so that the Dockerfile stays buildable with it; the host's network, since CI's engine has no bridge.
    return subprocess.run(
        ["docker", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
        env={**os.environ, "DOCKER_BUILDKIT": "0"},
    )


@pytest.fixture(scope="session")
def image() -> str:
    """The built image's tag. In CI it must be there; elsewhere the reason of a skip is printed."""
    wanted = os.environ.get("ALEMBIC_GATE_CI") == "1"
    try:
        here = _docker("image", "inspect", "debian:trixie-slim", seconds=60)
    except FileNotFoundError:
        here = subprocess.CompletedProcess([], 1, "", "no docker command")
    if here.returncode != 0 and not wanted:
        pytest.skip(f"needs a Docker engine with debian:trixie-slim (scripts/base-image): {here.stderr.strip()[:200]}")
    built = _docker("build", "--network", "host", "--tag", TAG, str(ROOT))
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    return TAG
