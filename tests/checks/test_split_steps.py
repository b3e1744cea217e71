"""The check that asks whether steps are parted."""

from __future__ import annotations

import pytest

from gate import registry
from gate.checks.split_steps import ask
from gate.facts.rehearsal import Deploy
from gate.facts.rulebook import Rulebook
from tests.rules._deploy import deploy

RULES = Rulebook(frozenset(registry.rules()), tuple(rule.findings for rule in registry.rules().values()))
RECIPE = (
    "ALTER TABLE users ADD CONSTRAINT ck CHECK (age IS NOT NULL) NOT VALID",
    "ALTER TABLE users VALIDATE CONSTRAINT ck",
    "ALTER TABLE users ALTER COLUMN age SET NOT NULL; ALTER TABLE users DROP CONSTRAINT ck",
)


def said(world: Deploy) -> list[tuple[str, str | None, tuple[str, ...]]]:
    """Id, the revision that completes the combination, and the others."""
    return [(one.id, one.revision, one.related) for one in ask(world, RULES).findings]


def test_the_recipe_in_its_own_transactions_is_split() -> None:
    assert said(deploy(*RECIPE, apart=True)) == []


def test_two_revisions_of_one_transaction_are_not_split() -> None:
    """Alembic's default: the whole upgrade is one transaction."""
    assert said(deploy(*RECIPE)) == [("not-split-not-valid-and-validate", "c2", ("c1",))]


@pytest.mark.parametrize("apart", [True, False])
def test_steps_for_deploys_are_not_split_by_transactions(apart: bool) -> None:
    """Adding and requiring a column belong to different releases, whatever the transactions."""
    steps = ("ALTER TABLE users ADD z int", "UPDATE users SET z = 1", "ALTER TABLE users ALTER z SET NOT NULL")
    found = said(deploy(*steps, apart=apart))
    assert ("not-split-add-and-set-not-null", "c3", ("c1",)) in found
    assert {id for id, _, _ in found} <= {"not-split-add-and-set-not-null", "not-split-schema-and-backfill"}
