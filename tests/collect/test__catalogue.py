"""The catalogue beside a running deploy is what the server would say if it were read whole after every statement."""

from __future__ import annotations

from gate.databases import _catalog_postgresql
from gate.databases.base import ScratchServer
from tests.observed import BEFORE, Session

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


def test_each_statement_leaves_the_catalogue_as_the_server_has_it(observed_server: ScratchServer) -> None:
    """Tables, types, sequences: read in part after each statement, the same as read whole."""
    database = observed_server.create()
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
