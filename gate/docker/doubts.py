"""Commands of a RUN that are not followed: what their text names is in doubt, what they bring from outside is fog."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from gate.docker import files
from gate.docker.machine import Machine
from gate.docker.paths import clean
from gate.docker.shell import Command
from gate.docker.tree import File

LONGEST_SCRIPT = 200_000


MOST_CHARACTERS = 300  # of a word that may be a path


# What a Python script says when it takes files away or writes them.
_CHANGES = re.compile(
    r"rmtree|unlink|remove\(|rename\(|\.move\(|truncate|write_text|write_bytes|[\"'][wa]b?[\"']|\brm\b|\bmv\b"
)


def fed(machine: Machine, command: Command) -> None:
    """``… | xargs rm``: what the commands before it name is given to it."""
    if {"ls", "cat", "echo", "grep", "wc", "head", "test"} & set(command.text[1:3]):
        return
    for one in machine.pipe[:-1]:
        if one.text[0] != "find":
            not_followed(machine, one)
            continue
        for path in files.found(machine.tree, one, machine.path):
            if machine.matters(path):
                machine.doubt(path, command)
    not_followed(machine, command)


def not_followed(machine: Machine, command: Command, text: str | None = None) -> None:
    """A command that is not followed: paths that matter and that its text names are in doubt."""
    machine.generates = True
    told = text if text is not None else " ".join(_named(machine, command))
    words = [
        one
        for one in re.split(r"[\s\"'(),;=:<>|&{}\[\]]+", told)
        if 1 < len(one) < MOST_CHARACTERS and clean(one) not in (".", "..", "/")
    ]
    for path in sorted({_before_wildcard(machine.path(word)) for word in words if not word.startswith("*")}):
        if machine.matters(path):
            machine.doubt(path, command)
        elif machine.tree.at(path) is None and _looks_needed(machine, path):
            machine.tree.fogs.append(files.fog(path, command.text, machine.place))
    _unpacks(machine, command)


def _before_wildcard(path: str) -> str:
    """The folder in which a glob looks."""
    parts = path.split("/")
    first = next((number for number, part in enumerate(parts) if any(mark in part for mark in "*?[")), len(parts))
    return "/".join(parts[:first]) or "/"


def _named(machine: Machine, command: Command) -> Iterator[str]:
    """The words that a command tells, and the text of a script of the repository that it runs."""
    if command.text[1:2] == ("-c",) and posixpath.basename(command.text[0]).startswith("python"):
        yield command.text[2] if len(command.text) > 2 and _CHANGES.search(command.text[2]) else ""
        return
    for word in command.words[1:] if "/" not in command.words[0].text else command.words:
        yield word.text
        node = machine.tree.get(machine.path(word)) if word.text.endswith((".py", ".sh")) else None
        if isinstance(node, File) and node.origin not in machine.needs.origins:
            text = (machine.read(node) or "")[:LONGEST_SCRIPT]
            yield text if _CHANGES.search(text) else ""


def _looks_needed(machine: Machine, path: str) -> bool:
    """A path that does not exist yet and ends like a needed one in the repository."""
    return any(path.endswith("/" + name) for name in machine.needs.names)


def _unpacks(machine: Machine, command: Command) -> None:
    """Commands that bring files from outside: what they bring is not known."""
    texts = command.text
    name = posixpath.basename(texts[0])
    if name in ("tar", "unzip", "bsdtar") and not any(one.startswith(("c", "-c")) for one in texts[1:2]):
        flag = "-d" if name == "unzip" else "-C"
        where = texts[texts.index(flag) + 1] if flag in texts[:-1] else "."
        machine.tree.fogs.append(files.fog(machine.path(where), texts, machine.place))
    elif name == "git" and "clone" in texts:
        operands = [one for one in texts[texts.index("clone") + 1 :] if not one.startswith("-")]
        where = operands[1] if len(operands) > 1 else posixpath.basename((operands or ["."])[0]).removesuffix(".git")
        machine.tree.fogs.append(files.fog(machine.path(where), texts, machine.place))
