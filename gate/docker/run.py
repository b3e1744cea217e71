"""What a RUN does to the files that matter: a small recogniser, never an execution.

``rm``, ``mv``, ``cp``, ``ln``, ``mkdir``, ``chmod``, ``chown``, ``touch``, ``find -delete`` and scripts of the
repository are followed. Any other command leaves the tree alone unless its text names a path that matters: then that
path is in doubt.
"""

from __future__ import annotations

import itertools
import posixpath
import re

from gate.docker import files
from gate.docker.doubts import LONGEST_SCRIPT, fed, not_followed
from gate.docker.machine import Machine
from gate.docker.shell import Command, Word, commands
from gate.docker.tree import Dir, File

DEEPEST_SCRIPT = 4
# Commands that change none of the files they name.
HARMLESS = frozenset(
    [
        "test",
        "[",
        "[[",
        "ls",
        "cat",
        "echo",
        "printf",
        "true",
        "false",
        "head",
        "tail",
        "grep",
        "egrep",
        "wc",
        "stat",
        "du",
        "diff",
        "cmp",
        "sha256sum",
        "md5sum",
        "file",
        "env",
        "printenv",
        "which",
        "id",
        "whoami",
        "date",
        "set",
        "export",
        "unset",
        "ulimit",
        "umask",
        "sleep",
        "exit",
        ":",
        "pwd",
        "type",
        "hash",
        "trap",
        "wait",
        "apt-get",
        "apt",
        "apk",
        "yum",
        "dnf",
        "microdnf",
        "useradd",
        "adduser",
        "groupadd",
        "addgroup",
        "usermod",
        "locale-gen",
        "ldconfig",
        "update-ca-certificates",
        "dpkg",
        "gpg",
        "ruff",
        "mypy",
        "flake8",
        "black",
        "isort",
        "pytest",
        "pre-commit",
        "alembic",
        "flask",
        "getent",
        "readlink",
        "realpath",
        "basename",
        "dirname",
        "tree",
        "setcap",
        "shopt",
        "case",
        "sync",
        "read",
        "local",
        "return",
        "shift",
        "declare",
        "compileall",
        "ensurepip",
    ]
)
# Commands that make files of their own, and whose words are names of packages and tasks, not paths.
GENERATORS = frozenset(
    [
        "npm",
        "npx",
        "yarn",
        "pnpm",
        "bun",
        "pipx",
        "conda",
        "mamba",
        "micromamba",
        "gem",
        "cargo",
        "go",
        "corepack",
        "playwright",
        "rustup",
    ]
)
_PREFIXES = frozenset(
    [
        "sudo",
        "exec",
        "nice",
        "nohup",
        "time",
        "env",
        "doas",
        "gosu",
        "su-exec",
        "command",
        "xvfb-run",
        "tini",
        "dumb-init",
    ]
)
_RUNNERS = frozenset({"uv", "poetry", "pdm", "pipenv", "hatch", "rye"})
_SHELLS = frozenset(["sh", "bash", "dash", "ash", "zsh", "/bin/sh", "/bin/bash", "/usr/bin/bash", "/bin/ash"])


def run_script(machine: Machine, script: str) -> None:
    """Follow a shell script."""
    cwds = {0: machine.cwd}
    for command in commands(script, machine.values):
        cwd = next(cwds[depth] for depth in range(command.depth, -1, -1) if depth in cwds)
        machine.cwd = cwd
        _run(machine, command)
        cwds[command.depth] = machine.cwd
        cwds = {depth: path for depth, path in cwds.items() if depth <= command.depth}


def run_words(machine: Machine, words: tuple[str, ...]) -> None:
    """Follow a command in exec form."""
    _run(machine, Command(tuple(Word(word) for word in words)))


def _only_starts(words: tuple[Word, ...]) -> bool:
    """``sudo x``, ``uv run x``: the command is the rest."""
    return posixpath.basename(words[0].text) in _PREFIXES or (words[0].text in _RUNNERS and words[1].text == "run")


def _run(machine: Machine, command: Command) -> None:
    for mark, goal in command.writes:
        _redirected(machine, command, mark, goal)
    words = command.words
    while len(words) > 1 and _only_starts(words):
        words = words[2:] if words[0].text in _RUNNERS else words[1:]
        while words and (words[0].text.startswith("-") or re.match(r"\w+=", words[0].text)) and len(words) > 1:
            words = words[1:]
    if not words:
        return
    _users(machine, [word.text for word in words])
    command = Command(words, command.conditional, command.piped, command.writes, command.depth)
    name = posixpath.basename(words[0].text)
    machine.pipe = [*machine.pipe, command] if command.piped else []
    if name == "cd":
        _cd(machine, words)
    elif command.piped and name in ("xargs", "parallel"):
        fed(machine, command)
    elif machine.install(machine, command):
        return
    elif _ACTIONS.get(name) and not any(word.dynamic for word in words):
        _act(machine, command, _ACTIONS[name])
    elif _script_text(machine, words) is not None:
        _script(machine, command)
    elif name in GENERATORS:
        machine.generates = True
    elif not _is_harmless(name, words):
        not_followed(machine, command)


def _users(machine: Machine, texts: list[str]) -> None:
    """``useradd -u 1000 app``: names and numbers of users, to compare owners with."""
    if texts[0] in ("useradd", "adduser"):
        number = next((two for one, two in itertools.pairwise(texts) if one in ("-u", "--uid")), None)
        number = number or next((one[6:] for one in texts if one.startswith("--uid=")), None)
        if number:
            machine.users[texts[-1]] = number


def _is_harmless(name: str, words: tuple[Word, ...]) -> bool:
    texts = [word.text for word in words]
    if name.startswith("python") and texts[1:2] == ["-m"] and len(texts) > 2:
        return texts[2] in HARMLESS
    if name == "git":
        return not {"clone", "clean", "checkout", "reset", "restore", "rm", "mv", "apply", "stash", "switch"} & set(
            texts
        )
    if name == "tar" and len(texts) > 1:
        return texts[1].lstrip("-").startswith("c")
    return name in HARMLESS


def _cd(machine: Machine, words: tuple[Word, ...]) -> None:
    goal = words[1].text if len(words) > 1 else "/root"
    machine.cwd = machine.path(goal) if not any(word.dynamic for word in words) else f"{machine.cwd}/\0unknown"


def _act(machine: Machine, command: Command, action: files.Action) -> None:
    """A known command: done for sure, or only in doubt when the shell may skip it."""
    flags, operands = files.options(command.words[1:])
    call = files.Call(machine.tree, machine.place, flags, operands, machine.path, machine.paths, command.text)
    if not command.conditional:
        action(call)
        return
    for word in operands:
        for path in machine.paths(word):
            if machine.matters(path):
                machine.doubt(path, command)


_ACTIONS: dict[str, files.Action] = files.ACTIONS


def _redirected(machine: Machine, command: Command, mark: str, goal: Word) -> None:
    """``> file``: the build makes the file; its text is not followed."""
    if not mark.startswith(">") or mark.endswith("&") or goal.text.startswith(("/dev/", "/proc/")) or not goal.text:
        return
    path = machine.tree.resolve(machine.path(goal)) or machine.path(goal)
    if goal.dynamic or isinstance(machine.tree.at(path), Dir):
        return
    made = File(None, machine.place, doubt=f"its text is written by `{' '.join(command.text)[:80]}`")
    machine.tree.put(path, made, machine.place)


def _script_text(machine: Machine, words: tuple[Word, ...]) -> str | None:
    """The shell text that a command runs: ``sh -c '…'`` or a script that lies in the tree."""
    texts = [word.text for word in words]
    if texts[0] == "eval":
        return " ".join(texts[1:])
    if texts[0] in ("su", "runuser") and "-c" in texts[:-1]:
        return texts[texts.index("-c") + 1]
    texts = ["sh", *texts[1:]] if texts[0] in (".", "source") else texts
    if texts[0] in _SHELLS or posixpath.basename(texts[0]) in _SHELLS:
        rest = [number for number, text in enumerate(texts[1:], 1) if not text.startswith("-")]
        if not rest:
            return None
        if any(re.fullmatch(r"-[a-z]*c", text) for text in texts[1 : rest[0]]):
            return texts[rest[0]]
        script = texts[rest[0]]
    else:
        script = texts[0]
    if "/" not in script and script == texts[0]:
        return None
    node = machine.tree.get(machine.path(script))
    text = machine.read(node) if isinstance(node, File) else None
    is_shell = text is not None and (
        script != texts[0] or re.match(r"#!.*\b(ba|da|a|z)?sh\b", text) or script.endswith(".sh")
    )
    return text if is_shell else None


def _script(machine: Machine, command: Command) -> None:
    text = _script_text(machine, command.words) or ""
    if machine.depth >= DEEPEST_SCRIPT or len(text) > LONGEST_SCRIPT:
        not_followed(machine, command, text)
        return
    cwd = machine.cwd
    machine.depth += 1
    if command.conditional:
        not_followed(machine, command, text)
    else:
        run_script(machine, text)
    machine.depth -= 1
    machine.cwd = cwd
