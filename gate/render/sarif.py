"""SARIF 2.1.0 for code scanning. Written even without results, so that closed findings close their alerts.

Spec: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; limits:
https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from gate.model import Finding, Remedy, Report, Verdict
from gate.render._clean import bounded, bounded_block, clip, visible
from gate.render._words import HOMEPAGE, TOOL, counting, record, suppressed, word

RESULTS = 5000
"""Results that code scanning keeps of one run."""

Json = dict[str, Any]


def render(report: Report) -> str:
    """One run with one result per finding, worst first; suppressed findings come last, marked as such."""
    chosen = [*counting(report), *suppressed(report)][:RESULTS]
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [_run(report, chosen)],
    }
    return json.dumps(document, indent=2).replace("##[", "\\u0023\\u0023[") + "\n"


def _run(report: Report, chosen: Sequence[Finding]) -> Json:
    worst = {one.id: one for one in reversed(chosen)}
    ids = sorted(worst)
    seen: Counter[str] = Counter()
    configs = {id(one): project.config for project in report.projects for one in project.findings}
    return {
        "tool": {"driver": _driver(report, [worst[one] for one in ids])},
        "automationDetails": {"id": f"{TOOL}/{report.mode}/"},
        "columnKind": "utf16CodeUnits",
        "invocations": [_invocation(report)],
        "results": [_result(one, ids.index(one.id), seen, configs.get(id(one))) for one in chosen],
        "properties": {"verdict": str(report.verdict)},
    }


def _driver(report: Report, examples: Sequence[Finding]) -> Json:
    told = record(report.sections.get("rules"))
    version = report.tool_version
    return {
        "name": TOOL,
        "informationUri": HOMEPAGE,
        "version": version,
        "semanticVersion": version,
        "rules": [_rule(one, record(told.get(one.id))) for one in examples],
    }


def _rule(example: Finding, told: Mapping[str, Any]) -> Json:
    """A rule as its findings show it; ``told`` has the catalogue's title and reason where the report carries them."""
    title = word(told.get("title")) or f"{example.id.replace('-', ' ').capitalize()}"
    why = word(told.get("why")) or (example.remedy.summary if example.remedy else "") or title
    text = _sentence(bounded_block(why, 4000))
    folder = f"{HOMEPAGE}/blob/main/docs/{'rules' if example.id != example.check else 'checks'}.md"
    page = f"{folder}#{quote(visible(example.id), safe='')}"
    return {
        "id": example.id,
        "name": "".join(part.capitalize() for part in re.findall(r"\w+", example.id)),
        "shortDescription": {"text": _sentence(bounded(title, 250))},
        "fullDescription": {"text": text},
        "helpUri": page,
        "help": {"text": f"{text}\nMore: alembic-gate rules {example.id}", "markdown": f"{text}\n\n[More]({page})"},
        "defaultConfiguration": {"level": str(example.severity)},
        "properties": {"tags": ["alembic", "migrations", example.category.value]},
    }


def _invocation(report: Report) -> Json:
    stuck = [
        {"level": "error", "message": {"text": _sentence(f"{check.id} undecided: {check.reason or 'no reason given'}")}}
        for project in report.projects
        for check in project.checks
        if check.verdict is Verdict.UNDECIDED
    ]
    decided = report.verdict is not Verdict.UNDECIDED
    return {"executionSuccessful": decided, "exitCode": report.exit_code, "toolExecutionNotifications": stuck[:100]}


def _result(finding: Finding, index: int, seen: Counter[str], config: str | None) -> Json:
    seen[finding.fingerprint] += 1
    result: Json = {
        "ruleId": finding.id,
        "ruleIndex": index,
        "level": str(finding.severity),
        "message": {"text": _message(finding)},
        "locations": [{"physicalLocation": _place(finding, config)}],
        "partialFingerprints": {"alembicGate/v1": f"{finding.fingerprint}:{seen[finding.fingerprint]}"},
        "properties": _properties(finding),
    }
    if finding.suppressed:
        why = visible(finding.suppressed.reason) or "no reason given"
        inside = "inSource" if finding.suppressed.source.startswith("inline") else "external"
        result["suppressions"] = [{"kind": inside, "status": "accepted", "justification": clip(why, 1000)}]
    return result


def _message(finding: Finding) -> str:
    lines = [_sentence(bounded_block(finding.message, 3000))]
    lines += [f"{one.kind}: {bounded(one.detail, 600)}" for one in finding.evidence[:6]]
    return clip("\n".join([*lines, *_way_out(finding.remedy)]), 8000)


def _way_out(remedy: Remedy | None) -> list[str]:
    if remedy is None:
        return []
    steps = [f"Deploy {step.deploy}: {bounded(step.title, 300)}" for step in remedy.steps[:10]]
    return [f"The safe way: {bounded(remedy.summary, 1000)}", *steps]


def _place(finding: Finding, config: str | None) -> Json:
    """Where the finding stands. Code scanning refuses a result without a file: the project's config stands in."""
    place = finding.location
    path = place.path.lstrip("/") if place and place.path else config or "alembic.ini"
    first = max(place.line, 1) if place else 1
    region = {"startLine": first}
    if place and place.end_line and place.end_line >= first:
        region["endLine"] = place.end_line
    return {"artifactLocation": {"uri": quote(visible(path)), "uriBaseId": "%SRCROOT%"}, "region": region}


def _properties(finding: Finding) -> Json:
    said = {
        "check": finding.check,
        "category": finding.category.value,
        "revision": finding.revision,
        "table": finding.table,
        "column": finding.column,
        "dependsOnData": finding.depends_on_data or None,
    }
    return {key: visible(item) if isinstance(item, str) else item for key, item in said.items() if item is not None}


def _sentence(text: str) -> str:
    """The validator wants messages that end like sentences."""
    stripped = text.rstrip()
    return stripped if stripped.endswith((".", "!", "?")) else f"{stripped}."
