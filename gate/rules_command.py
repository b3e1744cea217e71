"""``alembic-gate rules [ID ...]``: lists rules and checks, or explains the named ones, from the modules themselves."""

from __future__ import annotations

import difflib
import json
import sys
import textwrap
from collections.abc import Iterable, Sequence

from gate import catalogue, registry
from gate.check import Check
from gate.errors import PASS, UsageError
from gate.model import Severity
from gate.rule import Example, Rule
from gate.settings import Settings

FORMATS = ("text", "json", "markdown")
_WIDTH = 100


def main(settings: Settings) -> int:
    """Print the list or the explanations to stdout. UsageError for an unknown id or format."""
    if settings.format not in FORMATS:
        problem = f"rules knows no format {settings.format!r}"
        raise UsageError(problem, where="--format", advice=f"Known: {', '.join(FORMATS)}.")
    sys.stdout.write(said(settings.arguments, settings.format))
    return PASS


def said(ids: Sequence[str], format: str) -> str:
    """What the command prints: everything without ids, else the named rules and checks."""
    rules, checks = registry.rules(), registry.checks()
    unknown = [id for id in ids if id not in rules and id not in checks]
    if unknown:
        advice = _near(unknown[0], [*rules, *checks])
        raise UsageError(f"there is no rule or check {unknown[0]!r}", where="rules", advice=advice)
    chosen = [rules.get(id) or checks[id] for id in ids]
    if format == "json":
        values = [_value(one) for one in (chosen or rules.values())]
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    if format == "markdown":
        return "\n\n".join(map(_markdown, chosen)) + "\n" if chosen else catalogue.rules_page()
    return "\n\n".join(map(_told, chosen)) + "\n" if chosen else _listed(rules.values(), checks.values())


def _near(id: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(id, list(known), 1)
    return f"Did you mean {near[0]}?" if near else "`alembic-gate rules` lists them all."


def _value(one: Rule | Check) -> dict[str, object]:
    return catalogue.rule_value(one) if isinstance(one, Rule) else catalogue.check_value(one)


def _markdown(one: Rule | Check) -> str:
    return catalogue.rule_section(one, "#") if isinstance(one, Rule) else catalogue.check_section(one, "#")


def _listed(rules: Iterable[Rule], checks: Iterable[Check]) -> str:
    """One line each: the checks with their questions, then the rules, worst first."""
    every = sorted(rules, key=lambda rule: (rule.severity.rank, rule.id))
    lines = ["Checks", *_columns([(check.id, check.question) for check in checks])]
    for severity in Severity:
        mine = [(rule.id, f"{rule.title} [{rule.category.value}]") for rule in every if rule.severity is severity]
        lines += ["", f"Rules: {severity}", *_columns(mine)] if mine else []
    return "\n".join([*lines, "", "alembic-gate rules ID explains one, with examples."]) + "\n"


def _columns(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max((len(id) for id, _ in rows), default=0)
    return [f"  {id:<{width}}  {text}" for id, text in rows]


def _told(one: Rule | Check) -> str:
    return _rule(one) if isinstance(one, Rule) else _check(one)


def _rule(rule: Rule) -> str:
    harms = ", ".join(f"{category.value} ({severity})" for category, severity in rule.harms.items())
    about = [("harm", harms), ("databases", ", ".join(catalogue.DIALECTS[one] for one in rule.dialects))]
    about += [("split by", ", ".join(rule.split))] if rule.split else []
    about += [("check", rule.reports_to), ("allow", f"# gate: allow {rule.id} -- <reason> [until YYYY-MM-DD]")]
    parts = [f"{rule.id}: {rule.title}", _wrapped(rule.why), "\n".join(f"  {name:<9}  {text}" for name, text in about)]
    parts += [_example("Unsafe", one) for one in rule.unsafe] + [_example("Safe", one) for one in rule.safe]
    return "\n\n".join(parts)


def _check(check: Check) -> str:
    runs = "runs the project's code" if check.runs_project_code else "runs no project code"
    about = f"  asked by   {', '.join(check.modes)}\n  {runs}; undecided: {check.on_undecided}"
    return "\n\n".join([f"{check.id}: {check.title}", _wrapped(check.question), about])


def _example(word: str, example: Example) -> str:
    env = "".join(f", {key}={value}" for key, value in (example.env or {}).items())
    return f"{word} ({catalogue.DIALECTS[example.dialect]}{env}):\n{textwrap.indent(catalogue.bodies(example), '    ')}"


def _wrapped(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), _WIDTH, initial_indent="  ", subsequent_indent="  ")
