"""What the gate knows, told for readers: rules, checks and settings as Markdown, text and plain values.

Every word comes from the modules themselves (registry, settings table), so that documentation, ``alembic-gate rules``
and findings cannot disagree.
"""

from __future__ import annotations

import inspect
import json
import textwrap
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gate import registry
from gate.check import Check
from gate.model import Category
from gate.rule import Example, Rule
from gate.settings import DOCKER_SHORT, Option, options

DIALECTS = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite"}
_MADE = "<!-- Written by scripts/docs from the modules. Change those, not this page. -->"
_GROUPS = {
    "general": "What is judged, how, and what is said",
    "predeploy": "The target (`predeploy`, `verify`)",
    "docker": "The image",
    "github": "On GitHub",
}


def rule_value(rule: Rule) -> dict[str, Any]:
    """One rule as ``alembic-gate rules --format json`` gives it."""
    return {
        "id": rule.id,
        "title": rule.title,
        "why": rule.why,
        "category": rule.category.value,
        "severity": rule.severity.value,
        "harms": {category.value: severity.value for category, severity in rule.harms.items()},
        "dialects": list(rule.dialects),
        "split": list(rule.split),
        "check": rule.reports_to,
        "unsafe": [_example_value(one) for one in rule.unsafe],
        "safe": [_example_value(one) for one in rule.safe],
    }


def check_value(check: Check) -> dict[str, Any]:
    """One check as plain values."""
    return {
        "id": check.id,
        "title": check.title,
        "question": check.question,
        "modes": list(check.modes),
        "on_undecided": check.on_undecided,
        "runs_project_code": check.runs_project_code,
    }


def _example_value(example: Example) -> dict[str, Any]:
    return {
        "deploy": list(example.deploy),
        "earlier": list(example.earlier),
        "dialect": example.dialect,
        "env": dict(example.env or {}),
        "downgrade": example.downgrade,
    }


def rules_page() -> str:
    """``docs/rules.md``: an index by category, then one section per rule."""
    rules = list(registry.rules().values())
    parts = [
        "# Rules",
        _MADE,
        "Each rule is one known unsafe pattern. A rule speaks only where its reason holds for this table, this server "
        "and this deploy; its examples below are executed on the real engines in CI: every *unsafe* one gives exactly "
        "its rule, every *safe* one nothing. `alembic-gate rules ID` prints the same page.",
        *(_index(category, rules) for category in Category),
        *(rule_section(rule) for rule in rules),
    ]
    return _joined(parts)


def _index(category: Category, rules: Iterable[Rule]) -> str:
    """The rules whose main harm is this category."""
    mine = [rule for rule in rules if rule.category is category]
    if not mine:
        return ""
    rows = [f"| [{rule.id}](#{rule.id}) | {rule.title} | {rule.severity} | {_dialects(rule)} |" for rule in mine]
    return "\n".join([f"## {category.value}", "", "| rule | what | severity | databases |", "|---|---|---|---|", *rows])


def rule_section(rule: Rule, level: str = "##") -> str:
    """One rule as Markdown."""
    harms = ", ".join(f"{category.value} ({severity})" for category, severity in rule.harms.items())
    facts = [f"- harm: {harms}", f"- databases: {_dialects(rule)}", f"- answers the check: `{rule.reports_to}`"]
    facts += [f"- smallest cut that makes it safe: {', '.join(rule.split)}"] if rule.split else []
    parts = [f"{level} {rule.id}", f"**{_period(rule.title)}** {_period(rule.why)}", "\n".join(facts)]
    parts += [_example("Unsafe", one) for one in rule.unsafe] + [_example("Safe", one) for one in rule.safe]
    return "\n\n".join(parts)


def _example(word: str, example: Example) -> str:
    where = f" ({DIALECTS[example.dialect]}" + "".join(f", {key}={value}" for key, value in _env(example)) + ")"
    parts = [f"*{word}*{where}:"]
    parts += [f"```python\n{bodies(example)}\n```"]
    return "\n\n".join(parts)


def _env(example: Example) -> Iterable[tuple[str, str]]:
    return (example.env or {}).items()


def bodies(example: Example) -> str:
    """Bodies of ``upgrade()``, told apart where there are several."""
    lines: list[str] = []
    for number, body in enumerate(example.earlier, 1):
        lines += [f"# deployed earlier{f' ({number})' if len(example.earlier) > 1 else ''}", _dedented(body)]
    for number, body in enumerate(example.deploy, 1):
        if example.earlier or len(example.deploy) > 1:
            lines.append(f"# this deploy, revision {number}")
        lines.append(_dedented(body))
    if example.downgrade is not None:
        lines += ["# downgrade()", _dedented(example.downgrade)]
    return "\n".join(lines)


def _dedented(body: str) -> str:
    return textwrap.dedent(body).strip("\n")


def checks_page() -> str:
    """``docs/checks.md``: one section per check."""
    checks = list(registry.checks().values())
    rows = [f"| [{one.id}](#{one.id}) | {one.question} | {', '.join(one.modes)} |" for one in checks]
    parts = [
        "# Checks",
        _MADE,
        "A check is a question that a reviewer would ask of the whole change. Its answer is `pass`, `fail`, "
        "`undecided` (with the reason; never a pass) or `skipped` (the question does not arise).",
        "\n".join(["| check | question | asked by |", "|---|---|---|", *rows]),
        *(check_section(one) for one in checks),
    ]
    return _joined(parts)


def check_section(check: Check, level: str = "##") -> str:
    """One check as Markdown."""
    told = {"fail": "the run is undecided too (exit 3)", "warn": "a visible warning, the run goes on"}
    runs = "runs the project's code" if check.runs_project_code else "reads only; runs no project code"
    facts = [f"- asked by: {', '.join(check.modes)}", f"- {runs}", f"- without an answer: {told[check.on_undecided]}"]
    mine = [f"[{rule.id}](rules.md#{rule.id})" for rule in registry.rules().values() if rule.reports_to == check.id]
    facts += [f"- its rules: {', '.join(mine)}"] if mine else []
    parts = [f"{level} {check.id}", f"**{check.question}**", _story(check.id), "\n".join(facts)]
    return "\n\n".join(part for part in parts if part)


def _story(id: str) -> str:
    """The docstring of a check's module: what it looks at, and why."""
    module = inspect.getmodule(registry.checks()[id].ask)
    return inspect.cleandoc((module and module.__doc__) or "").replace("``", "`")


def settings_page() -> str:
    """``docs/settings.md``: every setting once, by group."""
    parts = [
        "# Settings",
        _MADE,
        "A setting has one name. It is a flag (`--name`), an input of the action (`name:` under `with:`) and a key of "
        "the settings file, wherever the table says so. A flag outranks an input, an input the file, the file the "
        "default. The file is `.alembic-gate.yml` (or `.github/alembic-gate.yml`, or `[tool.alembic-gate]` in "
        "`pyproject.toml`); an unknown key is an error that names the nearest known one.",
        *(_group(name, title) for name, title in _GROUPS.items()),
        _EXAMPLE,
    ]
    return _joined(parts)


def settings_schema() -> str:
    """``gate/schemas/settings-v1.json``: the JSON Schema of the settings file, for editors and for CI."""
    docker = {row.name: _property(row) for row in options("docker")}
    docker |= {short: docker[full] for short, full in DOCKER_SHORT.items()}
    keys = {row.name: _property(row) for row in options("file")}
    keys["docker"] = {"type": "object", "properties": docker, "additionalProperties": False}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://github.com/alembic-gate/alembic-gate/schemas/settings-v1.json",
        "title": "alembic-gate settings",
        "description": ".alembic-gate.yml, .github/alembic-gate.yml or [tool.alembic-gate] in pyproject.toml.",
        "type": "object",
        "properties": keys,
        "additionalProperties": False,
    }
    return json.dumps(schema, indent=2) + "\n"


_TEXT: Mapping[str, Any] = {"type": ["string", "number"]}
_PAIRS: Mapping[str, Any] = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
_SHAPES: Mapping[str, Mapping[str, Any]] = {
    "heads": {"anyOf": [_TEXT, {"type": "object", "properties": {"expected": {}, "branches": {}}}]},
    "world": {
        "type": "object",
        "properties": {
            "maintenance-window": {"type": "boolean"},
            "code-first": {"type": "boolean"},
            "small-tables": {"type": "array", "items": {"type": "string"}},
        },
    },
    "rules": {"type": "object", "additionalProperties": {"enum": ["off", "warning", "error", False]}},
    "on-undecided": {"type": "object", "additionalProperties": {"enum": ["fail", "warn"]}},
    "projects": {"type": "array", "items": {"type": "object"}},
    "allow": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "rule": {"type": "string"},
                "revision": {"type": ["string", "number"]},
                "path": {"type": "string"},
                "reason": {"type": "string"},
                "until": {"type": "string"},
            },
            "required": ["rule", "reason"],
        },
    },
}


def _property(option: Option) -> dict[str, Any]:
    """One key of the settings file as JSON Schema."""
    said: dict[str, Any] = {"description": option.meaning}
    if option.name in _SHAPES:
        return {**said, **_SHAPES[option.name]}
    if option.choices:
        # YAML 1.1 reads a bare `off` as false
        return {**said, "enum": [*option.choices, *([False] if "off" in option.choices else [])]}
    if option.kind is bool:
        return {**said, "type": "boolean"}
    if option.kind is int:
        return {**said, "type": "integer", "minimum": 0}
    if typing.get_origin(option.kind) is tuple:
        return {**said, "anyOf": [{"type": "array", "items": _TEXT}, _TEXT]}
    if option.kind is str:
        return {**said, **_TEXT}
    return {**said, "anyOf": [_PAIRS, {"type": "array", "items": {"type": "string"}}]}


def _group(name: str, title: str) -> str:
    rows = [_row(one) for one in options() if one.group == name and one.places]
    head = ["| name | flag | input | file | type | default | meaning |", "|---|---|---|---|---|---|---|"]
    return "\n".join([f"## {title}", "", *head, *rows])


def _row(option: Option) -> str:
    file = "yes" if "file" in option.places else "`docker:`" if "docker" in option.places else ""
    marks = [_flag_name(option), "yes" if "input" in option.places else "", file]
    meaning = option.meaning + (f" (one of: {', '.join(option.choices)})" if option.choices else "")
    return f"| `{option.name}` | {' | '.join([*marks, type_name(option), _default(option)])} | {_cell(meaning)} |"


def _flag_name(option: Option) -> str:
    if "flag" not in option.places:
        return ""
    name = f"--no-{option.name}" if option.default is True else f"--{option.name}"
    return f"`{name}`" + (f", `{option.short}`" if option.short else "")


def type_name(option: Option) -> str:
    """A setting's type in plain words."""
    kinds: Sequence[tuple[type, str]] = ((bool, "yes or no"), (int, "number"), (str, "text"))
    for kind, name in kinds:
        if option.kind is kind:
            return name
    return "list" if typing.get_origin(option.kind) is tuple else "names and values"


def _default(option: Option) -> str:
    if option.default in ("", (), {}, None):
        return ""
    return f"`{str(option.default).lower() if isinstance(option.default, bool) else option.default}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _dialects(rule: Rule) -> str:
    return ", ".join(DIALECTS[one] for one in rule.dialects)


def _period(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


_EXAMPLE = """## A file with a bit of everything

```yaml
# .alembic-gate.yml
database: postgresql:16
env:
  DATABASE_URL: "{url}"          # {url} {driver} {host} {port} {user} {password} {database} of the scratch database
rules:
  missing-lock-timeout: off
  dropping-column: warning
allow:
  - rule: renaming-column
    revision: 3f2a9c0d11ab
    reason: the table is only read by the nightly job, which stops during the deploy
    until: 2027-01-31
world:
  small-tables: [countries, currencies]
docker:
  dockerfile: deploy/Dockerfile
  docker-target: runtime
```"""

PAGES: Mapping[str, Callable[[], str]] = {
    "docs/rules.md": rules_page,
    "docs/checks.md": checks_page,
    "docs/settings.md": settings_page,
    "gate/schemas/settings-v1.json": settings_schema,
}
"""Generated files by their path in the repository."""
