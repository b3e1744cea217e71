"""Workflow commands: written safely, and made harmless where they come from outside.

The runner reads ``::command::`` at the start of a line (after spaces) and ``##[command]`` anywhere in a line, on
stdout and stderr alike. Source: actions/runner, ``ActionCommand.cs``.
"""

from __future__ import annotations

import re

from gate.render._clean import ELLIPSIS, visible

MESSAGE_LIMIT = 4096
"""Characters of an annotation's message; the runner cuts the rest."""

_AT_LINE_START = re.compile(r"^(\s*)::", re.MULTILINE)


def data(text: str) -> str:
    """``text`` as the message of a command."""
    return harmless(visible(text)).replace("%", "%25").replace("\n", "%0A")


def prop(text: str) -> str:
    """``text`` as the value of a command's property."""
    return data(text).replace(":", "%3A").replace(",", "%2C")


def command(name: str, message: str, **properties: str | int | None) -> str:
    """One command line; properties that are None are left out."""
    given = ",".join(f"{key}={prop(str(value))}" for key, value in properties.items() if value is not None)
    return f"::{name}{' ' + given if given else ''}::{_bounded(message)}"


def harmless(text: str) -> str:
    """``text`` for a log: no line of it is read as a command."""
    return _AT_LINE_START.sub(r"\1: :", text).replace("##[", "## [")


def _bounded(message: str) -> str:
    """The message escaped, in at most ``MESSAGE_LIMIT`` characters, never cut inside an escape."""
    escaped = data(message[:MESSAGE_LIMIT])
    if len(escaped) <= MESSAGE_LIMIT and len(message) <= MESSAGE_LIMIT:
        return escaped
    kept = re.sub("%[0-9A-F]?$", "", escaped[: MESSAGE_LIMIT - 3])
    return kept + ELLIPSIS
