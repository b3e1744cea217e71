"""Databases kept between runs, by a key that covers everything that decides them: saved whole, restored whole.

Of a server of our own the data directory is kept, so roles, settings and extensions come back too; of SQLite the file.
A server given by URL keeps nothing. Who may write (a protected branch's run, a local run) is the caller's to decide.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from gate.databases.base import ScratchDatabase, ScratchServer
from gate.errors import GateError

# A snapshot of PostgreSQL or MariaDB is some 40 MB: old ones go when there are more than this of a kind.
_KEPT = 6
_FORMAT = 2  # 1 may hold what an edited base gave


class _Keeps(Protocol):
    """What servers that can be kept offer: None when done, else the reason why not."""

    def save(self, database: Any, target: Path) -> str | None: ...

    def restore(self, database: Any, source: Path, saved_name: str) -> str | None: ...


@dataclass(frozen=True)
class Outcome:
    """Whether it was done, and the reason in words for the report's ``snapshot``."""

    done: bool
    reason: str


@dataclass(frozen=True)
class Snapshots:
    """The snapshots below one cache folder."""

    cache_dir: Path

    def _folder(self, server: ScratchServer, key: str) -> Path:
        facts = server.server
        parts = (str(_FORMAT), facts.dialect, facts.version_text, facts.source, key)
        name = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
        return self.cache_dir / "snapshots" / facts.dialect / name

    def restore(self, server: ScratchServer, database: ScratchDatabase, key: str) -> Outcome:
        """Fill an empty database from the snapshot of this key. Every session in it is cut; its URL stays."""
        folder = self._folder(server, key)
        try:
            facts = json.loads((folder / "facts.json").read_text("utf-8"))
            if facts["key"] != key:
                return Outcome(False, "the snapshot is of another state")
            reason = cast(_Keeps, server).restore(database, folder / "data", str(facts["database"]))
            os.utime(folder)
        except FileNotFoundError:
            return Outcome(False, "there is no snapshot of this state yet")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            return Outcome(False, f"the snapshot cannot be read ({error})")
        return Outcome(reason is None, reason or "everything that decides the base schema is unchanged")

    def save(self, server: ScratchServer, database: ScratchDatabase, key: str) -> Outcome:
        """Keep the database as it is now. Not being able to is no error, only a reason."""
        folder = self._folder(server, key)
        draft = folder.with_name(f"{folder.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            draft.mkdir(parents=True)
            draft.chmod(0o700)
            reason = cast(_Keeps, server).save(database, draft / "data")
            if reason is None:
                name = getattr(database, "name", "")
                facts = {"key": key, "database": name, "made": int(time.time()), "server": server.server.version_text}
                (draft / "facts.json").write_text(json.dumps(facts), "utf-8")
                draft.rename(folder)
                _prune(folder.parent)
        except (OSError, GateError) as error:
            reason = str(error)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return Outcome(reason is None, reason or "kept for the next run")


def _prune(parent: Path) -> None:
    """Remove the snapshots used longest ago, and drafts that a killed run left behind an hour ago."""
    kept = sorted((one for one in parent.iterdir() if "." not in one.name), key=lambda one: one.stat().st_mtime)
    drafts = [one for one in parent.iterdir() if "." in one.name and one.stat().st_mtime < time.time() - 3600]
    for old in (*kept[:-_KEPT], *drafts):
        shutil.rmtree(old, ignore_errors=True)
