"""Requirement 25: N reports, one verdict, and a missing leg is never green."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.model import Verdict
from gate.publish._merge import Leg, merge, read_legs
from gate.publish._report import FOREIGN_LIMIT
from gate.render import formats
from tests.publish.reports import finding, report


def leg(name: str, verdict: Verdict = Verdict.PASS, project: str = "shop") -> Leg:
    return Leg(name, report(verdict, *([finding()] if verdict is Verdict.FAIL else []), name=project))


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        ((Verdict.PASS, Verdict.PASS), Verdict.PASS),
        ((Verdict.PASS, Verdict.UNDECIDED), Verdict.UNDECIDED),
        ((Verdict.UNDECIDED, Verdict.FAIL, Verdict.PASS), Verdict.FAIL),
    ],
)
def test_req_25_the_worst_verdict_counts(verdicts: tuple[Verdict, ...], whole: Verdict) -> None:
    merged = merge([leg(f"leg{number}", one, f"p{number}") for number, one in enumerate(verdicts)])
    assert (merged.verdict, merged.exit_code) == (whole, {"pass": 0, "fail": 1, "undecided": 3}[whole])
    assert [project.name for project in merged.projects] == [f"p{number}" for number in range(len(verdicts))]


def test_req_25_a_missing_leg_is_undecided() -> None:
    merged = merge([leg("pg15"), leg("pg16")], ["pg15", "pg16", "pg17"])
    assert merged.verdict is Verdict.UNDECIDED
    assert merged.projects[-1].name == "pg17"
    assert merged.projects[-1].checks[0].reason == "no report of it arrived"


def test_req_25_no_leg_at_all_is_undecided() -> None:
    assert merge([]).verdict is Verdict.UNDECIDED


def test_req_25_legs_of_one_project_are_told_apart() -> None:
    merged = merge([leg("pg15"), leg("pg16")])
    assert [project.name for project in merged.projects] == ["shop (pg15)", "shop (pg16)"]


def test_req_25_legs_of_different_commits_do_not_mix() -> None:
    other = report(name="p2", subject=report().subject.__class__("octo/shop", "c" * 40))
    merged = merge([leg("one"), Leg("two", other)])
    assert merged.verdict is Verdict.UNDECIDED
    assert merged.projects[-1].checks[0].reason == "the reports are about 2 different commits"


def test_req_25_an_expected_leg_may_be_named_by_its_project() -> None:
    assert merge([leg("artifact-1", project="billing")], ["billing"]).verdict is Verdict.PASS


def test_one_report_stays_as_it_is() -> None:
    only = leg("one")
    assert merge([only]) is only.report


def write(path: Path, project: str = "shop") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(formats()["json"](report(name=project)))


def test_req_23_files_and_folders_below_the_roots(tmp_path: Path) -> None:
    write(tmp_path / "downloads/gate-billing/report.json", "billing")
    write(tmp_path / "downloads/gate-shop/report.json")
    (tmp_path / "downloads/gate-broken").mkdir()
    (tmp_path / "downloads/gate-broken/report.json").write_text("{}")
    legs = read_legs(["downloads"], [tmp_path], FOREIGN_LIMIT)
    assert [(one.name, one.report is not None) for one in legs] == [
        ("gate-billing", True),
        ("gate-broken", False),
        ("gate-shop", True),
    ]
    assert merge(legs).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(
    "name", ["../outside.json", "/etc/hostname", "a/../../outside.json", "link.json", "nothing.json", ""]
)
def test_req_23_nothing_outside_the_roots_is_read(tmp_path: Path, name: str) -> None:
    write(tmp_path / "outside.json")
    (tmp_path / "root").mkdir()
    (tmp_path / "root/link.json").symlink_to(tmp_path / "outside.json")
    legs = read_legs([name], [tmp_path / "root"], FOREIGN_LIMIT)
    assert [one.report for one in legs] == [None]


def test_the_runners_own_temp_folder_is_the_mounted_one(tmp_path: Path) -> None:
    """``${{ runner.temp }}/reports`` is another path inside the container."""
    write(tmp_path / "reports/report.json")
    legs = read_legs(["/home/runner/work/_temp/reports"], [tmp_path], FOREIGN_LIMIT)
    assert [one.report is not None for one in legs] == [True]
