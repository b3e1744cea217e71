"""Tells, from a server's error, that the scratch server lacks something which production may well have.

Such an error says nothing about the migration: the answer is "could not tell", with the advice from here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

LackKind = Literal[
    "extension", "role", "user", "collation", "language", "tablespace", "library", "setting", "engine", "privilege"
]


@dataclass(frozen=True)
class Lack:
    """What is lacking: its kind, its name, and what the user can do about it."""

    kind: LackKind
    name: str
    advice: str

    def __str__(self) -> str:
        return f"the scratch server has no {self.kind} {self.name}"


_SERVER = "give a scratch server that has it with --database-url (a `services:` container with the image you deploy)"
_SPACE = "create it in the settings: `init-sql: CREATE TABLESPACE ...`"
_USER = "create it in the settings: `init-sql: CREATE USER IF NOT EXISTS 'name'@'host'`, with what it may do"
_ROLE = "create it in the settings: `init-sql: CREATE ROLE ...`"

# Functions, types and operator classes that only an extension brings, when it was created outside of the migrations.
_BROUGHT = {
    "uuid_generate_v1": "uuid-ossp", "uuid_generate_v1mc": "uuid-ossp", "uuid_generate_v4": "uuid-ossp",
    "uuid_generate_v5": "uuid-ossp", "uuid_nil": "uuid-ossp", "gen_random_bytes": "pgcrypto", "crypt": "pgcrypto",
    "gen_salt": "pgcrypto", "hmac": "pgcrypto", "digest": "pgcrypto", "pgp_sym_encrypt": "pgcrypto",
    "pgp_sym_decrypt": "pgcrypto", "pgp_pub_encrypt": "pgcrypto", "pgp_pub_decrypt": "pgcrypto", "encrypt": "pgcrypto",
    "similarity": "pg_trgm", "gin_trgm_ops": "pg_trgm", "gist_trgm_ops": "pg_trgm", "unaccent": "unaccent",
    "citext": "citext", "hstore": "hstore", "ltree": "ltree", "vector": "vector", "halfvec": "vector",
    "sparsevec": "vector", "vector_cosine_ops": "vector", "vector_l2_ops": "vector", "vector_ip_ops": "vector",
    "hnsw": "vector", "ivfflat": "vector", "geometry": "postgis", "geography": "postgis", "raster": "postgis_raster",
    "addgeometrycolumn": "postgis", "st_geomfromtext": "postgis", "st_setsrid": "postgis", "cube": "cube",
    "isbn13": "isn", "create_hypertable": "timescaledb", "create_distributed_table": "citus",
    "cron.schedule": "pg_cron", "bloom": "bloom", "gist_int4_ops": "btree_gist", "dblink": "dblink",
    "crosstab": "tablefunc",
    "levenshtein": "fuzzystrmatch", "soundex": "fuzzystrmatch",
}  # fmt: skip

_EXTENSIONS = (
    re.compile(r'extension "([^"]+)" is not available'),
    re.compile(r'could not open extension control file ".*?([^/"]+)\.control"'),
    re.compile(r'extension "([^"]+)" has no installation script'),
    re.compile(r'extension "([^"]+)" must be (?:loaded|installed)'),
    re.compile(r"(\w+) must be loaded via \"?shared_preload_libraries"),
    re.compile(r'required extension "([^"]+)" is not installed'),
)
_NAMED = (
    re.compile(r'(?:type|operator class|access method) "([^"]+)" does not exist'),
    re.compile(r"function ([\w.]+)\(.*?\) does not exist", re.DOTALL),
)
_OTHER: tuple[tuple[re.Pattern[str], LackKind, str], ...] = (
    (re.compile(r'role "([^"]+)" does not exist'), "role", _ROLE),
    (re.compile(r"The user specified as a definer \('([^']*)'"), "user", _USER),
    (re.compile(r"no such grant defined for user '([^']*)'"), "user", _USER),
    (re.compile(r"Unknown authorization ID `([^`]+)`"), "user", _USER),
    (re.compile(r"Operation (?:DROP|ALTER|RENAME) USER failed for '([^']*)'"), "user", _USER),
    (re.compile(r"Invalid role specification `([^`]+)`"), "role", _ROLE),
    (re.compile(r"You are not allowed to create a user with GRANT|matching row in the user table"), "user", _USER),
    (re.compile(r'collation "([^"]+)"(?: for encoding "[^"]+")? does not exist'), "collation", _SERVER),
    (re.compile(r"(ICU) is not supported in this build"), "collation", _SERVER),
    (re.compile(r'language "([^"]+)" does not exist'), "language", _SERVER),
    (
        re.compile(r'tablespace "([^"]+)" does not exist'),
        "tablespace",
        _SPACE,
    ),
    (re.compile(r'could not (?:access file|load library) "([^"]+)"'), "library", _SERVER),
    (re.compile(r'could not open dictionary file "([^"]+)"'), "library", _SERVER),
    (re.compile(r'unrecognized configuration parameter "([^"]+)"'), "setting", _SERVER),
    (re.compile(r"Unknown collation: '([^']+)'"), "collation", _SERVER),
    (re.compile(r"Unknown storage engine '([^']+)'"), "engine", _SERVER),
    (re.compile(r"Plugin '([^']+)' is not loaded"), "engine", _SERVER),
    (
        re.compile(r"need \(at least one of\) the (.+?) privilege"),
        "privilege",
        "give a user that has it in --database-url",
    ),
    (re.compile(r"no such module: (\w+)"), "library", "the SQLite of the project's Python has to be built with it"),
    (re.compile(r"no such collation sequence: (\w+)"), "collation", "register it where the engine is made"),
)


def lacking(error: str) -> Lack | None:
    """What the server lacks, or None when the error is about the migration itself."""
    for pattern in _EXTENSIONS:
        if found := pattern.search(error):
            return Lack("extension", found[1], _SERVER)
    for pattern in _NAMED:
        if (found := pattern.search(error)) and (name := _extension_of(found[1])):
            return Lack(
                "extension", name, f"name it in the settings: `extensions: [{name}]`; if it is not there, {_SERVER}"
            )
    for pattern, kind, advice in _OTHER:
        if found := pattern.search(error):
            return Lack(kind, found[1] if pattern.groups else "that the statement names", advice)
    return None


def _extension_of(name: str) -> str | None:
    lowered = name.lower()
    return _BROUGHT.get(lowered) or _BROUGHT.get(lowered.rpartition(".")[2])
