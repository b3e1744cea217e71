"""alembic-gate rules: lists and explains from the registry."""

from __future__ import annotations

import json

import pytest

from gate import cli, registry
from gate.rules_command import said

RULE = "adding-not-nullable-column"


def test_json_is_the_contract(capsys):
    """``rules --format json`` is a list of every rule with at least the contract's fields, filled."""
    assert cli.main(["rules", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in listed] == list(registry.rules())
    for one in listed:
        assert {"id", "title", "why", "category", "severity", "dialects", "unsafe", "safe"} <= set(one)
        assert all(one[key] for key in ("title", "why", "category", "severity", "dialects"))


def test_list_names_every_rule_and_check():
    """The plain list has each id exactly once as a row's first word, and says how to go on."""
    text = said([], "text")
    rows = [line.split()[0] for line in text.splitlines() if line.startswith("  ")]
    assert sorted(rows) == sorted([*registry.rules(), *registry.checks()])
    assert text.endswith("alembic-gate rules ID explains one, with examples.\n")


@pytest.mark.parametrize("id", registry.rules())
def test_every_rule_is_explained(id):
    """A rule's explanation tells title, why, harms and both kinds of examples, as text and as Markdown."""
    rule = registry.rules()[id]
    for format in ("text", "markdown"):
        told = said([id], format)
        assert rule.title in told
        assert " ".join(rule.why.split()) in " ".join(told.split())
        assert all(body.strip().splitlines()[0].strip() in told for one in rule.unsafe for body in one.deploy)


@pytest.mark.parametrize("id", registry.checks())
def test_every_check_is_explained(id):
    """A check's explanation has its question."""
    assert " ".join(registry.checks()[id].question.split()) in " ".join(said([id], "text").split())


def test_one_rule_whole():
    """The page of one rule, as a person sees it."""
    assert said([RULE], "text").startswith(
        f"""\
{RULE}: NOT NULL column without a server default

  Rows that are there have no value for it, and the release still running does not write one.

  harm       fails-on-existing-rows (error), backward-incompatible (error)
  databases  PostgreSQL, MySQL, MariaDB, SQLite
  split by   deploy
  check      safe-operations
  allow      # gate: allow {RULE} -- <reason> [until YYYY-MM-DD]

Unsafe (PostgreSQL):
    op.add_column("users", sa.Column("level", sa.Integer(), nullable=False))
"""
    )


def test_unknown_id_names_the_nearest(capsys):
    """A typo ends with exit 2, an empty stdout and the nearest name."""
    assert cli.main(["rules", "adding-not-nullable-colum"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        "alembic-gate: rules: there is no rule or check 'adding-not-nullable-colum'\n"
        "  Did you mean adding-not-nullable-column?\n"
    )


def test_unknown_format_is_refused(capsys):
    """A format that says reports is no format of this command."""
    assert cli.main(["rules", "--format", "sarif"]) == 2
    assert capsys.readouterr().err.endswith("rules knows no format 'sarif'\n  Known: text, json, markdown.\n")
