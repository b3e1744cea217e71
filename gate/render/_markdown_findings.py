"""Findings as Markdown: what is wrong, why we say so, and the safe way as steps over deploys."""

from __future__ import annotations

from collections.abc import Sequence

from gate.model import Evidence, EvidenceKind, Finding, Remedy, Step
from gate.render._clean import one_line
from gate.render._groups import Group, groups
from gate.render._markdown_detail import Detail
from gate.render._markdown_escape import cell, code, code_cell, details, fence, html, prose, strong, table
from gate.render._words import SYMBOLS, language, place, plural, steps, suggestion

_SHORT = 180
_LEADS = {
    EvidenceKind.READ: "read",
    EvidenceKind.SQL: "statement",
    EvidenceKind.OBSERVED: "observed in the rehearsal",
    EvidenceKind.MEASURED: "measured on the target",
}


def findings(every: Sequence[Finding], detail: Detail, level: str = "####") -> list[str]:
    """The worst findings open, the others closed, further ones in a line each, the rest counted."""
    every_group = groups(every)
    whole = every_group[: detail.findings]
    further = [finding for group in every_group[detail.findings :] for finding in group.findings]
    listed = further[: detail.listed]
    blocks = [_open(group, detail, level) for group in whole[: detail.open]]
    blocks += [_closed(group, detail) for group in whole[detail.open :]]
    if listed:
        rows = table(("", "finding", "place", ""), [_line(finding) for finding in listed])
        blocks.append(details(f"{plural(len(listed), 'more finding')} in short", rows))
    if rest := len(further) - len(listed):
        blocks.append(f"**{plural(rest, 'more finding')}** not shown here: see the run's summary or `report.json`.")
    return blocks


def _line(finding: Finding) -> tuple[str, ...]:
    where = code_cell(place(finding), 100) if finding.location else ""
    level = f"{SYMBOLS[finding.severity]} {finding.severity}"
    return (level, code_cell(finding.id, 60), where, cell(finding.message, 120))


def allowed(every: Sequence[Finding], detail: Detail) -> str:
    """The suppressed findings, closed, each with who allowed it and why."""
    if not every:
        return ""
    lines = [_allowed(finding, detail) for finding in every[: detail.rows]]
    if rest := len(every) - len(lines):
        lines.append(f"- … and {plural(rest, 'more', 'more')}")
    return details(f"{plural(len(every), 'suppressed finding')}", "\n".join(lines))


def _allowed(finding: Finding, detail: Detail) -> str:
    allow = finding.suppressed
    reason = prose(allow.reason, detail.words) if allow and allow.reason else "no reason given"
    until = f", until {prose(allow.until, 40)}" if allow and allow.until else ""
    source = f" ({prose(allow.source, 120)}{until})" if allow else ""
    return f"- {' · '.join(_title(finding))}: {reason}{source}"


def _open(group: Group, detail: Detail, level: str) -> str:
    return f"{level} {' · '.join(_title(group.lead))}\n\n{_body(group, detail)}"


def _closed(group: Group, detail: Detail) -> str:
    lead = group.lead
    where = f" <code>{html(place(lead), 200)}</code>" if lead.location else ""
    head = f"{SYMBOLS[lead.severity]} {lead.severity} <code>{html(lead.id, 100)}</code>{where}"
    whole = len(one_line(lead.message)) <= _SHORT
    return details(f"{head} {html(lead.message, _SHORT)}", _body(group, detail, message=not whole))


def _title(finding: Finding) -> list[str]:
    parts = [f"{SYMBOLS[finding.severity]} {finding.severity}", code(finding.id, 100)]
    return [*parts, code(place(finding), 200)] if finding.location else parts


def _body(group: Group, detail: Detail, message: bool = True) -> str:
    said = strong(prose(group.lead.message, detail.words)) if message else ""
    blocks = [said, _also(group, detail), _about(group)]
    blocks += [_evidence(group, detail), *(_precondition(one, detail) for one in group.findings)]
    told = f"**The safe way**: see {prose(group.told_by, 200)}." if group.told_by else _remedy(group.remedy, detail)
    blocks += [told, next((text for one in group.findings if (text := _suggestion(one, detail))), "")]
    return "\n\n".join(block for block in blocks if block)


def _also(group: Group, detail: Detail) -> str:
    """The further harms, a line each."""
    lines = [(one, f"{SYMBOLS[one.severity]} also **{one.category}** ({one.severity})") for one in group.also[:20]]
    return "\n".join(f"- {lead}: {prose(one.message, detail.words)}" for one, lead in lines)


def _about(group: Group) -> str:
    """Category, revision and object in one small line."""
    lead = group.lead
    thing = ".".join(part for part in (lead.table, lead.column) if part)
    parts = [lead.category.value]
    parts += [f"revision {code(lead.revision, 60)}"] if lead.revision else []
    parts += [f"with {', '.join(code(one, 60) for one in group.related[:5])}"] if group.related else []
    parts += [code(thing, 130)] if thing else []
    return f"<sub>{' · '.join(parts)}</sub>"


def _evidence(group: Group, detail: Detail) -> str:
    kept = [one for one in group.evidence if detail.sql or one.kind is not EvidenceKind.SQL][:12]
    return "\n".join(_reason(one, detail) for one in kept)


def _reason(one: Evidence, detail: Detail) -> str:
    if one.kind is EvidenceKind.SQL:
        return f"- {_LEADS[one.kind]}: {code(one.detail, min(detail.words, 400))}"
    return f"- {_LEADS[one.kind]}: {prose(one.detail, detail.words)}"


def _precondition(finding: Finding, detail: Detail) -> str:
    if not finding.depends_on_data:
        return ""
    if detail.asked:
        return "**Depends on the rows**: asked on the target, see the preconditions."
    said = "**Depends on the rows.** `alembic-gate predeploy` asks the target"
    if not (finding.precondition_sql and detail.code):
        return f"{said} before the deploy."
    return f"{said}:\n\n{fence(finding.precondition_sql, 'sql', detail.code)}"


def _remedy(remedy: Remedy | None, detail: Detail) -> str:
    if remedy is None:
        return ""
    deploys = {step.deploy for step in remedy.steps}
    over = f" ({plural(len(deploys), 'deploy')})" if len(deploys) > 1 else ""
    blocks = [f"**The safe way{over}.** {prose(remedy.summary, detail.words)}"]
    return "\n\n".join([*blocks, *(_step(step, detail, len(deploys) > 1) for step in steps(remedy)[:20])])


def _step(step: Step, detail: Detail, numbered: bool) -> str:
    lead = f"**Deploy {step.deploy}.** " if numbered else ""
    title = f"{lead}{prose(step.title, detail.words)}".rstrip()
    block = fence(step.code, language(step.code), detail.code) if step.code and detail.code else ""
    return "\n\n".join(part for part in (title, block) if part)


def _suggestion(finding: Finding, detail: Detail) -> str:
    place_, text = finding.location, suggestion(finding)
    if not text or place_ is None or not detail.code:
        return ""
    last = place_.end_line or place_.line
    lines = f"line {place_.line}" if last == place_.line else f"lines {place_.line} to {last}"
    return f"Replace {lines} by:\n\n{fence(text, language(text), detail.code)}"
