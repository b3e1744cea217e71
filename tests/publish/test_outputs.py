"""Requirements 1 and 31: every output in every outcome, in the runner's own format."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.model import Severity, Verdict
from gate.publish import outputs
from tests.publish.reports import finding, report


def parse(text: str) -> dict[str, str]:
    """As the runner reads the file (actions/runner, FileCommandManager.cs): an unclosed delimiter is an error."""
    values: dict[str, str] = {}
    lines = text.split("\n")
    assert lines.pop() == "", "the file must end with a newline"
    while lines:
        name, _, delimiter = lines.pop(0).partition("<<")
        end = lines.index(delimiter)
        values[name] = "\n".join(lines[:end])
        del lines[: end + 1]
    return values


def test_req_31_outputs_of_a_report(tmp_path: Path) -> None:
    said = report(
        Verdict.FAIL, finding(), finding(2, Severity.WARNING),
        project_sections={"target": {"pending": [{"revision": "a1"}, {"revision": "b2"}], "upgrade_to": "a1"}},
    )  # fmt: skip
    file = tmp_path / "out"
    outputs.write(str(file), outputs.of_report(said))
    assert parse(file.read_text()) == {
        "verdict": "fail", "errors": "1", "warnings": "1", "notes": "0", "heads": "a1,b2", "new-revisions": "a1", "pending": "a1,b2",
        "upgrade-to": "a1", "result-file": "", "sarif-file": "", "plan-file": "", "comment-id": "", "comment-url": "",
        "comment-status": "skipped",
    }  # fmt: skip


def test_req_31_delimiters_are_random_and_never_the_same(tmp_path: Path) -> None:
    file = tmp_path / "out"
    outputs.write(str(file), {})
    delimiters = re.findall(r"<<(gate_[0-9a-f]{32})$", file.read_text(), re.MULTILINE)
    assert len(set(delimiters)) == len(outputs.DEFAULTS)


def test_req_31_a_thousand_heads_are_cut_between_ids(tmp_path: Path) -> None:
    file = tmp_path / "out"
    outputs.write(str(file), {"heads": ",".join(f"{number:012x}" for number in range(1000))})
    heads = parse(file.read_text())["heads"]
    assert len(heads.encode()) <= 1024
    assert heads.endswith(",...")
    assert {len(one) for one in heads.split(",")[:-1]} == {12}


@given(st.text(max_size=1500))
@settings(max_examples=60)
def test_any_text_is_one_value_of_at_most_a_kibibyte(tmp_path_factory: object, text: str) -> None:
    file = tmp_path_factory.mktemp("out") / "out"  # type: ignore[attr-defined]  # pytest's own fixture
    outputs.write(str(file), {"heads": text, "verdict": "pass"})
    values = parse(file.read_bytes().decode())
    assert list(values) == list(outputs.DEFAULTS)
    assert len(values["heads"].encode()) <= 1024
