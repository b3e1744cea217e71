"""Is a table named by some file of the base branch, its revisions apart? If not, no query of the running release names it.

An env.py often imports only part of the models, so a table that is missing there may well be used. But whoever uses it
names it somewhere, as a table or as the class that its name is made from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gate.collect._git import Git

# It stands in every env.py: an answer without it is none.
_SURE = "alembic"


def named(git: Git, commit: str, tables: Iterable[str], version_locations: Iterable[str]) -> frozenset[str]:
    """Those of the tables that another file than a revision names; all of them where git cannot tell."""
    wanted = tuple(tables)
    if not wanted:
        return frozenset()
    prefix = git.prefix
    places = [one for one in version_locations if not one.startswith("/")]
    paths = [":/", *(f":(top,exclude){prefix}{place}" for place in places)]
    return frozenset(table for table in wanted if _is_named(git, commit, _stem(table), paths))


def _is_named(git: Git, commit: str, stem: str, paths: Iterable[str]) -> bool:
    spelled = "_?".join(stem)
    out = git.run("grep", "-I", "-i", "-o", "-h", "-E", "-e", _SURE, "-e", spelled or _SURE, commit, "--", *paths)
    words = set(out.decode("utf-8", "replace").lower().replace("_", "").split()) if out else set()
    return not stem or _SURE not in words or stem in words


def _stem(table: str) -> str:
    """What a table's name and a class's have in common: of ``public.log_entries`` and ``LogEntry`` it is ``logentr``."""
    return re.sub(r"(?:ies|y|es|s)$", "", re.sub(r"[_\W]", "", table.rpartition(".")[2].lower()))
