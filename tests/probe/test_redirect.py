"""Project code that tries to reach another database than the scratch one, with a real second server in reach.

What a Python process cannot be kept from is left to the container: a private function of a driver, ctypes, a program
such as psql, and SQL that makes the scratch server itself connect (dblink, postgres_fdw, COPY ... PROGRAM).
"""

from __future__ import annotations

import importlib.util
import sqlite3
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from gate.databases.base import ScratchDatabase, open_server
from gate.errors import ServerUnavailable
from gate.sandbox import Launch, Probe

BEGIN = """\
import asyncio, os
import sqlalchemy as sa
from sqlalchemy import event
REAL, HOST, PORT, USER, WORD, NAME = (os.environ["REAL_" + one] for one in ("URL", "HOST", "PORT", "USER", "WORD", "NAME"))
WHERE = dict(host=HOST, port=int(PORT), user=USER, password=WORD)
def mark(engine):
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE IF NOT EXISTS hit (id int)"))
def raw(connection):
    connection.cursor().execute("CREATE TABLE hit_raw (id int)")
    connection.commit()
"""
LANDS = {  # reaches a database: the scratch one
    "url": "mark(sa.create_engine(REAL))",
    "connect_args": "mark(sa.create_engine(REAL, connect_args=dict(WHERE, dbname=NAME, sslmode='disable')))",
    "creator": "import psycopg2\nmark(sa.create_engine(REAL, creator=lambda: psycopg2.connect(dbname=NAME, **WHERE)))",
    "raw_connection": "c = sa.create_engine(REAL).raw_connection()\nc.cursor().execute('CREATE TABLE hit_two (id int)')\nc.commit()",
    "from_config": "mark(sa.engine_from_config({'sqlalchemy.url': REAL}))",
    "rewriting_listener": (
        "e = sa.create_engine('postgresql+psycopg2://nobody@nowhere/x')\n"
        "@event.listens_for(e, 'do_connect', insert=True)\n"
        "def steer(dialect, record, cargs, cparams):\n    cparams.update(WHERE, dbname=NAME)\n"
        "mark(e)"
    ),
    "connecting_listener": (
        "import psycopg2\ne = sa.create_engine(REAL)\n"
        "@event.listens_for(sa.engine.Engine, 'do_connect', insert=True)\n"
        "def steer(*_):\n    return psycopg2.connect(dbname=NAME, **WHERE)\n"
        "try:\n    mark(e)\nfinally:\n    event.remove(sa.engine.Engine, 'do_connect', steer)"
    ),
    "environment": "os.environ.update(PGHOSTADDR=HOST, PGPORT=PORT, PGUSER=USER, PGPASSWORD=WORD)\nmark(sa.create_engine(REAL))",
}
REFUSED = {  # reaches nothing
    "psycopg2": "import psycopg2\nraw(psycopg2.connect(dbname=NAME, **WHERE))",
    "pool": (
        "import psycopg2\nfrom sqlalchemy.pool import QueuePool\n"
        "mark(sa.create_engine(REAL, pool=QueuePool(lambda: psycopg2.connect(dbname=NAME, **WHERE))))"
    ),
    "psycopg": "import psycopg\nraw(psycopg.connect(dbname=NAME, **WHERE))",
    "psycopg_class": "import psycopg\nraw(psycopg.Connection.connect(dbname=NAME, **WHERE))",
    "psycopg_async": "import psycopg\nasyncio.run(psycopg.AsyncConnection.connect(dbname=NAME, **WHERE))",
    "asyncpg": "import asyncpg\nasyncio.run(asyncpg.connect(database=NAME, **WHERE))",
    "asyncpg_pool": (
        "import asyncpg\nasync def go():\n    async with asyncpg.create_pool(database=NAME, **WHERE) as pool:\n"
        "        await pool.execute('CREATE TABLE hit_pool (id int)')\nasyncio.run(go())"
    ),
    "pg8000": "import pg8000\nraw(pg8000.connect(database=NAME, **WHERE))",
    "pg8000_native": "import pg8000.native\npg8000.native.Connection(database=NAME, **WHERE).run('CREATE TABLE hit_native (id int)')",
}


def env(attacks: dict[str, str]) -> str:
    """An env.py that tries each way and prints what became of it."""
    text = BEGIN
    for name, code in attacks.items():
        text += (
            f"try:\n{textwrap.indent(code, '    ')}\n    print('{name} reached')\n"
            f"except Exception as error:\n    print('{name}', type(error).__name__)\n"
        )
    return text + "print('done', flush=True)\n"


def told(folder: Path, code: str, answer: Any, url: str, **variables: str) -> dict[str, str]:
    """What each attack of an env.py came to."""
    tree = folder / "tree"
    (tree / "migrations/versions").mkdir(parents=True)
    (tree / "migrations/env.py").write_text(code)
    launch = Launch(sys.executable, tree, ".", variables, folder, 60)
    with Probe(launch, answer) as probe:
        probe.call("load", project={"kind": "script-location", "script_location": "migrations"}, url=url)
        probe.call("visit")
        for _ in range(100):  # the reader of its output is a thread
            if "done" in probe.tail.splitlines():
                break
            time.sleep(0.1)
        lines = dict(line.partition(" ")[::2] for line in probe.tail.splitlines())
    assert "done" in lines, lines
    return lines


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[ScratchDatabase, ScratchDatabase]]:
    """A scratch database, and a database on a second server that nobody may touch."""
    with ExitStack() as stack:
        found = []
        for name in ("scratch", "real"):
            try:
                server = open_server("postgresql", None, None, cache_dir=tmp_path / "cache",
                                     workdir=tmp_path / name, progress=lambda _: None)  # fmt: skip
            except ServerUnavailable as error:
                pytest.skip(f"no PostgreSQL server: {error}")
            found.append(stack.enter_context(server).create("appdb"))
        yield found[0], found[1]


def test_no_way_of_python_leads_to_another_postgresql_server(
    tmp_path: Path, servers: tuple[ScratchDatabase, ScratchDatabase]
) -> None:
    """Engines, pools and listeners land on the scratch database, drivers used directly are refused."""
    scratch, real = servers
    refused = {name: code for name, code in REFUSED.items()
               if importlib.util.find_spec(name.split("_")[0] if name != "pool" else "psycopg2")}  # fmt: skip
    for name in set(REFUSED) - set(refused):
        print(f"not tried: {name} (its driver is not installed)")
    parts = real.parts
    variables = {"REAL_URL": real.url("psycopg2"), "REAL_HOST": str(parts["host"]), "REAL_PORT": str(parts["port"]),
                 "REAL_USER": str(parts["user"]), "REAL_WORD": str(parts["password"]), "REAL_NAME": str(parts["database"])}  # fmt: skip

    def answer(event: dict[str, Any]) -> dict[str, Any] | None:
        return {"url": scratch.url(event["driver"])} if event.get("event") == "need" else None

    lines = told(tmp_path / "probe", env({**LANDS, **refused}), answer, scratch.url("psycopg2"), **variables)
    assert {name: lines[name] for name in LANDS} == dict.fromkeys(LANDS, "reached")
    assert {name: lines[name] for name in refused} == dict.fromkeys(refused, "Refused")
    assert sorted(scratch.schema().tables) == ["hit", "hit_two"]
    assert not real.schema().tables


def test_no_sqlite_file_outside_of_the_private_copy_is_opened(tmp_path: Path) -> None:
    """Neither by the module itself nor by ATTACH; memory, the copy and HOME stay free."""
    real, scratch = tmp_path / "real.db", tmp_path / "scratch.db"
    with sqlite3.connect(real) as connection:
        connection.execute("CREATE TABLE kept (id int)")
    before = real.read_bytes()
    attacks = {
        "module": "import sqlite3\nraw(sqlite3.connect(REAL))",
        "uri": "import sqlite3\nraw(sqlite3.connect('file:' + REAL + '?mode=rwc', uri=True))",
        "pool": "import sqlite3\nfrom sqlalchemy.pool import StaticPool\nmark(sa.create_engine('sqlite://', pool=StaticPool(lambda: sqlite3.connect(REAL))))",
        "attach": "with sa.create_engine('sqlite://').connect() as c:\n    c.exec_driver_sql(\"ATTACH '%s' AS r\" % REAL)",
        "attach_bound": "with sa.create_engine('sqlite://').connect() as c:\n    c.exec_driver_sql('attach database ? as r', (REAL,))",
        "engine": "mark(sa.create_engine('sqlite:///' + REAL))",
        "memory": "import sqlite3\nraw(sqlite3.connect(':memory:'))",
        "copy": "import sqlite3\nraw(sqlite3.connect('cache.db'))",
        "attach_copy": "with sa.create_engine('sqlite://').connect() as c:\n    c.exec_driver_sql(\"ATTACH 'other.db' AS r\")",
    }
    variables = {
        f"REAL_{name}": str(real) if name == "URL" else "1" for name in ("URL", "HOST", "PORT", "USER", "WORD", "NAME")
    }
    (tmp_path / "probe").mkdir()
    lines = told(tmp_path / "probe", env(attacks), lambda _: {"url": f"sqlite:///{scratch}"}, "sqlite://", **variables)
    assert {name: lines[name] for name in attacks} == {
        **dict.fromkeys(("module", "uri", "pool", "attach", "attach_bound"), "Refused"),
        **dict.fromkeys(("engine", "memory", "copy", "attach_copy"), "reached"),
    }
    assert real.read_bytes() == before
