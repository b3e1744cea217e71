"""Annotations: workflow commands on stdout, only inside GitHub Actions (requirements 5 and 32)."""

from __future__ import annotations

import io
import sys

from gate.model import Report
from gate.render import formats
from gate.render._workflow_commands import command, harmless


def show(report: Report) -> None:
    """Print the findings, worst first."""
    _say(formats()["annotations"](report))


def warn(message: str, title: str = "alembic-gate") -> None:
    """One warning of our own."""
    _say(command("warning", message, title=title) + "\n")


def note(message: str) -> None:
    """One plain line that no text in it can turn into a command."""
    _say(harmless(message) + "\n")


def speak_utf8() -> None:
    """Let no locale of a runner turn a character of ours into an error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")


def _say(text: str) -> None:
    sys.stdout.write(text.encode("utf-8", "replace").decode())
    sys.stdout.flush()
