"""report.json: the schema says what the model writes, and reading back loses nothing and trusts nothing."""

from __future__ import annotations

import copy
import json

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate import reports
from gate.errors import UNDECIDED
from gate.model import Category, EvidenceKind, Severity
from gate.render import formats
from gate.reports import ReportUnreadableError, load, schema
from tests.render.sample import BAD, GOOD, PREDEPLOY


@pytest.mark.parametrize("report", [BAD, GOOD, PREDEPLOY])
def test_what_is_written_reads_back(report):
    """A report written as JSON is the same report again."""
    again = load(formats()["json"](report))
    assert again.to_json() == report.to_json()
    assert again.findings == report.findings


def test_the_schema_is_a_schema_and_knows_every_word():
    """The shipped schema is valid and lists exactly the model's severities, categories and kinds of evidence."""
    jsonschema.Draft202012Validator.check_schema(schema())
    words = schema()["$defs"]
    assert words["severity"]["enum"] == [str(one) for one in Severity]
    assert words["category"]["enum"] == [str(one) for one in Category]
    assert words["evidence"]["properties"]["kind"]["enum"] == [str(one) for one in EvidenceKind]


def test_every_written_key_is_described():
    """Whatever the model writes has its place in the schema."""
    said = BAD.to_json()
    words = schema()["$defs"]
    assert set(said) <= set(schema()["properties"])
    assert set(said["projects"][0]) <= set(words["project"]["properties"])
    assert set(said["projects"][0]["findings"][0]) == set(words["finding"]["properties"])


def test_unknown_keys_are_kept():
    """Keys that a later version added survive the round trip."""
    later = {**BAD.to_json(), "new": {"a": 1}}
    later["projects"][0]["newer"] = [1]
    assert load(json.dumps(later)).to_json() == later


def without(*path):
    """The sample with one value removed or replaced: (key, ..., new value); ``del`` removes."""
    raw = copy.deepcopy(BAD.to_json())
    at = raw
    for key in path[:-2]:
        at = at[key]
    if path[-1] == "del":
        del at[path[-2]]
    else:
        at[path[-2]] = path[-1]
    return json.dumps(raw)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cannot be read (JSONDecodeError)"),
        ("[1]", "is not an object"),
        ("[" * 100_000, "cannot be read (RecursionError)"),
        ('{"a": NaN}', "cannot be read (ValueError)"),
        (without("schema", "alembic-gate/report/v2"), "$.schema"),
        (without("verdict", "skipped"), "$.verdict"),
        (without("subject", "del"), "'subject' is a required property"),
        (without("projects", 0, "findings", 1, "severity", "fatal"), "$.projects[0].findings[1].severity"),
        (without("projects", 0, "findings", 1, "line", 0), "$.projects[0].findings[1].line"),
        (without("projects", 0, "heads", "x"), "$.projects[0].heads"),
        (without("timings", "total", "long"), "$.timings.total"),
        ('"' + "x" * reports.MAX_BYTES + '"', "is larger than 1,048,576 bytes"),
        (b"\xff\xfe\x00", "cannot be read (UnicodeDecodeError)"),
    ],
)
def test_what_is_no_report_is_refused(text, says):
    """Each fault is told with its place, and reads as undecided, never as a traceback."""
    with pytest.raises(ReportUnreadableError) as caught:
        load(text, where="leg-2/report.json")
    assert says in str(caught.value)
    assert str(caught.value).startswith("leg-2/report.json: ")
    assert caught.value.advice
    assert caught.value.exit_code == UNDECIDED


@pytest.mark.parametrize("path", ["/etc/passwd", "../x.py", "a/../../x", "..\\x", "~/x"])
def test_paths_out_of_the_repository_are_dropped(path):
    """A finding that points outside loses its place, not its message."""
    again = load(without("projects", 0, "findings", 1, "path", path))
    assert again.projects[0].findings[1].location is None


KEYS = st.sampled_from([*BAD.to_json(), *BAD.to_json()["projects"][0]])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=9),
)


@settings(max_examples=150)
@given(ANY_JSON)
def test_any_json_is_a_report_or_refused(value):
    """Nothing but ReportUnreadableError leaves the reader."""
    with pytest.raises(ReportUnreadableError):
        load(json.dumps(value))


@settings(max_examples=150)
@given(st.data())
def test_any_mutation_is_a_report_or_refused(data):
    """A report with one value exchanged by another kind either reads and renders, or is refused."""
    raw = copy.deepcopy(PREDEPLOY.to_json())
    at = raw
    for _ in range(data.draw(st.integers(0, 6))):
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if not isinstance(at[key], (dict, list)) or data.draw(st.booleans()):
            at[key] = data.draw(st.sampled_from([None, 1, -1, "x", [], {}, [None], [[]], {"a": []}, True, 1.5]))
            break
        at = at[key]
    try:
        report = load(json.dumps(raw))
    except ReportUnreadableError:
        return
    for render in formats().values():
        render(report)
