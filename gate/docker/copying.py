"""COPY and ADD on virtual trees, as BuildKit does them.

Follows ``fsutil/copy`` (https://github.com/tonistiigi/fsutil) and ``convert_copy.go`` of BuildKit: a folder gives its
contents, a glob takes one level, a glob without a match copies nothing, an existing folder takes a file in.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from gate.docker.copy_job import Copying
from gate.docker.ignore import matching
from gate.docker.merging import Merge
from gate.docker.paths import clean, rooted
from gate.docker.patterns import go_match, has_wildcard, unescape
from gate.docker.tree import Dir, Fog, Node, Tree
from gate.docker.unpacking import unpacked


def copy(job: Copying, sources: list[str], dest: str) -> list[str]:
    """Copy ``sources`` to the absolute ``dest`` (a slash at its end counts). Returns globs that took nothing."""
    if job.options.link:
        layer = dataclasses.replace(job, target=Tree(), options=dataclasses.replace(job.options, link=False))
        empty = copy(layer, sources, dest)
        _lay_over(job, layer.target)
        return empty
    return [source for source in sources if not _copied(job, source, dest)]


def _copied(job: Copying, source: str, dest: str) -> bool:
    """Copy one source; False for a glob that took nothing."""
    if _is_foggy(job, source):
        job.target.fogs.append(Fog(clean(dest), f"what {source} holds there is not known", job.place))
        return True
    if job.options.parents:
        return _copy_parents(job, source, dest)
    found = matches(job, source)
    for one in found:
        if not unpacked(job, one, dest):
            _copy_one(job, one, dest)
    return bool(found)


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


def _copy_one(job: Copying, source: str, dest: str) -> None:
    real = job.source.resolve(source)
    node = job.source.at(real) if real else None
    if node is None or real is None:
        raise job.stop(f'"{source}": not found (the goal of a symbolic link is not in the context)')
    job.folder(clean(dest) if dest.endswith("/") else clean(dest).rpartition("/")[0] or "/")
    goal = job.target.resolve(clean(dest))
    if goal is None:
        raise job.stop(f"too many symbolic links in {dest}")
    if isinstance(node, Dir):
        Merge(job).into(node, goal)
    else:
        goal = f"{goal.rstrip('/')}/{source.rpartition('/')[2]}" if isinstance(job.target.at(goal), Dir) else goal
        if not job.target.put(goal, job.stamped(node), job.place):
            raise job.stop(f"cannot replace to directory {goal} with file")
    _carry_fog(job, real, goal)


def _carry_fog(job: Copying, source: str, goal: str) -> None:
    """What was not sure in the source is not sure in the copy."""
    over = job.source.fog_over(source)
    if over is not None and job.source.at(source) is None:
        job.target.fogs.append(dataclasses.replace(over, path=goal, place=job.place))
    below = source.rstrip("/") + "/"
    for fog in job.source.fogs:
        if fog.path.startswith(below):
            job.target.fogs.append(dataclasses.replace(fog, path=f"{goal.rstrip('/')}/{fog.path[len(below) :]}"))


def _copy_parents(job: Copying, source: str, dest: str) -> bool:
    """``--parents``: paths keep their folders, from ``/./`` on.

    ``**`` goes deep, a folder is taken with what it holds.
    """
    head, pivot, tail = source.partition("/./")
    base, pattern = (head, rooted(tail)) if pivot else ("", rooted(source))
    taking = Merge(job, matching((pattern,), job.place))
    for one in matches(job, base) if base else ["/"]:
        real = job.source.resolve(one) or one
        folder = job.source.at(real)
        if isinstance(folder, Dir):
            taking.into(folder, job.target.resolve(clean(dest)) or clean(dest))
            _carry_fog(job, real, clean(dest))
    if not taking.taken and not has_wildcard(source):
        raise job.stop(f'"/{pattern}": not found')
    return bool(taking.taken)


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
    """``--link``: a layer of its own over what is there; its folders' modes and owners count.

    A file takes the place of a folder, and the other way round. An engine without containerd's image store ignores the
    flag.
    """
    for path, node in _everything(layer, "/"):
        old = job.target.at(path)
        if isinstance(node, Dir):
            if old is not None and not isinstance(old, Dir):
                job.target.remove(path, job.place, "overwritten")
            made = job.target.mkdirs(path, job.place)
            if made is not None:
                made.mode, made.owner = node.mode, node.owner
            continue
        if isinstance(old, Dir):
            job.target.remove(path, job.place, "overwritten")
        job.target.put(path, node, job.place)
    job.target.fogs += layer.fogs
