"""Failures of real projects, each as one sentence with what to do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.collect._advice import explain, missing_variable, value_for

CASES = [
    (
        "ValidationError",
        "2 validation errors for Settings\nSECRET_KEY\n  Field required "
        ""
        ""
        ""
        "[type=missing]\nPOSTGRES_SERVER\n  Field required",
        "",
        "the project's settings want 2 values: SECRET_KEY, POSTGRES_SERVER",
        "`env: {SECRET_KEY: unused-in-the-gate, POSTGRES_SERVER: '{host}'}`",
    ),
    (
        "ModuleNotFoundError",
        "No module named 'shop.models'",
        "",
        "the module shop.models is not in the project's environment",
        "`pythonpath: [folder]`",
    ),
    (
        "ModuleNotFoundError",
        "No module named 'psycopg2'",
        "",
        "the database driver psycopg2 is not",
        "Add psycopg2-binary",
    ),
    (
        "ConnectionError",
        "x",
        "redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused.",
        "the project needs Redis when it is imported, and localhost:6379 refused the connection",
        "Start Redis",
    ),
    ("OSError", "[Errno 111] Connect call failed ('127.0.0.1', 5672)", "", "needs RabbitMQ", "`services:`"),
    (
        "EOFError",
        "EOF when reading a line",
        "Create it now? [y/N]:",
        "asks a question on the terminal: Create it now? [y/N]:",
        "`env:`",
    ),
    ("Abort", "", "Continue? [y/N]: \nAborted!", "asks a question", "`factory:`"),
    ("KeyError", "'url'", "", "was given no database URL", "DATABASE_URL: '{url}'"),
    (
        "KeyError",
        "'DATABASE_URL'",
        "in __getitem__\n  raise\nKeyError: 'DATABASE_URL'",
        "wants the variable DATABASE_URL",
        "'{url}'",
    ),
    ("RuntimeError", "APP_SECRET must be set", "", "wants the variable APP_SECRET", "env: {APP_SECRET:"),
    (
        "ImportError",
        "The SQLAlchemy asyncio module requires that the Python 'greenlet' library is installed.",
        "",
        "needs greenlet",
        "sqlalchemy[asyncio]",
    ),
    (
        "RuntimeError",
        "asyncio.run() cannot be called from a running event loop",
        "",
        "inside a loop that already runs",
        "event loop",
    ),
    (
        "TypeError",
        "'NoneType' object is not iterable",
        "fileConfig(config.config_file_name)",
        "no logging sections",
        "--config",
    ),
    ("KeyError", "'formatters'", "", "no logging sections", "fileConfig"),
    (
        "CommandError",
        "Path doesn't exist: {alembic_dir}.  Please use",
        "",
        "names no script folder that exists: {alembic_dir}",
        "factory:",
    ),
    (
        "CommandError",
        "No 'script_location' key found in configuration.",
        "",
        "names no script folder",
        "--script-location",
    ),
    (
        "NoReferencedTableError",
        "Foreign key associated with column 't.u' could not find table 'users' with which",
        "",
        "refer to table users, which no imported module defines",
        "`import: [package.models]`",
    ),
    (
        "OperationalError",
        "(sqlite3.OperationalError) no such table: users",
        "",
        "the table users is not there",
        "`bootstrap: base-ref`",
    ),
    ("ProgrammingError", 'relation "users" does not exist', "", "the table users is not there", "bootstrap"),
    ("ProgrammingError", 'schema "core" does not exist', "", "the schema core is not there", "init-sql"),
    ("NotSupportedError", 'extension "uuid-ossp" is not available', "", "no extension uuid-ossp", "--database-url"),
    (
        "ProgrammingError",
        'syntax error at or near "MODIFY"',
        "",
        "does not understand the SQL near MODIFY",
        "--database KIND",
    ),
    (
        "ValueError",
        "invalid interpolation syntax in 'postgresql://u:p%40ss@h/db' at position 16",
        "",
        "a value with %",
        "Double it",
    ),
    (
        "NoAppException",
        "Could not locate a Flask application.",
        "",
        "the Flask application was not found",
        "`flask: package.module:create_app`",
    ),
    ("RuntimeError", "Working outside of application context.", "", "wants a Flask application context", "flask:"),
    (
        "ImportError",
        "cannot import name 'create_app' from 'mypkg' (unknown location)",
        "",
        "a folder of that name hides the package",
        "pythonpath",
    ),
    (
        "CommandError",
        "Can't locate revision identified by 'deadbeef'",
        "",
        "named that no file has: deadbeef",
        "Restore its file",
    ),
    (
        "FileNotFoundError",
        "[Errno 2] No such file or directory: '/etc/app.conf'",
        "",
        "wants the file /etc/app.conf",
        "`files:`",
    ),
    ("SystemExit", "2", "", "ended the process itself: exit 2", "env:"),
    ("Weird", "x", "", "the project's own code failed: Weird: x", "alembic current"),
]


@pytest.mark.parametrize(
    ("kind", "text", "output", "what", "advice"), CASES, ids=[f"{one[0]}-{number}" for number, one in enumerate(CASES)]
)
def test_a_failure_is_named_with_what_to_do(kind: str, text: str, output: str, what: str, advice: str) -> None:
    """Section 4 of the environments' reference, row by row."""
    said = explain(kind, text, output)
    assert what in said[0]
    assert advice in said[1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "'{url}'"),
        ("SHOP_POSTGRES_PASSWORD", "'{password}'"),
        ("DB_HOST", "'{host}'"),
        ("SECRET_KEY", "unused-in-the-gate"),
        ("FRONTEND_URL", "http://localhost"),
        ("POSTGRES_DB", "'{database}'"),
        ("REDIS_HOST", "unused-in-the-gate"),
    ],
)
def test_a_variable_gets_the_template_that_its_name_asks_for(name: str, value: str) -> None:
    """Parts of the database's URL are templates; secrets are placeholders."""
    assert value_for(name) == value


@settings(max_examples=60)
@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=600))
def test_whatever_a_project_says_ends_in_two_sentences(kind: str, text: str, output: str) -> None:
    """Untrusted text: no exception, something said, bounded."""
    what, advice = explain(kind, text, output)
    assert what
    assert advice
    assert len(what) < 1500


def test_a_variable_that_a_revision_asks_for() -> None:
    """In capital letters, as variables are; everything else is the revision's own failure."""
    what, advice = missing_variable("RuntimeError", "APP__SECURITY_KEY must be set to run this migration") or ("", "")
    assert (what, advice) == (
        "the project wants the variable APP__SECURITY_KEY",
        "Add to .alembic-gate.yml: `env: {APP__SECURITY_KEY: unused-in-the-gate}`",
    )
    assert missing_variable("KeyError", "'secret'") is None
    assert missing_variable("ValueError", "row a_b is missing") is None


def test_a_refusal_of_settings_in_own_words_ends_before_the_traceback() -> None:
    """Frames of the gate's own process say nothing to a reader of the report."""
    text = "2 validation errors for Settings: DB_HOST, API_KEY missing"
    what, advice = explain("ValueError", f'{text}\nTraceback (most recent call last):\n  File "session.py"', "")
    assert what == "the project's settings are not valid: validation errors for Settings: DB_HOST, API_KEY missing"
    assert "env: {NAME: ...}" in advice
