"""The base's schema from a snapshot whose key covers everything that decides it; a doubt means replay.

The key is read from the base's tree, not from the working tree: what the base's revisions do cannot depend on what a pull
request changes beside them. A run on the base branch and a local run write snapshots; pull requests in CI only read.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from gate.collect import _contents
from gate.collect._git import Git
from gate.collect.history import blob_id
from gate.databases.snapshots import Snapshots
from gate.facts.rehearsal import Failure

if TYPE_CHECKING:
    from gate.collect._stage import Stage

# Code that may read files whose names nobody can tell beforehand: then the base's whole tree is in the key.
_READS_FILES = re.compile(
    r"\bopen\(|read_text\(|read_bytes\(|import_module\(|__import__\(|exec\(|walk_packages|iter_modules|pkgutil"
)

_MENTION = re.compile(r"^.*\bimport\b.*$", re.MULTILINE)
_PLAIN = re.compile(r"(?:from\s+[\w.]+\s+)?import\s+\w[\w., \t]*(?:#.*)?")


def restored_or(stage: Stage, heads: tuple[str, ...], replay: Callable[[], Failure | None]) -> Failure | None:
    """Restore the base, or replay it and keep the result where that is allowed."""
    found = key(stage, heads)
    if isinstance(found, NoKey):
        stage.snapshot = {"used": False, "reason": f"replayed: {found.reason}"}
        return replay()
    store = Snapshots(stage.context.cache_dir)
    restored = store.restore(stage.server, stage.database, found)
    if restored.done and _arrived(stage, heads):
        stage.snapshot = {"used": True, "reason": restored.reason, "key": found[:16]}
        return None
    failed = replay()
    reason = f"replayed: {restored.reason}"
    if failed is None and _arrived(stage, heads) and may_write(stage):
        reason += f"; {_kept(stage, store, found)}"
    stage.snapshot = {"used": False, "reason": reason, "key": found[:16]}
    return failed


def _kept(stage: Stage, store: Snapshots, found: str) -> str:
    """Keep the base as it stands, where it is what the key says; what came of that in words."""
    if stage.has_others:
        return "not kept: the project has several databases"
    if not _as_on_base(stage):
        return "not kept: a revision of the base, or what it imports, was edited here"
    kept = store.save(stage.server, stage.database, found)
    stage.probe.call("move")
    return kept.reason if kept.done else f"not kept: {kept.reason}"


def _arrived(stage: Stage, heads: tuple[str, ...]) -> bool:
    """Whether the version table stands where the base does: an upgrade that commits nothing says nothing, too."""
    return stage.history.ancestors(heads) <= stage.history.ancestors(stage.version_rows)


def _as_on_base(stage: Stage) -> bool:
    """Whether the revisions and the env.py that ran are the base's own: the key is read from the base's tree.

    What env.py imports may differ: the models are what most changes are about, and revisions say what they make.
    """
    ids = dict(stage.covered)
    folders = tuple(f"{place.rstrip('/')}/" for place in stage.project.version_locations)
    env = f"{stage.project.script_location}/env.py"
    todo, seen = [path for path in ids if path.endswith(".py") and path.startswith(folders)], set[str]()
    while todo:
        path = todo.pop()
        raw = _here(stage, path) if path not in seen else None
        if path not in seen and (raw is None or blob_id(raw) != ids[path]):
            return False
        seen.add(path)
        text = raw.decode("utf-8", "replace") if raw and path.endswith(".py") else ""
        todo += ids if _READS_FILES.search(text) else imported(text, path, roots(stage), ids)
    return env not in ids or blob_id(_here(stage, env) or b"") == ids[env]


def _here(stage: Stage, path: str) -> bytes | None:
    try:
        return _contents.read(stage.context.repo / path)
    except OSError:
        return None


class NoKey:
    """Why there can be no snapshot."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


def may_write(stage: Stage) -> bool:
    """Local runs and runs on the base branch; a pull request's code must not fill a cache that others read."""
    if not (os.environ.get("CI") or os.environ.get("GITHUB_ACTIONS")):
        return True
    return os.environ.get("GITHUB_EVENT_NAME", "") in ("push", "schedule", "workflow_dispatch") and stage.on_base


def key(stage: Stage, heads: tuple[str, ...]) -> str | NoKey:
    """Everything that decides the base's schema, as one digest."""
    if not stage.context.settings.cache:
        return NoKey("the cache is off")
    if stage.base_sha is None:
        return NoKey("there is no base commit to read the key from")
    if stage.made_outside:
        return NoKey("the application itself makes tables")
    if stage.context.settings.bootstrap != "none":
        return NoKey("the schema has a bootstrap")
    if not stage.covered:
        return NoKey("git tells nothing of the base's files")
    settings = stage.context.settings
    parts = {
        "heads": sorted(heads),
        "files": stage.covered,
        "python": stage.environment.version,
        "installed": stage.environment.identity,
        "server": [stage.database.server.dialect, stage.database.server.version_text, stage.database.server.source],
        "env": dict(settings.env),
        "files-setting": dict(settings.files),
        "extensions": settings.extensions,
        "init-sql": settings.init_sql,
        "time-zone": settings.time_zone,
        "pythonpath": settings.pythonpath,
        "project": [
            stage.project.kind,
            stage.project.config,
            stage.project.section,
            stage.project.entry,
            stage.project.directory,
        ],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=list).encode()).hexdigest()


def covered_files(stage: Stage, sha: str) -> list[tuple[str, str]]:
    """Config, script folder, revisions, and what they import from the repository; the whole tree in doubt."""
    project, files = stage.project, Git(stage.context.repo).files(sha)
    folders = (*project.version_locations, project.script_location or "migrations")
    start = {path for path in files if any(path.startswith(folder.rstrip("/") + "/") for folder in folders)}
    start |= {path for path in (project.config or "", project.entry or "") if path in files}
    contents = {
        id: raw.decode("utf-8", "replace")
        for id, raw in Git(stage.context.repo).blobs(files[p] for p in files if p.endswith(".py")).items()
    }
    seen: set[str] = set()
    todo = sorted(start)
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        text = contents.get(files[path], "") if path.endswith(".py") else ""
        if _READS_FILES.search(text) or project.entry:
            return sorted(files.items())
        todo += [one for one in imported(text, path, roots(stage), files) if one not in seen]
    return sorted((path, files[path]) for path in seen)


def roots(stage: Stage) -> tuple[str, ...]:
    """Folders of the repository that may be on sys.path, with a slash at their end."""
    project = stage.project
    named = ("", project.directory, *project.prepend_sys_path, *stage.context.settings.pythonpath, "src")
    return tuple(dict.fromkeys("" if one in ("", ".") else one.strip("./") + "/" for one in named))


def imported(text: str, path: str, folders: Iterable[str], files: Mapping[str, str]) -> Iterator[str]:
    """Files of the repository that a module's imports may load, packages on the way included."""
    for node in _imports(_import_lines(text)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [*_absolute(node, path)]
        for name in names:
            yield from _files_of(name, ("", *folders) if not path else folders, files)


def _import_lines(text: str) -> str:
    """The lines that import, where each is whole and plain; else the whole text. Revisions share theirs word by word."""
    lines = [line.strip() for line in _MENTION.findall(text)]
    plain = "\\\n" not in text and all(_PLAIN.fullmatch(line) for line in lines)
    return "\n".join(lines) if plain else text


@functools.lru_cache(maxsize=256)
def _imports(text: str) -> tuple[ast.Import | ast.ImportFrom, ...]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    return tuple(node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)))


def _absolute(node: ast.ImportFrom, path: str) -> Iterator[str]:
    module = node.module or ""
    if node.level:
        package = path.split("/")[: -node.level]
        module = ".".join([*package, module]).strip(".")
    yield module
    yield from (f"{module}.{alias.name}".strip(".") for alias in node.names)


def _files_of(name: str, folders: Iterable[str], files: Mapping[str, str]) -> Iterator[str]:
    parts = name.split(".")
    for folder in folders:
        for length in range(1, len(parts) + 1):
            stem = folder + "/".join(parts[:length])
            yield from (path for path in (f"{stem}.py", f"{stem}/__init__.py") if path in files)
