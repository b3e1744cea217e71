"""The observer's questions: as functions where the gate may make them, else as text; nobody in the project notices."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.databases import _watching_postgresql
from gate.databases.base import ScratchServer, open_server
from tests.observed import BEFORE, Session


@pytest.mark.parametrize("planned", [True, False])
def test_functions_and_plain_text_say_the_same(observed_server: ScratchServer, planned: bool) -> None:
    """A user who may not make functions in pg_catalog gets the same answers, only slower."""
    database = observed_server.create()
    database.execute(BEFORE)
    queries = dict(_watching_postgresql.queries(planned))
    assert planned is (queries == database.watching().queries)
    session = Session(database, queries)
    seen = session.run("ALTER TABLE users ADD COLUMN a int DEFAULT random()")
    assert (seen["rewrites"], [tuple(lock[:2]) for lock in seen["locks"]]) == (
        ["users"],
        [("users", "AccessExclusiveLock"), ("users", "ShareLock"), ("users_pkey", "AccessExclusiveLock")],
    )
    assert seen["indexes_built"] == ["users_pkey"]
    assert [row["scans"] for row in seen["touched"]] == [2]
    column = session.catalogue.now.tables["users"].column("a")
    assert column is not None
    assert column.default == "random()"


def test_a_revision_may_take_a_role_without_rights(observed_server: ScratchServer) -> None:
    """Neither planned nor as text does a question to a session of few rights end its transaction."""
    database = observed_server.create()
    database.execute(BEFORE)
    database.execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    database.execute("DROP ROLE IF EXISTS few; CREATE ROLE few; GRANT CREATE ON SCHEMA public TO few")
    for queries in (None, dict(_watching_postgresql.queries(planned=False))):
        session = Session(database, queries)
        session.run("SET ROLE few")
        assert session.run("CREATE TABLE mine (id int PRIMARY KEY)")["born"] == ["mine", "mine_pkey"]
        assert "mine" in session.catalogue.now.tables
        session.connection.close()
    database.execute("DROP OWNED BY few; DROP ROLE few")


def test_a_user_who_is_no_superuser_gets_plain_text(observed_server: ScratchServer, tmp_path: Path) -> None:
    """The server of a URL with few rights is not even asked for more, so its log shows no refusal."""
    database = observed_server.create()
    name = database.parts["database"]
    database.execute("CREATE ROLE plain LOGIN CREATEDB PASSWORD 'p'")
    url = f"postgresql://plain:p@{database.parts['host']}:{database.parts['port']}/{name}"
    with open_server("postgresql", None, url, cache_dir=tmp_path, workdir=tmp_path, progress=lambda _: None) as given:
        assert given.create().watching().queries == _watching_postgresql.queries(planned=False)
    database.execute("DROP ROLE plain")


def test_event_triggers_of_the_project_do_not_hear_of_us(observed_server: ScratchServer) -> None:
    """What the gate puts into the scratch database is not the project's: its triggers refuse nothing and note nothing."""
    database = observed_server.create()
    database.execute(
        "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no DDL here'; END$$;"
        "CREATE EVENT TRIGGER no_ddl ON ddl_command_start EXECUTE FUNCTION refuse()"
    )
    assert database.watching().queries == _watching_postgresql.queries(planned=True)
    assert database.clone().watching().queries == _watching_postgresql.queries(planned=True)
