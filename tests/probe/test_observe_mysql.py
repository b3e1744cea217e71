"""What the observer says about ALTERs, on a real MariaDB and a real MySQL: measured truth of the catalogue, section 2.2."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from gate.probe.observe_mysql import NOTHING, Observer
from tests.targets import running_servers

ROWS = 20
TABLES = [
    "DROP TABLE IF EXISTS c, t, other, `odd name`",
    "CREATE TABLE other (id INT PRIMARY KEY)",
    "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), v60 VARCHAR(60), n INT, nn INT NOT NULL, "
    "e ENUM('a','b'), b TEXT, o INT, l VARCHAR(9) CHARACTER SET latin1, "
    "UNIQUE KEY un (n), KEY iv (v)) DEFAULT CHARSET utf8mb4",
    "CREATE TABLE `odd name` (id INT PRIMARY KEY)",
    "INSERT INTO other VALUES (1)",
    "INSERT INTO t VALUES " + ", ".join(f"({n}, {n}, {n}, {n}, 1, 'a', 'b', 1, 'x')" for n in range(1, ROWS + 1)),
]
MEASURED = [
    ("ALTER TABLE t ADD COLUMN x INT", "INSTANT", "NONE", False),
    ("ALTER TABLE t ADD COLUMN x INT NOT NULL DEFAULT 5;", "INSTANT", "NONE", False),
    ("ALTER TABLE t ADD COLUMN x INT -- a comment; here", "INSTANT", "NONE", False),
    ("ALTER TABLE t DROP COLUMN v60", "INSTANT", "NONE", False),
    ("ALTER TABLE t MODIFY v VARCHAR(40)", "INSTANT", "NONE", False),
    ("ALTER TABLE t MODIFY e ENUM('a','b','c')", "INSTANT", "NONE", False),
    ("ALTER TABLE t CHANGE v w VARCHAR(20)", "INSTANT", "NONE", False),
    ("ALTER TABLE t ADD UNIQUE (v)", "NOCOPY", "NONE", False),
    ("CREATE INDEX i ON t (n, v)", "NOCOPY", "NONE", False),
    ("CREATE INDEX i ON t (n, nn) /* LOCK=SHARED */", "NOCOPY", "NONE", False),
    ("DROP INDEX iv ON t", "NOCOPY", "NONE", False),
    ("ALTER TABLE t MODIFY n INT NOT NULL", "INPLACE", "NONE", True),
    ("ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (id, nn)", "INPLACE", "NONE", True),
    ("ALTER TABLE t ENGINE=InnoDB", "INPLACE", "NONE", True),
    ("CREATE FULLTEXT INDEX f ON t (b)", "INPLACE", "SHARED", True),
    ("ALTER TABLE t MODIFY nn BIGINT NOT NULL", "COPY", "SHARED", True),
    ("ALTER TABLE t MODIFY v60 VARCHAR(300)", "COPY", "SHARED", True),
    ("ALTER TABLE t MODIFY e ENUM('c','a','b')", "COPY", "SHARED", True),
    ("ALTER TABLE t ADD FOREIGN KEY (o) REFERENCES other (id)", "COPY", "SHARED", True),
    ("ALTER TABLE t ADD CONSTRAINT k CHECK (n >= 0)", "COPY", "SHARED", True),
    ("ALTER TABLE t ADD x CHAR(36) DEFAULT (uuid())", "COPY", "SHARED", True),
    ("ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", "COPY", "SHARED", True),
    ("ALTER TABLE t ENGINE=MyISAM", "COPY", "SHARED", True),
    ("ALTER TABLE t ADD x INT, ALGORITHM=COPY", "COPY", "SHARED", True),
    ("ALTER TABLE t ORDER BY v", "COPY", "SHARED", True),
    ("ALTER TABLE `odd name` MODIFY id BIGINT", "COPY", "SHARED", True),
]
# MySQL 9.7, where it is otherwise. DEFAULT (uuid()) is refused beside row copies for the binary log's sake.
MYSQL_OTHERWISE = {
    "ALTER TABLE t MODIFY v VARCHAR(40)": ("INPLACE", "NONE", False),
    "ALTER TABLE t ADD UNIQUE (v)": ("INPLACE", "NONE", False),
    "CREATE INDEX i ON t (n, v)": ("INPLACE", "NONE", False),
    "CREATE INDEX i ON t (n, nn) /* LOCK=SHARED */": ("INPLACE", "NONE", False),
    "DROP INDEX iv ON t": ("INPLACE", "NONE", False),
}
MYSQL_ONLY = [
    ("ALTER TABLE t ADD COLUMN x INT AFTER id", "INSTANT", "NONE", False),
    ("ALTER TABLE t ADD g INT AS (n + 1) VIRTUAL", "INSTANT", "NONE", False),
    ("ALTER TABLE t ADD g INT AS (n + 1) STORED", "COPY", "SHARED", True),
    ("ALTER TABLE t ADD x INT DEFAULT (5 + 1)", "COPY", "SHARED", True),
    ("ALTER TABLE t ALTER n SET DEFAULT 4", "INSTANT", "NONE", False),
    ("ALTER TABLE t RENAME COLUMN n TO other", "INSTANT", "NONE", False),
    ("ALTER TABLE t MODIFY nn INT NULL", "INPLACE", "NONE", True),
    ("ALTER TABLE t MODIFY v VARCHAR(20) CHARACTER SET latin1", "COPY", "SHARED", True),
    ("ALTER TABLE t ADD CONSTRAINT k CHECK (n >= 0) NOT ENFORCED", "INSTANT", "NONE", False),
    ("ALTER TABLE t ALTER INDEX iv INVISIBLE", "INPLACE", "NONE", False),
]
CASES = [
    *(("mariadb", *one) for one in MEASURED),
    *(("mysql", sql, *MYSQL_OTHERWISE.get(sql, rest)) for sql, *rest in MEASURED if "uuid" not in sql),
    *(("mysql", *one) for one in MYSQL_ONLY),
]


@pytest.fixture(scope="session")
def new(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """One scratch database of a kind for all tests of this file."""
    with running_servers(tmp_path_factory.mktemp("servers")) as make:
        yield functools.cache(make)


@pytest.fixture
def mariadb(new: Callable[[str], Any]) -> Any:
    """The one on MariaDB."""
    return new("mariadb")


def filled(database: Any) -> sa.Engine:
    """An engine of the project's own SQLAlchemy, with the tables as they were."""
    made = sa.create_engine(database.url("pymysql"), poolclass=sa.NullPool)
    with made.begin() as connection:
        connection.exec_driver_sql("SET foreign_key_checks = 0")
        for statement in TABLES:
            connection.exec_driver_sql(statement)
    return made


@pytest.fixture
def engine(mariadb: Any) -> sa.Engine:
    """On MariaDB."""
    return filled(mariadb)


def watch(engine: sa.Engine) -> list[tuple[str, dict[str, Any]]]:
    """Listen as the probe does; what was run in the end and what was seen."""
    observer, seen = Observer(), []

    @sa.event.listens_for(engine, "before_cursor_execute", retval=True)
    def before(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> Any:
        replaced = observer.before(conn.connection, cursor, statement, parameters, many)
        return (replaced, ()) if replaced else (statement, parameters)

    @sa.event.listens_for(engine, "after_cursor_execute")
    def after(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        seen.append((statement, observer.after(conn.connection, cursor, statement)))

    return seen


@pytest.mark.parametrize(
    ("server", "sql", "algorithm", "lock", "rebuilt"), CASES, ids=[f"{one[0]}-{one[1][:50]}" for one in CASES]
)
def test_the_weakest_way_that_the_server_takes(
    new: Callable[[str], Any], server: str, sql: str, algorithm: str, lock: str, rebuilt: bool
) -> None:
    """Algorithm and lock as measured; a rebuilt table is told by its number."""
    engine = filled(new(server))
    seen = watch(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(sql)
    [(_, facts)] = seen
    assert (facts["algorithm"], facts["lock_level"]) == (algorithm, lock)
    table = "odd name" if "odd name" in sql else "t"
    assert facts.get("rewrites", []) == ([table] if rebuilt else [])


def test_the_session_is_told_as_it_is(engine: sa.Engine) -> None:
    """Whatever set it: the URL, the driver's arguments, a statement before."""
    seen = watch(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("SET SESSION sql_mode = 'ANSI_QUOTES', foreign_key_checks = OFF")
        connection.exec_driver_sql("ALTER TABLE t ADD COLUMN x INT")
    assert [(facts["sql_mode"], facts["foreign_key_checks"]) for _, facts in seen[-1:]] == [("ANSI_QUOTES", "0")]


def test_the_change_is_made_once_and_the_original_replaced(engine: sa.Engine) -> None:
    """The accepted attempt is the change; what the driver runs afterwards does nothing."""
    seen = watch(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE t MODIFY nn BIGINT NOT NULL")
        made = connection.exec_driver_sql("SHOW CREATE TABLE t").fetchall()[0][1]
    (ran, facts), *_ = seen
    assert ran == NOTHING
    assert re.search(r"`nn` bigint\(20\) NOT NULL", made)
    assert (facts["row_count"], len(facts["refusals"])) == (ROWS, 7)
    assert facts["refusals"][0].startswith("ALGORITHM=INSTANT: ALGORITHM=INSTANT is not supported.")


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("ALTER TABLE t DROP INDEX nowhere", 1091),
        ("ALTER TABLE t ADD UNIQUE (nn)", 1062),
        ("ALTER TABLE t ADD COLUMN x INT, ALGORITHM=COPY, LOCK=NONE", 1846),
        ("ALTER TABLE nowhere ADD COLUMN x INT", 1146),
        ("ALTER TABLE t FROBNICATE x", 1064),
    ],
)
def test_an_error_is_the_projects_own(engine: sa.Engine, sql: str, error: int) -> None:
    """The original statement fails as it would have failed unwatched, and nothing is changed."""
    watch(engine)
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as failed:
        connection.exec_driver_sql(sql)
    assert failed.value.orig.args[0] == error  # type: ignore[union-attr]  # the driver's own


def test_rows_and_temporary_tables_go_by_untouched(engine: sa.Engine) -> None:
    """DML keeps its row count; a temporary table is nobody else's."""
    seen = watch(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE t SET n = n + 1000 WHERE id > :least"), {"least": 10})
        connection.exec_driver_sql("CREATE TEMPORARY TABLE tmp (id INT)")
        connection.exec_driver_sql("ALTER TABLE tmp MODIFY id BIGINT")
    assert seen[0][1] == {"row_count": ROWS - 10}
    assert seen[2][0] == "ALTER TABLE tmp MODIFY id BIGINT"


def test_percent_signs_are_what_the_driver_makes_of_them(engine: sa.Engine) -> None:
    """SQLAlchemy doubles them; the attempt goes the same way."""
    seen = watch(engine)
    with engine.begin() as connection:
        connection.execute(sa.schema.DDL("ALTER TABLE t ADD COLUMN x INT COMMENT '50%%'"))
        made = connection.exec_driver_sql("SHOW CREATE TABLE t").fetchall()[0][1]
    assert seen[0][1]["algorithm"] == "INSTANT"
    assert "COMMENT '50%'" in made


def test_it_works_under_an_async_driver(mariadb: Any, engine: sa.Engine) -> None:
    """SQLAlchemy's adapter gives aiomysql's connection the same face."""
    pytest.importorskip("aiomysql")

    async def run() -> list[tuple[str, dict[str, Any]]]:
        other = create_async_engine(mariadb.url("aiomysql"), poolclass=sa.NullPool)
        seen = watch(other.sync_engine)
        async with other.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE t MODIFY nn BIGINT NOT NULL")
        await other.dispose()
        return seen

    [(ran, facts)] = asyncio.run(run())
    assert (ran, facts["algorithm"], facts["lock_level"]) == (NOTHING, "COPY", "SHARED")
