"""The same surroundings on every machine, and the servers that tests of predeploy and verify take as targets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from gate.databases.base import ScratchServer
from tests.observed import postgresql
from tests.targets import running_servers

# A gate started by a test is no gate in a pipeline, unless the test says so: what a runner tells decides who may fill the
# cache, which commit is the base, and what is printed.
for _name in [name for name in os.environ if name == "CI" or name.startswith(("GITHUB_", "INPUT_", "RUNNER_"))]:
    del os.environ[_name]

# Hypothesis gives each example 0.2 s by default: on a busy machine that says nothing of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A function that gives a new empty database of a kind."""
    with running_servers(tmp_path_factory.mktemp("servers")) as make:
        yield make


@pytest.fixture(scope="module", params=["15", "18"])
def observed_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ScratchServer]:
    """A PostgreSQL on which a session is observed as the probe does it."""
    with postgresql(request.param, tmp_path_factory.mktemp("server")) as opened:
        yield opened


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for the tests of a file: they share snapshots and baked data directories."""
    return tmp_path_factory.mktemp("cache")
