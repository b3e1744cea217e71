"""JUnit XML: undecided is an error, skipped keeps its reason, nothing breaks the document."""

from __future__ import annotations

import dataclasses
from xml.etree import ElementTree as Xml

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.render import junit
from tests.render.sample import BAD, NOT_NULL, PROJECT


def test_numbers_match_the_cases():
    """The attributes that CI systems show equal the cases inside."""
    root = Xml.fromstring(junit.render(BAD))
    cases = root.findall("testsuite/testcase")
    suite = root.find("testsuite")
    assert (root.get("tests"), root.get("failures"), root.get("errors"), suite.get("skipped")) == ("5", "2", "1", "1")
    assert set(root.attrib) <= {"name", "time", "tests", "failures", "disabled", "errors"}, "what junit-10.xsd knows"
    assert [len(root.findall(f"testsuite/testcase/{tag}")) for tag in ("failure", "error", "skipped")] == [2, 1, 1]
    assert len(cases) == 5


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_any_text_is_valid_xml(raw):
    """Controls, surrogates and markup in untrusted text leave one well-formed document without log commands."""
    finding = dataclasses.replace(NOT_NULL, message=f"##[x] {raw}\n::error::{raw}", id=raw)
    project = dataclasses.replace(PROJECT, name=raw, findings=(finding,))
    text = junit.render(dataclasses.replace(BAD, projects=(project,)))
    assert "##[" not in text
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())
    assert Xml.fromstring(text.encode()).tag == "testsuites"
