"""Git with the token: fetches from the server into private folders, and asks local objects.

The token travels as an HTTP header that git gets by its environment: never in a URL, an argument or ``.git/config``,
and only to the server's own origin (redirects are off). Nothing of the repository's configuration can start a
program: hooks, fsmonitor, credential helpers and every protocol but https and http are off (requirements 12 and 15).
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FETCH_SECONDS = 100
SAFE: Mapping[str, str] = {
    "safe.directory": "*",
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.quotePath": "false",
    "credential.helper": "",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "30",
    "fetch.recurseSubmodules": "false",
    "submodule.recurse": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "init.defaultBranch": "main",
    "advice.detachedHead": "false",
}
PASSED = (
    "PATH", "TMPDIR", "GIT_SSL_CAINFO", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy",
    "https_proxy", "all_proxy", "no_proxy",
)  # fmt: skip
CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_HUNK = re.compile(r"@@ -\S+ \+(\d{1,9})(?:,(\d{1,9}))? @@")
_UNREACHABLE = re.compile("Could not resolve|Failed to connect|Couldn't connect|timed out|too slow|Connection refused")
_REF = re.compile(r"(?!-)[^\x00-\x20~^:?*\[\\\x7f]{1,500}")


@dataclass(frozen=True)
class Git:
    """Git in one folder. ``objects`` are more folders of objects to read; ``remotes`` are asked in order."""

    folder: Path
    remotes: tuple[str, ...] = ()
    token: str = field(default="", repr=False)
    objects: tuple[Path, ...] = ()
    dead: set[str] = field(default_factory=set, compare=False)

    def run(self, *words: str, stdin: bytes | None = None, seconds: float = 60) -> bytes | None:
        """The output of a command; None when it failed."""
        done = self._start(words, stdin, seconds)
        return done.stdout if done is not None and done.returncode == 0 else None

    def _start(
        self, words: Iterable[str], stdin: bytes | None, seconds: float
    ) -> subprocess.CompletedProcess[bytes] | None:
        command = ["git", "-C", str(self.folder), *words]
        with tempfile.TemporaryDirectory(prefix="alembic-gate-git-") as home:
            try:
                return subprocess.run(
                    command, input=stdin, capture_output=True, check=False, env=self._environ(home), timeout=seconds
                )
            except (OSError, subprocess.TimeoutExpired):
                return None

    def _environ(self, home: str) -> dict[str, str]:
        told = {name: os.environ[name] for name in PASSED if name in os.environ}
        bundle = next((os.environ[name] for name in CERTIFICATES if Path(os.environ.get(name, "")).is_file()), None)
        if bundle:
            told.setdefault("GIT_SSL_CAINFO", bundle)
        told |= {
            "HOME": home,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_ALLOW_PROTOCOL": "https:http:file",
            "LC_ALL": "C",
        }
        if self.objects:
            told["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = os.pathsep.join(map(str, self.objects))
        pairs = list(SAFE.items())
        if self.token and self.remotes:
            login = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
            pairs.append((f"http.{self.remotes[0]}.extraheader", f"Authorization: Basic {login}"))
        told["GIT_CONFIG_COUNT"] = str(len(pairs))
        for number, (key, value) in enumerate(pairs):
            told |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return told

    def fetch(self, refs: Iterable[tuple[str, str]], *options: str) -> str | None:
        """Fetch refs or commits (each with the ref it is stored at) from the first remote that has them all.

        What went wrong in git's last line, or None.
        """
        wanted = [f"+{ref}:{stored}" for ref, stored in refs if _REF.fullmatch(ref)]
        problem = "no such ref" if not wanted else "there is no remote"
        for remote in [one for one in self.remotes if one not in self.dead] if wanted else ():
            words = ("fetch", "--no-tags", "--quiet", "--no-write-fetch-head", *options, "--", remote, *wanted)
            done = self._start(words, None, FETCH_SECONDS)
            if done is not None and done.returncode == 0:
                return None
            said = (
                done.stderr.decode("utf-8", "replace").strip().splitlines()
                if done is not None
                else ["git took too long"]
            )
            problem = said[-1][:300] if said else "git failed"
            if done is None or _UNREACHABLE.search(" ".join(said)):
                self.dead.add(remote)  # nobody there: asked once, not at every ref
        return problem

    def line(self, *words: str) -> str | None:
        """The first line of a command's output."""
        out = self.run(*words)
        return (out.decode("utf-8", "replace").strip().split("\n")[0] or None) if out else None

    def commit(self, name: str) -> str | None:
        """The commit behind a name, if it is here."""
        return self.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}") if name else None

    def parents(self, commit: str = "HEAD") -> tuple[str, ...]:
        """The parents that the commit object names; measured: a depth-1 checkout knows them too."""
        head = (self.run("cat-file", "-p", commit) or b"").split(b"\n\n", 1)[0].decode("ascii", "replace")
        return tuple(line[7:] for line in head.splitlines() if line.startswith("parent "))

    def changed(self, old: str, new: str) -> dict[str, str]:
        """Blob ids of the ``.py`` files that ``new`` adds or changes against ``old``, by path from the top."""
        out = self.run("diff-tree", "-r", "-z", "--no-renames", "--diff-filter=AM", old, new) or b""
        parts = out.decode("utf-8", "surrogateescape").split("\0")
        pairs = zip(parts[0::2], parts[1::2], strict=False)
        return {path: meta.split()[3] for meta, path in pairs if path.endswith(".py") and len(meta.split()) >= 5}

    def hunks(self, old: str, new: str, *paths: str) -> list[tuple[str, int, int]]:
        """Path, first and last line of every hunk of the diff as a reviewer sees it, on its new side."""
        words = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-prefix", "--no-renames", "-U3")
        out = self.run("diff", *words, old, new, "--", *paths) or b""
        found: list[tuple[str, int, int]] = []
        path = ""
        for line in out.decode("utf-8", "replace").splitlines():
            if line.startswith("+++ "):
                path = line[4:].removesuffix("\t")
            elif (place := _HUNK.match(line)) and path != "/dev/null":
                start, count = int(place[1]), int(place[2] or 1)
                found += [(path, start, start + count - 1)] if count else []
        return found

    def text(self, blob: str, limit: int) -> str | None:
        """A blob's text; None when it is missing or larger than ``limit`` bytes."""
        size = self.line("cat-file", "-s", blob)
        if size is None or not size.isdigit() or int(size) > limit:
            return None
        raw = self.run("cat-file", "blob", blob)
        return None if raw is None else raw.decode("utf-8", "replace")
