"""SARIF: what code scanning needs, stable fingerprints, a run even without results."""

from __future__ import annotations

import dataclasses
import json

import pytest

from gate.model import Location
from gate.render import sarif
from tests.render.sample import BAD, GOOD, NOT_NULL, PROJECT


def run(report: object) -> dict[str, object]:
    document = json.loads(sarif.render(report))
    assert document["version"] == "2.1.0"
    return document["runs"][0]


def having(*findings: object) -> object:
    return dataclasses.replace(BAD, projects=(dataclasses.replace(PROJECT, findings=findings),))


def test_written_even_when_empty():
    """Without findings there is still a run, so that alerts close."""
    assert run(GOOD)["results"] == []
    assert run(GOOD)["invocations"] == [{"executionSuccessful": True, "exitCode": 0, "toolExecutionNotifications": []}]


def test_rules_have_help_and_results_point_at_them():
    """Each rule has its texts once, and every result names its rule's place in the list."""
    said = run(BAD)
    rules = said["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({finding.id for finding in BAD.findings})
    for rule in rules:
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert rule["shortDescription"]["text"].endswith(".")
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in said["results"])


def test_fingerprints_survive_moved_lines():
    """A finding that moved down keeps its fingerprint; two of the same stay apart."""
    moved = dataclasses.replace(NOT_NULL, location=Location(NOT_NULL.location.path, 99))
    (first,) = run(having(NOT_NULL))["results"]
    assert first["partialFingerprints"] == run(having(moved))["results"][0]["partialFingerprints"]
    twins = [result["partialFingerprints"]["alembicGate/v1"] for result in run(having(NOT_NULL, moved))["results"]]
    assert len(set(twins)) == 2


def test_suppressed_findings_say_why():
    """A suppression carries its reason and its kind."""
    (said,) = [result for result in run(BAD)["results"] if result["ruleId"] == "dropping-column"]
    assert said["suppressions"] == [
        {"kind": "inSource", "status": "accepted", "justification": "unused since release 41"}
    ]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (
            Location("a b/ü#.py", 7, 9),
            ({"uri": "a%20b/%C3%BC%23.py", "uriBaseId": "%SRCROOT%"}, {"startLine": 7, "endLine": 9}),
        ),
        (None, ({"uri": "alembic.ini", "uriBaseId": "%SRCROOT%"}, {"startLine": 1})),
        (Location("/x.py", 0), ({"uri": "x.py", "uriBaseId": "%SRCROOT%"}, {"startLine": 1})),
    ],
)
def test_places_are_relative_uris(place, expected):
    """Paths are quoted and relative to the checkout; a finding without a place stands on the project's config."""
    (said,) = run(having(dataclasses.replace(NOT_NULL, location=place)))["results"]
    (location,) = said["locations"]
    assert (location["physicalLocation"]["artifactLocation"], location["physicalLocation"]["region"]) == expected


def test_at_most_five_thousand_results():
    """Code scanning keeps 5,000: the worst are kept."""
    many = [dataclasses.replace(NOT_NULL, column=str(at)) for at in range(6000)]
    assert len(run(having(*many))["results"]) == 5000


def test_undecided_is_told():
    """An undecided check is a notification, and an undecided run was not successful."""
    (notice,) = run(BAD)["invocations"][0]["toolExecutionNotifications"]
    assert notice["message"]["text"] == "image-contents undecided: no Dockerfile was found."


def test_the_catalogue_s_words_explain_a_rule():
    """Where the report carries title and reason of a rule, they are its description and help."""
    told = {"dropping-column": {"title": "Dropped column", "why": "Its values are gone."}}
    rules = run(dataclasses.replace(BAD, sections={"rules": told}))["tool"]["driver"]["rules"]
    (rule,) = [one for one in rules if one["id"] == "dropping-column"]
    assert rule["shortDescription"] == {"text": "Dropped column."}
    assert rule["fullDescription"] == {"text": "Its values are gone."}
    assert rule["help"]["text"] == "Its values are gone.\nMore: alembic-gate rules dropping-column"
    assert rule["helpUri"].endswith("/docs/rules.md#dropping-column")
