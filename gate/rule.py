"""What a rule is: one known unsafe pattern, told as a page.

A rule module reads: docstring, ``find``, then ``rule = Rule(...)``. ``find`` gets the deploy and yields hits; the id
is the file's name, stamped by the registry, so a rule never spells it. The examples are bodies of ``upgrade()`` over
the sample schema of ``tests/rules/`` and are executed on the real engines: ``unsafe`` gives exactly this rule,
``safe`` gives nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Evidence, EvidenceKind, Finding, Location, Remedy, Severity

Dialect = Literal["postgresql", "mysql", "mariadb", "sqlite"]
SplitLevel = Literal["statement", "transaction", "deploy"]
POSTGRESQL: tuple[Dialect, ...] = ("postgresql",)
MYSQL: tuple[Dialect, ...] = ("mysql", "mariadb")
SQLITE: tuple[Dialect, ...] = ("sqlite",)
EVERY: tuple[Dialect, ...] = (*POSTGRESQL, *MYSQL, *SQLITE)


@dataclass(frozen=True)
class Example:
    """Revisions that show the pattern.

    ``deploy`` are bodies of ``upgrade()`` that go out together, in order;
    ``earlier`` those of deploys before. ``dialect`` is where it runs; ``env`` tweaks (``transaction_per_migration``).
    """

    deploy: tuple[str, ...]
    earlier: tuple[str, ...] = ()
    dialect: Dialect = "postgresql"
    env: Mapping[str, str] | None = None
    downgrade: str | None = None


@dataclass(frozen=True)
class Hit:
    """One place where the pattern stands. ``category`` and ``severity`` default to the rule's first harm."""

    message: str
    statement: Statement | None = None
    revision: str | None = None
    location: Location | None = None
    category: Category | None = None
    severity: Severity | None = None
    table: str | None = None
    column: str | None = None
    evidence: tuple[Evidence, ...] = ()
    remedy: Remedy | None = None
    depends_on_data: bool = False
    precondition_sql: str | None = None
    related: tuple[str, ...] = ()
    suggestion: str | None = None


@dataclass(frozen=True)
class Rule:
    """One unsafe pattern. ``harms`` maps each category to its default severity, the first being the main one.

    ``split`` is the smallest cut that makes it safe (catalogue, section 6); empty when no cut helps. ``reports_to`` is
    the check that its findings belong to.
    """

    title: str
    why: str
    find: Callable[[Deploy], Iterator[Hit]]
    harms: Mapping[Category, Severity]
    dialects: tuple[Dialect, ...]
    unsafe: tuple[Example, ...]
    safe: tuple[Example, ...]
    split: tuple[SplitLevel, ...] = ()
    reports_to: Literal["safe-operations", "split-steps", "downgrade-works"] = "safe-operations"
    id: str = ""

    @property
    def category(self) -> Category:
        """The main category."""
        return next(iter(self.harms))

    @property
    def severity(self) -> Severity:
        """The main category's severity."""
        return self.harms[self.category]

    def findings(self, deploy: Deploy) -> Iterator[Finding]:
        """Ask the rule about a deploy, if it knows its dialect."""
        if deploy.dialect in self.dialects:
            for hit in self.find(deploy):
                yield self.finding(hit)

    def finding(self, hit: Hit) -> Finding:
        """A hit with the rule's id, category and severity stamped on."""
        category = hit.category or self.category
        statement = hit.statement
        return Finding(
            id=self.id,
            check=self.reports_to,
            category=category,
            severity=hit.severity or self.harms.get(category, self.severity),
            message=hit.message,
            location=hit.location or (statement.location if statement else None),
            revision=hit.revision or (statement.revision if statement else None),
            table=hit.table,
            column=hit.column,
            evidence=hit.evidence or _seen(statement),
            remedy=hit.remedy,
            depends_on_data=hit.depends_on_data,
            precondition_sql=hit.precondition_sql,
            related=hit.related,
            suggestion=hit.suggestion,
        )


_READING = ("AccessShareLock", "RowShareLock")  # held by every query; they keep no other query waiting


def _seen(statement: Statement | None) -> tuple[Evidence, ...]:
    """The statement itself as evidence, and what the server did where it was watched."""
    if statement is None:
        return ()
    seen = [Evidence(EvidenceKind.SQL, statement.sql)]
    observed = statement.observed
    if observed:
        seen += [
            Evidence(EvidenceKind.OBSERVED, f"{lock.mode} on {lock.table}")
            for lock in observed.locks
            if lock.mode not in _READING
        ]
        seen += [Evidence(EvidenceKind.OBSERVED, f"table {table} rewritten") for table in observed.rewrites]
        if observed.algorithm:
            seen += [Evidence(EvidenceKind.OBSERVED, f"ALGORITHM={observed.algorithm}, LOCK={observed.lock_level}")]
    return tuple(dict.fromkeys(seen))
