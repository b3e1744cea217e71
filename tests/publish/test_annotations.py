"""Requirement 32: at most ten a level, the worst first; nothing in a text becomes a command."""

from __future__ import annotations

import pytest

from gate.model import Severity, Verdict
from gate.publish import annotations
from tests.publish.reports import finding, report


def test_req_32_ten_a_level_and_how_many_more(capsys: pytest.CaptureFixture[str]) -> None:
    many = [finding(number, severity) for severity in (Severity.WARNING, Severity.ERROR) for number in range(1, 13)]
    annotations.show(report(Verdict.FAIL, *many))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" ")[0] for line in lines].count("::error") == 10
    assert [line.split(" ")[0] for line in lines].count("::warning") == 10
    assert lines[0].startswith("::error ")
    assert sum("2 more" in line for line in lines) == 2


@pytest.mark.parametrize("text", ["::error::x", "  ::set-output name=x::y", "a ##[error]b", "\ud800"])
def test_req_9_our_own_lines_carry_no_foreign_command(capsys: pytest.CaptureFixture[str], text: str) -> None:
    annotations.note(text)
    annotations.warn(text + "\n::error::second line")
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.lstrip().startswith("::")] == [
        line for line in lines if line.startswith("::warning title=")
    ]
    assert not [line for line in lines if "##[" in line]
    assert len(lines) == 2
