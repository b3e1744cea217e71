"""Git, read only: no hooks, no stored credentials, no prompts, no writing to HOME, on trees owned by somebody else."""

from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

SAFE = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.quotePath": "false",
    "protocol.ext.allow": "never",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
}

# GIT_ALTERNATE_OBJECT_DIRECTORIES: the base that prepare fetched, without writing to the workspace
PASSED = ("PATH", "HOME", "TMPDIR", "GIT_ALTERNATE_OBJECT_DIRECTORIES")

_BASES = ("main", "master", "develop")
_CHOSEN = "refs/remotes/origin/HEAD"


def environment(repo: Path) -> dict[str, str]:
    """Variables for git: ``safe.directory`` only here, never in a file (git-config(1), GIT_CONFIG_COUNT)."""
    pairs = [("safe.directory", str(repo)), ("safe.directory", "*"), *SAFE.items()]
    told = {name: os.environ[name] for name in PASSED if name in os.environ}
    told |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    told["GIT_CONFIG_COUNT"] = str(len(pairs))
    for number, (key, value) in enumerate(pairs):
        told |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return told


class Git:
    """One repository. Every method gives None or an empty value where git is missing or does not know."""

    def __init__(self, repo: Path) -> None:
        self.repo = repo

    def run(self, *words: str, stdin: bytes | None = None, seconds: float = 60) -> bytes | None:
        """The output of one git command, or None when it failed."""
        try:
            done = subprocess.run(
                ["git", "-C", str(self.repo), *words],
                input=stdin,
                capture_output=True,
                check=False,
                env=environment(self.repo),
                timeout=seconds,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout if done.returncode == 0 else None

    def line(self, *words: str) -> str | None:
        """The first line of a command's output."""
        out = self.run(*words)
        return (out.decode("utf-8", "replace").strip().split("\n")[0] or None) if out else None

    @property
    def works(self) -> bool:
        """Is this a work tree that git can read?"""
        return self.line("rev-parse", "--is-inside-work-tree") == "true"

    @property
    def prefix(self) -> str:
        """The path from the repository's top to this folder, empty or with a slash at its end."""
        return self.line("rev-parse", "--show-prefix") or ""

    def revision(self, name: str) -> str | None:
        """The commit behind a name, if it is here."""
        return self.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")

    def parents(self, commit: str = "HEAD") -> tuple[str, ...]:
        """The parents that the commit object names; known also in a depth-1 checkout, where ``HEAD^1`` is not.

        Measured: ``git cat-file -p HEAD`` names both parents of a shallow merge checkout.
        """
        out = self.run("cat-file", "-p", commit) or b""
        head = out.split(b"\n\n", 1)[0].decode("ascii", "replace").splitlines()
        return tuple(line[7:] for line in head if line.startswith("parent "))

    def merge_base(self, one: str, other: str) -> str | None:
        """The merge base of two commits, where history reaches it."""
        return self.line("merge-base", one, other)

    def files(self, commit: str, folders: Iterable[str] = ()) -> dict[str, str]:
        """Blob ids by path below folders of a commit; paths are relative to this folder."""
        wanted = [folder.rstrip("/") + "/" for folder in folders if folder not in ("", ".")]
        try:
            return dict(_files(self.repo, commit, *wanted))
        except LookupError:
            return {}

    def blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        """The contents of many blobs by one process (git-cat-file(1), --batch)."""
        wanted = list(dict.fromkeys(ids))
        out = self.run("cat-file", "--batch", stdin="".join(f"{one}\n" for one in wanted).encode()) or b""
        found: dict[str, bytes] = {}
        at = 0
        while at < len(out):
            end = out.index(b"\n", at)
            id, kind, size = [*out[at:end].split(b" "), b"", b"0"][:3]
            if kind != b"blob":
                at = end + 1
                continue
            found[id.decode()] = out[end + 1 : end + 1 + int(size)]
            at = end + 2 + int(size)
        return found

    def is_alone(self, ref: str) -> bool:
        """Whether a clone of one branch took it for the remote's own choice: ``git clone --depth 1 --branch feature``.

        A branch with the name of a base is one; what is not shallow was cloned whole, and the remote did choose.
        """
        if ref.rpartition("/")[2] in _BASES or self.line("rev-parse", "--is-shallow-repository") != "true":
            return False
        out = self.run("for-each-ref", "--format=%(refname)", "refs/remotes/origin") or b""
        return set(out.decode("utf-8", "replace").split()) <= {ref, _CHOSEN}

    def default_base(self) -> str | None:
        """The usual names of a base branch, the remote's own choice first."""
        names = [f"refs/{where}/{name}" for where in ("remotes/origin", "heads") for name in _BASES]
        out = self.run("for-each-ref", "--format=%(refname) %(symref)", _CHOSEN, *names) or b""
        there = dict(line.split(" ", 1) for line in out.decode("utf-8", "replace").splitlines())
        return there.get(_CHOSEN) or next((name for name in names if name in there), None)

    def tracked(self) -> Mapping[str, None] | None:
        """The tracked files below this folder, or None without git."""
        out = self.run("ls-files", "-z")
        return None if out is None else dict.fromkeys(out.decode("utf-8", "surrogateescape").split("\0")[:-1])


@functools.lru_cache(maxsize=16)
def _files(repo: Path, commit: str, *folders: str) -> Mapping[str, str]:
    """Asked several times in a run, and a commit does not change. Raises LookupError where git does not know it."""
    out = Git(repo).run("ls-tree", "-r", "-z", commit, "--", *folders)
    if out is None:
        raise LookupError(commit)
    rows = (row.partition(b"\t") for row in out.split(b"\0") if row)
    fields = ((meta.split(), path) for meta, _, path in rows)
    return {path.decode("utf-8", "surrogateescape"): id.decode() for (_, kind, id), path in fields if kind == b"blob"}
