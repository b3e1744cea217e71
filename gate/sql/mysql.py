"""MySQL's statements; MariaDB's are the same with a few words more, all read here.

Sources: https://dev.mysql.com/doc/refman/8.4/en/alter-table.html, https://mariadb.com/kb/en/alter-table/.
"""

from __future__ import annotations

from collections.abc import Callable

from gate.facts.changes import (
    AddColumn,
    AddConstraint,
    AlterAlgorithm,
    Change,
    CreateIndex,
    CreateSchema,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropIndex,
    DropSchema,
    Harmless,
    Maintenance,
    ModifyColumn,
    RenameColumn,
    RenameIndex,
    RenameTable,
    SetDefault,
    SetSetting,
    SetTableOption,
    Truncate,
)
from gate.facts.schema import ConstraintKind
from gate.sql import _endings, _locking, _partitions, _plain, _words
from gate.sql._columns import column, constraint, default_value
from gate.sql._parsed import Parsed
from gate.sql._words import NotRead, Reader, mysql_words, uncommented, unquoted


def parse(sql: str) -> Parsed:
    """Every change that the text means."""
    changes: list[Change] = []
    understood = True
    for statement in split(sql):
        parsed = _statement(statement)
        changes += parsed.changes
        understood = understood and parsed.understood
    return Parsed(tuple(changes), understood)


def split(text: str) -> tuple[str, ...]:
    """The statements of a script."""
    text = uncommented(text)
    return _words.split(text, mysql_words(text))


def _statement(sql: str) -> Parsed:
    words = mysql_words(sql)
    if words and words[0].upper == "ALTER":
        return _alter(Reader(sql, words))
    return _plain.read(sql, words, _VERBS, "mysql")


def _alter(reader: Reader) -> Parsed:
    reader.take()
    while reader.any_of("ONLINE", "IGNORE", "OFFLINE"):
        pass
    if not reader.accept("TABLE"):
        return Parsed((Harmless("alter"),))
    try:
        reader.accept("IF", "EXISTS")
        table = reader.name()
        if reader.accept("WAIT"):
            reader.take()
        reader.accept("NOWAIT")
    except NotRead:
        return Parsed(understood=False)
    return _clauses(reader, table)


def _clauses(reader: Reader, table: str) -> Parsed:
    """Each clause on its own: an unknown one does not hide the others."""
    changes: list[Change] = []
    understood = True
    for part in _partitions.clauses(reader):
        try:
            changes += _clause(part, table)
        except NotRead:
            understood = False
    return Parsed(tuple(_with_algorithm(changes, table)), understood)


def _with_algorithm(changes: list[Change], table: str) -> list[Change]:
    """ALGORITHM and LOCK are two clauses of one wish."""
    wishes = [change for change in changes if isinstance(change, AlterAlgorithm)]
    if len(wishes) < 2:
        return changes
    algorithm = next((wish.algorithm for wish in wishes if wish.algorithm), None)
    lock = next((wish.lock for wish in wishes if wish.lock), None)
    others = [change for change in changes if not isinstance(change, AlterAlgorithm)]
    return [*others, AlterAlgorithm(table, algorithm, lock)]


def _clause(part: Reader, table: str) -> tuple[Change, ...]:
    word = part.peek()
    if word in _CLAUSES:
        part.take()
        return _CLAUSES[word](part, table)
    return _options(part, table)


def _add(part: Reader, table: str) -> tuple[Change, ...]:
    if part.accept("PARTITION"):
        return (_partitions.added(part, table),)
    if part.peek() == "SYSTEM" or (part.peek() == "PERIOD" and part.peek(1) == "FOR"):
        return (SetTableOption(table, "system-versioning", "add"),)
    found = constraint(part)
    if found:
        return (AddConstraint(table, found),)
    kind = part.any_of("FULLTEXT", "SPATIAL", "UNIQUE", "VECTOR")
    if part.any_of("INDEX", "KEY") or kind:
        return (_index(part, table, kind),)
    part.accept("COLUMN")
    exists = part.accept("IF", "NOT", "EXISTS")
    if part.peek() == "(":
        return tuple(AddColumn(table, column(one), exists) for one in part.parts(*part.group()))
    return (AddColumn(table, column(part), exists),)


def _index(part: Reader, table: str, kind: str) -> Change:
    part.accept("IF", "NOT", "EXISTS")
    name = part.name() if part.peek() not in ("(", "USING") else None
    if part.accept("USING"):
        part.take()
    return _plain.index(part, CreateIndex(table, name), kind)


def _drop(part: Reader, table: str) -> tuple[Change, ...]:
    if part.accept("PRIMARY", "KEY"):
        return (DropConstraint(table, "PRIMARY", "primary-key"),)
    if part.accept("PARTITION"):
        return (_partitions.emptied(part, table, drops=True),)
    if part.peek() == "SYSTEM" or (part.peek() == "PERIOD" and part.peek(1) == "FOR"):
        return (SetTableOption(table, "system-versioning", "drop"),)
    if part.accept("FOREIGN", "KEY"):
        part.accept("IF", "EXISTS")
        return (DropConstraint(table, part.name(), "foreign-key"),)
    if part.peek(1) and part.any_of("INDEX", "KEY"):
        exists = part.accept("IF", "EXISTS")
        return (DropIndex(part.name(), table, if_exists=exists),)
    if len(part.words) > part.at + 1 and part.peek() in ("CHECK", "CONSTRAINT"):
        kind: ConstraintKind | None = "check" if part.take().upper == "CHECK" else None
        part.accept("IF", "EXISTS")
        return (DropConstraint(table, part.name(), kind),)
    if len(part.words) > part.at + 1:
        part.accept("COLUMN")
    part.accept("IF", "EXISTS")
    return (DropColumn(table, part.name()),)


def _modify(part: Reader, table: str) -> tuple[Change, ...]:
    part.accept("COLUMN")
    part.accept("IF", "EXISTS")
    spec = column(part)
    return (ModifyColumn(table, spec.name, spec),)


def _change(part: Reader, table: str) -> tuple[Change, ...]:
    part.accept("COLUMN")
    part.accept("IF", "EXISTS")
    return (ModifyColumn(table, part.name(), column(part)),)


def _alter_column(part: Reader, table: str) -> tuple[Change, ...]:
    if part.any_of("INDEX", "KEY", "CHECK", "CONSTRAINT"):
        return (SetTableOption(table, "visibility", part.between(part.at, len(part.words))),)
    part.accept("COLUMN")
    part.accept("IF", "EXISTS")
    name = part.name()
    if part.accept("DROP", "DEFAULT"):
        return (DropDefault(table, name),)
    part.expect("SET")
    if part.accept("DEFAULT"):
        return (SetDefault(table, name, default_value(part)),)
    return (SetTableOption(table, "visibility", name),)


def _rename(part: Reader, table: str) -> tuple[Change, ...]:
    if part.any_of("INDEX", "KEY"):
        name = part.name()
        part.expect("TO")
        return (RenameIndex(name, part.name(), table),)
    if part.accept("COLUMN"):
        part.accept("IF", "EXISTS")
        name = part.name()
        part.expect("TO")
        return (RenameColumn(table, name, part.name()),)
    part.any_of("TO", "AS", "=")
    return (RenameTable(table, part.name()),)


def _convert(part: Reader, table: str) -> tuple[Change, ...]:
    """CONVERT TO CHARACTER SET x [COLLATE y]: every text column is rewritten."""
    part.expect("TO")
    if not part.any_of("CHARSET"):
        part.any_of("CHARACTER", "CHAR")
        part.expect("SET")
    return (SetTableOption(table, "convert-charset", part.between(part.at, len(part.words))),)


def _force(part: Reader, table: str) -> tuple[Change, ...]:
    return (Maintenance("force", table),)


def _partition(part: Reader, table: str) -> tuple[Change, ...]:
    return (_partitions.changed(part, table),)


def _truncate_partition(part: Reader, table: str) -> tuple[Change, ...]:
    part.expect("PARTITION")
    return (_partitions.emptied(part, table, drops=False),)


def _algorithm(part: Reader, table: str) -> tuple[Change, ...]:
    part.accept("=")
    return (AlterAlgorithm(table, algorithm=part.take().upper), *_more(part, table))


def _lock(part: Reader, table: str) -> tuple[Change, ...]:
    part.accept("=")
    return (AlterAlgorithm(table, lock=part.take().upper), *_more(part, table))


def _more(part: Reader, table: str) -> tuple[Change, ...]:
    """Table options may follow each other without a comma."""
    return () if part.done else _clause(part, table)


def _options(part: Reader, table: str) -> tuple[Change, ...]:
    part.accept("DEFAULT")
    option = part.take().upper
    if option in ("CHARACTER", "CHAR"):
        part.expect("SET")
        option = "CHARSET"
    if option not in _OPTIONS:
        raise NotRead(f"table option {option}")
    part.accept("=")
    value = unquoted(part.take().text)
    return (SetTableOption(table, option.lower().replace("_", "-"), value), *_more(part, table))


_OPTIONS = frozenset(
    [
        "ENGINE",
        "CHARSET",
        "COLLATE",
        "ROW_FORMAT",
        "AUTO_INCREMENT",
        "COMMENT",
        "KEY_BLOCK_SIZE",
        "STATS_PERSISTENT",
        "STATS_AUTO_RECALC",
        "STATS_SAMPLE_PAGES",
        "AVG_ROW_LENGTH",
        "CHECKSUM",
        "COMPRESSION",
        "CONNECTION",
        "DELAY_KEY_WRITE",
        "ENCRYPTED",
        "ENCRYPTION",
        "ENCRYPTION_KEY_ID",
        "INSERT_METHOD",
        "MAX_ROWS",
        "MIN_ROWS",
        "PACK_KEYS",
        "PAGE_CHECKSUM",
        "PAGE_COMPRESSED",
        "TABLESPACE",
        "TRANSACTIONAL",
        "DATA",
        "INDEX",
    ]
)


def _harmless(part: Reader, table: str) -> tuple[Change, ...]:
    return (SetTableOption(table, "other", part.between(0, len(part.words))),)


_CLAUSES: dict[str, Callable[[Reader, str], tuple[Change, ...]]] = {
    "ADD": _add,
    "DROP": _drop,
    "MODIFY": _modify,
    "CHANGE": _change,
    "ALTER": _alter_column,
    "RENAME": _rename,
    "CONVERT": _convert,
    "FORCE": _force,
    "PARTITION": _partition,
    "REMOVE": _partition,
    "REORGANIZE": _partition,
    "REBUILD": _partition,
    "COALESCE": _partition,
    "EXCHANGE": _partition,
    "TRUNCATE": _truncate_partition,
    "ALGORITHM": _algorithm,
    "LOCK": _lock,
    "ORDER": _force,
    "DISABLE": _harmless,
    "ENABLE": _harmless,
    "VALIDATION": _harmless,
}


def _rename_tables(reader: Reader) -> tuple[Change, ...]:
    reader.take()
    if not reader.any_of("TABLE", "TABLES"):
        return (Harmless("rename"),)
    reader.accept("IF", "EXISTS")
    renamed: list[Change] = []
    for part in reader.rest():
        table = part.name()
        part.expect("TO")
        renamed.append(RenameTable(table, part.name()))
    return tuple(renamed)


def _truncate(reader: Reader) -> tuple[Change, ...]:
    reader.take()
    reader.accept("TABLE")
    return (Truncate(reader.name()),)


def _maintain(reader: Reader) -> tuple[Change, ...]:
    verb = reader.take().text.lower()
    reader.any_of("NO_WRITE_TO_BINLOG", "LOCAL")
    if not reader.any_of("TABLE", "TABLES"):
        return (Harmless(verb),)
    return tuple(Maintenance(verb, part.name()) for part in reader.rest())


def _set(reader: Reader) -> tuple[Change, ...]:
    reader.take()
    settings: list[Change] = []
    for part in reader.rest():
        while part.any_of("SESSION", "GLOBAL", "LOCAL", "@@SESSION", "@@GLOBAL", "@@LOCAL", "."):
            pass
        name = part.take().text.lstrip("@").lower()
        if not part.any_of("=", ":="):
            return (Harmless("set"),)
        settings.append(SetSetting(name, part.between(part.at, len(part.words)).strip("'\"")))
    return tuple(settings)


def _create(reader: Reader) -> tuple[Change, ...]:
    if reader.peek(1) in ("DATABASE", "SCHEMA"):
        reader.at += 2
        reader.accept("IF", "NOT", "EXISTS")
        return (CreateSchema(reader.name()),)
    return _endings.ended(reader, _plain.create(reader))


def _drop_any(reader: Reader) -> tuple[Change, ...]:
    if reader.peek(1) in ("DATABASE", "SCHEMA"):
        reader.at += 2
        reader.accept("IF", "EXISTS")
        return (DropSchema(reader.name()),)
    return _endings.ended(reader, _plain.drop(reader))


_VERBS: dict[str, _plain.ReadStatement] = {
    "CREATE": _create,
    "DROP": _drop_any,
    "RENAME": _rename_tables,
    "TRUNCATE": _truncate,
    "LOCK": _locking.lock_tables,
    "FLUSH": _locking.flush,
    "SET": _set,
    **dict.fromkeys(("OPTIMIZE", "ANALYZE", "REPAIR", "CHECK", "CHECKSUM"), _maintain),
}
