"""What is seen of one statement on PostgreSQL: against real servers, the oldest and the newest at hand."""

from __future__ import annotations

import psycopg2
import pytest

from gate.databases import _watching_postgresql
from gate.databases.base import ScratchServer
from tests.observed import BEFORE, Session


def test_a_savepoint_takes_back_what_was_seen(observed_server: ScratchServer) -> None:
    """After ROLLBACK TO, locks from before are held and not new, and a file node that came back is no rewrite."""
    database = observed_server.create()
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


def test_a_rewrite_is_told_once(observed_server: ScratchServer) -> None:
    """What an earlier transaction rewrote or made is neither rewritten nor born in a later one."""
    database = observed_server.create()
    database.execute(BEFORE)
    session = Session(database)
    first = session.run("ALTER TABLE orders ALTER COLUMN id TYPE bigint")
    made = session.run("CREATE TABLE made (id int PRIMARY KEY)")
    session.connection.commit()
    later = [session.run(f"ALTER TABLE {name} ADD COLUMN later int") for name in ("orders", "made")]
    assert (first["rewrites"], made["born"]) == (["orders"], ["made", "made_pkey"])
    assert [(one["rewrites"], one["born"], one["indexes_built"]) for one in later] == [([], [], [])] * 2
    assert first["transaction"] == made["transaction"] != later[0]["transaction"] == later[1]["transaction"]


def test_what_another_session_did_in_between_is_not_this_ones(observed_server: ScratchServer) -> None:
    """A file that changed behind our back is asked for again; the gate's own session knows better."""
    database = observed_server.create()
    database.execute(BEFORE)
    session = Session(database)
    database.execute("ALTER TABLE orders ALTER COLUMN id TYPE bigint; CREATE TABLE aside (id int)")
    seen = [session.run(f"ALTER TABLE {name} ADD COLUMN more int") for name in ("orders", "aside")]
    assert [(one["rewrites"], one["born"]) for one in seen] == [([], [])] * 2
    assert session.run("ALTER TABLE aside ALTER COLUMN id TYPE bigint")["rewrites"] == ["aside"]


def test_in_a_deploys_first_transaction_nobody_else_is_asked(observed_server: ScratchServer) -> None:
    """Until some transaction ends, what is committed is what was told when the run began."""
    database = observed_server.create()
    database.execute(BEFORE)
    session = Session(database)
    asked: list[str] = []
    session.observer._committed = lambda name, _: asked.append(name) or []  # the one way out to the gate
    made = session.run("CREATE TABLE made (id int PRIMARY KEY, o int REFERENCES orders)")
    dropped = session.run("DROP INDEX orders_note")
    rewritten = session.run("ALTER TABLE orders ALTER COLUMN id TYPE bigint")
    assert (made["born"], rewritten["rewrites"], dropped["gone"]) == (
        ["made", "made_pkey"],
        ["orders"],
        ["orders_note"],
    )
    assert ["orders_note", "AccessExclusiveLock", "orders"] in dropped["locks"]
    assert asked == []
    session.connection.commit()
    session.run("ALTER TABLE made ADD COLUMN a int")
    assert asked == [database.parts["database"]]


def test_what_is_held_is_told_once(observed_server: ScratchServer) -> None:
    """Whole where names changed or something is gone, else only what is new; put together it is the same."""
    database = observed_server.create()
    database.execute(BEFORE)
    session = Session(database)
    told = []
    after = session.observer.after
    session.observer.after = lambda *given: told.append(after(*given)) or told[-1]  # type: ignore[method-assign]
    orders, users = ([[name, "AccessExclusiveLock", name]] for name in ("orders", "users"))
    session.run("ALTER TABLE orders ADD COLUMN a int")
    second = session.run("ALTER TABLE users ADD COLUMN a int")
    third = session.run("ALTER TABLE users ADD COLUMN b int")
    renamed = session.run("ALTER TABLE users RENAME TO people")
    assert [(one["whole"], one["held"]) for one in told[:3]] == [(True, []), (False, []), (False, [])]
    assert (second["held"], third["held"]) == (orders, orders + users)
    assert told[3]["whole"]
    assert sorted(renamed["held"]) == [*orders, ["people", "AccessExclusiveLock", "people"]]


def test_a_statement_that_fails_is_in_its_own_transaction(observed_server: ScratchServer) -> None:
    """The transaction before it has ended, and no query of ours may tell which one this is."""
    database = observed_server.create()
    database.execute(BEFORE)
    session = Session(database)
    within = session.run("ALTER TABLE orders ADD COLUMN a int")["transaction"]
    assert session.fail("ALTER TABLE orders ADD COLUMN a int")["transaction"] == within
    session.connection.rollback()
    assert session.fail("ALTER TABLE nowhere ADD COLUMN a int")["transaction"] is None


def test_a_setting_belongs_to_the_transaction_that_it_opens(observed_server: ScratchServer) -> None:
    """SET LOCAL holds to the end of its transaction; SET TRANSACTION has to come before any query, ours too."""
    database = observed_server.create()
    database.execute(BEFORE)
    session = Session(database)
    told = session.run("-- a comment\nSET LOCAL lock_timeout = '2s'")["transaction"]
    assert told == session.run("ALTER TABLE orders ADD COLUMN a int")["transaction"] is not None
    session.connection.commit()
    session.run("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
    session.run("SET TRANSACTION READ ONLY")
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        session.run("ALTER TABLE orders ADD COLUMN b int")


@pytest.mark.parametrize("planned", [True, False])
@pytest.mark.parametrize("name", ['a,b "c"', "two\nlines", "ein\tTab \x01", "größe", "100%"])
def test_names_may_hold_anything(observed_server: ScratchServer, name: str, planned: bool) -> None:
    """A name with the characters that part our answer stays one name."""
    database = observed_server.create()
    quoted = '"' + name.replace('"', '""') + '"'
    database.execute(f"CREATE TABLE {quoted} (id int PRIMARY KEY)")
    session = Session(database, None if planned else dict(_watching_postgresql.queries(planned=False)))
    seen = session.run(f"ALTER TABLE {quoted} ADD COLUMN a int DEFAULT random()")
    assert seen["rewrites"] == [name]
    assert session.catalogue.now.tables[name].column("a") is not None
    assert session.run(f"DROP TABLE {quoted}")["gone"] == [name, name + "_pkey"]


def test_after_a_commit_as_text_each_statement_is_alone(observed_server: ScratchServer) -> None:
    """psycopg2 does not notice, so there is no transaction in which to look, unless the observer opens one."""
    database = observed_server.create()
    database.execute(BEFORE)
    session = Session(database)
    session.run("ALTER TABLE orders ADD COLUMN a int")
    session.run("COMMIT")
    seen = session.run("ALTER TABLE orders ALTER COLUMN id TYPE bigint")
    assert (seen["rewrites"], seen["locks"][0][:2], seen["held"]) == (["orders"], ["orders", "AccessExclusiveLock"], [])
    assert ("bigint",) in database.execute("SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attname = 'id'")


def test_views_partitions_and_indexes_are_seen_as_what_they_are(observed_server: ScratchServer) -> None:
    """A built index is no rewrite of its table, and a partitioned table has no file."""
    database = observed_server.create()
    database.execute(BEFORE)
    session = Session(database)
    index = session.run("CREATE INDEX parted_at ON parted (at)")
    assert (index["rewrites"], sorted(index["indexes_built"])) == ([], ["parted_1_at_idx", "parted_at"])
    truncated = session.run("TRUNCATE orders")
    assert (truncated["rewrites"], sorted(truncated["indexes_built"])) == (["orders"], ["orders_note", "orders_pkey"])
    dropped = session.run("DROP VIEW known")
    assert (dropped["gone"], dropped["rewrites"]) == (["known"], [])


@pytest.mark.parametrize(
    "before",
    ["SET lock_timeout = '3s'; ", "-- first\nSET LOCAL work_mem = '8MB'; ", "SAVEPOINT a; ", "RESET ALL; /* then */ "],
)
def test_a_text_that_begins_with_a_setting_is_watched(observed_server: ScratchServer, before: str) -> None:
    """The commonest way to give a statement a time-out must not hide it."""
    database = observed_server.create()
    database.execute(BEFORE)
    seen = Session(database).run(f"{before}ALTER TABLE orders ALTER COLUMN id TYPE bigint")
    assert (seen["rewrites"], seen["locks"][0][:2]) == (["orders"], ["orders", "AccessExclusiveLock"])


def test_a_text_that_ends_its_transaction_tells_by_the_files(observed_server: ScratchServer) -> None:
    """Its locks are gone by then; what an earlier statement rewrote is not told again."""
    database = observed_server.create()
    database.execute(BEFORE)
    session = Session(database)
    session.run("ALTER TABLE users ALTER COLUMN n TYPE bigint")
    seen = session.run("BEGIN; ALTER TABLE orders ALTER COLUMN id TYPE bigint; COMMIT;")
    # The key's index is another one now: its column has another type.
    assert (seen["known"], seen["rewrites"], seen["indexes_built"]) == (True, ["orders"], ["orders_note"])
    assert session.run("BEGIN; COMMENT ON TABLE orders IS 'x'; COMMIT;")["rewrites"] == []


@pytest.mark.parametrize(
    "text",
    [
        "DO $$BEGIN CREATE TEMP TABLE ids ON COMMIT DROP AS SELECT 1; ALTER TABLE orders ALTER id TYPE bigint; END$$",
        "DO $$BEGIN ALTER TABLE orders ALTER id TYPE bigint; -- the commit; comes later\n END$$",
    ],
)
def test_the_word_commit_hides_no_block(observed_server: ScratchServer, text: str) -> None:
    """In a clause or in a comment it ends nothing."""
    database = observed_server.create()
    database.execute(BEFORE)
    session = Session(database)
    session.connection.autocommit = True
    assert session.run(text)["rewrites"] == ["orders"]


@pytest.mark.parametrize(
    "text",
    [
        "REINDEX SCHEMA public",
        "REINDEX (VERBOSE) TABLE parted",
        "REINDEX (VERBOSE) TABLE CONCURRENTLY orders",
        "CLUSTER",
        "CREATE INDEX /* online */ CONCURRENTLY later ON orders (note)",
        "DO $$BEGIN CALL step(); END$$",
        "DO $$BEGIN UPDATE orders SET note = 'x'; COMMIT; END$$",
    ],
)
def test_what_refuses_a_transaction_gets_none_of_ours(observed_server: ScratchServer, text: str) -> None:
    """It runs on its own in autocommit, as it does without us."""
    if observed_server.server.version[0] < 14 and "TABLE parted" in text:
        pytest.skip("REINDEX of a partitioned table came with 14")
    database = observed_server.create()
    database.execute(BEFORE)
    database.execute("CREATE PROCEDURE step() LANGUAGE plpgsql AS 'BEGIN UPDATE orders SET note = 1; COMMIT; END'")
    session = Session(database)
    session.connection.autocommit = True
    assert session.run(text)["known"]


def test_a_procedure_is_watched_in_a_transaction_and_may_commit_outside_of_one(observed_server: ScratchServer) -> None:
    """Within a transaction it cannot commit; called on its own it may, so that nothing is opened around it."""
    database = observed_server.create()
    database.execute(BEFORE)
    session = Session(database)
    if session.connection.server_version < 110000:
        pytest.skip("procedures came with PostgreSQL 11")
    text = "CREATE PROCEDURE {}() LANGUAGE plpgsql AS $$ BEGIN UPDATE orders SET id = id; {} END $$"
    session.run(text.format("fill", ""))
    assert "orders" in [lock[0] for lock in session.run("CALL fill()")["locks"]]
    session.run(text.format("fill_and_commit", "COMMIT;"))
    session.connection.commit()
    session.connection.autocommit = True
    assert session.run("CALL fill_and_commit()")["known"]
