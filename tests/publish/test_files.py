"""Files for later steps, below the runner's temp folder and inside their limits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gate.errors import CannotDecide
from gate.model import Severity, Verdict
from gate.publish import files
from gate.publish._report import FOREIGN_LIMIT, build
from tests.publish.reports import finding, report


def test_report_sarif_and_plan(tmp_path: Path) -> None:
    said = report(Verdict.FAIL, finding(), project_sections={"plan": [{"revision": "a1", "sql": ["SELECT 1"]}]})
    named = files.write(str(tmp_path), said, "out/x.sarif")
    assert named["sarif-file"] == "out/x.sarif"
    assert {Path(name).name for name in named.values()} == {"report.json", "x.sarif", "plan.md"}
    assert build(json.loads((tmp_path / named["result-file"]).read_text())).verdict is Verdict.FAIL


@pytest.mark.parametrize("sarif", ["../x.sarif", "/etc/x.sarif", "a/../../x", "~/x"])
def test_nothing_is_written_outside(tmp_path: Path, sarif: str) -> None:
    (tmp_path / "temp").mkdir()
    with pytest.raises(CannotDecide, match="must be a path below"):
        files.write(str(tmp_path / "temp"), report(), sarif)
    assert [one.name for one in tmp_path.iterdir()] == ["temp"]


def test_a_link_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "temp").mkdir()
    (tmp_path / "temp/out").symlink_to(tmp_path)
    with pytest.raises(CannotDecide, match="leads out"):
        files.write(str(tmp_path / "temp"), report(), "out/x.sarif")


@pytest.mark.parametrize("temp", ["", "/nonexistent/folder"])
def test_without_a_temp_folder_it_is_said(temp: str) -> None:
    with pytest.raises(CannotDecide, match="no result file is left"):
        files.write(temp, report(), "")


def test_a_large_report_is_cut_and_keeps_its_counts() -> None:
    """The worst stay; the second workflow reads at most one MiB."""
    many = [finding(n, Severity.NOTE, message="n" * 300) for n in range(4000)] + [finding(1, message="the worst")]
    text = files.fitted(report(Verdict.FAIL, *many))
    assert len(text) <= FOREIGN_LIMIT
    small = json.loads(text)
    assert small["counts"] == {"errors": 1, "warnings": 0, "notes": 4000}
    assert small["projects"][0]["findings"][0]["message"] == "the worst"
    assert any("cut to size" in notice for notice in small["notices"])
