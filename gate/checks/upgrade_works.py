"""Does the deploy run from the base's heads, with rows present?"""

from __future__ import annotations

import re

from gate.check import Answer, Check
from gate.checks._losses import losses
from gate.facts.history import History, NewRevisions
from gate.facts.rehearsal import NOT_COMMITTED, Failure, Rehearsal
from gate.model import Category, Evidence, EvidenceKind, Finding, Remedy, Severity
from gate.sql.refusals import by_rows_of_the_base

ID = "upgrade-works"
# What int(), json.loads(), strptime() and unpacking raise for a value; other errors are the code's own.
_MISREAD = ("ValueError", "JSONDecodeError", "UnicodeDecodeError", "InvalidOperation", "ParserError")
_NO_TABLE = re.compile(
    r"no such table|relation \"?[\w.]+\"? does not exist|Table '[\w.]+' doesn't exist|NoSuchTableError|schema \"?\w+\"? does not exist"
)
_NO_COLUMN = re.compile(
    r"column \S+( of relation \S+)? does not exist|no such column|has no column named|Unknown column"
)

_DELETE = re.compile(r"\s*(?:WITH\b.*?\)\s*)?DELETE\b", re.IGNORECASE | re.DOTALL)


def ask(rehearsal: Rehearsal, history: History, new: NewRevisions) -> Answer:
    notes = rehearsal.notes + tuple(f"server: {note}" for note in rehearsal.server.notes)
    if rehearsal.baseline_failure:
        return _baseline(rehearsal.baseline_failure, rehearsal, notes)
    if not new.ids:
        return Answer(reason="no new revisions", notes=notes)
    plain, empty, hostile = rehearsal.run("plain"), rehearsal.run("empty"), rehearsal.run("hostile")
    always = empty.failure if empty and empty.failure else None
    if always and (unknown := _cannot_tell(always, history)):
        return Answer(undecided=unknown[0], advice=unknown[1], notes=notes)
    if always:
        met = by_rows_of_the_base(always, rehearsal.statements, rehearsal.baseline)
        return Answer((_on_own_rows(always) if met else _broken(always),), notes=notes)
    if plain and plain.failure:
        return Answer((_on_rows(plain.failure),), notes=notes)
    if hostile and hostile.failure and _about_rows(hostile.failure):
        return Answer((_perhaps(hostile.failure), *losses(rehearsal, history, new)), notes=notes)
    if rehearsal.version_rows and set(rehearsal.version_rows) != applied(history, new):
        return _version_lost(rehearsal, history, new, notes)
    return Answer(tuple(losses(rehearsal, history, new)), notes=notes)


def applied(history: History, new: NewRevisions) -> set[str]:
    """The rows of the version table after the deploy: Alembic leaves out what another applied head depends on."""
    reached = {*new.ids, *history.ancestors([*new.ids, *new.baseline])}
    below = {one for id in reached if id in history.by_id for one in history.below(history.by_id[id])}
    return reached - below


def _baseline(failure: Failure, rehearsal: Rehearsal, notes: tuple[str, ...]) -> Answer:
    """The base itself cannot be built from its revisions: nothing can be said about the deploy."""
    at = f" at revision {failure.revision}" if failure.revision else ""
    if failure.lacks:
        return Answer(
            undecided=f"the base cannot be rebuilt{at}: {failure.lacks[0]}", advice=failure.lacks[1], notes=notes
        )
    return Answer(
        undecided=f"the base cannot be rebuilt{at}: {failure.error.strip().partition(chr(10))[0]}",
        advice=_rebuilding(failure),
        notes=notes,
    )


def _rebuilding(failure: Failure) -> str:
    """What to look at where the base's revisions do not run on an empty database."""
    if failure.kind == NOT_COMMITTED:
        return f"See whether {failure.revision} commits by hand (then use op.get_context().autocommit_block(), or transaction_per_migration=True), and whether env.py commits."
    if failure.revision and _NO_COLUMN.search(failure.error):
        return (
            f"If {failure.revision} imports the project's models, they have moved on since it was written, and no new "
            "database can be made any more: let it declare the tables that it uses itself (sa.table, sa.column)."
        )
    if _NO_TABLE.search(failure.error):
        return "If the first tables are made outside of the revisions (create_all, a dump), say how with `bootstrap:` (base-ref, a .sql file, or a command)."
    return "Run `alembic upgrade` on an empty database of this kind to see the same error."


def _cannot_tell(failure: Failure, history: History) -> tuple[str, str] | None:
    """Failures that say something about the rehearsal's server or start, not about the revision."""
    if failure.lacks:
        return f"{_name(failure)} cannot be judged here: {failure.lacks[0]}", failure.lacks[1]
    revision = history.by_id.get(failure.revision or "")
    if revision and not revision.parents and _NO_TABLE.search(failure.error):
        return (
            f"the first revision {revision.id} needs tables that no revision makes: {failure.error}",
            "Tell how they come about with `bootstrap:` (base-ref, a command, or a .sql file).",
        )
    return None


def _finding(
    failure: Failure, category: Category, severity: Severity, message: str, advice: str, depends: bool = False
) -> Finding:
    said = [Evidence(EvidenceKind.OBSERVED, f"{failure.kind}: {failure.error}")]
    if failure.sql:
        said.append(Evidence(EvidenceKind.SQL, failure.sql))
    return Finding(
        id=ID,
        check=ID,
        category=category,
        severity=severity,
        message=message,
        location=failure.location,
        revision=failure.revision,
        evidence=tuple(said),
        remedy=Remedy(advice),
        depends_on_data=depends,
    )


def _name(failure: Failure) -> str:
    return f"revision {failure.revision}" if failure.revision else "env.py"


def _broken(failure: Failure) -> Finding:
    text = f"{_name(failure)} fails on any database: {_first(failure)}"
    return _finding(failure, Category.BROKEN, Severity.ERROR, text, "Mend the revision; it has not run anywhere yet.")


def _on_own_rows(failure: Failure) -> Finding:
    text = f"{_name(failure)} fails on rows that earlier revisions wrote themselves: {_first(failure)}"
    advice = "Mend those rows in an earlier deploy, then constrain; on the target there may be more of them."
    return _finding(failure, Category.FAILS_ON_EXISTING_ROWS, Severity.ERROR, text, advice)


def _on_rows(failure: Failure) -> Finding:
    text = f"{_name(failure)} passes on empty tables and fails on any row: {_first(failure)}"
    advice = "Split it: expand, backfill, then constrain; each in its own deploy."
    if _about_values(failure):
        text = f"{_name(failure)} passes on empty tables and fails where a row holds a value like the one refused here: {_first(failure)}"
        advice = (
            "Look on the target for values that cannot be read that way; mend or leave them out in an earlier deploy."
        )
    if _deletes_parents(failure):
        text = f"{_name(failure)} passes on empty tables and fails where other rows point at one that it deletes: {_first(failure)}"
        advice = "Delete those other rows first, or let them point elsewhere, in a statement of their own; look on the target whether there are any."
    if _is_guess(failure):
        return _misread(failure)
    return _finding(failure, Category.FAILS_ON_EXISTING_ROWS, Severity.ERROR, text, advice)


def _deletes_parents(failure: Failure) -> bool:
    return bool(failure.sql and _DELETE.match(failure.sql)) and "foreign key" in failure.error.lower()


def _is_guess(failure: Failure) -> bool:
    """Whether the revision's own code could not read a value: what real rows hold there, made-up ones do not know."""
    return failure.sql is None and failure.kind in _MISREAD


def _misread(failure: Failure) -> Finding:
    text = (
        f"{_name(failure)} reads values of rows in its own code and stops at one that it does not expect: {_first(failure)}. "
        "The rows of the rehearsal are made up; a row like that on the target stops the upgrade too."
    )
    advice = "Let the code pass over values that it cannot read, and look on the target whether there are any."
    return _finding(failure, Category.FAILS_ON_EXISTING_ROWS, Severity.WARNING, text, advice, True)


def _about_values(failure: Failure) -> bool:
    """Whether a made-up value was refused for what it is; another one in its place passes.

    SQLSTATE class 22 (length, range and NULL aside), SQLite's STRICT tables, MySQL's "Incorrect ... value".
    """
    state = failure.sqlstate or ""
    if state.startswith("22") and state not in ("22001", "22003", "22004"):
        return True
    return re.search(r"cannot store \w+ value in|Incorrect [\w ]+ value", failure.error) is not None


def _perhaps(failure: Failure) -> Finding:
    text = f"{_name(failure)} fails where rows hold NULLs, duplicates or long values: {_first(failure)}"
    return _finding(
        failure,
        Category.FAILS_ON_EXISTING_ROWS,
        Severity.WARNING,
        text,
        "Clean the rows in an earlier deploy; predeploy looks whether the target has any.",
        True,
    )


def _about_rows(failure: Failure) -> bool:
    """Integrity errors are about rows; a backfill that chokes on a nonsense value is no finding (SQLSTATE class 22)."""
    if failure.sqlstate:
        return failure.sqlstate.startswith("23") or failure.sqlstate == "22001"
    words = (
        "constraint",
        "unique",
        "duplicate",
        "null",
        "foreign key",
        "too long",
        "1062",
        "1452",
        "1265",
        "1406",
        "1048",
    )
    return any(word in failure.error.lower() for word in words)


def _first(failure: Failure) -> str:
    return failure.error.strip().split("\n")[0]


def _version_lost(rehearsal: Rehearsal, history: History, new: NewRevisions, notes: tuple[str, ...]) -> Answer:
    """The upgrade said nothing, yet the version table does not stand where it should (read from a second connection)."""
    last = history.by_id[new.ids[-1]]
    stands = ", ".join(rehearsal.version_rows)
    finding = _finding(
        Failure("", "version row lost", last.id, None),
        Category.BROKEN,
        Severity.ERROR,
        f"the upgrade ends without an error, and the version table says {stands} instead of {', '.join(sorted(applied(history, new)))}: the next run repeats it",
        "A revision that commits by hand loses Alembic's own transaction; use op.get_context().autocommit_block().",
    )
    return Answer((finding,), notes=notes)


check = Check(
    title="upgrade works",
    question="Does the deploy run from the base's heads, with rows present?",
    ask=ask,
    modes=("check", "predeploy"),
    runs_project_code=True,
)
