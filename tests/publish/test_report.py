"""Requirement 23: report.json is untrusted where it is published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.model import Severity, Verdict
from gate.publish._report import FOREIGN_LIMIT, OWN_LIMIT, ReportUnreadableError, build, is_inside, read_report
from tests.publish.reports import finding, report


def plain(**more: Any) -> dict[str, Any]:
    return {**report(Verdict.FAIL, finding(), finding(2, Severity.NOTE)).to_json(), **more}


def test_a_report_reads_back_whole() -> None:
    raw = json.loads(json.dumps(plain()))
    assert build(raw).to_json() == raw


def test_req_23_what_the_schema_refuses_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text(json.dumps(plain(mode="hack")))
    with pytest.raises(ReportUnreadableError, match=r"report.json: is not alembic-gate/report/v1: \$.mode"):
        read_report(file, FOREIGN_LIMIT)


def test_req_23_more_than_a_mebibyte_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text(json.dumps(plain(notices=["x" * FOREIGN_LIMIT])))
    with pytest.raises(ReportUnreadableError, match="is larger than 1,048,576 bytes"):
        read_report(file, FOREIGN_LIMIT)
    assert read_report(file, OWN_LIMIT).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"[]", b"{}", b"<html>", b"\xff\xfe", b"[" * 200_000, b'{"schema": NaN}', b'{"schema": 1e999}'],
)
def test_req_23_what_is_no_report_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(content)
    for limit in (FOREIGN_LIMIT, OWN_LIMIT):
        with pytest.raises(ReportUnreadableError, match="report.json: "):
            read_report(file, limit)


def test_req_23_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(json.dumps(plain()))
    (tmp_path / "report.json").symlink_to(tmp_path / "secret")
    with pytest.raises(ReportUnreadableError, match="is not a plain file"):
        read_report(tmp_path / "report.json", FOREIGN_LIMIT)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "~root", "\\\\host", "C:\\..\\x", "", "a\0b"])
def test_req_32_a_path_outside_the_checkout_is_dropped(path: str) -> None:
    assert not is_inside(path)
    raw = plain()
    raw["projects"][0]["findings"][0]["path"] = path
    assert build(raw).findings[0].location is None


@pytest.mark.parametrize(("line", "kept"), [(0, 1), (-5, 1), (10**20, 1), ("x", 1), (None, 1), (7, 7)])
def test_req_32_lines_start_at_one(line: Any, kept: int) -> None:
    raw = plain()
    raw["projects"][0]["findings"][0]["line"] = line
    location = build(raw).findings[0].location
    assert location is not None
    assert location.line == kept


def test_the_exit_code_follows_the_verdict() -> None:
    assert build(plain(verdict="undecided", exit_code=0)).exit_code == 3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(plain())), JSON)
@settings(max_examples=80)
def test_any_value_anywhere_is_a_report_or_a_sentence(key: str, value: Any) -> None:
    try:
        build(plain(**{key: value}))
    except ReportUnreadableError as error:
        assert "is not alembic-gate/report/v1" in str(error)


@given(st.sampled_from(sorted(plain()["projects"][0]["findings"][0])), JSON)
@settings(max_examples=80)
def test_any_value_in_a_finding_is_a_report_or_a_sentence(key: str, value: Any) -> None:
    raw = plain()
    raw["projects"][0]["findings"][0][key] = value
    try:
        build(raw)
    except ReportUnreadableError as error:
        assert "is not alembic-gate/report/v1" in str(error)
