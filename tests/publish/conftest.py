"""A running fake GitHub with pull request 7."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.github.fake_api import FakeGitHub, running


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with running() as fake:
        fake.add_pull(7)
        yield fake
