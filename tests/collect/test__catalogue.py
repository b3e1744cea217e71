"""The catalogue beside a running deploy is what the server would say if it were read whole after every statement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from gate import sql
from gate.collect._catalogue import Catalogue
from gate.databases import _catalog_postgresql, _watching_postgresql
from gate.databases.base import ScratchServer, open_server
from gate.errors import ServerUnavailable
from gate.probe.observe_postgresql import Observer

BEFORE = """
CREATE TABLE users (id int PRIMARY KEY, email text, n int CONSTRAINT n_small CHECK (n < 10));
CREATE TABLE orders (id int PRIMARY KEY, user_id int CONSTRAINT orders_user REFERENCES users, note text);
CREATE TABLE parted (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE family (id int); CREATE TABLE child (c int) INHERITS (family);
CREATE VIEW known AS SELECT id, email FROM users; CREATE INDEX orders_note ON orders (note);
CREATE TYPE mood AS ENUM ('ok'); CREATE SCHEMA other; CREATE SEQUENCE tickets;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION widen() RETURNS void LANGUAGE plpgsql AS 'BEGIN ALTER TABLE orders ADD COLUMN wide int; END';
"""
# One transaction, so that most statements meet tables on which their locks are held already.
DEPLOY = """
ALTER TABLE users ADD COLUMN a int DEFAULT 1
ALTER TABLE users ALTER COLUMN a SET NOT NULL
ALTER TABLE users ALTER COLUMN a DROP DEFAULT
ALTER TABLE users RENAME COLUMN a TO b
COMMENT ON COLUMN users.b IS 'a column'
COMMENT ON TABLE users IS 'people'
ALTER TABLE orders ADD CONSTRAINT wished CHECK (id > 0) NOT VALID
ALTER TABLE orders VALIDATE CONSTRAINT wished
CREATE UNIQUE INDEX users_email ON users (email)
ALTER INDEX users_email RENAME TO users_mail
ALTER TABLE users ADD CONSTRAINT mail_once UNIQUE USING INDEX users_mail
DROP INDEX orders_note
ALTER TABLE users RENAME TO people
ALTER TABLE people RENAME COLUMN id TO person
ALTER TABLE orders SET SCHEMA other
ALTER TABLE other.orders SET SCHEMA public
ALTER TABLE parted_1 ALTER COLUMN id SET DEFAULT 1
ALTER TABLE parted ADD COLUMN more int DEFAULT 3
CREATE TABLE parted_2 (id int, at date, more int DEFAULT 3)
ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')
CREATE INDEX parted_at ON parted (at)
ALTER TABLE parted DETACH PARTITION parted_1
ALTER TABLE child ADD COLUMN own int
ALTER TABLE family ADD COLUMN given int
ALTER TABLE family ALTER COLUMN given TYPE bigint
CREATE TABLE items (id serial PRIMARY KEY, order_id int REFERENCES orders ON DELETE CASCADE, mood mood)
ALTER TABLE items ADD COLUMN much numeric(9, 2) GENERATED ALWAYS AS (id * 2) STORED
CREATE TRIGGER looks BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION nothing()
ALTER TABLE items DISABLE TRIGGER looks
DROP TRIGGER looks ON items
ALTER TABLE items ENABLE ROW LEVEL SECURITY
CREATE POLICY mine ON items USING (id > 1)
ALTER TABLE items SET (fillfactor = 70)
DO $$BEGIN ALTER TABLE orders ADD COLUMN done int; ALTER TABLE people ADD COLUMN done int; END$$
SELECT widen()
CREATE VIEW bought AS SELECT * FROM orders
CREATE MATERIALIZED VIEW kept AS SELECT * FROM bought
ALTER TABLE orders RENAME COLUMN note TO remark
DROP VIEW known
DROP VIEW bought CASCADE
ALTER TYPE mood RENAME TO temper
CREATE DOMAIN small AS int CHECK (VALUE < 9)
ALTER TABLE items ADD COLUMN little small
DROP SEQUENCE tickets
CREATE SEQUENCE numbers
ALTER SCHEMA other RENAME TO another
CREATE TABLE another.far (id int PRIMARY KEY)
ALTER TABLE people DROP CONSTRAINT users_pkey CASCADE
UPDATE people SET n = 1
SAVEPOINT here
ALTER TABLE people ALTER COLUMN n TYPE bigint
ROLLBACK TO SAVEPOINT here
TRUNCATE items
ALTER TABLE items DROP COLUMN little
DROP TABLE items
CREATE TABLE items (id int)
DROP TABLE another.far
DROP SCHEMA another CASCADE
DROP TABLE orders CASCADE
""".strip().splitlines()


@pytest.fixture(scope="module", params=["15", "18"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScratchServer]:
    folder = tmp_path_factory.mktemp("server")
    with ExitStack() as stack:
        try:
            opened = open_server(
                "postgresql", request.param, None, cache_dir=folder, workdir=folder, progress=lambda _: None
            )
        except ServerUnavailable as error:
            pytest.skip(str(error))
        yield stack.enter_context(opened)


class Session:
    """A project's session, observed as the probe observes it, with the gate's catalogue beside it."""

    def __init__(self, database: Any, queries: dict[str, str] | None = None) -> None:
        parts = database.parts
        self.connection = psycopg2.connect(
            host=parts["host"],
            port=parts["port"],
            user=parts["user"],
            password=parts["password"],
            dbname=parts["database"],
        )
        self.observer = Observer(lambda _, oids: database.execute(_watching_postgresql.COMMITTED, (oids,)))
        self.observer.queries = queries or dict(database.watching())
        self.catalogue = Catalogue(database)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def run(self, statement: str) -> dict[str, Any]:
        """One statement and what was seen of it."""
        with self.connection.cursor() as cursor:
            self.observer.before(self.connection, cursor, statement, None, False)
            cursor.execute(statement)
            seen: dict[str, Any] = self.observer.after(self.connection, cursor, statement, None, False)
        parsed = sql.parse(statement, "postgresql")
        self.catalogue.refresh(parsed.changes, parsed.understood, seen, self.ask)
        return seen


def test_a_savepoint_takes_back_what_was_seen(server: ScratchServer) -> None:
    """After ROLLBACK TO, locks from before are held and not new, and a file node that came back is no rewrite."""
    database = server.create()
    database.execute(BEFORE)
    session = Session(database)
    session.run("ALTER TABLE users ADD COLUMN a int")
    session.run("SAVEPOINT here")
    rewritten = session.run("ALTER TABLE orders ALTER COLUMN id TYPE bigint")
    session.run("ROLLBACK TO SAVEPOINT here")
    seen = session.run("ALTER TABLE users ADD COLUMN b int")
    assert rewritten["rewrites"] == ["orders"]
    strong = [lock for lock in seen["locks"] if lock[1] != "AccessShareLock"]  # ours: PostgreSQL 15 reads a view so
    assert (seen["rewrites"], strong, [lock[0] for lock in seen["held"]]) == ([], [], ["users"])
    again = session.run("ALTER TABLE orders ALTER COLUMN id TYPE bigint")
    assert (again["rewrites"], again["locks"]) == (["orders"], rewritten["locks"])


@pytest.mark.parametrize("planned", [True, False])
def test_functions_and_plain_text_say_the_same(server: ScratchServer, planned: bool) -> None:
    """A user who may not make functions in pg_catalog gets the same answers, only slower."""
    database = server.create()
    database.execute(BEFORE)
    queries = dict(_watching_postgresql.queries(planned))
    assert planned is (queries == database.watching())
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


def test_a_revision_may_take_a_role_without_rights(server: ScratchServer) -> None:
    """Neither planned nor as text does a question to a session of few rights end its transaction."""
    database = server.create()
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


def test_a_user_who_is_no_superuser_gets_plain_text(server: ScratchServer, tmp_path: Path) -> None:
    """The server of a URL with few rights is not even asked for more, so its log shows no refusal."""
    database = server.create()
    name = database.parts["database"]
    database.execute("CREATE ROLE plain LOGIN CREATEDB PASSWORD 'p'")
    url = f"postgresql://plain:p@{database.parts['host']}:{database.parts['port']}/{name}"
    with open_server("postgresql", None, url, cache_dir=tmp_path, workdir=tmp_path, progress=lambda _: None) as given:
        assert given.create().watching() == _watching_postgresql.queries(planned=False)
    database.execute("DROP ROLE plain")


def test_event_triggers_of_the_project_do_not_hear_of_us(server: ScratchServer) -> None:
    """What the gate puts into the scratch database is not the project's: its triggers refuse nothing and note nothing."""
    database = server.create()
    database.execute(
        "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no DDL here'; END$$;"
        "CREATE EVENT TRIGGER no_ddl ON ddl_command_start EXECUTE FUNCTION refuse()"
    )
    assert database.watching() == _watching_postgresql.queries(planned=True)
    assert database.clone().watching() == _watching_postgresql.queries(planned=True)


def test_each_statement_leaves_the_catalogue_as_the_server_has_it(server: ScratchServer) -> None:
    """Tables, types, sequences: read in part after each statement, the same as read whole."""
    database = server.create()
    database.execute(BEFORE)
    session = Session(database)
    session.ask("SET search_path = public; SELECT 1")
    for statement in DEPLOY:
        session.run(statement)
        whole = _catalog_postgresql.read_schema(session.ask, frozenset())
        assert dict(session.catalogue.now.tables) == dict(whole.tables), statement
        now = session.catalogue.now
        assert (now.enums, now.domains, now.extensions) == (whole.enums, whole.domains, whole.extensions), statement
    assert session.catalogue.is_new("items")
    assert session.catalogue.is_new("parted_2")
    assert not session.catalogue.is_new("people")
