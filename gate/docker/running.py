"""How an image starts its upgrade, as far as it can be read: its command, its entrypoint, scripts in its tree."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence

from gate.docker.lookup import Run
from gate.docker.paths import join
from gate.docker.shell import Command, Word, commands
from gate.docker.tree import File, Tree

DEEPEST = 4
_RUNNERS = {"uv": "run", "poetry": "run", "pdm": "run", "pipenv": "run", "hatch": "run", "rye": "run"}
_SHELLS = ("sh", "bash", "ash", "dash")
_PREFIXES = ("exec", "gosu", "su-exec", "tini", "dumb-init", "env", "sudo", "time", "timeout")
Read = Callable[[File], str | None]


def find(tree: Tree, read: Read, words: Sequence[str], cwd: str, env: Mapping[str, str]) -> Run | None:
    """The upgrade that a command line starts, directly or through scripts of the image; None when none can be read."""
    return _in(tree, read, [Command(tuple(Word(word) for word in words))], cwd, env, depth=0)


def _in(tree: Tree, read: Read, line: list[Command], cwd: str, env: Mapping[str, str], *, depth: int) -> Run | None:
    for command in line:
        texts = _bare(command.text)
        if not texts:
            continue
        if texts[0] == "cd" and len(texts) > 1:
            cwd = join(cwd, texts[1])
            continue
        run = _upgrade(texts, cwd)
        if run is not None:
            return run
        for text in _scripts(tree, read, texts, cwd) if depth < DEEPEST else []:
            run = _in(tree, read, commands(text, env), cwd, env, depth=depth + 1)
            if run is not None:
                return run
    return None


def _bare(texts: Sequence[str]) -> list[str]:
    """A command without the programs that only start it."""
    left = list(texts)
    while left:
        name = posixpath.basename(left[0])
        if name in _PREFIXES and len(left) > 1:
            left = left[1:]
            while left and (left[0].startswith("-") or "=" in left[0]):
                left = left[1:]
        elif name in _RUNNERS and _RUNNERS[name] in left[1:3]:
            left = left[left.index(_RUNNERS[name]) + 1 :]
            while left and left[0].startswith("-"):
                left = left[1:]
        else:
            break
    return left


def _upgrade(texts: list[str], cwd: str) -> Run | None:
    module = re.fullmatch(r"python[\d.]*", posixpath.basename(texts[0])) is not None and texts[1:2] == ["-m"]
    words = texts[2:] if module else texts
    if not words or "upgrade" not in words:
        return None
    name = posixpath.basename(words[0])
    if name == "alembic":
        return Run(
            cwd, _option(words, "-c", "--config"), section=_option(words, "-n", "--name") or "alembic", module=module
        )
    if name == "flask" and "db" in words:
        return Run(cwd, flask=_option(words, "-d", "--directory") or "migrations")
    return None


def _option(words: list[str], short: str, long: str) -> str | None:
    for number, word in enumerate(words):
        if word in (short, long) and number + 1 < len(words):
            return words[number + 1]
        if word.startswith(long + "="):
            return word[len(long) + 1 :]
        if word.startswith(short) and len(word) > 2 and not word.startswith("--"):
            return word[2:]
    return None


def _scripts(tree: Tree, read: Read, texts: list[str], cwd: str) -> list[str]:
    """Texts of shell that a command runs: ``sh -c``, or each script of the image that it names."""
    if posixpath.basename(texts[0]) in _SHELLS:
        for number, word in enumerate(texts[1:], start=1):
            if re.fullmatch(r"-[a-z]*c", word) and number + 1 < len(texts):
                return [texts[number + 1]]
    found = []
    for word in texts[:3]:
        node = tree.get(join(cwd, word)) if "/" in word or word.endswith(".sh") or word == texts[0] else None
        text = read(node) if isinstance(node, File) else None
        if text is not None and not word.endswith(".py"):
            found.append(text)
    return found
