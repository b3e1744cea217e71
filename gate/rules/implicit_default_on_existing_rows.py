"""A new NOT NULL column without a default: MySQL and MariaDB fill the old rows with a value of their own choice."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import MYSQL, Example, Hit, Rule
from gate.rules._elsewhere import required_column
from gate.rules._rows import refused
from gate.sql import _types

# https://dev.mysql.com/doc/refman/8.4/en/data-type-defaults.html#data-types-defaults-implicit
_DATES = {
    "date": "'0000-00-00'",
    "datetime": "'0000-00-00 00:00:00'",
    "timestamp": "'0000-00-00 00:00:00'",
    "time": "'00:00:00'",
    "year": "0000",
}
_NUMBERS = {"int", "bigint", "smallint", "mediumint", "tinyint", "decimal", "float", "double", "bit"}


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.AddColumn):
        new = change.column
        if new.nullable or new.default is not None or new.generated or new.identity:
            continue
        if refused(deploy, statement) is Severity.ERROR or (deploy.dialect == "mysql" and _is_date(new.type)):
            continue  # then it does not pass, and adding-not-nullable-column says so
        yield Hit(
            f"Every row that {change.table} has gets {new.name} = {_implicit(new.type)}, a value that nobody chose and "
            "that looks like real data.",
            statement,
            table=change.table,
            column=new.name,
            remedy=required_column(deploy, change.table, new.name, new.type),
        )


def _is_date(type: str) -> bool:
    """MySQL's default mode refuses a zero date (NO_ZERO_DATE): https://dev.mysql.com/doc/refman/8.4/en/sql-mode.html."""
    return _types.base(type) in ("date", "datetime", "timestamp")


def _implicit(type: str) -> str:
    base = _types.base(type)
    if base == "enum":
        return next((f"'{label}'" for label in _types.members(type)), "the first label")
    return _DATES.get(base, "0" if base in _NUMBERS else "''")


rule = Rule(
    title="NOT NULL column filled with an implicit default",
    why="The statement passes, and 0, '' or 0000-00-00 cannot be told from real values afterwards.",
    find=find,
    harms={Category.DATA_LOSS: Severity.WARNING},
    dialects=MYSQL,
    split=("deploy",),
    unsafe=(Example(('op.add_column("users", sa.Column("level", sa.Integer(), nullable=False))',), dialect="mariadb"),),
    safe=(
        Example(
            ('op.add_column("users", sa.Column("level", sa.Integer(), nullable=False, server_default="1"))',),
            dialect="mariadb",
        ),
    ),
)
