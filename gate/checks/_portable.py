"""Remedies in the words of the dialect at hand.

The shared recipes are written for PostgreSQL, whose steps are the most; elsewhere NOT VALID, VALIDATE, CONCURRENTLY do
not exist and are not needed, MySQL takes LIMIT in the UPDATE itself, and SQLite alters columns in batch mode.
"""

from __future__ import annotations

import dataclasses
import re

from gate.model import Finding, Remedy, Step

_ONLY_POSTGRESQL = re.compile(r"VALIDATE CONSTRAINT|USING INDEX|postgresql_not_valid=True")
_OPTIONS = re.compile(r", postgresql_\w+=True")
_BLOCK = re.compile(r"with op\.get_context\(\)\.autocommit_block\(\):\n((?:    op\.(?:create|drop)_index\(.*\n?)+)")
_BACKFILL = re.compile(
    r"UPDATE (?P<table>.+?) SET (?P<column>.+?) = (?P<value>.+) WHERE (?P<key>.+?) IN \(\"\n"
    r"\s*\"SELECT (?P<keys>.+?) FROM .+? WHERE (?P<where>.+?) LIMIT (?P<limit>\d+)\)\""
)
_NAME = r"(?:\\\"(?:[^\"\\]|\\\"\\\")+\\\"|\w+)"
_NAMED = re.compile(rf"\b(?:ALTER TABLE|ADD COLUMN|VIEW|SELECT \* FROM) {_NAME}(?:\.{_NAME})?")
_ADDRESS = re.compile(r"(?<=WHERE )ctid(?= IN \()|(?<=SELECT )ctid(?= FROM )")  # where a table has no key
_HELPER = re.compile(r"\nop\.drop_constraint\(\"ck_\w+_not_null\".*\)")
_ALTER = re.compile(r"^op\.alter_column\((?P<table>\"[^\"]+\"), (?P<rest>.*)\)$", re.MULTILINE)


def portable(finding: Finding, dialect: str) -> Finding:
    """The same finding with a remedy that this dialect can follow."""
    if dialect == "postgresql" or finding.remedy is None:
        return finding
    steps = tuple(_step(step, dialect) for step in finding.remedy.steps if not _is_postgresql_only(step))
    summary = finding.remedy.summary.replace(", prove it with a CHECK", "").replace(" CONCURRENTLY", "")
    return dataclasses.replace(finding, remedy=Remedy(summary, steps))


def _is_postgresql_only(step: Step) -> bool:
    return _ONLY_POSTGRESQL.search(step.code) is not None


def _step(step: Step, dialect: str) -> Step:
    code = _OPTIONS.sub("", _BLOCK.sub(lambda found: _dedented(found.group(1)), step.code))
    code = _HELPER.sub("", code)
    title = step.title
    if code != step.code:
        title = re.sub(
            r", which now reads nothing, and drop the helper|; after a failure drop the INVALID index.*", "", title
        )
        title = title.replace("A revision with only the autocommit block", "In a revision of its own")
    if dialect in ("mysql", "mariadb"):
        code = _NAMED.sub(lambda found: _ticked(found[0]), _BACKFILL.sub(_limited, code))
    else:
        code = _ADDRESS.sub("rowid", _ALTER.sub(_batch, code))
    return Step(step.deploy, title, code)


def _limited(found: re.Match[str]) -> str:
    """MySQL takes LIMIT in the UPDATE itself, and none in a subquery of IN (error 1235)."""
    value = _ticked(found["value"]) if re.fullmatch(_NAME, found["value"]) else found["value"]
    table, column, where = (_ticked(found[part]) for part in ("table", "column", "where"))
    return f'UPDATE {table} SET {column} = {value} WHERE {where} LIMIT {found["limit"]}"'


def _ticked(code: str) -> str:
    """Double quotes make a text there, back ticks a name."""
    return code.replace('\\"', "`")


def _dedented(text: str) -> str:
    return "\n".join(line.removeprefix("    ") for line in text.splitlines())


def _batch(found: re.Match[str]) -> str:
    return f"with op.batch_alter_table({found['table']}) as batch_op:\n    batch_op.alter_column({found['rest']})"
