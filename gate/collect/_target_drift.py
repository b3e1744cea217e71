"""The target's schema against the expected one, with how bad each difference is (design, "What predeploy's words mean")."""

from __future__ import annotations

from gate.databases.compare import Difference, differences
from gate.facts.schema import Schema
from gate.facts.target_evidence import Drift
from gate.model import Severity

# What breaks the upgrade or the application.
_BREAKING = ("missing-table", "missing-column", "missing-constraint", "type", "nullable", "enum")


def drift(expected: Schema, actual: Schema) -> tuple[Drift, ...]:
    """Every difference, the worst first."""
    rows = [
        Drift(one.object, one.kind, one.expected, one.actual, severity(one, expected, actual))
        for one in differences(expected, actual)
    ]
    return tuple(sorted(rows, key=lambda row: row.severity.rank))


def severity(difference: Difference, expected: Schema, actual: Schema) -> Severity:
    """Error for what breaks the upgrade or the application, warning for the rest."""
    if difference.kind in _BREAKING:
        return Severity.ERROR
    if difference.kind == "extra-column":
        return Severity.ERROR if _must_be_given(difference.object, actual) else Severity.WARNING
    if difference.kind == "missing-index" or (difference.kind == "other" and difference.actual == "INVALID"):
        return Severity.ERROR if _is_unique(difference.object, expected) else Severity.WARNING
    return Severity.WARNING


def _must_be_given(object: str, actual: Schema) -> bool:
    """Is this a column that no INSERT of the application fills and that refuses NULL?"""
    table, _, name = object.rpartition(".")
    found = actual.table(table)
    column = found.column(name) if found else None
    return (
        column is not None
        and not column.nullable
        and column.default is None
        and not column.identity
        and not column.generated
    )


def _is_unique(object: str, expected: Schema) -> bool:
    table, _, name = object.rpartition(".")
    found = expected.table(table)
    index = found.index(name) if found else None
    return index is not None and index.unique
