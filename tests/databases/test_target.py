"""A target's address: drivers' parameters out of a URL, and nothing secret in any message."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.databases import target_mysql, target_postgresql
from gate.databases.target import Address
from gate.errors import UsageError


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (
            "postgresql+asyncpg://u:p%40w@h:5433/d?ssl=require",
            {"user": "u", "password": "p@w", "host": "h", "port": 5433, "dbname": "d", "sslmode": "require"},
        ),
        ("postgresql:///d?host=/var/run/postgresql", {"dbname": "d", "host": "/var/run/postgresql"}),
        ("postgresql://u@/d?host=a:1&host=b:2", {"user": "u", "dbname": "d", "host": "a,b", "port": "1,2"}),
        ("postgresql://?service=prod", {"service": "prod"}),
        (
            "postgresql://h/d?prepared_statement_cache_size=0&sslmode=verify-full&sslrootcert=/ca",
            {"host": "h", "dbname": "d", "sslmode": "verify-full", "sslrootcert": "/ca"},
        ),
    ],
)
def test_postgresql_speaks_libpq(url: str, words: dict[str, object]) -> None:
    """What only one driver knows is left out; time limits and a name are added."""
    found = target_postgresql.parameters(Address.of(url))
    assert {name: found[name] for name in found if name not in ("connect_timeout", "application_name")} == words


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", {}),
        ("?unix_socket=/run/s", {"unix_socket": "/run/s"}),
        ("?ssl_ca=/ca&ssl_check_hostname=false", {"ssl_ca": "/ca", "ssl_verify_identity": False}),
        ("?ssl_mode=VERIFY_IDENTITY", {"ssl_verify_cert": True, "ssl_verify_identity": True}),
        ("?ssl_disabled=true", {"ssl_disabled": True}),
    ],
)
def test_mysql_understands_the_other_drivers(query: str, words: dict[str, object]) -> None:
    """TLS and sockets in whichever spelling."""
    plain = target_mysql.parameters(Address.of("mysql+pymysql://u:p@h/d"))
    found = target_mysql.parameters(Address.of(f"mysql+mysqldb://u:p@h/d{query}"))
    assert {name: found[name] for name in found if found[name] != plain.get(name)} == words


@given(st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=6, max_size=30))
@settings(max_examples=80)
def test_a_password_is_never_shown(password: str) -> None:
    """Neither plain nor quoted, in the place or in any message."""
    address = Address.of(
        f"postgresql://app:{quote(password, safe='')}@db:5432/shop?sslpassword={quote(password, safe='')}"
    )
    said = (
        address.scrub(
            f"refused postgresql://app:{quote(password, safe='')}@db {password} {password!r} {quote(password)}"
        )
        + address.place
    )
    assert password not in said
    assert quote(password, safe="") not in said
    assert password not in repr(address.place)


def test_what_is_no_url_is_not_repeated() -> None:
    """It may hold a password."""
    with pytest.raises(UsageError) as told:
        Address.of("app:hidden@db")
    assert "hidden" not in str(told.value)
