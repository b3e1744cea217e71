"""Findings that are allowed: inline comments and the settings' ``allow:`` list; and the settings' ``rules:`` levels.

::

    op.drop_column("users", "nickname")  # gate: allow dropping-column -- read by nobody since 4.2
    # gate: allow renaming-table until 2027-01-31 -- the old name is a view
    op.rename_table("a", "b")

An allowed finding stays in the report and does not count. A suppression needs a reason; one without it does not allow
anything. Those without reason, expired, unused, or of an unknown rule are findings themselves.
"""

from __future__ import annotations

import ast
import dataclasses
import datetime
import difflib
import fnmatch
import functools
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gate.model import Category, Evidence, EvidenceKind, Finding, Location, Remedy, Severity, Step, Suppression
from gate.settings import Settings

_COMMENT = re.compile(r"#\s*gate:\s*allow\b(?P<rest>.*)$", re.IGNORECASE)
_UNTIL = re.compile(r"\buntil\s+(?P<day>\S+)", re.IGNORECASE)
_REVISION = re.compile(r"^revision\s*(?::[^=\n]+)?=\s*['\"]([^'\"]+)['\"]", re.MULTILINE)
_CHECK = "safe-operations"


@dataclass(frozen=True)
class Allowed:
    """One suppression as it was written. ``lines`` are those it covers; None where it comes from the settings."""

    rule: str
    reason: str
    source: str
    until: str | None = None
    path: str | None = None
    lines: range | None = None
    line: int = 1
    revision: str | None = None

    def expired(self, today: datetime.date) -> bool:
        """Its last day is over. A day that cannot be read counts as over: nobody knows when it would end."""
        if self.until is None:
            return False
        try:
            return datetime.date.fromisoformat(self.until) < today
        except ValueError:
            return True

    def covers(self, finding: Finding, blocks: Mapping[int, int]) -> bool:
        """Is this the finding it was written for? ``blocks`` maps the header line of each ``with`` to its last line."""
        if self.rule != finding.id:
            return False
        if self.lines is None:
            return self._named(finding)
        place = finding.location
        if place is None or place.path != self.path:
            return False
        last = max(place.end_line or place.line, blocks.get(place.line, place.line))
        return self.lines.start <= last and place.line < self.lines.stop

    def _named(self, finding: Finding) -> bool:
        by_revision = self.revision is None or self.revision == finding.revision
        path = finding.location.path if finding.location else ""
        return by_revision and (self.path is None or fnmatch.fnmatch(path, self.path))


def apply(
    findings: Iterable[Finding],
    sources: Mapping[str, str],
    settings: Settings,
    today: datetime.date,
    *,
    known: Mapping[str, str] | None = None,
    asked: frozenset[str] | None = None,
) -> tuple[Finding, ...]:
    """The findings with levels and suppressions applied, and the findings about the suppressions themselves.

    ``sources`` are the texts of the deploy's revisions and of the files findings point at, by path. ``known`` gives the
    check of each rule's and check's id, ``asked`` the checks that were answered: a suppression of one that nobody asked
    about is not unused. None means all.
    """
    levelled = [finding for finding in map(functools.partial(_levelled, settings), findings) if finding is not None]
    every = [*_inline(sources), *_listed(settings)]
    blocks = {path: _with_blocks(text) for path, text in sources.items()}
    used: set[Allowed] = set()
    judged = [_judged(finding, every, blocks, today, used) for finding in levelled]
    return (*judged, *_about(every, used, sources, today, known=known or {}, asked=asked))


def _levelled(settings: Settings, finding: Finding) -> Finding | None:
    level = str(settings.rules.get(finding.id, "")).lower()
    if level in ("off", "false"):  # YAML reads a bare off as false
        return None
    return dataclasses.replace(finding, severity=Severity(level)) if level in list(Severity) else finding


def _judged(
    finding: Finding,
    every: list[Allowed],
    blocks: Mapping[str, Mapping[int, int]],
    today: datetime.date,
    used: set[Allowed],
) -> Finding:
    path = finding.location.path if finding.location else ""
    for one in every:
        if not one.covers(finding, blocks.get(path, {})):
            continue
        used.add(one)
        if one.reason and not one.expired(today):
            return dataclasses.replace(finding, suppressed=Suppression(one.reason, one.source, one.until))
    return finding


def _inline(sources: Mapping[str, str]) -> Iterator[Allowed]:
    for path, text in sources.items():
        for line, covered, rest in _comments(text):
            yield from _written(path, line, covered, rest)


def _written(path: str, line: int, covered: range, rest: str) -> Iterator[Allowed]:
    """``rule[, rule] [until DAY] -- reason``; the day may also end the reason."""
    head, _, reason = rest.partition("--")
    day = _UNTIL.search(head) or _UNTIL.search(reason)
    names = [one for one in re.split(r"[\s,]+", _UNTIL.sub("", head).strip()) if one]
    told = _UNTIL.sub("", reason).strip() if day and not _UNTIL.search(head) else reason.strip()
    for name in names or [""]:
        source = f"{path}:{line}"
        yield Allowed(name, told, source, day["day"] if day else None, path, covered, line)


@functools.lru_cache(maxsize=512)
def _comments(text: str) -> tuple[tuple[int, range, str], ...]:
    """Every suppressing comment: its line, the lines it covers, and what it says. Strings are no comments."""
    if "gate:" not in text:
        return ()
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError, ValueError):
        return ()
    code = [token.start[0] for token in tokens if token.type not in _BLANK]
    found = []
    for token in tokens:
        match = _COMMENT.search(token.string) if token.type == tokenize.COMMENT else None
        if match:
            line = token.start[0]
            goal = line if token.line[: token.start[1]].strip() else next((one for one in code if one > line), line)
            found.append((line, range(min(line, goal), goal + 1), match["rest"]))
    return tuple(found)


_BLANK = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


@functools.lru_cache(maxsize=512)
def _with_blocks(text: str) -> Mapping[int, int]:
    """First to last line of each ``with`` block: batch mode runs its statements when the block ends."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    withs = (node for node in ast.walk(tree) if isinstance(node, (ast.With, ast.AsyncWith)))
    return {node.lineno: node.end_lineno or node.lineno for node in withs}


def _listed(settings: Settings) -> Iterator[Allowed]:
    source = settings.settings or "settings"
    for number, entry in enumerate(settings.allow, start=1):
        yield Allowed(
            rule=str(entry.get("rule") or ""),
            reason=str(entry.get("reason") or "").strip(),
            source=f"{source}, allow entry {number}",
            until=str(entry["until"]) if entry.get("until") else None,
            path=str(entry["path"]) if entry.get("path") else None,
            revision=str(entry["revision"]) if entry.get("revision") else None,
        )


def _about(
    every: list[Allowed],
    used: set[Allowed],
    sources: Mapping[str, str],
    today: datetime.date,
    *,
    known: Mapping[str, str],
    asked: frozenset[str] | None,
) -> Iterator[Finding]:
    """What is wrong with the suppressions: each is told once, by its worst fault."""
    revisions = {path: found[1] for path, text in sources.items() if (found := _REVISION.search(text))}
    for one in every:
        if known and one.rule not in known:
            yield _unknown(one, known, revisions)
        elif not one.reason:
            yield _finding(one, "suppression-without-reason", f"{_told(one)} gives no reason, so it allows nothing.",
                           "Say after two dashes why it is safe here.", revisions)  # fmt: skip
        elif one.expired(today):
            yield _finding(one, "expired-suppression", f"{_told(one)} ended on {one.until}.", _EXPIRED, revisions)
        elif one not in used and _was_asked(one, known, asked) and _is_of_deploy(one, revisions):
            yield _finding(one, "unused-suppression", f"{_told(one)} allows nothing: there is no such finding here.",
                           "Remove it.", revisions)  # fmt: skip


_EXPIRED = "Mend what it allowed, or give it a new day (YYYY-MM-DD) and a reason that still holds."


def _told(one: Allowed) -> str:
    return f"The suppression of {one.rule or 'no rule'} ({one.source})"


def _unknown(one: Allowed, known: Mapping[str, str], revisions: Mapping[str, str]) -> Finding:
    near = difflib.get_close_matches(one.rule, known, 1)
    advice = f"Did you mean {near[0]}?" if near else "`alembic-gate rules` lists the rules."
    return _finding(one, "suppression-of-unknown-rule", f"{_told(one)} names no rule that there is.", advice, revisions)


def _was_asked(one: Allowed, known: Mapping[str, str], asked: frozenset[str] | None) -> bool:
    return asked is None or known.get(one.rule, one.rule) in asked


def _is_of_deploy(one: Allowed, revisions: Mapping[str, str]) -> bool:
    """Settings outlive a pull request: an entry is judged only where it names something that is judged here."""
    if one.lines is not None:
        return True
    if one.revision is not None:
        return one.revision in revisions.values()
    return one.path is not None and any(fnmatch.fnmatch(path, one.path) for path in revisions)


def _finding(one: Allowed, id: str, message: str, advice: str, revisions: Mapping[str, str]) -> Finding:
    inline = one.lines is not None
    return Finding(
        id=id,
        check=_CHECK,
        category=Category.HYGIENE,
        severity=Severity.WARNING,
        message=message,
        location=Location(one.path or "", one.line) if inline else None,
        revision=revisions.get(one.path or "") if inline else one.revision,
        evidence=(Evidence(EvidenceKind.READ, one.source),),
        remedy=Remedy(advice, (Step(1, "The form", "# gate: allow <rule> until YYYY-MM-DD -- <reason>"),)),
    )
