"""Pure: which kind of database a text speaks of. URLs, drivers, images and dialect-specific imports are evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gate.facts.database_choice import Kind, family

SCHEMES: Mapping[str, Kind] = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "cockroachdb": "postgresql",
    "postgresql_psycopg": "postgresql",
    "mysql": "mysql",
    "mariadb": "mariadb",
    "sqlite": "sqlite",
}
DRIVERS: Mapping[str, Kind] = {
    "psycopg": "postgresql",
    "psycopg2": "postgresql",
    "psycopg2-binary": "postgresql",
    "psycopg-binary": "postgresql",
    "asyncpg": "postgresql",
    "pg8000": "postgresql",
    "psycopg2cffi": "postgresql",
    "mysqlclient": "mysql",
    "mysqldb": "mysql",
    "mysqlconnector": "mysql",
    "mariadbconnector": "mariadb",
    "pymysql": "mysql",
    "aiomysql": "mysql",
    "asyncmy": "mysql",
    "mysql-connector-python": "mysql",
    "mariadb": "mariadb",
    "aiosqlite": "sqlite",
}
NAMES: Mapping[str, str] = {
    "psycopg2-binary": "psycopg2", "psycopg-binary": "psycopg", "mysqlclient": "mysqldb", "mariadb": "mariadbconnector",
    "mysql-connector-python": "mysqlconnector",
}  # fmt: skip
_URL = re.compile(
    r"\b(?P<scheme>postgres(?:ql)?|mysql|mariadb|sqlite)(?:\+(?P<driver>[a-z0-9_]+))?://(?P<rest>[^\s\"'`<>]*)"
)
_PARTS = re.compile(r"""(?:drivername|scheme|DB_ENGINE|DATABASE_TYPE|DB_TYPE|DB_DRIVER)["']?\s*[=:]\s*\(?["']?"""
                    r"""(?P<scheme>postgres(?:ql)?|mysql|mariadb|sqlite)(?:\+(?P<driver>[a-z0-9_]+))?\b""")  # fmt: skip
_BUILD = re.compile(r"""["'](?P<scheme>postgresql|mysql|mariadb)\+(?P<driver>[a-z0-9_]+)["':]""")
_DIALECT = re.compile(
    r"sqlalchemy\.dialects(?:\.| import )\(?\s*(?P<kind>postgresql|mysql)\b|\b(?P<pg>postgresql_(?:using"
    r"|concurrently|where|ops))\b"
    r"|\b(?P<my>mysql_(?:engine|charset|collate|existing_nullable))\b"
)
_SERVERS = "postgres|postgis|pgvector|timescaledb(?:-ha)?|postgresql|mysql|mysql-server|mariadb|percona"
_IMAGE = re.compile(rf"^(?:[\w.-]+(?::\d+)?/)*(?P<name>{_SERVERS})(?::(?P<tag>[\w.-]+))?(?:@\S+)?$")


@dataclass(frozen=True)
class Evidence:
    """One hint: the kind, the driver and version where told, how much it weighs (0 to 100), and where it stands."""

    kind: Kind
    weight: int
    why: str
    driver: str = ""
    version: str = ""


def from_text(text: str, place: str, weight: int) -> Iterator[Evidence]:
    """URLs and engine names in a text. SQLite weighs less: it is many applications' stand-in for tests."""
    seen = set()
    for pattern in (_URL, _PARTS, _BUILD):
        for match in pattern.finditer(text):
            kind, driver = SCHEMES[match["scheme"]], match["driver"] or ""
            if (kind, driver) not in seen:
                seen.add((kind, driver))
                shown = match["scheme"] + (f"+{driver}" if driver else "")
                yield Evidence(kind, weight - 20 if kind == "sqlite" else weight, f"{shown} in {place}", driver)


def from_url(url: str, place: str, weight: int) -> Evidence | None:
    """One URL as SQLAlchemy reads it; None for a placeholder (``driver://``) or an unknown dialect."""
    match = re.match(r"(?P<scheme>[a-z0-9_]+)(?:\+(?P<driver>[a-z0-9_]+))?:", url.strip().lower())
    if match is None or match["scheme"] not in SCHEMES:
        return None
    driver = match["driver"] or ""
    return Evidence(SCHEMES[match["scheme"]], weight, f"URL in {place}", driver)


def from_revisions(texts: Iterable[str]) -> Iterator[Evidence]:
    """Dialect imports and options of revision files: they only run on that kind."""
    found: dict[Kind, int] = {}
    for text in texts:
        for match in _DIALECT.finditer(text):
            kind: Kind = "mysql" if match["kind"] == "mysql" or match["my"] else "postgresql"
            found[kind] = found.get(kind, 0) + 1
    for kind, count in found.items():
        yield Evidence(kind, 45 + min(20, count), f"{count} uses of its dialect in revisions")


def from_drivers(names: Iterable[str], place: str, weight: int) -> Iterator[Evidence]:
    """Installed or declared drivers."""
    for name in names:
        bare = re.split(r"[\s\[<>=!~;@]", name.strip().lower().replace("_", "-"), maxsplit=1)[0]
        if bare in DRIVERS:
            yield Evidence(
                DRIVERS[bare],
                weight if DRIVERS[bare] != "sqlite" else weight - 30,
                f"{bare} {place}",
                NAMES.get(bare, bare),
            )


def from_images(document: Any, place: str, weight: int) -> Iterator[Evidence]:
    """Every ``image:`` below a ``services:`` key of a workflow or compose file."""
    for image in _images(document, within=False):
        match = _IMAGE.match(image.strip())
        if match:
            name = match["name"]
            kind: Kind = (
                "mariadb"
                if name == "mariadb"
                else "mysql"
                if name in ("mysql", "mysql-server", "percona")
                else "postgresql"
            )
            yield Evidence(kind, weight, f"image {image} in {place}", version=_version(match["tag"] or "", name))


def _version(tag: str, name: str) -> str:
    """The server's version out of a tag: ``16-alpine``, ``10.11``, ``pg16`` (pgvector), ``16-3.4`` (postgis)."""
    match = re.match(r"(?:pg)?(\d+(?:\.\d+)*)", tag) if "timescaledb" not in name else re.search(r"pg(\d+)", tag)
    return match[1] if match else ""


def _images(node: Any, within: bool, depth: int = 0) -> Iterator[str]:
    if depth > 12:
        return
    if isinstance(node, Mapping):
        for key, value in node.items():
            if within and key == "image" and isinstance(value, str):
                yield value
            else:
                yield from _images(value, within or key == "services", depth + 1)
    elif isinstance(node, list):
        for item in node:
            yield from _images(item, within, depth + 1)


def decided(evidence: Iterable[Evidence]) -> tuple[Evidence, str, bool] | None:
    """The heaviest kind, its version (from whoever tells it), and whether nothing of weight speaks against it.

    MariaDB's and MySQL's drivers are the same, so an image or URL of MariaDB settles a MySQL driver's evidence.
    """
    every = list(evidence)
    if not every:
        return None
    best = max(every, key=lambda one: (one.weight, one.kind != "mysql"))  # nobody brings a MySQL server along
    kin = [one for one in every if family(one.kind) == family(best.kind)]
    special = [one for one in kin if one.kind == "mariadb" or (one.kind == "mysql" and one.version)]
    if best.kind == "mysql" and special:
        best = max(special, key=lambda one: one.weight)
    version = next(
        (one.version for one in sorted(kin, key=lambda one: -one.weight) if one.kind == best.kind and one.version),
        "",
    )
    driver = best.driver or next((one.driver for one in sorted(kin, key=lambda one: -one.weight) if one.driver), "")
    against = [one for one in every if family(one.kind) != family(best.kind) and one.weight > best.weight - 30]
    return Evidence(best.kind, best.weight, best.why, driver, version), version, best.weight >= 60 and not against
