"""SQLAlchemy's URL text, taken apart and put together without SQLAlchemy.

Same grammar as ``sqlalchemy.engine.make_url`` (https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, quote_plus, unquote

from gate.errors import UsageError

_KINDS = {"postgres": "postgresql", "postgresql": "postgresql", "pg": "postgresql", "sqlite3": "sqlite"}
_PATTERN = re.compile(
    r"""(?P<name>[\w+]+)://
        (?:(?P<user>[^:/]*)(?::(?P<password>[^@]*))?@)?
        (?:(?:\[(?P<v6>[^/?]+)\]|(?P<host>[^/:?]+))?(?::(?P<port>[^/?]*))?)?
        (?:/(?P<database>[^?]*))?
        (?:\?(?P<query>.*))?""",
    re.VERBOSE | re.DOTALL,
)


def kind_of(text: str) -> str:
    """The kind of database of a kind's name or a URL: ``postgres+psycopg2://...`` is ``postgresql``."""
    name = text.partition("://")[0].partition("+")[0].partition(":")[0].strip().lower()
    return _KINDS.get(name, name)


@dataclass(frozen=True)
class ServerUrl:
    """A database URL in parts; ``query`` holds the driver's own options."""

    kind: str
    user: str | None = None
    password: str | None = None
    host: str | None = None
    port: int | None = None
    database: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where the server is, without secrets: for messages."""
        return f"{self.kind} at {self.query.get('host') or self.host or 'localhost'}:{self.port or 'default port'}"


def parse(text: str) -> ServerUrl:
    """Take a URL apart. Raises ``UsageError`` without repeating the text, which may hold a password."""
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            "the database URL cannot be read",
            advice="write it as SQLAlchemy does: postgresql://user:password@host:port/",
        )
    port = match["port"] or None
    if port is not None and not port.isdigit():
        raise UsageError("the port in the database URL is not a number", advice="percent-encode / : @ in the password")
    return ServerUrl(
        kind=kind_of(match["name"]),
        user=None if match["user"] is None else unquote(match["user"]),
        password=None if match["password"] is None else unquote(match["password"]),
        host=match["v6"] or match["host"],
        port=None if port is None else int(port),
        database=None if match["database"] is None else unquote(match["database"]) or None,
        query=dict(parse_qsl(match["query"] or "", keep_blank_values=True)),
    )


def render(url: ServerUrl, driver: str | None) -> str:
    """URL text for a driver: bare (``psycopg2``), or a whole name (``postgresql+psycopg2``)."""
    name = (
        driver if driver and ("+" in driver or driver == url.kind) else f"{url.kind}+{driver}" if driver else url.kind
    )
    login = ""
    if url.user is not None:
        secret = "" if url.password is None else ":" + quote(url.password, safe=" +")
        login = f"{quote(url.user, safe=' +')}{secret}@"
    host = f"[{url.host}]" if url.host and ":" in url.host else url.host or ""
    port = f":{url.port}" if url.port is not None else ""
    query = "&".join(f"{quote_plus(key)}={quote_plus(value)}" for key, value in url.query.items())
    return f"{name}://{login}{host}{port}/{url.database or ''}" + (f"?{query}" if query else "")
