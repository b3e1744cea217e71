"""Remedies followed to the letter: each step of a finding becomes a revision of its own, run on a real server.

What stands in the database afterwards is asked for, so that a remedy that runs but makes less than was asked shows.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.running import gate, repository, revision
from tests.targets import DRIVERS, migrate, project_for

URLS = {
    "postgresql": "postgresql+psycopg2://app@db/app",
    "mariadb": "mysql+pymysql://app@db/app",
    "mysql": "mysql+pymysql://app@db/app",
    "sqlite": "sqlite:///app.db",
}
SCOPED = ", transaction_per_migration=True"


class Followed:
    """A finding of a rule over a change, and the database after its remedy was followed."""

    def __init__(self, folder: Path, new: Any, kind: str) -> None:
        self.folder, self.new, self.kind = folder, new, kind

    def steps(self, id: str, base: str, change: str) -> list[str]:
        """The code of the remedy of this rule's first finding."""
        repo = repository(
            self.folder / "asked", {"b1": revision("b1", None, base)}, {"c1": revision("c1", "b1", change)},
            url=URLS[self.kind],
        )  # fmt: skip
        server = () if self.kind == "sqlite" else ("--database-url", self.new(self.kind).url(DRIVERS[self.kind]))
        done = gate(repo, "--base", "main", *server, "--only", "safe-operations,split-steps")
        found = [one for one in done.project["findings"] if one["id"] == id]
        assert found, done.project["checks"]
        return [step["code"] for step in found[0]["remedy"]["steps"] if step["code"]]

    def follow(self, base: str, steps: list[str]) -> Any:
        """A database on which the base and then each step has run."""
        names = ["b1", *(f"s{number}" for number in range(1, len(steps) + 1))]
        texts = [base, *steps]
        history = {
            name: revision(name, names[place - 1] if place else None, text)
            for place, (name, text) in enumerate(zip(names, texts, strict=True))
        }
        repo = project_for(self.folder, self.kind, history)
        env = repo / "migrations/env.py"
        env.write_text(env.read_text().replace("target_metadata=metadata", f"target_metadata=metadata{SCOPED}"))
        database = self.new(self.kind)
        migrate(repo, database, "head")
        return database


def executed(*statements: str) -> str:
    """The body of a revision that runs these."""
    return "\n".join(f"op.execute({one!r})" for one in statements)


METRICS = executed(
    "CREATE SCHEMA audit",
    "CREATE TABLE audit.metric (id int NOT NULL, region text NOT NULL, v int) PARTITION BY RANGE (id)",
    "CREATE TABLE audit.metric_1 PARTITION OF audit.metric FOR VALUES FROM (1) TO (100)",
    "CREATE TABLE metric_2 PARTITION OF audit.metric FOR VALUES FROM (100) TO (200) PARTITION BY LIST (region)",
    "CREATE TABLE metric_2_eu PARTITION OF metric_2 FOR VALUES IN ('eu')",
    "CREATE TABLE audit.entry (id int PRIMARY KEY, what text)",
    "CREATE INDEX ix_metric_v ON audit.metric (v)",
)
INDEXES = (
    "SELECT n.nspname || '.' || c.relname, i.indisvalid, i.indisunique, p.inhparent::regclass::text "
    "FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
    "LEFT JOIN pg_inherits p ON p.inhrelid = c.oid WHERE c.relname LIKE '{}%' ORDER BY 1"
)


@pytest.mark.parametrize(
    ("id", "sql", "name", "unique"),
    [
        ("creating-index-non-concurrently", "CREATE INDEX ix_r ON audit.metric (region, v)", "ix_r", False),
        ("creating-unique-index", "CREATE UNIQUE INDEX ux_r ON audit.metric (id, region)", "ux_r", True),
    ],
)
def test_an_index_over_partitions_of_partitions(
    tmp_path: Path, new: Any, id: str, sql: str, name: str, unique: bool
) -> None:
    """Each index hangs on the one of its table's parent, and all are valid in the end."""
    way = Followed(tmp_path, new, "postgresql")
    database = way.follow(METRICS, way.steps(id, METRICS, executed(sql)))
    assert [tuple(row) for row in database.execute(INDEXES.format(name))] == [
        (f"audit.{name}", True, unique, None),
        (f"audit.{name}_metric_1", True, unique, f"audit.{name}"),
        (f"public.{name}_metric_2", True, unique, f"audit.{name}"),
        (f"public.{name}_metric_2_eu", True, unique, f"{name}_metric_2"),
    ]


def test_a_unique_index_outside_the_default_schema(tmp_path: Path, new: Any) -> None:
    """What an earlier try left is found and dropped: the second round of the same step builds it again."""
    way = Followed(tmp_path, new, "postgresql")
    steps = way.steps("creating-unique-index", METRICS, executed("CREATE UNIQUE INDEX ux_e ON audit.entry (what)"))
    database = way.follow(METRICS, [*steps, *steps])
    assert [tuple(row) for row in database.execute(INDEXES.format("ux_e"))] == [("audit.ux_e", True, True, None)]


def test_an_index_of_a_partitioned_table_is_dropped_where_it_lies(tmp_path: Path, new: Any) -> None:
    """Without its schema the name is not found."""
    way = Followed(tmp_path, new, "postgresql")
    steps = way.steps("dropping-index-non-concurrently", METRICS, executed("DROP INDEX audit.ix_metric_v"))
    database = way.follow(METRICS, steps)
    assert [tuple(row) for row in database.execute(INDEXES.format("ix_metric_v"))] == []


LOOP = """DO $$ BEGIN FOR y IN 3..4 LOOP EXECUTE format(
'CREATE TABLE audit.metric_%s PARTITION OF audit.metric FOR VALUES FROM (%L) TO (%L)', y, y * 100, y * 100 + 100);
END LOOP; END $$"""
MAKE = "CREATE TABLE audit.metric_{0} PARTITION OF audit.metric FOR VALUES FROM ({0}00) TO ({0}99 + 1)"
PARTITIONS = (
    "SELECT relname, pg_get_expr(relpartbound, oid) FROM pg_class WHERE relispartition AND relkind IN ('r', 'p') "
    "AND relname IN ('metric_3', 'metric_4') ORDER BY 1"
)


@pytest.mark.parametrize("sql", [LOOP, f"{MAKE.format(3)} PARTITION BY LIST (region); {MAKE.format(4)}"])
def test_each_partition_of_one_text_gets_its_own_bound(tmp_path: Path, new: Any, sql: str) -> None:
    """Whether a loop writes the bounds or two statements stand in one text."""
    way = Followed(tmp_path, new, "postgresql")
    steps = way.steps("creating-partition-of", METRICS, executed(sql))
    database = way.follow(METRICS, steps)
    assert [tuple(row) for row in database.execute(PARTITIONS)] == [
        ("metric_3", "FOR VALUES FROM (300) TO (400)"),
        ("metric_4", "FOR VALUES FROM (400) TO (500)"),
    ]


PEOPLE = executed("CREATE TABLE people (id int PRIMARY KEY, email varchar(90), state varchar(10))")


@pytest.mark.parametrize(
    ("kind", "sql"),
    [
        ("sqlite", "CREATE UNIQUE INDEX ux ON people (email) WHERE state = 'new'"),
        ("mariadb", "CREATE UNIQUE INDEX ux ON people (email(20))"),
        ("mysql", "CREATE UNIQUE INDEX ux ON people (email(20))"),
        ("mysql", "CREATE UNIQUE INDEX ux ON people (email)"),
    ],
)
def test_a_unique_index_elsewhere(tmp_path: Path, new: Any, kind: str, sql: str) -> None:
    """Built as its statement says: there is no CONCURRENTLY, and nothing is left behind that must be dropped."""
    way = Followed(tmp_path, new, kind)
    steps = way.steps("creating-unique-index", PEOPLE, executed(sql))
    database = way.follow(PEOPLE, steps)
    for id, email in ((1, "a"), (2, "b")):
        database.execute(f"INSERT INTO people VALUES ({id}, '{email}', 'new')")
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        database.execute("INSERT INTO people VALUES (3, 'a', 'new')")


OWNED = executed(
    "CREATE TABLE users (id int PRIMARY KEY, email text)",
    "CREATE TABLE goods (id int PRIMARY KEY, name text)",
    "INSERT INTO users SELECT n, NULLIF((n % 7)::text, '0') FROM generate_series(1, 2500) n",
    "INSERT INTO goods VALUES (1, 'a')",
)
OWNER = (
    "ALTER TABLE goods ADD COLUMN owner int DEFAULT 1 NOT NULL CONSTRAINT owned REFERENCES users (id) "
    "ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED"
)
SKU = "ALTER TABLE goods ADD COLUMN sku text UNIQUE CHECK (length(sku) > 2) CONSTRAINT small CHECK (length(sku) < 9)"
MADE = (
    "SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint "
    "WHERE conrelid = 'goods'::regclass AND contype IN ('u', 'f', 'c') ORDER BY 1"
)


@pytest.mark.parametrize("sql", [OWNER, SKU])
def test_a_columns_constraints_are_the_same_as_in_one_statement(tmp_path: Path, new: Any, sql: str) -> None:
    """Names, actions, conditions, default and NOT NULL."""
    way = Followed(tmp_path, new, "postgresql")
    followed = way.follow(OWNED, way.steps("adding-column-with-inline-constraint", OWNED, executed(sql)))
    way.folder = tmp_path / "at_once"
    at_once = way.follow(OWNED, [executed(sql)])
    columns = "SELECT column_name, column_default, is_nullable FROM information_schema.columns WHERE table_name = 'goods' ORDER BY 1"
    for question in (MADE, columns):
        assert [tuple(row) for row in followed.execute(question)] == [tuple(row) for row in at_once.execute(question)]


KEYED = executed(
    "CREATE TABLE metric (id int NOT NULL, region text NOT NULL, v int) PARTITION BY RANGE (id)",
    "CREATE TABLE metric_1 PARTITION OF metric FOR VALUES FROM (1) TO (100)",
    "CREATE TABLE metric_2 PARTITION OF metric FOR VALUES FROM (100) TO (200) PARTITION BY LIST (region)",
    "CREATE TABLE metric_2_eu PARTITION OF metric_2 FOR VALUES IN ('eu')",
    "CREATE TABLE goods (id int NOT NULL, sku text, price int)",
    "CREATE TABLE hollow (id int NOT NULL) PARTITION BY RANGE (id)",
    "CREATE TABLE hollow_1 PARTITION OF hollow FOR VALUES FROM (1) TO (9) PARTITION BY RANGE (id)",
)
KEYS = (
    "SELECT o.conrelid::regclass::text, o.conname, pg_get_constraintdef(o.oid), i.indisvalid "
    "FROM pg_constraint o JOIN pg_index i ON i.indexrelid = o.conindid WHERE o.contype IN ('u', 'p') AND o.oid > 16384 ORDER BY 1, 2"
)


@pytest.mark.parametrize(
    ("id", "sql", "count"),
    [
        ("adding-unique-constraint", "ALTER TABLE metric ADD CONSTRAINT once UNIQUE (id, region)", 5),
        ("adding-primary-key", "ALTER TABLE metric ADD CONSTRAINT once PRIMARY KEY (id, region)", 5),
        ("adding-unique-constraint", "ALTER TABLE hollow ADD CONSTRAINT once UNIQUE (id)", 3),
        ("adding-unique-constraint", "ALTER TABLE goods ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (sku)", 2),
        ("adding-unique-constraint", "ALTER TABLE goods ADD CONSTRAINT u UNIQUE (sku) INCLUDE (price)", 2),
        ("adding-unique-constraint", "ALTER TABLE goods ADD CONSTRAINT u UNIQUE (sku) DEFERRABLE", 2),
        ("adding-column-with-inline-constraint", "ALTER TABLE goods ADD COLUMN n int UNIQUE NULLS NOT DISTINCT", 2),
    ],
)
def test_a_key_is_the_same_as_in_one_statement(tmp_path: Path, new: Any, id: str, sql: str, count: int) -> None:
    """Partitions (also none), NULLs that may not repeat, columns carried along, and when it is verified."""
    way = Followed(tmp_path, new, "postgresql")
    followed = way.follow(KEYED, way.steps(id, KEYED, executed(sql)))
    way.folder = tmp_path / "at_once"
    at_once = way.follow(KEYED, [executed(sql)])
    told = [[tuple(row) for row in one.execute(KEYS)] for one in (followed, at_once)]
    if count > 2:  # the server chooses other ones for the keys of partitions
        told = [[(row[0], *row[2:]) for row in rows] for rows in told]
    assert told[0] == told[1]
    assert len(told[0]) == count  # Alembic's own version table has a key, too


def test_a_backfill_by_a_conversion_that_gives_null_ends(tmp_path: Path, new: Any) -> None:
    """The rows that get NULL were found again for ever."""
    change = executed("ALTER TABLE users ALTER COLUMN email TYPE int USING NULLIF(email, '3')::int")
    way = Followed(tmp_path, new, "postgresql")
    database = way.follow(OWNED, way.steps("changing-column-type", OWNED, change)[:2])
    wrong = "SELECT count(*) FROM users WHERE email_new IS DISTINCT FROM NULLIF(email, '3')::int"
    assert [tuple(row) for row in database.execute(wrong)] == [(0,)]


@pytest.mark.parametrize("type", ["datetime(6)", "date", "time", "varchar(40)"])
def test_a_default_of_now_on_mysql(tmp_path: Path, new: Any, type: str) -> None:
    """The server takes the default as the remedy writes it."""
    base = executed("CREATE TABLE people (id int PRIMARY KEY)", "INSERT INTO people VALUES (1)")
    change = executed(f"ALTER TABLE people ADD COLUMN seen {type} DEFAULT (now())")
    way = Followed(tmp_path, new, "mysql")
    database = way.follow(base, way.steps("adding-column-with-volatile-default", base, change))
    assert [tuple(row) for row in database.execute("SELECT count(*) FROM people WHERE seen IS NOT NULL")] == [(1,)]


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
def test_a_copy_by_ranges_copies_each_row_once(tmp_path: Path, new: Any, kind: str) -> None:
    """Negative keys too; the read table has a name that needs quotes."""
    base = executed(
        "CREATE TABLE `order` (`key` int PRIMARY KEY, code varchar(20))",
        "CREATE TABLE logs (code varchar(20))",
        "INSERT INTO `order` VALUES (-3, 'a'), (0, 'b'), (999, 'c'), (1000, 'd'), (2500, 'e')",
    )
    way = Followed(tmp_path, new, kind)
    steps = way.steps("unbatched-backfill", base, executed("INSERT INTO logs (code) SELECT code FROM `order`"))
    database = way.follow(base, steps)
    assert [row[0] for row in database.execute("SELECT code FROM logs ORDER BY code")] == ["a", "b", "c", "d", "e"]


UNKNOWN_PLACE = executed("ALTER TABLE people ADD COLUMN nick_name int AFTER nothing")


@pytest.mark.parametrize(
    ("kind", "id"),
    [
        ("mariadb", "missing-lock-timeout"),
        ("mysql", "missing-lock-timeout"),
        ("postgresql", "missing-lock-timeout"),
        ("postgresql", "missing-statement-timeout"),
    ],
)
def test_a_timeout_set_in_env_py(tmp_path: Path, new: Any, kind: str, id: str) -> None:
    """The server takes the line as it is, and what the migrations make stays: no transaction is left open."""
    base = executed("CREATE TABLE people (id int PRIMARY KEY)")
    change = executed("CREATE INDEX ix ON people (id)", "ALTER TABLE people ADD COLUMN nick int NOT NULL DEFAULT 0")
    way = Followed(tmp_path, new, kind)
    # MySQL and MariaDB: told where a statement was not watched to its end
    (line,) = way.steps(id, base, change if kind == "postgresql" else f"{change}\n{UNKNOWN_PLACE}")
    repo = project_for(tmp_path, kind, {"b1": revision("b1", None, base), "c1": revision("c1", "b1", change)})
    env = repo / "migrations/env.py"
    env.write_text(env.read_text().replace("context.run_migrations()", f"{line}\n        context.run_migrations()"))
    database = new(kind)
    migrate(repo, database, "head")
    assert [tuple(row) for row in database.execute("SELECT version_num FROM alembic_version")] == [("c1",)]
    name, seconds = line.split('"')[1].removeprefix("SET ").split(" = ")
    assert seconds == ("'5s'" if kind == "postgresql" else "5")
    assert name in ("lock_timeout", "statement_timeout", "lock_wait_timeout")


OWNERS = executed(
    "CREATE TABLE `order` (id int PRIMARY KEY, note varchar(90)) DEFAULT CHARSET=utf8mb4",
    "CREATE TABLE goods (id int PRIMARY KEY)",
    "CREATE TRIGGER tr BEFORE INSERT ON goods FOR EACH ROW SET NEW.id = NEW.id + 0",
)


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
@pytest.mark.parametrize(
    ("id", "change", "tool"),
    [
        (
            "adding-foreign-key",
            'op.add_column("goods", sa.Column("owner_id", sa.Integer, sa.ForeignKey("order.id", name="fk_own")))',
            "ADD COLUMN owner_id INTEGER, ADD CONSTRAINT fk_own FOREIGN KEY(owner_id) REFERENCES `order` (id)",
        ),
        (
            "adding-fulltext-index",
            executed("CREATE FULLTEXT INDEX ft ON `order` (note)"),
            "ADD FULLTEXT INDEX ft (note)",
        ),
    ],
)
def test_one_run_of_a_tool(tmp_path: Path, new: Any, kind: str, id: str, change: str, tool: str) -> None:
    """The clauses that it is given do all that the revision does; stamp marks nothing that has not run."""
    way = Followed(tmp_path, new, kind)
    before, run, after = way.steps(id, OWNERS, change)
    assert (before, after) == ("alembic upgrade b1", "alembic stamp c1")
    words = shlex.split(run.splitlines()[-1])
    assert words[words.index("--alter") + 1].replace("\\`", "`") == tool  # which a shell does, and shlex does not
    assert ("--preserve-triggers" in words, "gh-ost" in run) == (
        (True, False) if "goods" in words[-2] else (False, True)
    )
    way.follow(OWNERS, [executed(f"ALTER TABLE `{words[-2].rpartition('=')[2]}` {tool}")])


CREDIT = executed(
    "CREATE TABLE people (id int PRIMARY KEY, credit decimal(8,2))", "INSERT INTO people VALUES (1, NULL)"
)
FILL = "UPDATE people SET credit = 0 WHERE credit IS NULL"


@pytest.mark.parametrize("kind", ["mariadb", "mysql", "sqlite"])
@pytest.mark.parametrize("id", ["not-split-backfill-and-set-not-null", "setting-not-null"])
def test_a_column_made_required(tmp_path: Path, new: Any, kind: str, id: str) -> None:
    """The last step keeps the default that the revision gives the column."""
    if kind == "sqlite":
        change = 'with op.batch_alter_table("people") as b:\n    b.alter_column("credit", nullable=False)'
    else:
        change = executed("ALTER TABLE people MODIFY credit DECIMAL(8,2) NOT NULL DEFAULT 0 COMMENT 'held: EUR'")
    way = Followed(tmp_path, new, kind)
    fill, last = way.steps(id, CREDIT, f"{executed(FILL)}\n{change}")
    database = way.follow(CREDIT, [fill.replace("credit = ...", "credit = 0"), last])
    with pytest.raises(Exception, match="(?i)null"):
        database.execute("INSERT INTO people VALUES (2, NULL)")
    if kind != "sqlite":
        database.execute("INSERT INTO people (id) VALUES (3)")
        comment = "SELECT COLUMN_COMMENT FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND COLUMN_NAME = 'credit'"
        assert [row[0] for row in database.execute(comment)] == ["held: EUR"]


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
def test_a_text_that_becomes_json(tmp_path: Path, new: Any, kind: str) -> None:
    """No error on every row: NULL and valid JSON pass, and the query of the finding counts the others."""
    base = executed("CREATE TABLE goods (id int PRIMARY KEY, `order` text)")
    rows = executed("""INSERT INTO goods VALUES (1, NULL), (2, '{"a": 1}'), (3, 'plain'), (4, '')""")
    change = executed("ALTER TABLE goods MODIFY `order` JSON")
    repo = repository(
        tmp_path / "gate", {"b1": revision("b1", None, base)}, {"c1": revision("c1", "b1", change)}, url=URLS[kind]
    )
    words = ("--database-url", new(kind).url("pymysql"), "--only", "upgrade-works,safe-operations")
    (found,) = [
        one
        for one in gate(repo, "--base", "main", *words).project["findings"]
        if one["category"] == "fails-on-existing-rows"
    ]
    assert (found["id"], found["severity"]) == ("changing-column-type", "warning")
    way = Followed(tmp_path, new, kind)
    database = way.follow(base, [rows])
    assert [row[0] for row in database.execute(found["precondition_sql"])] == [2]
    mend = found["remedy"]["steps"][0]["code"]
    way.folder = tmp_path / "followed"
    database = way.follow(base, [rows, mend, change])
    assert [row[0] for row in database.execute("SELECT count(*) FROM goods WHERE JSON_VALID(`order`)")] == [3]


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
def test_a_key_over_the_first_characters(tmp_path: Path, new: Any, kind: str) -> None:
    """The query counts the rows that the key refuses, and the key of the remedy refuses just these."""
    base, change = PEOPLE, executed("ALTER TABLE people ADD CONSTRAINT ux UNIQUE (email(5))")
    repo = repository(
        tmp_path / "gate", {"b1": revision("b1", None, base)}, {"c1": revision("c1", "b1", change)}, url=URLS[kind]
    )
    words = ("--database-url", new(kind).url("pymysql"), "--only", "safe-operations")
    findings = gate(repo, "--base", "main", *words).project["findings"]
    (found,) = [one for one in findings if one["category"] == "fails-on-existing-rows"]
    rows = executed("INSERT INTO people VALUES (1, 'carla@a', NULL), (2, 'carla@b', NULL), (3, 'carl', NULL)")
    database = Followed(tmp_path / "rows", new, kind).follow(base, [rows])
    assert [row[0] for row in database.execute(found["precondition_sql"])] == [1]
    mended = executed("DELETE FROM people WHERE id = 1")
    build = found["remedy"]["steps"][-1]["code"]
    database = Followed(tmp_path / "followed", new, kind).follow(base, [rows, mended, build])
    with pytest.raises(Exception, match="(?i)duplicate"):
        database.execute("INSERT INTO people VALUES (4, 'carla@c', NULL)")


TALL = """
CREATE TABLE people (id int PRIMARY KEY, name varchar(40) NOT NULL, ref varchar(40), state varchar(9) NOT NULL);
CREATE TABLE pairs (a int, b varchar(9), v int, PRIMARY KEY (a, b));
CREATE TABLE paid (who int, total int)
"""
LIKE = "UPDATE people SET state = 'x:y' WHERE name LIKE '%1' OR name = 'a:b'"
TRIM = "UPDATE people SET name = trim(name), ref = NULL"
ANY_SERVER = (
    "UPDATE people SET ref = NULL WHERE ref = ''",
    TRIM,
    LIKE,
    "UPDATE pairs SET v = v + 1",
    "UPDATE people SET ref = (SELECT max(total) FROM paid WHERE who = people.id)",
)
CTE = "WITH t AS (SELECT who, sum(total) AS s FROM paid GROUP BY who) UPDATE people p SET ref = t.s FROM t WHERE t.who = p.id"
MERGE = "MERGE INTO people p USING paid ON p.id = paid.who WHEN MATCHED THEN UPDATE SET ref = paid.total, state = 'm'"


def tall() -> str:
    """Tables of more rows than a batch has."""
    rows = "[{'i': i, 'n': f' {i} ', 'r': '' if i % 2 else 'r'} for i in range(-5, 2600)]"
    return executed(*TALL.split(";")) + (
        f"\nrows = {rows}\n"
        "bind = op.get_bind()\n"
        "bind.execute(sa.text(\"INSERT INTO people VALUES (:i, :n, :r, 'new')\"), rows)\n"
        'bind.execute(sa.text("INSERT INTO pairs VALUES (CASE WHEN :i > 1300 THEN 2 ELSE 1 END, :n, 1)"), rows)\n'
        'bind.execute(sa.text("INSERT INTO paid VALUES (:i * 3, :i)"), rows)'
    )


@pytest.mark.parametrize(
    ("kind", "sql"),
    [
        *(("postgresql", sql) for sql in ANY_SERVER),
        *(("sqlite", sql) for sql in (ANY_SERVER[0], ANY_SERVER[4])),
        *(("mysql", sql) for sql in (LIKE, ANY_SERVER[3])),
        *(("mariadb", sql) for sql in (TRIM, ANY_SERVER[3])),
        ("postgresql", CTE),
        ("postgresql", MERGE),
    ],
)
def test_batches_write_what_the_one_update_writes(tmp_path: Path, new: Any, kind: str, sql: str) -> None:
    """Each row once, whatever the value is, and with an end; over one column and over several."""
    way = Followed(tmp_path, new, kind)
    followed = way.follow(tall(), way.steps("unbatched-backfill", tall(), executed(sql)))
    way.folder = tmp_path / "at_once"
    at_once = way.follow(tall(), [executed(sql)])
    for question in ("SELECT * FROM people ORDER BY id", "SELECT * FROM pairs ORDER BY a, b"):
        assert [tuple(row) for row in followed.execute(question)] == [tuple(row) for row in at_once.execute(question)]


def test_a_parameter_is_named_in_the_batches(tmp_path: Path, new: Any) -> None:
    """The value is the author's to fill in, as SQLAlchemy's own UPDATE gave it."""
    change = (
        "people = sa.table('people', sa.column('state', sa.String()))\nop.execute(people.update().values(state='old'))"
    )
    way = Followed(tmp_path, new, "postgresql")
    [code] = way.steps("unbatched-backfill", tall(), change)
    database = way.follow(tall(), [code.replace('"state": ...', '"state": "old"')])
    assert [tuple(row) for row in database.execute("SELECT DISTINCT state FROM people")] == [("old",)]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE shown SET name = 'x'",
        "UPDATE paid SET total = 1",
        "UPDATE people SET id = id + 10000",
        "UPDATE people SET state = (SELECT max(state) FROM people)",
        "DO $$ BEGIN UPDATE people SET state = 'x'; END $$",
        "MERGE INTO people p USING paid ON p.id = paid.who WHEN MATCHED THEN UPDATE SET ref = 'x' "
        "WHEN NOT MATCHED THEN INSERT VALUES (paid.who + 9000 * paid.total, 'x', 'y', 'z')",
    ],
)
def test_no_batches_where_ranges_would_write_something_else(tmp_path: Path, new: Any, sql: str) -> None:
    """A view, no key, a key that moves, rows that look at each other, a branch for rows that are not there."""
    base = tall() + "\nop.execute('CREATE VIEW shown AS SELECT * FROM people')"
    assert Followed(tmp_path, new, "postgresql").steps("unbatched-backfill", base, executed(sql)) == []
