"""Annotations: worst first, ten of each level, on files of the checkout only."""

from __future__ import annotations

import dataclasses
import re

import pytest

from gate.model import Location, Severity
from gate.render import annotations
from tests.render.sample import BAD, NOT_NULL, PROJECT


def said(*findings: object) -> list[str]:
    project = dataclasses.replace(PROJECT, findings=findings, checks=())
    return annotations.render(dataclasses.replace(BAD, projects=(project,))).splitlines()


def test_ten_of_a_level_then_a_count():
    """The eleventh error becomes a count; other levels keep their own ten."""
    errors = [dataclasses.replace(NOT_NULL, column=f"c{at}") for at in range(13)]
    notes = [dataclasses.replace(NOT_NULL, severity=Severity.NOTE)]
    lines = said(*notes, *errors)
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert lines[10] == "alembic-gate: 3 more errors: see the job summary"
    assert lines[11].startswith("::notice ")
    assert len(lines) == 12


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret.py", "a/../../b.py", "C:/x.py", "~/x", ""])
def test_no_annotation_outside_the_checkout(path):
    """A finding about a file elsewhere is said without a file."""
    (line,) = said(dataclasses.replace(NOT_NULL, location=Location(path, 1)))
    assert line.startswith("::error title=")


def test_lines_start_at_one():
    """A line below one would be refused."""
    (line,) = said(dataclasses.replace(NOT_NULL, location=Location("a.py", 0, 4)))
    assert line.startswith("::error file=a.py,line=1,endLine=4,title=")


def test_suppressed_findings_are_not_annotated():
    """What somebody allowed does not shout."""
    assert not re.search("dropping-column", annotations.render(BAD))
