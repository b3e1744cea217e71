"""What a RUN does to the files that matter: a small recogniser, never an execution.

``rm``, ``mv``, ``cp``, ``ln``, ``mkdir``, ``chmod``, ``chown``, ``touch``, ``find -delete`` and scripts of the
repository are followed. Any other command leaves the tree alone unless its text names a path that matters: then that
path is in doubt.
"""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gate.docker import files
from gate.docker.paths import clean, join
from gate.docker.shell import Command, Word, commands
from gate.docker.tree import Dir, File, Place, Tree

DEEPEST_SCRIPT = 4
LONGEST_SCRIPT = 200_000
MOST_CHARACTERS = 300  # of a word that may be a path
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
# What a Python script says when it takes files away or writes them.
_CHANGES = re.compile(
    r"rmtree|unlink|remove\(|rename\(|\.move\(|truncate|write_text|write_bytes|[\"'][wa]b?[\"']|\brm\b|\bmv\b"
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
_SHELLS = frozenset(["sh", "bash", "dash", "ash", "zsh", "/bin/sh", "/bin/bash", "/usr/bin/bash", "/bin/ash"])


@dataclass(frozen=True)
class Needs:
    """Which files matter: paths in the repository of what an upgrade needs, and all folders above them.

    ``name`` is the repository's own distribution, to know it when an index gives it.
    """

    origins: frozenset[str] = frozenset()
    name: str = ""

    @property
    def names(self) -> frozenset[str]:
        """Paths that matter when a text names them: the files and the folders that hold them."""
        above = {parent for path in self.origins for parent in _parents(path)}
        return self.origins | above


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


@dataclass(frozen=True)
class Installed:
    """One project put into an environment: by which instruction, decided by which setting, and what that left out."""

    place: Place
    setting: tuple[str, int] | None
    left_out: frozenset[str] = frozenset()
    editable: bool = False


Install = Callable[["Machine", Command], bool]


@dataclass
class Machine:
    """Where a RUN works: the stage's tree, folder and variables. ``read`` gives a file's text, None when unknown."""

    tree: Tree
    cwd: str
    values: dict[str, str]
    place: Place
    needs: Needs
    read: Callable[[File], str | None]
    install: Install = lambda machine, command: False
    users: dict[str, str] = field(default_factory=dict)
    depth: int = 0
    generates: bool = False
    python: str = "3"
    installs: list[Installed] = field(default_factory=list)
    foreign: str = ""
    pipe: list[Command] = field(default_factory=list)
    values_kept: dict[str, str] = field(default_factory=dict)

    def path(self, word: Word | str) -> str:
        """A word as an absolute path."""
        return join(self.cwd, word if isinstance(word, str) else word.text)

    def paths(self, word: Word) -> list[str]:
        """The existing paths that a word means; its glob filled in."""
        return files.expand(self.tree, self.path(word)) if word.glob else [self.path(word)]

    def matters(self, path: str) -> bool:
        """Whether a needed file lies at or below a path of the tree."""
        real = self.tree.resolve(path, last=False) or path
        return any(file.origin in self.needs.origins for _, file in self.tree.files(real))

    def doubt(self, path: str, command: Command) -> None:
        """From here on, what lies at and below this path is not sure."""
        self.tree.cover(
            self.tree.resolve(path) or path, f"`{' '.join(command.text)[:120]}` may change {path}", self.place
        )


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


def _run(machine: Machine, command: Command) -> None:
    for mark, goal in command.writes:
        _redirected(machine, command, mark, goal)
    words = command.words
    while words and posixpath.basename(words[0].text) in _PREFIXES and len(words) > 1:
        words = words[1:]
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
        _fed(machine, command)
    elif machine.install(machine, command):
        return
    elif _ACTIONS.get(name) and not any(word.dynamic for word in words):
        _act(machine, command, _ACTIONS[name])
    elif _script_text(machine, words) is not None:
        _script(machine, command)
    elif name in GENERATORS:
        machine.generates = True
    elif not _is_harmless(name, words):
        _unknown(machine, command)


def _fed(machine: Machine, command: Command) -> None:
    """``… | xargs rm``: what the commands before it name is given to it."""
    if {"ls", "cat", "echo", "grep", "wc", "head", "test"} & set(command.text[1:3]):
        return
    for one in machine.pipe[:-1]:
        if one.text[0] != "find":
            _unknown(machine, one)
            continue
        for path in files.found(machine.tree, one, machine.path):
            if machine.matters(path):
                machine.doubt(path, command)
    _unknown(machine, command)


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
        _unknown(machine, command, text)
        return
    cwd = machine.cwd
    machine.depth += 1
    if command.conditional:
        _unknown(machine, command, text)
    else:
        run_script(machine, text)
    machine.depth -= 1
    machine.cwd = cwd


def _unknown(machine: Machine, command: Command, text: str | None = None) -> None:
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
