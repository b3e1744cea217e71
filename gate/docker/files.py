"""File commands of a RUN that are followed for sure, on the virtual tree."""

from __future__ import annotations

import dataclasses
import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gate.docker.modes import Change, change_of
from gate.docker.patterns import go_match, has_wildcard
from gate.docker.shell import Command, Word
from gate.docker.tree import Dir, File, Fog, Link, Node, Place, Tree


@dataclass(frozen=True)
class Call:
    """One call of a file command. ``path`` and ``paths`` make words absolute; ``flags`` are letters and long names."""

    tree: Tree
    place: Place
    flags: frozenset[str]
    operands: tuple[Word, ...]
    path: Callable[[Word | str], str]
    paths: Callable[[Word], list[str]]
    text: tuple[str, ...]

    def many(self, operands: Sequence[Word]) -> list[str]:
        """All existing paths that these words mean."""
        return [path for word in operands for path in self.paths(word)]


Action = Callable[[Call], None]


def fog(path: str, text: Sequence[str], place: Place) -> Fog:
    """Unknown files at a path, brought by a command."""
    return Fog(path, f"`{' '.join(text)[:120]}` may put files there", place)


def options(words: Sequence[Word]) -> tuple[frozenset[str], tuple[Word, ...]]:
    """Flags (letters apart, long names whole) and operands."""
    flags: set[str] = set()
    operands: list[Word] = []
    for word in words:
        if word.text.startswith("--"):
            flags.add(word.text[2:].partition("=")[0])
        elif word.text.startswith("-") and len(word.text) > 1 and not operands:
            flags.update(word.text[1:])
        elif not (word.text.startswith("-") and len(word.text) > 1):
            operands.append(word)
    return frozenset(flags), tuple(operands)


def expand(tree: Tree, pattern: str) -> list[str]:
    """Existing paths behind a shell glob; hidden names only when the pattern says the dot."""
    found = ["/"]
    for part in pattern.strip("/").split("/"):
        found = [path for base in found for path in _step(tree, base, part)]
    return found


def _step(tree: Tree, base: str, part: str) -> Iterator[str]:
    folder = tree.get(base)
    if not isinstance(folder, Dir):
        return
    if not has_wildcard(part):
        if part in folder.children:
            yield f"{base.rstrip('/')}/{part}"
        return
    try:
        match = go_match(re.sub(r"\[!", "[^", part))
    except ValueError:
        return
    for name in sorted(folder.children):
        if match(name) and (part.startswith(".") or not name.startswith(".")):
            yield f"{base.rstrip('/')}/{name}"


def _rm(call: Call) -> None:
    recursive = bool(call.flags & {"r", "R", "recursive"})
    for path in call.many(call.operands):
        real = _exact(call.tree, path)
        if isinstance(call.tree.at(real), Dir) and not recursive:
            continue
        call.tree.remove(real, call.place)


def _exact(tree: Tree, path: str) -> str:
    return tree.resolve(path, last=False) or path


def _rmdir(call: Call) -> None:
    for path in call.many(call.operands):
        node = call.tree.at(_exact(call.tree, path))
        if isinstance(node, Dir) and not node.children:
            call.tree.remove(_exact(call.tree, path), call.place)


def _mkdir(call: Call) -> None:
    for word in call.operands:
        for one in _braces(word.text):
            call.tree.mkdirs(call.path(one), call.place)


def _braces(text: str) -> list[str]:
    match = re.search(r"\{([^{}]*,[^{}]*)\}", text)
    if match is None:
        return [text]
    return [one for part in match[1].split(",") for one in _braces(text[: match.start()] + part + text[match.end() :])]


def _transfer(call: Call, *, move: bool) -> None:
    """``cp`` and ``mv``: into an existing folder, else to the name."""
    if len(call.operands) < 2 or "t" in call.flags or "target-directory" in call.flags:
        return
    *sources, dest = call.operands
    for path in call.many(sources):
        _transfer_one(call, path, dest.text, move=move)


def _transfer_one(call: Call, path: str, dest: str, *, move: bool) -> None:
    real = _exact(call.tree, path)
    node = call.tree.at(real)
    recursive = move or bool(call.flags & {"r", "R", "a", "recursive", "archive"})
    if node is None:
        over = call.tree.fog_over(path)
        if over is not None:
            call.tree.fogs.append(Fog(call.path(dest), over.why, call.place))
        return
    if isinstance(node, Dir) and not recursive:
        return
    goal = call.tree.resolve(call.path(dest)) or call.path(dest)
    contents = (
        path.endswith("/.")
        or call.text[-2:-1] == (".",)
        or any(one.endswith("/.") and call.path(one) == path for one in call.text)
    )
    if isinstance(call.tree.at(goal), Dir) and not (contents and isinstance(node, Dir)) and "T" not in call.flags:
        goal = f"{goal.rstrip('/')}/{posixpath.basename(real)}"
    kept = node.copy() if isinstance(node, Dir) else node
    if move:
        call.tree.remove(real, call.place)
    _plant(call, kept, goal)


def _plant(call: Call, node: Node, goal: str) -> None:
    if not isinstance(node, Dir):
        call.tree.put(goal, dataclasses.replace(node, place=call.place), call.place)
        return
    if call.tree.mkdirs(goal, call.place) is not None:
        for name, child in sorted(node.children.items()):
            _plant(call, child, f"{goal.rstrip('/')}/{name}")


def _cp(call: Call) -> None:
    _transfer(call, move=False)


def _mv(call: Call) -> None:
    _transfer(call, move=True)


def _ln(call: Call) -> None:
    if "s" not in call.flags and "symbolic" not in call.flags:
        _transfer(call, move=False)
        return
    if len(call.operands) not in (1, 2):
        return
    target = call.operands[0].text
    goal = call.path(call.operands[1] if len(call.operands) == 2 else posixpath.basename(target))
    if call.tree.is_dir(goal) and not call.flags & {"n", "T", "no-dereference"}:
        goal = f"{goal.rstrip('/')}/{posixpath.basename(target)}"
    call.tree.put(_exact(call.tree, goal), Link(target, None, call.place), call.place)


def _install(call: Call) -> None:
    """``install -d`` makes folders, ``install FILE… GOAL`` copies."""
    values = {
        call.text[n + 1]
        for n, one in enumerate(call.text[:-1])
        if one in ("-m", "-o", "-g", "--mode", "--owner", "--group")
    }
    operands = tuple(word for word in call.operands if word.text not in values)
    _mkdir(dataclasses.replace(call, operands=operands)) if "d" in call.flags else _cp(
        dataclasses.replace(call, operands=operands)
    )


def _touch(call: Call) -> None:
    for word in call.operands:
        path = call.tree.resolve(call.path(word)) or call.path(word)
        if call.tree.at(path) is None:
            call.tree.put(path, File(None, call.place, data=b""), call.place)


def _nodes(call: Call, paths: list[str]) -> Iterator[File | Dir]:
    """The files and folders that a recursive or plain change of rights touches."""
    recursive = bool(call.flags & {"R", "recursive"})
    for path in paths:
        todo: list[Node | None] = [call.tree.get(path)]
        while todo:
            node = todo.pop()
            if isinstance(node, (File, Dir)):
                yield node
            if isinstance(node, Dir) and recursive:
                todo += node.children.values()


def _chmod(call: Call) -> None:
    words = list(call.operands)
    if words and re.fullmatch(r"[0-7]{3,5}|[ugoa]*[-+=][rwxXst,ugoa+=-]*", words[0].text):
        change = _mode_change(words[0].text)
    else:  # a mode such as -w or +x was taken for a flag
        letters = next((one for one in call.text[1:] if re.fullmatch(r"[-+=][rwxX]+", one)), "")
        change = _mode_change(letters or "a+")
        words = [Word(""), *words]
    _apply(call, words[1:], lambda node: dataclasses.replace(node, mode=change(node.mode, isinstance(node, Dir))))


def _apply(call: Call, words: Sequence[Word], change: Callable[[File | Dir], File | Dir]) -> None:
    for path in call.many(words):
        real = call.tree.resolve(path)
        node = call.tree.at(real) if real else None
        if isinstance(node, (File, Dir)) and real is not None:
            _apply_to(call, real, node, change)


def _apply_to(call: Call, path: str, node: File | Dir, change: Callable[[File | Dir], File | Dir]) -> None:
    changed = change(node)
    if isinstance(node, Dir):
        node.mode, node.owner = changed.mode, changed.owner
        if call.flags & {"R", "recursive"}:
            for name, child in node.children.items():
                if isinstance(child, (File, Dir)):
                    _apply_to(call, f"{path.rstrip('/')}/{name}", child, change)
        return
    parent, _, name = path.rpartition("/")
    folder = call.tree.at(parent or "/")
    if isinstance(folder, Dir) and isinstance(changed, File):
        folder.children[name] = changed


def _mode_change(text: str) -> Change:
    try:
        return change_of(text)
    except ValueError:
        return lambda mode, is_dir: mode


def _chown(call: Call) -> None:
    if not call.operands:
        return
    owner = call.operands[0].text.replace(".", ":").partition(":")[0]
    if owner:
        _apply(call, call.operands[1:], lambda node: dataclasses.replace(node, owner=owner))


def _find(call: Call) -> None:
    """``find … -delete`` and ``-exec rm``: what the names match goes away; a test that is not read leaves doubt."""
    text = list(call.text[1:])
    if "-delete" not in text and not ({"-exec", "-execdir"} & set(text) and "rm" in text):
        return
    first = next((number for number, one in enumerate(text) if one.startswith(("-", "(", "!"))), len(text))
    names = [text[number + 1] for number, one in enumerate(text[:-1]) if one in ("-name", "-iname")]
    tests = {one for one in text[first:] if re.fullmatch(r"-[a-z]+|!|-o", one)}
    sure = tests <= {"-name", "-type", "-delete", "-exec", "-execdir", "-rf", "-r", "-f", "-depth"} and len(names) <= 1
    names = [] if tests & {"!", "-not"} else names
    for start in text[:first] or ["."]:
        for path in list(_found(call.tree, call.path(start), names)):
            if sure:
                call.tree.remove(path, call.place)
            else:
                call.tree.cover(path, f"`{' '.join(call.text)[:120]}` may delete {path}", call.place)


def found(tree: Tree, command: Command, path: Callable[[str], str]) -> Iterator[str]:
    """What a ``find`` may print."""
    text = list(command.text[1:])
    first = next((number for number, one in enumerate(text) if one.startswith(("-", "(", "!"))), len(text))
    names = [text[number + 1] for number, one in enumerate(text[:-1]) if one in ("-name", "-iname")]
    for start in text[:first] or ["."]:
        yield from _found(tree, path(start), [] if {"!", "-not"} & set(text) else names)


def _found(tree: Tree, start: str, names: list[str]) -> Iterator[str]:
    try:
        match = [go_match(re.sub(r"\[!", "[^", name)) for name in names]
    except ValueError:
        return
    folder = tree.get(start)
    todo = [(start.rstrip("/"), folder)] if isinstance(folder, Dir) else []
    while todo:
        base, one = todo.pop()
        for name, node in sorted(one.children.items()):
            if not match or any(test(name) for test in match):
                yield f"{base}/{name}"
            elif isinstance(node, Dir):
                todo.append((f"{base}/{name}", node))


ACTIONS: dict[str, Action] = {
    "rm": _rm,
    "unlink": _rm,
    "rmdir": _rmdir,
    "mkdir": _mkdir,
    "cp": _cp,
    "mv": _mv,
    "ln": _ln,
    "touch": _touch,
    "chmod": _chmod,
    "chown": _chown,
    "chgrp": lambda call: None,
    "find": _find,
    "install": _install,
}
