"""The way round a copy on MySQL and MariaDB: a tool that fills a shadow table while the application goes on writing.

gh-ost takes neither foreign keys nor triggers
(https://github.com/github/gh-ost/blob/master/doc/requirements-and-limitations.md); pt-online-schema-change takes both,
when told how (https://docs.percona.com/percona-toolkit/pt-online-schema-change.html). Neither renames the table nor
touches single partitions of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Remedy, Step
from gate.rules._says import execute
from gate.sql.clauses import alter_clauses

_NO_TRACE = (c.SetSetting, c.Query, c.TransactionControl)
_NOT_ON_A_SHADOW = re.compile(
    r"(?:ADD|DROP|TRUNCATE|COALESCE|REORGANIZE|EXCHANGE|REBUILD|ANALYZE|CHECK|OPTIMIZE|REPAIR|CONVERT|DISCARD|IMPORT)\s+"
    r"(?:PARTITION|TABLESPACE|TABLE)\b|RENAME\s+(?!COLUMN\b|INDEX\b|KEY\b)",
    re.IGNORECASE,
)
_FOREIGN_KEY = re.compile(r"\bFOREIGN\s+KEY\b|\bREFERENCES\b", re.IGNORECASE)
_DROPPED_KEY = re.compile(r"^(DROP FOREIGN KEY (?:IF EXISTS )?`?)", re.IGNORECASE)
_UNIQUE = re.compile(r"^ADD\b.*\bUNIQUE\b", re.IGNORECASE)
_SUMMARY = "The server can only copy the table: let an online schema change tool do it while writers go on."


@dataclass(frozen=True)
class _Run:
    """What one run of the tool stands for: ``replaced`` statements of a revision; ``before`` and ``after`` still run."""

    table: str
    replaced: tuple[Statement, ...]
    before: tuple[Statement, ...] = ()
    after: tuple[Statement, ...] = ()

    @property
    def clauses(self) -> tuple[str, ...]:
        """For one ``--alter``."""
        return tuple(clause for one in self.replaced for clause in alter_clauses(one.sql))

    @property
    def revision(self) -> str:
        """The revision that holds the statements now."""
        return self.replaced[0].revision

    @property
    def is_all(self) -> bool:
        """Nothing else of the revision is left."""
        return not (self.before or self.after)


def online_tool(deploy: Deploy, statement: Statement, table: str, summary: str = "") -> Remedy:
    """The tool's command in the place of what it replaces, and what has to run without it; a quiet window, else."""
    if not _is_taken(statement):
        return _quiet_window(statement, summary)
    run = _run(deploy, statement, table)
    code = _pt(run) if _needs_pt(run) else f"{_gh_ost(run)}\n# or\n{_pt(run)}"
    steps = [*_parted(run), *_upgraded(deploy, run), Step(1, _tool_title(run), code), _stamped(run)]
    return Remedy(summary or _SUMMARY, tuple(steps))


def _is_taken(statement: Statement) -> bool:
    clauses = alter_clauses(statement.sql)
    return bool(clauses) and not any(_NOT_ON_A_SHADOW.match(one) for one in clauses)


def _quiet_window(statement: Statement, summary: str) -> Remedy:
    return Remedy(
        summary or "No online schema change tool does this in the server's place: choose a quiet window.",
        (Step(1, "In a quiet window, in a revision that holds nothing else", execute(statement.sql.strip())),),
    )


def _run(deploy: Deploy, statement: Statement, table: str) -> _Run:
    """The statement with those beside it that one ALTER of the table can hold, too."""
    own = [one for one in deploy.statements if one.revision == statement.revision and _leaves_trace(one)]
    first = last = next((at for at, one in enumerate(own) if one.number == statement.number), None)
    if first is None or last is None:
        return _Run(table, (statement,))
    while first > 0 and _joins(own[first - 1], own[first : last + 1], table):
        first -= 1
    while last + 1 < len(own) and _joins(own[last + 1], own[first : last + 1], table):
        last += 1
    return _Run(table, tuple(own[first : last + 1]), tuple(own[:first]), tuple(own[last + 1 :]))


def _leaves_trace(statement: Statement) -> bool:
    return not statement.understood or any(not isinstance(change, _NO_TRACE) for change in statement.changes)


def _joins(one: Statement, others: list[Statement], table: str) -> bool:
    """One ALTER cannot touch a column twice; names that change, and keys dropped or unique, are better off alone."""
    alone = (c.RenameColumn, c.DropConstraint, c.RenameIndex)
    if not _is_taken(one) or any(isinstance(change, alone) for change in one.changes):
        return False
    if any(_UNIQUE.match(clause) for clause in alter_clauses(one.sql)):
        return False
    here = all(getattr(change, "table", None) == table for change in one.changes)
    return here and all(_are_apart(one, other) for other in others)


def _are_apart(one: Statement, other: Statement) -> bool:
    changed, added = _columns(one)
    changed_there, added_there = _columns(other)
    return not (changed & (changed_there | added_there) or added & (changed_there | added_there))


def _columns(statement: Statement) -> tuple[set[str], set[str]]:
    """The columns that a statement changes, and those that it adds."""
    named = [getattr(change, "column", None) for change in statement.changes]
    changed = {name.lower() for name in named if isinstance(name, str)}
    return changed, {one.column.name.lower() for one in statement.changes if isinstance(one, c.AddColumn)}


def _needs_pt(run: _Run) -> bool:
    known = run.replaced[0].before.table(run.table)
    keys = known and any(one.kind == "foreign-key" for one in known.constraints)
    asked = any(_FOREIGN_KEY.search(one) or _UNIQUE.match(one) for one in run.clauses)
    return bool(keys or asked or _is_referenced(run) or (known and known.triggers))


def _is_referenced(run: _Run) -> bool:
    return bool(run.replaced[0].before.referencing(run.table))


def _shell(clauses: tuple[str, ...]) -> str:
    """Inside double quotes of a shell."""
    return re.sub(r'([\\"`$])', r"\\\1", ", ".join(clauses))


def _database(run: _Run) -> tuple[str, str]:
    schema, _, name = run.table.rpartition(".")
    return schema or "<database>", name


def _gh_ost(run: _Run) -> str:
    database, name = _database(run)
    return f'gh-ost --database={database} --table={name} --alter="{_shell(run.clauses)}" --execute'


def _pt(run: _Run) -> str:
    """pt-online-schema-change finds a foreign key of the table under its name with a ``_`` before it."""
    database, name = _database(run)
    clauses = tuple(_DROPPED_KEY.sub(r"\1_", one) for one in run.clauses)
    words = ["pt-online-schema-change", f'--alter "{_shell(clauses)}"', *_options(run), f"D={database},t={name}"]
    return " ".join([*words, "--execute"])


def _options(run: _Run) -> Iterator[str]:
    """``auto`` may choose to leave the old table unswapped, which cannot go with triggers that are to move."""
    known = run.replaced[0].before.table(run.table)
    triggers = known is not None and bool(known.triggers)
    if _is_referenced(run):
        yield f"--alter-foreign-keys-method {'rebuild_constraints' if triggers else 'auto'}"
    if triggers:
        yield "--preserve-triggers"
    if any(_UNIQUE.match(one) for one in run.clauses):
        yield "--no-check-unique-key-change"


def _parted(run: _Run) -> Iterator[Step]:
    """What the tool does not do must run: the revision that is marked as applied may hold nothing else."""
    if not run.is_all:
        code = "\n".join(execute(one.sql.strip()) for one in run.replaced)
        yield Step(1, f"The tool's run replaces only this. {_place(run)}", code)


def _place(run: _Run) -> str:
    if not run.before:
        return f"Leave only this in {run.revision}; move the rest into the next revision, which still runs"
    after = ", and what follows it into the next one" if run.after else ""
    return f"Move it into a revision of its own{after}; the rest of {run.revision} still runs"


def _upgraded(deploy: Deploy, run: _Run) -> Iterator[Step]:
    made = deploy.revision(run.revision)
    parents = (run.revision,) if run.before else (*made.parents, *made.depends_on) if made else ()
    if parents:
        code = "\n".join(f"alembic upgrade {one}" for one in parents)
        yield Step(1, "Run everything before it: stamp would mark that as applied, too", code)


def _tool_title(run: _Run) -> str:
    if any(_UNIQUE.match(one) for one in run.clauses):
        return "When no duplicates are left (the tool would leave such rows out): change the table with a tool"
    if len(run.replaced) > 1:
        return f"Change the table with a tool, whose one run replaces these {len(run.replaced)} statements"
    return "Change the table with a tool"


def _stamped(run: _Run) -> Step:
    which, id = ("the new revision", "<new revision>") if run.before else ("this revision", run.revision)
    return Step(
        1,
        f"Then mark {which} as applied there (elsewhere, on small databases, it runs as it is)",
        f"alembic stamp {id}",
    )
