"""The action's inputs as the runner hands them over: ``INPUT_`` and the name in upper case, dashes kept.

The runner checks nothing: a missing required input is no error to it, an unknown one only a warning. So everything is
validated here, and an unknown name that looks like a known one is said (requirement 3).
"""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from gate import settings
from gate.errors import UsageError

PREFIX = "INPUT_"
HANDED_ON = "ALEMBIC_GATE_INPUTS"
"""Set to ``-`` where ``gate.action`` hands the inputs on by stdin: neither argument nor environment shows a value."""


@dataclass(frozen=True)
class Inputs:
    """Values that were given (trimmed, not empty) by the inputs' names, and what to warn about."""

    values: Mapping[str, str]
    warnings: tuple[str, ...] = ()

    def handed_on(self, *, token: bool) -> str:
        """As JSON for another process of the action; without the token for the one that must never see it."""
        return json.dumps({name: value for name, value in self.values.items() if token or name != "token"})


def read_inputs(environ: Mapping[str, str]) -> Inputs:
    """The inputs of this step."""
    known = {row.name for row in settings.options("input")}
    values: dict[str, str] = {}
    warnings: list[str] = []
    for variable, text in environ.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name in known:
            if text.strip():
                values[name] = text.strip()
        else:
            near = difflib.get_close_matches(name.replace("_", "-"), sorted(known), 1, 0.75)
            warnings += [f"there is no input {name!r}: did you mean {near[0]!r}?"] if near else []
    return Inputs(values, tuple(warnings))


def validate(inputs: Inputs) -> None:
    """Raise a UsageError that names the first input with a wrong value."""
    for name, text in inputs.values.items():
        settings.parse(name, text, f"input {name}")


def handed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """The inputs that ``gate.action`` handed to this process; none outside of it. Raises UsageError."""
    if environ.get(HANDED_ON) != "-":
        return {}
    try:
        values = json.load(sys.stdin)
    except ValueError as error:
        raise UsageError(
            "stdin is no JSON", where=HANDED_ON, advice="It is set by alembic-gate action only."
        ) from error
    return {str(name): str(value) for name, value in values.items()} if isinstance(values, dict) else {}
