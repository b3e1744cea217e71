"""The rules' examples, executed on PostgreSQL: ``unsafe`` gives its rule, ``safe`` gives neither error nor warning.

Each example is a whole run of the gate. By default the examples of the rules that reviewers meet most are run;
``RULE_EXAMPLES=all`` runs every one, as CI does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate import registry
from gate.rule import Example
from tests.rules._sample import BASE, MODELS, POSTGRESQL
from tests.running import gate, repository, revision
from tests.targets import running_servers

USUAL = {
    "adding-not-nullable-column",
    "adding-foreign-key",
    "changing-column-type",
    "creating-index-non-concurrently",
    "dropping-column",
    "not-split-not-valid-and-validate",
    "setting-not-null",
}
EXAMPLES = [
    pytest.param(id, kind, example, id=f"{id}-{kind}-{number}")
    for id, rule in registry.rules().items()
    for kind in ("unsafe", "safe")
    for number, example in enumerate(getattr(rule, kind), 1)
    if example.dialect == "postgresql"
]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of one PostgreSQL server for all examples."""
    with running_servers(tmp_path_factory.mktemp("servers")) as new:
        yield new("postgresql").url("psycopg")


@pytest.fixture(scope="session")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the oldest PostgreSQL that the gate reads; `scripts/postgresql-server` gives one."""
    with running_servers(tmp_path_factory.mktemp("servers")) as new:
        yield new("postgresql", "10").url("psycopg")


def project(folder: Path, example: Example) -> Path:
    """A repository whose base is the sample schema (and the earlier deploys), whose change is the example."""
    earlier = [BASE + POSTGRESQL, *example.earlier]
    names = [f"b{number}" for number in range(1, len(earlier) + 1)]
    downs = [None, *names]
    base = {name: revision(name, down, text) for name, down, text in zip(names, downs, earlier, strict=False)}
    changes = [f"c{number}" for number in range(1, len(example.deploy) + 1)]
    change = {
        name: revision(name, down, text, example.downgrade or "raise NotImplementedError")
        for name, down, text in zip(changes, [names[-1], *changes], example.deploy, strict=False)
    }
    options = "".join(f", {name}={value}" for name, value in (example.env or {}).items() if name != "server")
    url = "postgresql+psycopg://app@db/app"
    return repository(folder / "project", base, change, url=url, models=MODELS, options=options)


@pytest.mark.parametrize(("id", "kind", "example"), EXAMPLES)
def test_an_example_gives_what_it_says(
    id: str, kind: str, example: Example, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Findings of the rule for ``unsafe``; no error and no warning of any rule for ``safe``."""
    if id not in USUAL and os.environ.get("RULE_EXAMPLES") != "all":
        pytest.skip("RULE_EXAMPLES=all runs every rule's examples")
    server = request.getfixturevalue("oldest" if (example.env or {}).get("server") == "10" else "server")
    done = gate(project(tmp_path, example), "--base", "main", "--database-url", server,
                "--only", "safe-operations,split-steps,downgrade-works")  # fmt: skip
    said = {one["id"] for one in done.project["findings"] if kind == "unsafe" or one["severity"] != "note"}
    if kind == "unsafe":
        assert id in said, done.err
    else:
        assert said - {"missing-downgrade"} == set()
