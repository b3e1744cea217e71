"""The words of a report: findings, checks, projects, and the report itself.

Everything here is a frozen value. Nothing here reads the world or prints: collectors make facts, checks turn facts
into these values, renderers turn these values into text. ``to_json`` gives exactly ``alembic-gate/report/v1``.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SCHEMA = "alembic-gate/report/v1"


class Severity(enum.StrEnum):
    """How much a finding weighs: an error blocks, a warning is shown, a note informs."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for the worst, so that sorting puts the worst first."""
        return list(Severity).index(self)


class Category(enum.StrEnum):
    """What kind of harm a finding does (design, sections 4 and 7)."""

    LOCK = "lock"
    REWRITE = "rewrite"
    DATA_LOSS = "data-loss"
    FAILS_ON_EXISTING_ROWS = "fails-on-existing-rows"
    BACKWARD_INCOMPATIBLE = "backward-incompatible"
    NOT_SPLIT = "not-split"
    TRANSACTION = "transaction"
    IRREVERSIBLE = "irreversible"
    HYGIENE = "hygiene"
    GRAPH = "graph"
    DRIFT = "drift"
    IMAGE = "image"
    TARGET = "target"
    BROKEN = "broken"


class Verdict(enum.StrEnum):
    """The answer of a check or of the whole gate. Undecided never reads as pass."""

    PASS = "pass"  # noqa: S105  # a verdict, not a password
    FAIL = "fail"
    UNDECIDED = "undecided"
    SKIPPED = "skipped"


class EvidenceKind(enum.StrEnum):
    """Where a piece of evidence comes from."""

    READ = "read"
    SQL = "sql"
    OBSERVED = "observed"
    MEASURED = "measured"


@dataclass(frozen=True)
class Evidence:
    """One reason why a finding is said: a file's text, a statement, an observation, a measurement on the target."""

    kind: EvidenceKind
    detail: str


@dataclass(frozen=True)
class Location:
    """A place in the repository. ``path`` is relative to the repository's root; lines count from 1."""

    path: str
    line: int = 1
    end_line: int | None = None


@dataclass(frozen=True)
class Step:
    """One step of the safe way. ``deploy`` counts from 1; ``code`` is what to write, ready to paste."""

    deploy: int
    title: str
    code: str = ""


@dataclass(frozen=True)
class Remedy:
    """The safe way, as steps over deploys, with the user's own names."""

    summary: str
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Suppression:
    """Why a finding does not count: who allowed it, for how long, from where."""

    reason: str
    source: str
    until: str | None = None


@dataclass(frozen=True)
class Finding:
    """One problem at one place, with evidence and remedy.

    ``id`` is the rule's or the check's id; ``check`` the check that reports it. ``suggestion`` is the replacement of
    the lines ``location.line..location.end_line`` when one mend of whole lines settles the finding.
    """

    id: str
    check: str
    category: Category
    severity: Severity
    message: str
    location: Location | None = None
    revision: str | None = None
    table: str | None = None
    column: str | None = None
    evidence: tuple[Evidence, ...] = ()
    remedy: Remedy | None = None
    depends_on_data: bool = False
    precondition_sql: str | None = None
    related: tuple[str, ...] = ()
    suppressed: Suppression | None = None
    suggestion: str | None = None

    @property
    def fingerprint(self) -> str:
        """Stable while lines move: made of what the finding is about, not of where it stands."""
        path = self.location.path if self.location else ""
        about = (self.id, self.category, self.revision or path, self.table or "", self.column or "")
        return hashlib.sha256("\0".join(about).encode(errors="surrogatepass")).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """The finding as ``report.json`` holds it."""
        flat = _plain(self)
        place = flat.pop("location") or {"path": None, "line": None, "end_line": None}
        return {**flat, **place, "fingerprint": self.fingerprint}


@dataclass(frozen=True)
class CheckResult:
    """What one check said. ``reason`` and ``advice`` are filled for undecided and skipped."""

    id: str
    verdict: Verdict
    reason: str | None = None
    advice: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Coverage:
    """What the verdict rests on: statements seen running, statements only read, and what was left out."""

    statements_observed: int = 0
    statements_read_only: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """What was judged: repository, commits, pull request, event."""

    repository: str | None = None
    head_sha: str | None = None
    base_sha: str | None = None
    base_found_by: str = "none"
    pull_request: int | None = None
    event: str | None = None


@dataclass(frozen=True)
class ProjectReport:
    """What was found in one Alembic environment. ``sections`` holds the report's optional objects by name."""

    name: str
    config: str | None = None
    dialect: str | None = None
    server_version: str | None = None
    server_source: str | None = None
    heads: tuple[str, ...] = ()
    new_revisions: tuple[str, ...] = ()
    coverage: Coverage = Coverage()
    snapshot: Mapping[str, Any] = field(default_factory=lambda: {"used": False, "reason": "no rehearsal ran"})
    checks: tuple[CheckResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    sections: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The project as ``report.json`` holds it: every named section present, null where nothing is known."""
        others = [f.name for f in dataclasses.fields(self) if f.name not in ("findings", "sections")]
        flat: dict[str, Any] = {name: _plain(getattr(self, name)) for name in others}
        flat["findings"] = [finding.to_json() for finding in self.findings]
        empty: dict[str, Any] = {"schema_diff": None, "image": None, "images": [], "plan": [], "target": None}
        return {**flat, **empty, **_plain(dict(self.sections))}


@dataclass(frozen=True)
class Report:
    """The whole answer of one run."""

    mode: str
    verdict: Verdict
    exit_code: int
    tool_version: str
    subject: Subject = Subject()
    projects: tuple[ProjectReport, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    sections: Mapping[str, Any] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings of all projects, suppressed ones included, worst first."""
        every = [finding for project in self.projects for finding in project.findings]
        return tuple(sorted(every, key=lambda finding: finding.severity.rank))

    def count(self, severity: Severity) -> int:
        """How many findings of this severity count (suppressed ones do not)."""
        return sum(1 for finding in self.findings if finding.severity is severity and finding.suppressed is None)

    def to_json(self) -> dict[str, Any]:
        """The report as ``report.json``: plain dictionaries, lists, strings and numbers."""
        return {
            "schema": SCHEMA,
            "tool": {"name": "alembic-gate", "version": self.tool_version},
            "mode": self.mode,
            "verdict": str(self.verdict),
            "exit_code": self.exit_code,
            "counts": {f"{severity}s": self.count(severity) for severity in Severity},
            "subject": _plain(self.subject),
            "projects": [project.to_json() for project in self.projects],
            "notices": list(self.notices),
            "timings": {name: round(seconds, 3) for name, seconds in self.timings.items()},
            **_plain(dict(self.sections)),
        }


_ATOMS = (str, int, float, bool, type(None))


def _plain(value: Any) -> Any:
    """A frozen value as JSON knows it; enumerations become their text, tuples become lists."""
    if type(value) in _ATOMS:
        return value  # most values are, and a report may have a million of them
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return value
