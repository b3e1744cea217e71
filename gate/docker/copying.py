"""COPY and ADD on virtual trees, as BuildKit does them.

Follows ``fsutil/copy`` (https://github.com/tonistiigi/fsutil) and ``convert_copy.go`` of BuildKit: a folder gives its
contents, a glob takes one level, a glob without a match copies nothing, an existing folder takes a file in.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from gate.docker.errors import BuildError
from gate.docker.ignore import IgnoreFile, State, parse
from gate.docker.paths import clean, rooted
from gate.docker.patterns import go_match, has_wildcard, unescape
from gate.docker.tree import Dir, Event, File, Fog, Link, Node, Place, Tree


@dataclass(frozen=True)
class Options:
    """The flags of one COPY or ADD. ``mode`` is None to keep the source's; ``exclude`` holds raw patterns."""

    mode: int | None = None
    owner: str | None = None
    exclude: tuple[str, ...] = ()
    parents: bool = False
    link: bool = False


@dataclass(frozen=True)
class Copying:
    """One COPY or ADD: between which trees, with which flags, by which instruction.

    ``needed`` are paths of the repository that matter: no command makes them that does not name them.
    """

    source: Tree
    target: Tree
    options: Options
    place: Place
    needed: frozenset[str] = frozenset()

    def stop(self, what: str) -> BuildError:
        """The refusal of the builder, at this instruction."""
        return BuildError(what, self.place.path, self.place.line)


def copy(job: Copying, sources: list[str], dest: str) -> list[str]:
    """Copy ``sources`` to the absolute ``dest`` (a slash at its end counts). Returns globs that took nothing."""
    if job.options.link:
        scratch = Tree()
        empty = copy(
            dataclasses.replace(job, target=scratch, options=dataclasses.replace(job.options, link=False)),
            sources,
            dest,
        )
        _lay_over(job, scratch)
        return empty
    empty = []
    for source in sources:
        if _is_foggy(job, source):
            job.target.fogs.append(Fog(clean(dest), f"what {source} holds there is not known", job.place))
            continue
        if job.options.parents:
            taken = _copy_parents(job, source, dest)
        else:
            taken = [_copy_one(job, one, dest) for one in matches(job, source)]
        if not taken:
            empty.append(source)
    return empty


def _is_foggy(job: Copying, source: str) -> bool:
    """Nothing known lies there, but something may.

    An image whose files are not known, a RUN that was not understood.
    """
    name = "/" + rooted(source)
    plain = (
        name
        if not has_wildcard(name)
        else name[: min(name.find(mark) for mark in "*?[" if mark in name)].rpartition("/")[0]
    )
    real = job.source.resolve(plain) or plain
    fog = job.source.fog_over(real)
    if fog is None or not (job.source.at(real) is None or has_wildcard(name)):
        return False
    said = bool(fog.place.path)  # a line that names this place, not only what a whole stage may hold beside
    return said or not any(name.endswith(f"/{one}") for one in job.needed)


def matches(job: Copying, source: str) -> list[str]:
    """Absolute paths in the source tree; a plain path that is missing stops the build."""
    name = rooted(source)
    if not has_wildcard(name):
        found = "/" + unescape(name)
        if job.source.get(found) is None:
            raise job.stop(f'"{found}": not found')
        return [found]
    parts = name.split("/")
    plain = next(number for number, part in enumerate(parts) if has_wildcard(part))
    base = job.source.resolve("/".join(parts[:plain])) if plain else "/"
    try:
        pattern = go_match("/".join(parts[plain:]))
    except ValueError:
        return []
    folder = job.source.at(base) if base else None
    if not isinstance(folder, Dir):
        raise job.stop(f'"/{"/".join(parts[:plain])}": not found')
    depth = len(parts) - plain
    return [f"{(base or '').rstrip('/')}/{one}" for one in sorted(_level(folder, depth)) if pattern(one)]


def _level(folder: Dir, depth: int, prefix: str = "") -> Iterator[str]:
    """Relative paths exactly ``depth`` levels below a folder; links are not followed."""
    for name, node in folder.children.items():
        if depth == 1:
            yield prefix + name
        elif isinstance(node, Dir):
            yield from _level(node, depth - 1, f"{prefix}{name}/")


def _copy_one(job: Copying, source: str, dest: str) -> str:
    real = job.source.resolve(source)
    node = job.source.at(real) if real else None
    if node is None or real is None:
        raise job.stop(f'"{source}": not found (the goal of a symbolic link is not in the context)')
    as_folder = dest.endswith("/")
    if as_folder and job.target.mkdirs(clean(dest), job.place, owner=job.options.owner or "0") is None:
        raise job.stop(f"{dest} is not a folder")
    goal = job.target.resolve(clean(dest))
    if goal is None:
        raise job.stop(f"too many symbolic links in {dest}")
    if isinstance(node, Dir):
        _merge(job, node, goal)
        _carry_fog(job, real, goal)
        return goal
    if isinstance(job.target.at(goal), Dir):
        goal = f"{goal.rstrip('/')}/{source.rpartition('/')[2]}"
    if not job.target.put(goal, _stamped(job, node), job.place):
        raise job.stop(f"cannot replace to directory {goal} with file")
    _carry_fog(job, real, goal)
    return goal


def _merge(job: Copying, source: Dir, goal: str) -> None:
    """The contents of a folder into another, made when missing."""
    existed = job.target.at(goal) is not None
    folder = job.target.mkdirs(goal, job.place, owner=job.options.owner or "0")
    if folder is None:
        raise job.stop(f"cannot copy to non-directory: {goal}")
    if not existed:
        folder.mode = source.mode if job.options.mode is None else job.options.mode
        folder.owner = job.options.owner or source.owner
    exclude = parse("\n".join(job.options.exclude)) if job.options.exclude else None
    _merge_children(job, source, folder, goal.rstrip("/"), exclude)


def _merge_children(job: Copying, source: Dir, folder: Dir, goal: str, exclude: IgnoreFile | None) -> None:
    todo: list[tuple[Dir, Dir, str, str, State]] = [(source, folder, goal, "", ())]
    while todo:
        taken, into, where, relative, state = todo.pop()
        for name in sorted(taken.children):
            node, path, rel = taken.children[name], f"{where}/{name}", f"{relative}{name}"
            after: State = ()
            if exclude is not None:
                excluded, after = exclude.step(rel, state)
                if excluded and not (isinstance(node, Dir) and _may_come_back(exclude, rel)):
                    continue
            made = _merge_child(job, node, into, name, path)
            if isinstance(node, Dir) and made is not None:
                todo.append((node, made, path, f"{rel}/", after))


def _may_come_back(exclude: IgnoreFile, folder: str) -> bool:
    return any(one.exception and (one.is_wild or one.cleaned.startswith(folder + "/")) for one in exclude.patterns)


def _merge_child(job: Copying, node: Node, into: Dir, name: str, path: str) -> Dir | None:
    old = into.children.get(name)
    if isinstance(node, Dir):
        if old is not None and not isinstance(old, Dir):
            raise job.stop(f"cannot copy to non-directory: {path}")
        made = old or Dir({}, place=job.place)
        made.mode = node.mode if job.options.mode is None else job.options.mode
        made.owner = job.options.owner or node.owner
        into.children[name] = made
        return made
    if isinstance(old, Dir):
        raise job.stop(f"cannot replace to directory {path} with file")
    new = _stamped(job, node)
    if isinstance(old, File) and old.origin and not (isinstance(new, File) and new.origin == old.origin):
        job.target.journal.append(Event("overwritten", old.origin, path, job.place))
    into.children[name] = new
    if isinstance(new, File) and new.origin:
        job.target.journal.append(Event("placed", new.origin, path, job.place))
    return None


def _stamped(job: Copying, node: File | Link) -> File | Link:
    """The copied node as this instruction puts it."""
    if isinstance(node, Link):
        return dataclasses.replace(node, place=job.place)
    mode = node.mode if job.options.mode is None else job.options.mode
    owner = job.options.owner or node.owner
    return File(node.origin, job.place, mode, owner, node.data, node.doubt, node.wheel)  # replace() costs thrice


def _carry_fog(job: Copying, source: str, goal: str) -> None:
    """What was not sure in the source is not sure in the copy."""
    over = job.source.fog_over(source)
    if over is not None and job.source.at(source) is None:
        job.target.fogs.append(dataclasses.replace(over, path=goal, place=job.place))
    below = source.rstrip("/") + "/"
    for fog in job.source.fogs:
        if fog.path.startswith(below):
            job.target.fogs.append(dataclasses.replace(fog, path=f"{goal.rstrip('/')}/{fog.path[len(below) :]}"))


def _copy_parents(job: Copying, source: str, dest: str) -> list[str]:
    """``--parents``: paths keep their folders, from ``/./`` on.

    ``**`` goes deep, a folder is taken with what it holds.
    """
    head, pivot, tail = source.partition("/./")
    base, pattern = (rooted(head), rooted(tail)) if pivot else ("", rooted(source))
    pattern = pattern or "**"
    start = job.source.resolve("/" + base) or "/"
    taking = parse(pattern)
    taken = []
    for path, node in _everything(job.source, start):
        relative = path[len(start.rstrip("/")) + 1 :]
        if taking.excludes(relative):
            goal = f"{clean(dest).rstrip('/')}/{relative}"
            if isinstance(node, Dir):
                job.target.mkdirs(goal, job.place)
            elif not job.target.put(job.target.resolve(goal) or goal, _stamped(job, node), job.place):
                raise job.stop(f"cannot replace to directory {goal} with file")
            taken.append(goal)
    if not taken and not has_wildcard(source):
        raise job.stop(f'"/{pattern}": not found')
    return taken


def _everything(tree: Tree, start: str) -> Iterator[tuple[str, Node]]:
    folder = tree.at(start)
    todo = [(start.rstrip("/"), folder)] if isinstance(folder, Dir) else []
    while todo:
        base, one = todo.pop()
        for name in sorted(one.children):
            node = one.children[name]
            yield f"{base}/{name}", node
            if isinstance(node, Dir):
                todo.append((f"{base}/{name}", node))


def _lay_over(job: Copying, layer: Tree) -> None:
    """``--link``: a layer of its own over what is there.

    A file takes the place of a folder, and the other way round.
    """
    for path, node in _everything(layer, "/"):
        old = job.target.at(path)
        if isinstance(node, Dir):
            if old is not None and not isinstance(old, Dir):
                job.target.remove(path, job.place, "overwritten")
            made = job.target.mkdirs(path, job.place)
            if made is not None and old is None:
                made.mode, made.owner = node.mode, node.owner
            continue
        if isinstance(old, Dir):
            job.target.remove(path, job.place, "overwritten")
        job.target.put(path, node, job.place)
    job.target.fogs += layer.fogs
