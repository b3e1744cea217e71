"""One Alembic environment as Markdown: checks, findings, pending diff, graph, locks, image, plan, coverage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gate.model import CheckResult, ProjectReport, Verdict
from gate.render import _mermaid
from gate.render._markdown_detail import Detail
from gate.render._markdown_escape import cell, code, code_cell, details, fence, prose, strong, table
from gate.render._markdown_findings import allowed, findings
from gate.render._markdown_target import target
from gate.render._words import (
    BESIDE,
    SYMBOLS,
    UNKNOWN,
    counting,
    coverage,
    duration,
    graph,
    plural,
    record,
    records,
    remark,
    said_once,
    server,
    strings,
    suppressed,
    word,
)


def project(about: ProjectReport, detail: Detail) -> list[str]:
    """The blocks of one project, the most useful first."""
    where = target(about.sections.get("target"), detail) if detail.sections else ""
    blocks = [checks(about, detail), where, *findings(counting(about), detail)]
    if detail.sections:
        blocks += [pending_diff(about, detail), heads(about), *images(about, detail)]
        blocks += [locks(about, detail), plan(about, detail)]
    blocks += [allowed(suppressed(about), detail), ground(about, detail)]
    return [block for block in blocks if block]


def checks(about: ProjectReport, detail: Detail) -> str:
    """The table of checks, each verdict in words; passing ones only counted when room is short."""
    shown = [one for one in said_once(about.checks) if detail.passing or one.verdict is not Verdict.PASS]
    text = table(("check", "verdict", ""), [_check(about, one, detail) for one in shown[:40]])
    if hidden := len(about.checks) - len(shown):
        text = "\n\n".join(part for part in (text, f"{SYMBOLS['pass']} {plural(hidden, 'check')} passed.") if part)
    return text or "No check was asked."


def _check(about: ProjectReport, check: CheckResult, detail: Detail) -> tuple[str, ...]:
    said = cell(remark(about, check), detail.words) if remark(about, check) else ""
    advice = f"→ {cell(check.advice, detail.words)}" if check.advice else ""
    verdict = f"{SYMBOLS[check.verdict]} {check.verdict}"
    return (code_cell(check.id), verdict, " ".join(part for part in (said, advice) if part))


def pending_diff(about: ProjectReport, detail: Detail) -> str:
    """The operations that the models need and no revision has, ready to paste."""
    diff = record(about.sections.get("schema_diff"))
    body = word(diff.get("code"))
    if not body.strip() or not detail.code:
        return ""
    if any(body.strip() in step.code for one in about.findings if one.remedy for step in one.remedy.steps):
        return ""
    number = plural(len(strings(diff.get("operations"))), "operation")
    lead = f"The models need {number} that no revision holds. `upgrade()` of the missing revision:"
    return f"**Pending diff.** {lead}\n\n{fence(body, 'python', detail.code)}"


def heads(about: ProjectReport) -> str:
    """The graph of the heads: open when there are several, else closed."""
    drawn = _mermaid.graph(about.sections.get("graph"))
    if not drawn:
        return ""
    rest = _mermaid.left_out(about.sections.get("graph"))
    more = f"\n\n{plural(rest, 'more revision')} not drawn." if rest else ""
    block = f"```mermaid\n{drawn}\n```{more}"
    several = len(about.heads) > 1
    return f"**Revisions.** {prose(graph(about))}\n\n{block}" if several else details(_counted(about), block)


def _counted(about: ProjectReport) -> str:
    return f"Revisions: {plural(len(about.new_revisions), 'new revision')}, {plural(len(about.heads), 'head')}"


def images(about: ProjectReport, detail: Detail) -> list[str]:
    """The image that decides with the place and the files it lacks; those beside it in one line."""
    main = record(about.sections.get("image"))
    others = [one for one in records(about.sections.get("images")) if dict(one) != dict(main)][: detail.rows]
    beside = [f"{code(word(one.get('name')), 100)} {BESIDE.get(word(one.get('verdict')), UNKNOWN)}" for one in others]
    told = [f"Images beside it, which need not hold the migrations: {'; '.join(beside)}."] if beside else []
    return [*([_image(main, detail)] if main else []), *told]


def _image(image: Mapping[str, Any], detail: Detail) -> str:
    verdict = word(image.get("verdict"))
    symbol = {"fine": SYMBOLS["pass"], "broken": SYMBOLS["fail"]}.get(verdict, SYMBOLS["undecided"])
    name = f" {code(word(image['target']), 100)}" if image.get("target") else ""
    where = ":".join(word(image.get(key)).replace(",", "") for key in ("path", "line") if image.get(key))
    said = [f"{symbol} {strong(f'Image{name}: ' + prose(verdict.replace('-', ' '), 40))}"]
    said += [prose(word(image["reason"]), detail.words)] if image.get("reason") else []
    said += [f"decided at {code(where, 200)}"] if where else []
    missing = strings(image.get("missing"))
    listed = ", ".join(code(one, 150) for one in missing[:10]) + (", …" if len(missing) > 10 else "")
    return " · ".join(said) + (f"\n\nMissing: {listed}" if missing else "")


def locks(about: ProjectReport, detail: Detail) -> str:
    """What each statement locks, and whom that blocks."""
    rows = records(about.sections.get("locks"))
    if not rows or not detail.sql:
        return ""
    head = ("revision", "table", "lock", "blocks", "held", "rewrites", "statement")
    body = table(head, [_lock(row) for row in rows[: detail.rows]])
    return details(f"Locks: {plural(len(rows), 'lock')} on existing tables", f"{body}{_more(rows, detail)}")


def _lock(row: Mapping[str, Any]) -> tuple[str, ...]:
    held = row.get("held_ms")
    time = duration(held / 1000) if isinstance(held, (int, float)) else ""
    names = [code_cell(word(row[key]), 80) if row.get(key) else "" for key in ("revision", "table")]
    words = [cell(word(row.get(key)), 80) for key in ("mode", "blocks")]
    statement = code_cell(word(row["statement"]), 120) if row.get("statement") else ""
    return (*names, *words, time, cell(word(row.get("rewrites")), 80), statement)


def plan(about: ProjectReport, detail: Detail) -> str:
    """Each revision's SQL, closed."""
    steps = records(about.sections.get("plan"))
    if not steps or not detail.sql:
        return ""
    body = "\n\n".join(plan_step(step, detail) for step in steps[: detail.rows])
    return details(f"SQL of {plural(len(steps), 'revision')}", f"{body}{_more(steps, detail)}")


def plan_step(step: Mapping[str, Any], detail: Detail) -> str:
    """One revision of the plan: locks, rewrites, seconds, SQL."""
    locked = "; ".join(_held(one) for one in step.get("locks") or ()) if isinstance(step.get("locks"), list) else ""
    said = [f"{code(word(step.get('revision')), 60)} {prose(word(step.get('message')), 120)}".rstrip()]
    said += [f"locks {locked}"] if locked else []
    said += [f"rewrites {prose(word(step['rewrites']), 200)}"] if step.get("rewrites") else []
    seconds = step.get("seconds")
    said += [f"took {duration(seconds)} in the rehearsal"] if isinstance(seconds, (int, float)) else []
    sql = step.get("sql")
    script = "\n".join(strings(sql)) if isinstance(sql, (list, tuple)) else word(sql)
    body = f"\n\n{fence(script, 'sql', detail.code)}" if script.strip() and detail.code else ""
    return f"{' · '.join(said)}{_outlook(step, detail)}{body}"


def _outlook(step: Mapping[str, Any], detail: Detail) -> str:
    """What the revision will do to the target's big tables, and what going back would lose."""
    lines = [f"- {prose(one, detail.words)}" for one in strings(step.get("estimate"))[:10]]
    lines += [f"- way back: {prose(word(step['way_back']), detail.words)}"] if step.get("way_back") else []
    return "".join(f"\n{line}" for line in ["", *lines]) if lines else ""


def _held(lock: Any) -> str:
    """A lock of the plan, given as an object (``table``, ``mode``) or as a text."""
    if isinstance(lock, Mapping):
        return prose(" on ".join(word(lock[key]) for key in ("mode", "table") if lock.get(key)), 120)
    return prose(word(lock), 120)


def ground(about: ProjectReport, detail: Detail) -> str:
    """What the verdict rests on, and the world that it assumes."""
    where = f"{prose(server(about), 200)}. " if server(about) else ""
    lines = [f"**Covered:** {where}{prose(coverage(about), detail.words)}."]
    world = word(about.sections.get("world"))
    lines += [f"**Assumed:** {prose(world, detail.words)}"] if world else []
    return "\n".join(f"<sub>{line}</sub>" + ("<br/>" if line is not lines[-1] else "") for line in lines)


def _more(rows: list[Mapping[str, Any]], detail: Detail) -> str:
    rest = len(rows) - detail.rows
    return f"\n\n… and {rest:,} more" if rest > 0 else ""
