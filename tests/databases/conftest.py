"""Real scratch servers, one of each kind a test run, started when the first test asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gate.databases import ScratchDatabase, ScratchServer, open_server
from gate.errors import ServerUnavailable

Opened = Callable[[str], ScratchServer]
NewDatabase = Callable[[str], ScratchDatabase]

KINDS = ("postgresql:10", "postgresql:15", "postgresql:18", "mariadb", "mysql", "sqlite")
POSTGRES = ("postgresql:10", "postgresql:15", "postgresql:18")


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of this test run's own: the first start of each kind is a cold one."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def servers(cache_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """A server by ``kind`` or ``kind:version``; a test is skipped, with the reason, where the machine has none."""
    with ExitStack() as stack:
        opened: dict[str, ScratchServer] = {}

        def open_one(wanted: str) -> ScratchServer:
            if wanted not in opened:
                kind, _, version = wanted.partition(":")
                workdir = tmp_path_factory.mktemp("work")
                try:
                    server = open_server(
                        kind, version or None, None, cache_dir=cache_dir, workdir=workdir, progress=lambda _: None
                    )
                except ServerUnavailable as error:
                    pytest.skip(f"{wanted}: {error}")
                opened[wanted] = stack.enter_context(server)
            return opened[wanted]

        yield open_one


@pytest.fixture
def new_database(servers: Opened) -> Iterator[NewDatabase]:
    """A new empty database on the server of a kind, dropped after the test."""
    made: list[ScratchDatabase] = []

    def make(kind: str) -> ScratchDatabase:
        made.append(servers(kind).create("test"))
        return made[-1]

    yield make
    for one in made:
        one.drop()
