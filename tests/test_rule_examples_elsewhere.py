"""The rules' examples of MySQL, MariaDB and SQLite, executed there: ``unsafe`` gives its rule, ``safe`` nothing to do.

Those of MariaDB run on MySQL as well, where the machine has one (``scripts/mysql-server``).

Each example is a whole run of the gate. By default those of a few rules are run; ``RULE_EXAMPLES=all`` runs every one.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gate import registry
from gate.rule import Example
from tests.rules._sample import BASE, MODELS
from tests.running import gate, repository, revision
from tests.targets import running_servers

USUAL = {
    "adding-fulltext-index",
    "mysql-modify-drops-attributes",
    "sqlite-batch-recreate-cascade",
    "sqlite-batch-recreate-foreign-keys",
    "sqlite-batch-recreate-loses-objects",
    "sqlite-unsupported-alter",
}
SERVERS = {"mariadb": ("mariadb", "mysql"), "mysql": ("mysql",), "sqlite": ("sqlite",)}
EXAMPLES = [
    pytest.param(id, kind, example, server, id=f"{id}-{kind}-{number}-{server}")
    for id, rule in registry.rules().items()
    for kind in ("unsafe", "safe")
    for number, example in enumerate(getattr(rule, kind), 1)
    for server in SERVERS.get(example.dialect, ())
]
MYSQL_URL, SQLITE_URL = "mysql+pymysql://app@db/app", "sqlite:///app.db"


@pytest.fixture(scope="session")
def url_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """The URL of one server of a kind, for all examples."""
    with running_servers(tmp_path_factory.mktemp("servers")) as new:
        yield functools.cache(lambda kind: new(kind).url("pymysql"))


def project(folder: Path, example: Example, url: str) -> Path:
    """A repository whose base is the sample schema (and the earlier deploys), whose change is the example."""
    earlier = [BASE, *example.earlier]
    names = [f"b{number}" for number in range(1, len(earlier) + 1)]
    base = {name: revision(name, down, text) for name, down, text in zip(names, [None, *names], earlier, strict=False)}
    changes = [f"c{number}" for number in range(1, len(example.deploy) + 1)]
    change = {
        name: revision(name, down, text, "raise NotImplementedError")
        for name, down, text in zip(changes, [names[-1], *changes], example.deploy, strict=False)
    }
    return repository(folder / "project", base, change, url=url, models=MODELS)


@pytest.mark.parametrize(("id", "kind", "example", "server"), EXAMPLES)
def test_an_example_gives_what_it_says(
    id: str, kind: str, example: Example, server: str, tmp_path: Path, url_of: Callable[[str], str]
) -> None:
    """Findings of the rule for ``unsafe``; no error and no warning of any rule for ``safe``."""
    if id not in USUAL and os.environ.get("RULE_EXAMPLES") != "all":
        pytest.skip("RULE_EXAMPLES=all runs every rule's examples")
    words = [] if server == "sqlite" else ["--database-url", url_of(server)]
    repo = project(tmp_path, example, SQLITE_URL if server == "sqlite" else MYSQL_URL)
    done = gate(repo, "--base", "main", "--only", "safe-operations,split-steps", *words)
    said = {one["id"] for one in done.project["findings"] if kind == "unsafe" or one["severity"] != "note"}
    assert "undecided" not in done.verdicts().values(), done.err
    assert (id in said) if kind == "unsafe" else not said
