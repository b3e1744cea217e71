"""JUnit XML: one suite per project, one case per check. Undecided is an error, never a pass.

Schema: https://github.com/jenkinsci/xunit-plugin (junit-10.xsd), which GitLab, Jenkins and Azure read.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

from gate.model import CheckResult, Finding, ProjectReport, Report, Verdict
from gate.render._clean import bounded, bounded_block, clip, one_line, visible
from gate.render._words import TOOL, ordered, place, remark

_FINDINGS = 200
_TEXT = 100_000


def render(report: Report) -> str:
    """The report as one ``testsuites`` document."""
    numbers = _numbers(_all(report))
    del numbers["skipped"]  # the schema knows it on a suite, not on the root
    root = Xml.Element("testsuites", {"name": f"{TOOL} {report.mode}", **numbers})
    for project in report.projects:
        root.append(_suite(project))
    Xml.indent(root)
    text = Xml.tostring(root, encoding="unicode")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + _quiet(text) + "\n"


def _all(report: Report) -> list[CheckResult]:
    return [check for project in report.projects for check in project.checks]


def _numbers(checks: list[CheckResult]) -> dict[str, str]:
    said = [check.verdict for check in checks]
    return {
        "tests": str(len(said)),
        "failures": str(said.count(Verdict.FAIL)),
        "errors": str(said.count(Verdict.UNDECIDED)),
        "skipped": str(said.count(Verdict.SKIPPED)),
        "time": f"{sum(check.seconds for check in checks):.3f}",
    }


def _suite(project: ProjectReport) -> Xml.Element:
    suite = Xml.Element("testsuite", {"name": _attribute(project.name), **_numbers(list(project.checks))})
    for check in project.checks:
        suite.append(_case(project, check))
    return suite


def _case(project: ProjectReport, check: CheckResult) -> Xml.Element:
    name = {"classname": _attribute(f"{TOOL}.{project.name}"), "name": _attribute(check.id)}
    case = Xml.Element("testcase", {**name, "time": f"{check.seconds:.3f}"})
    mine = ordered(one for one in project.findings if one.check == check.id and one.suppressed is None)
    text = bounded_block("\n\n".join(_told(one) for one in mine[:_FINDINGS]), _TEXT)
    said = _attribute(remark(project, check) or "no reason given")
    tag = {Verdict.FAIL: "failure", Verdict.UNDECIDED: "error", Verdict.SKIPPED: "skipped"}.get(check.verdict)
    if tag == "skipped":
        Xml.SubElement(case, tag, {"message": said})
    elif tag:
        advice = f"\n{visible(check.advice)}" if check.advice else ""
        kind = mine[0].category.value if mine else str(check.verdict)
        Xml.SubElement(case, tag, {"message": said, "type": kind}).text = text + advice
    elif text:
        Xml.SubElement(case, "system-out").text = text
    return case


def _told(finding: Finding) -> str:
    head = one_line(" ".join(part for part in (str(finding.severity), finding.id, place(finding)) if part))
    lines = [f"{head}: {visible(finding.message)}"]
    lines += [f"  {one.kind}: {visible(one.detail)}" for one in finding.evidence[:8]]
    if finding.remedy:
        lines.append(f"  The safe way: {visible(finding.remedy.summary)}")
        lines += [f"  deploy {step.deploy}: {visible(step.title)}" for step in finding.remedy.steps]
    return "\n".join(clip(line, 4000) for line in lines)


def _attribute(text: str) -> str:
    return bounded(text, 1000)


def _quiet(xml: str) -> str:
    """The same XML without anything that a runner's log would read as a command."""
    return re.sub(r"(?m)^(\s*)::", r"\1&#58;:", xml.replace("##[", "&#35;&#35;["))
