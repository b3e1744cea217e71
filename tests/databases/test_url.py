"""SQLAlchemy's URL text, with SQLAlchemy itself as the judge."""

from __future__ import annotations

import pytest
import sqlalchemy
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.databases._url import ServerUrl, kind_of, parse, render
from gate.errors import UsageError

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12)


@settings(max_examples=60)
@given(
    user=WORDS,
    password=WORDS,
    host=st.sampled_from(["localhost", "10.0.0.1", "::1"]),
    name=st.from_regex(r"[a-z_]{1,9}", fullmatch=True),
)
def test_what_we_write_is_what_sqlalchemy_reads(user: str, password: str, host: str, name: str) -> None:
    """User, password and host survive, whatever characters they hold; reading our own text gives the same again."""
    url = ServerUrl("postgresql", user, password, host, 5433, name, {"sslmode": "require"})
    text = render(url, "psycopg")
    theirs = sqlalchemy.make_url(text)
    assert (theirs.username, theirs.password, theirs.host, theirs.port, theirs.database) == (
        user,
        password,
        host,
        5433,
        name,
    )
    assert theirs.drivername == "postgresql+psycopg"
    assert dict(theirs.query) == {"sslmode": "require"}
    assert parse(text) == url


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("postgres", "postgresql"),
        ("postgresql:16", "postgresql"),
        ("mysql+pymysql://x", "mysql"),
        ("MariaDB", "mariadb"),
        ("sqlite3", "sqlite"),
        ("postgres://u@h/d", "postgresql"),
    ],
)
def test_a_kind_is_read_from_names_and_urls(text: str, kind: str) -> None:
    """Short names and URLs lead to the same kinds."""
    assert kind_of(text) == kind


@pytest.mark.parametrize("text", ["", "no url", "postgresql:/secret@host", "postgresql://u:secret@host:port/x"])
def test_a_bad_url_is_refused_without_repeating_it(text: str) -> None:
    """It may hold a password."""
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert "secret" not in f"{caught.value} {caught.value.advice}"


def test_a_whole_driver_name_is_taken_as_it_is() -> None:
    """``mysql+pymysql`` names a dialect too."""
    assert render(ServerUrl("mariadb", "u", "p", "h", 1, "d"), "mysql+pymysql") == "mysql+pymysql://u:p@h:1/d"
    assert render(ServerUrl("mysql", database="d"), None) == "mysql:///d"
