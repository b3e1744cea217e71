"""Python packages: what an install puts into the image, read from the project's settings without running a build."""

from __future__ import annotations

from gate.docker.run import Machine
from gate.docker.shell import Command


def install(machine: Machine, command: Command) -> bool:
    """Follow an installer's command; False when the command is none."""
    return False
