"""Findings for a terminal: what is wrong, why we say so, and the safe way as steps over deploys."""

from __future__ import annotations

from gate.model import Finding, Remedy, Step
from gate.render._groups import Group
from gate.render._terminal import Ink, block, hanging, plain, wrapped
from gate.render._words import place, steps, suggestion


def group(about: Group, ink: Ink, asked: bool = False) -> str:
    """One pattern at one place with all its harms; ``asked`` tells that the target was asked already."""
    lead, where = about.lead, plain(place(about.lead))
    head = f"{ink(str(lead.severity), str(lead.severity))}  {ink(plain(lead.id), 'bold')}"
    lines = [f"{head}  {where}" if where else head, wrapped(lead.message)]
    lines += [wrapped(f"also {_harm(one)}: {one.message}") for one in about.also]
    lines.append(f"  {ink(_about(about), 'dim')}")
    lines += [hanging(f"{one.kind:<8}  ", one.detail, "    ", 600) for one in about.evidence[:12]]
    questions = [line for one in about.findings for line in _precondition(one, asked)]
    return "\n".join([*lines, *questions, *_remedy(about.remedy, about.told_by, ink), *_suggestion(about)])


def _harm(finding: Finding) -> str:
    return f"{finding.category} ({finding.severity})"


def _about(about: Group) -> str:
    lead = about.lead
    thing = ".".join(part for part in (lead.table, lead.column) if part)
    parts = [lead.category.value, f"revision {lead.revision}" if lead.revision else "", thing]
    parts += [f"with {', '.join(about.related[:5])}"] if about.related else []
    return plain(", ".join(part for part in parts if part))


def _precondition(finding: Finding, asked: bool) -> list[str]:
    if not finding.depends_on_data:
        return []
    if asked:
        return ["    depends on the rows: asked on the target, see Preconditions"]
    lines = ["    depends on the rows: alembic-gate predeploy asks the target"]
    return [*lines, block(finding.precondition_sql)] if finding.precondition_sql else lines


def _remedy(remedy: Remedy | None, told_by: str | None, ink: Ink) -> list[str]:
    if remedy is None:
        return []
    title = ink("The safe way", "green")
    if told_by:
        return [f"  {title}: see {plain(told_by)}"]
    several = len({step.deploy for step in remedy.steps}) > 1
    return [f"  {title}", wrapped(remedy.summary, "    "), *(_step(one, several) for one in steps(remedy))]


def _step(step: Step, several: bool) -> str:
    lead = f"deploy {step.deploy}: " if several else "- "
    title = hanging(lead, step.title, "    ") if step.title or several else ""
    return "\n".join(part for part in (title, block(step.code, "        ") if step.code else "") if part)


def _suggestion(about: Group) -> list[str]:
    for one in about.findings:
        if one.location and (text := suggestion(one)):
            return [f"    replace line {one.location.line} by", block(text, "        ")]
    return []
