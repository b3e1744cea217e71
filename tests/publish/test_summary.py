"""Requirement 33: the summary is appended and never too large."""

from __future__ import annotations

from pathlib import Path

from gate.model import Verdict
from gate.publish import summary
from tests.publish.reports import finding, report


def test_req_33_it_is_complete_where_there_is_room(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    summary.append(str(file), report(Verdict.FAIL, *(finding(number) for number in range(1, 60))))
    text = file.read_text()
    assert all(f"finding {number}" in text for number in range(1, 60))


def test_req_33_less_and_less_room(tmp_path: Path) -> None:
    said = report(Verdict.FAIL, *(finding(number, message="m" * 800) for number in range(1, 400)))
    lengths = [len(summary.text_of(said, room).encode()) for room in (1_000_000, 70_000, 300, 5)]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] == 0
    assert summary.text_of(said, 300).startswith("### ")


def test_req_38_a_word_without_a_report(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    file.write_text("before\n")
    summary.append_text(str(file), "cancelled")
    assert file.read_text() == "before\n\ncancelled\n"
