"""The target database as Markdown: where it stands, what is pending, whether its rows and sessions let it go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gate.render._markdown_detail import Detail
from gate.render._markdown_escape import cell, code, code_cell, details, fence, prose, table
from gate.render._words import STATES, plural, record, records, size, strings, word

_HOLDS = {"holds": "✅ holds", "violated": "❌ violated", "unknown": "❔ unknown"}
Rows = list[Mapping[str, Any]]


def target(section: Any, detail: Detail) -> str:
    """The whole section; empty when no target was read."""
    about = record(section)
    if not about:
        return ""
    # In the order of the questions of whoever has to decide: may it go, how far, what is in the way; then the details.
    parts = [_state(about), _advice(about, detail), _unknown(about, detail), _stamp(about)]
    parts += [_phases(about, detail), _blockers(about, detail), _preconditions(about, detail), _drift(about, detail)]
    parts += [_unknowns(about, detail), _pending(about, detail), _tables(about, detail)]
    return "\n\n".join(part for part in parts if part)


def _state(about: Mapping[str, Any]) -> str:
    state = word(about.get("state"))
    current = ", ".join(code(one, 60) for one in strings(about.get("current"))[:10]) or "none"
    wanted = ", ".join(code(one, 60) for one in strings(about.get("heads"))[:10]) or "none"
    lines = [f"**Target: {prose(STATES.get(state, state), 200)}.** At {current}, the release's head is {wanted}."]
    if about.get("moved"):
        lines.append("The target moved while it was read, so nothing said here may still hold: run the gate again.")
    return "\n\n".join([" ".join(lines), *_how_far(about)])


def _how_far(about: Mapping[str, Any]) -> list[str]:
    """How many of the pending revisions may run now: the one sentence that a release waits for."""
    pending = records(about.get("pending"))
    phases = records(about.get("phases"))
    if not pending or not phases:  # nobody judged them: after the deploy, or before a stamp
        return []
    many = plural(len(pending), "pending revision")
    goal = word(about.get("upgrade_to") or "")
    if not goal:
        return [
            f"**None of the {many} may run now.**" if len(pending) > 1 else "**The pending revision may not run now.**"
        ]
    now = len(strings(phases[0].get("revisions")))
    if now >= len(pending):
        return [f"**Go: the {many} may run now.**" if len(pending) == 1 else f"**Go: all {many} may run now.**"]
    return [f"**Go only up to {code(goal, 60)}: {now} of the {many} may run now.** The phases say why the rest waits."]


def _advice(about: Mapping[str, Any], detail: Detail) -> str:
    given = records(about.get("advice"))[: detail.rows]
    return "\n\n".join(
        f"{prose(word(one.get('why')), detail.words)}\n\n{fence(word(one.get('command')), 'sh', 500)}" for one in given
    )


def _pending(about: Mapping[str, Any], detail: Detail) -> str:
    rows = records(about.get("pending"))
    body = [
        (code_cell(word(row.get("revision"))), cell(word(row.get("message"))), _code_or_nothing(row.get("path"), 200))
        for row in rows[: detail.rows]
    ]
    text = f"{table(('revision', 'message', 'file'), body)}{_more(rows, detail)}"
    stamp = about.get("pending_after_stamp")
    when = f" once it is stamped {prose(word(stamp), 60)}" if stamp else ""
    return _short(f"{plural(len(rows), 'pending revision')}{when}", rows, text)


def _unknown(about: Mapping[str, Any], detail: Detail) -> str:
    rows = records(about.get("unknown"))
    body = [
        (
            code_cell(word(row.get("revision")), 60),
            _code_or_nothing(word(row.get("commit"))[:12], 40),
            cell(word(row.get("subject")), 200),
            _code_or_nothing(row.get("path"), 200),
        )
        for row in rows[: detail.rows]
    ]
    found = table(("revision", "commit", "subject", "file"), body)
    return f"**Unknown to this release.**\n\n{found}" if found else ""


def _stamp(about: Mapping[str, Any]) -> str:
    stamp = record(about.get("stamp"))
    candidates = strings(stamp.get("candidates"))
    if not candidates:
        return ""
    differences = stamp.get("differences")
    apart = plural(differences, "difference") if isinstance(differences, int) else "an unknown number of differences"
    named = ", ".join(code(one, 60) for one in candidates[:10])
    return f"**Its schema corresponds to** {named}, with {apart}."


def _preconditions(about: Mapping[str, Any], detail: Detail) -> str:
    rows = records(about.get("preconditions"))
    body = [_precondition(row) for row in rows[: detail.rows]]
    found = table(("precondition", "on the target", "rows", "query"), body)
    return f"**Preconditions.**\n\n{found}{_more(rows, detail)}" if found else ""


def _precondition(row: Mapping[str, Any]) -> tuple[str, ...]:
    result = word(row.get("result"))
    said = _HOLDS.get(result, cell(result, 40))
    about = ".".join(word(row[key]) for key in ("table", "column") if row.get(key))
    finding = code_cell(f"{word(row.get('rule') or row.get('finding'))} {about}".strip(), 120)
    return (finding, said, cell(word(row.get("count")), 40), _code_or_nothing(row.get("sql"), 150))


def _blockers(about: Mapping[str, Any], detail: Detail) -> str:
    rows = records(about.get("blockers"))[: detail.rows]
    lines = [f"- {code(word(one.get('kind')), 60)}: {prose(word(one.get('detail')), detail.words)}" for one in rows]
    return "\n".join(["**In the way right now.**", "", *lines]) if lines else ""


def _drift(about: Mapping[str, Any], detail: Detail) -> str:
    rows = records(about.get("drift"))
    if not rows:
        return ""
    body = [
        (code_cell(word(row.get("object")), 120), *(_code_or_nothing(row.get(key), 150) for key in _DRIFT[1:]))
        for row in rows[: detail.rows]
    ]
    text = f"{table(_DRIFT, body)}{_more(rows, detail)}"
    return details(f"Drift: {plural(len(rows), 'object')} not as the revision says", text)


_DRIFT = ("object", "kind", "expected", "actual")


def _tables(about: Mapping[str, Any], detail: Detail) -> str:
    rows = records(about.get("tables"))
    body = [
        (code_cell(word(row.get("name")), 120), cell(word(row.get("rows")), 40), size(row.get("bytes")))
        for row in rows[: detail.rows]
    ]
    text = f"{table(('table', 'rows', 'size'), body)}{_more(rows, detail)}"
    return _short(plural(len(rows), "table touched", "tables touched"), rows, text)


def _phases(about: Mapping[str, Any], detail: Detail) -> str:
    rows = records(about.get("phases"))[: detail.rows]
    body = [
        (
            cell(word(row.get("name")), 80),
            ", ".join(code_cell(one, 60) for one in strings(row.get("revisions"))[:30]),
            cell(word(row.get("why")), detail.words),
        )
        for row in rows
    ]
    found = table(("phase", "revisions", "why"), body)
    return f"**Phases.**\n\n{found}" if found else ""


def _unknowns(about: Mapping[str, Any], detail: Detail) -> str:
    lines = [f"- {prose(one, detail.words)}" for one in strings(about.get("unknowns"))[: detail.rows]]
    return "\n".join(["**Could not be read on the target** (so not all clear):", "", *lines]) if lines else ""


def _short(title: str, rows: Rows, text: str) -> str:
    """A list stands open while it is short."""
    if not rows:
        return ""
    return f"**{title}.**\n\n{text}" if len(rows) <= 5 else details(title, text)


def _code_or_nothing(value: Any, limit: int) -> str:
    return code_cell(word(value), limit) if value not in (None, "") else ""


def _more(rows: Rows, detail: Detail) -> str:
    rest = len(rows) - detail.rows
    return f"\n\n… and {rest:,} more" if rest > 0 else ""
