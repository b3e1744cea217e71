"""The report's objects for a terminal: pending diff, images, target, locks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gate.model import ProjectReport
from gate.render._terminal import Ink, block, hanging, plain, wrapped
from gate.render._words import BESIDE, STATES, UNKNOWN, duration, plural, record, records, size, strings, word

_ROWS = 40


def sections(project: ProjectReport, ink: Ink) -> list[str]:
    """One text per object that the report holds."""
    held = project.sections
    parts = [_diff(project, ink), *_images(held, ink), _locks(held, ink)]
    return [part for part in parts if part]


def _diff(project: ProjectReport, ink: Ink) -> str:
    diff = record(project.sections.get("schema_diff"))
    body = word(diff.get("code"))
    told = (step.code for one in project.findings if one.remedy for step in one.remedy.steps)
    if not body.strip() or any(body.strip() in code for code in told):
        return ""
    return f"{ink('Pending diff', 'bold')}: upgrade() of the missing revision\n{block(body, '    ')}"


def _images(held: Mapping[str, Any], ink: Ink) -> Iterator[str]:
    main = record(held.get("image"))
    others = [one for one in records(held.get("images")) if dict(one) != dict(main)]
    if main:
        yield _image(main, ink)
    if others:
        lines = [f"  {plain(word(one.get('name')))}: {BESIDE.get(word(one.get('verdict')), UNKNOWN)}" for one in others]
        yield "\n".join([f"{ink('Images beside it', 'bold')}, which need not hold the migrations", *lines])


def _image(image: Mapping[str, Any], ink: Ink) -> str:
    verdict = word(image.get("verdict"))
    name = f" {plain(word(image['target']))}" if image.get("target") else ""
    meaning = {"fine": "pass", "broken": "fail"}.get(verdict, "undecided")
    where = ":".join(word(image.get(key)).replace(",", "") for key in ("path", "line") if image.get(key))
    said = ", ".join(part for part in (word(image.get("reason")), where) if part)
    head = f"{ink(f'Image{name}', 'bold')}: {ink(plain(verdict.replace('-', ' ')), meaning)}"
    missing = strings(image.get("missing"))
    listed = ", ".join(missing[:6]) + (f" and {len(missing) - 6} more" if len(missing) > 6 else "")
    line = f"{head}{' (' + plain(said) + ')' if said else ''}"
    return f"{line}\n{hanging('missing  ', listed)}" if missing else line


def _locks(held: Mapping[str, Any], ink: Ink) -> str:
    rows = records(held.get("locks"))
    head = ("revision", "table", "lock", "blocks", "held", "rewrites")
    body = [_lock(row) for row in rows[:_ROWS]]
    return _table("Locks on existing tables", head, body, len(rows), ink)


def _lock(row: Mapping[str, Any]) -> tuple[str, ...]:
    held = row.get("held_ms")
    time = duration(held / 1000) if isinstance(held, (int, float)) else ""
    said = [plain(word(row.get(key)), 40) for key in ("revision", "table", "mode", "blocks")]
    return (*said, time, plain(word(row.get("rewrites")), 40))


def target(project: ProjectReport, ink: Ink) -> str:
    """Where the target stands, what is pending, and whether it may go; empty when no target was read."""
    about = record(project.sections.get("target"))
    if not about:
        return ""
    state = word(about.get("state"))
    lines = [f"{ink('Target', 'bold')}: {plain(STATES.get(state, state))}"]
    lines += [hanging("at        ", word(about.get("current")) or "no revision")]
    lines += [hanging("release   ", word(about.get("heads")))]
    lines += ["  it moved while it was read: run the gate again"] if about.get("moved") else []
    lines += [hanging("go up to  ", word(about["upgrade_to"]))] if about.get("upgrade_to") else []
    for one in records(about.get("advice"))[:_ROWS]:
        lines += [wrapped(word(one.get("why"))), block(word(one.get("command")))]
    lines += _phases(about, ink)
    tables = [text for text in _target_tables(about, ink) if text]
    return "\n\n".join(["\n".join(lines), *tables])


def _phases(about: Mapping[str, Any], ink: Ink) -> list[str]:
    """In which steps to go, and why each stands there."""
    rows = records(about.get("phases"))[:_ROWS]
    lines = ["", ink("Phases", "bold")] if rows else []
    for one in rows:
        lines += [hanging(f"{plain(word(one.get('name')), 80)}: ", word(one.get("revisions")))]
        lines += [hanging("    ", word(one.get("why")))]
    return lines


def _target_tables(about: Mapping[str, Any], ink: Ink) -> Iterator[str]:
    for title, key, columns in _TABLES:
        rows = records(about.get(key))
        body = [tuple(_field(row, column) for column in columns) for row in rows[:_ROWS]]
        stamp = plain(word(about.get("pending_after_stamp") or ""), 80) if key == "pending" else ""
        yield _table(f"{title} once it is stamped {stamp}" if stamp else title, columns, body, len(rows), ink)
    unknowns = strings(about.get("unknowns"))
    if unknowns:
        title = ink("Could not be read on the target (so not all clear)", "yellow")
        yield "\n".join([title, *(wrapped(one) for one in unknowns[:_ROWS])])


_TABLES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Unknown to this release", "unknown", ("revision", "commit", "subject", "path")),
    ("In the way right now", "blockers", ("kind", "detail")),
    ("Preconditions", "preconditions", ("finding", "result", "count", "sql")),
    ("Drift", "drift", ("object", "kind", "expected", "actual")),
    ("Pending", "pending", ("revision", "message", "path")),
    ("Tables touched", "tables", ("name", "rows", "bytes")),
)


def _field(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    if column == "finding":
        about = ".".join(word(row[key]) for key in ("table", "column") if row.get(key))
        value = f"{word(row.get('rule') or value)} {about}".strip()
    return size(value) if column == "bytes" else plain(word(value), 200)


def _table(title: str, head: Sequence[str], body: list[tuple[str, ...]], number: int, ink: Ink) -> str:
    """Columns as wide as their longest cell; the last one runs free."""
    if not body:
        return ""
    widths = [max(len(row[at]) for row in [tuple(head), *body]) for at in range(len(head) - 1)]
    lines = [
        "  ".join([*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in [tuple(head), *body]
    ]
    rest = [f"  … and {plural(number - len(body), 'more row')}"] if number > len(body) else []
    return "\n".join([ink(title, "bold"), f"  {ink(lines[0], 'dim')}", *(f"  {line}" for line in lines[1:]), *rest])
