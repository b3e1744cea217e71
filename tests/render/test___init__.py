"""Formats are found by their files; each has a whole expected output."""

from __future__ import annotations

from pathlib import Path

import pytest

import gate.render
from gate.model import Report
from gate.render import formats
from tests.render.expected_output import CASES, FOLDER, produced


def test_every_public_file_is_a_format():
    """A file in gate/render is a format by itself, and the contract's formats are all there."""
    files = {path.stem for path in Path(gate.render.__file__).parent.glob("[!_]*.py")}
    assert set(formats()) == files
    assert {"text", "json", "markdown", "sarif", "annotations", "junit"} <= files


def test_every_format_has_its_expected_output_and_its_test():
    """No format goes untested."""
    assert {format_id for format_id, _ in CASES.values()} == set(formats())
    tested = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")}
    assert tested >= set(formats())


@pytest.mark.parametrize("name", CASES)
def test_expected_output(name):
    """A format says exactly what is expected, to the letter."""
    assert produced(name) == (FOLDER / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("format_id", formats())
def test_a_report_without_anything(format_id):
    """A run that could not begin still has something to say in every format."""
    said = formats()[format_id](Report("check", gate.model.Verdict.UNDECIDED, 3, "0.1.0"))
    assert said == "" if format_id == "annotations" else "undecided" in said or "junit" in format_id
