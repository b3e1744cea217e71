"""After upgrading a scratch database, is autogenerate's diff against the models empty?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gate import known_diffs
from gate.check import Answer, Check
from gate.facts.changes import Change
from gate.facts.history import History, NewRevisions, Project
from gate.facts.rehearsal import Diff, Rehearsal
from gate.model import Category, Evidence, EvidenceKind, Finding, Location, Remedy, Severity, Step

ID = "models-match"
# No statement of the deploy names it: the models changed, or the base had it all along.
_OLDER = (
    " If the base has the difference already, `alembic-gate known-diffs --write` records it: then only new ones fail."
)


def ask(rehearsal: Rehearsal, history: History, new: NewRevisions, project: Project) -> Answer:
    diff = rehearsal.diff
    if rehearsal.baseline_failure:
        return Answer(
            undecided="the base could not be rebuilt, so there is no schema to compare", advice="See upgrade-works."
        )
    if diff is None:
        return Answer(
            undecided="the upgrade did not get through, so there is no schema to compare", advice="See upgrade-works."
        )
    reason = _no_answer(diff)
    if reason:
        return Answer(undecided=reason[0], advice=reason[1])
    if rehearsal.creates_schema_outside:
        made = ", ".join(rehearsal.creates_schema_outside[:5])
        why = f"tables are made from the models themselves (create_all in {made}), so the comparison could not fail"
        return Answer(undecided=why, advice="Let revisions name what they make, or set `bootstrap: base-ref`.")
    fresh, known = known_diffs.split(diff.operations, diff.known)
    section = {"operations": list(diff.operations), "code": diff.code, "known": len(known)}
    findings = tuple(_finding(one, diff, _about(one, rehearsal), _head(rehearsal, history)) for one in fresh)
    note = (f"{len(known)} differences are known and do not count",) if known else ()
    return Answer(findings, sections={"schema_diff": section}, notes=note)


def _no_answer(diff: Diff) -> tuple[str, str] | None:
    """Zero runs, zero tables or an error: never clean, and never "drop every table"."""
    if diff.error:
        return f"the models could not be compared: {diff.error}", _advice(diff.error)
    if not diff.runs:
        return (
            "env.py never called run_migrations, so nothing was compared",
            "Look for a loop or a branch in env.py that was not taken.",
        )
    if not diff.metadata_tables:
        return (
            "the models' metadata holds no table",
            "Import the models in env.py, or name them under `import:` in the settings.",
        )
    return None


def _advice(error: str) -> str:
    if "NoReferencedTableError" in error:
        return "A module with models is not imported by env.py; name it under `import:` in the settings."
    if "target_metadata" in error:
        return "Set target_metadata in env.py to the models' MetaData."
    return "Run `alembic check` on an upgraded database to see the same error."


def _about(operation: Mapping[str, Any], rehearsal: Rehearsal) -> Location | None:
    """The deploy's last statement about the object."""
    about = [
        one for one in rehearsal.statements if one.error is None and any(_concerns(it, operation) for it in one.changes)
    ]
    return about[-1].location if about else None


def _head(rehearsal: Rehearsal, history: History) -> Location | None:
    """A head of the deploy; else a head."""
    ran = {one.revision for one in rehearsal.statements}
    heads = sorted((one for one in history.revisions if one.id in history.heads), key=lambda one: one.id not in ran)
    return Location(heads[0].path) if heads else None


def _concerns(change: Change, operation: Mapping[str, Any]) -> bool:
    """Does a statement's change name the table and the column or the object of a difference?"""
    if getattr(change, "table", None) != operation.get("table"):
        return False
    wanted = operation.get("column") or operation.get("object")
    told = [getattr(change, one, None) for one in ("column", "name", "constraint")]
    return wanted is None or wanted in {getattr(one, "name", one) for one in told}


def _finding(operation: Mapping[str, Any], diff: Diff, about: Location | None, head: Location | None) -> Finding:
    table = operation.get("table")
    schema = operation.get("schema")
    place = f"{schema}.{table}" if schema and table else table
    return Finding(
        id=ID,
        check=ID,
        category=Category.DRIFT,
        severity=Severity.ERROR,
        message=_sentence(operation, place),
        table=place,
        column=operation.get("column"),
        location=about or head,
        evidence=(Evidence(EvidenceKind.OBSERVED, f"autogenerate: {operation.get('detail', operation.get('kind'))}"),),
        remedy=Remedy(
            "Write the missing revision, or take the change to the models back." + ("" if about else _OLDER),
            (Step(1, 'alembic revision --autogenerate -m "..."', str(operation.get("code") or diff.code)),),
        ),
    )


def _sentence(operation: Mapping[str, Any], table: str | None) -> str:
    kind, column, thing = operation.get("kind"), operation.get("column"), operation.get("object")
    said = {
        "create_table": f"the models have table {table}, and no revision makes it",
        "drop_table": f"the database has table {table} after all revisions, and the models do not",
        "add_column": f"the models have column {table}.{column}, and no revision adds it",
        "drop_column": f"column {table}.{column} is there after all revisions, and the models do not have it",
        "create_index": f"the models have index {thing} on {table}, and no revision makes it",
        "drop_index": f"index {thing} on {table} is there after all revisions, and the models do not have it",
    }
    if kind == "alter_column":
        return f"column {table}.{column} differs from the models in {', '.join(operation.get('changes', ())) or 'its definition'}"
    return said.get(str(kind)) or _of_other_kind(str(kind).replace("_", " "), thing, table)


def _of_other_kind(kind: str, thing: str | None, table: str | None) -> str:
    """Constraints and what else autogenerate knows: ``drop constraint``, ``create unique constraint`` and so on."""
    verb, _, what = kind.partition(" ")
    name = f"{what} {thing}" if thing else f"a {what}"
    if verb == "drop":
        return f"{name} on {table} is there after all revisions, and the models do not have it"
    if verb == "create":
        return f"the models have {name} on {table}, and no revision makes it"
    return f"{kind} on {table}: the models and the revisions differ"


check = Check(
    title="models match",
    question="After upgrading a scratch database, is autogenerate's diff empty?",
    ask=ask,
    runs_project_code=True,
)
