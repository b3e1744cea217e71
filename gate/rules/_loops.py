"""Writes that a loop of a revision repeats until all rows are written, or gone."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.rules._source import upgrade_of

_Place = tuple[str, int, str]


def rows_written_back(deploy: Deploy) -> Iterator[tuple[Statement, c.Update]]:
    """UPDATEs of single rows that were read into Python before: once for each line that issues them."""
    counted: Counter[_Place] = Counter()
    for statement, change in deploy.changes(c.Update):
        place = _place(statement, change)
        first = counted[place] < 2
        counted[place] += statement.sets
        if first and counted[place] >= 2 and change.equals and _read_before(deploy, statement, change.table):
            yield statement, change


def batches_that_stay_open(deploy: Deploy) -> Iterator[tuple[Statement, c.Update]]:
    """UPDATEs of a range or a LIMIT that one line repeats and none of which commits, the first left out."""
    counted: Counter[_Place] = Counter()
    for statement, change in deploy.changes(c.Update):
        block = loops_in_one_transaction(statement)
        if not change.bounded or (statement.autocommit and not block):
            continue
        place = _place(statement, change)
        counted[place] += 2 if block or _repeats(deploy, statement) else 1
        if counted[place] >= 2:
            yield statement, change


def empties_in_loop(deploy: Deploy, statement: Statement, change: c.Delete) -> bool:
    """A DELETE of any rows up to a LIMIT that a ``while`` loop repeats: it ends when none is left."""
    return change.where is None and change.bounded and _repeats(deploy, statement)


def marks(found: Iterable[tuple[Statement, c.Update]]) -> list[tuple[int, c.Update]]:
    """What tells whether a write is among those that were found: its statement's number, and itself."""
    return [(statement.number, change) for statement, change in found]


def loops_in_one_transaction(statement: Statement) -> bool:
    """Whether it is a block of PL/pgSQL with a loop and no COMMIT, which is one transaction in autocommit too."""
    block = any(isinstance(one, c.CodeBlock) and one.verb == "do" and not one.ends for one in statement.changes)
    return block and re.search(r"\bLOOP\b", statement.sql, re.IGNORECASE) is not None


def _place(statement: Statement, change: c.Update) -> _Place:
    return statement.revision, statement.location.line, change.table


def _read_before(deploy: Deploy, statement: Statement, table: str) -> bool:
    """Whether the revision selected the rows before: a fixed list of keys is no backfill."""
    return any(
        one.revision == statement.revision and one.number < statement.number and table in change.tables
        for one, change in deploy.all_changes(c.Query)
    )


def _repeats(deploy: Deploy, statement: Statement) -> bool:
    """Whether a ``while`` loop of the revision issues it: over the few rows of a rehearsal it may run only once."""
    upgrade = upgrade_of(deploy.sources.get(statement.location.path, ""))
    loops = [one for one in ast.walk(upgrade) if isinstance(one, ast.While)] if upgrade else []
    return any(one.lineno <= statement.location.line <= (one.end_lineno or one.lineno) for one in loops)
