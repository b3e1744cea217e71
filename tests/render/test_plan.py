"""The plan: phases, SQL, risks and the way back."""

from __future__ import annotations

import dataclasses

from gate.model import Category
from gate.render import plan
from tests.render.sample import NOT_NULL, PREDEPLOY


def test_nothing_to_do_is_said():
    """Without pending revisions the plan says so."""
    project = dataclasses.replace(PREDEPLOY.projects[0], sections={}, findings=())
    assert "Nothing is to be migrated." in plan.render(dataclasses.replace(PREDEPLOY, projects=(project,)))


def test_the_way_back_is_told_apart():
    """What a downgrade loses stands under its own title."""
    loss = dataclasses.replace(NOT_NULL, category=Category.IRREVERSIBLE, message="`downgrade` drops `users.country`.")
    project = dataclasses.replace(PREDEPLOY.projects[0], findings=(loss,))
    said = plan.render(dataclasses.replace(PREDEPLOY, projects=(project,)))
    assert "### The way back\n\n- error `adding-not-nullable-column`" in said
    assert "### Risks" not in said
