"""The clauses of an ALTER TABLE of MySQL or MariaDB as texts, one by one; an index statement is told as its clause."""

from __future__ import annotations

from gate.sql._words import NotRead, Reader, Word, mysql_words, uncommented

_WISHES = {
    "ALGORITHM": frozenset({"INSTANT", "NOCOPY", "INPLACE", "COPY", "DEFAULT"}),
    "LOCK": frozenset({"NONE", "SHARED", "EXCLUSIVE", "DEFAULT"}),
}


def alter_clauses(sql: str) -> tuple[str, ...]:
    """What stands behind ``ALTER TABLE name``, without ALGORITHM and LOCK; empty for a statement that has no such form.

    ``CREATE UNIQUE INDEX a ON t (b)`` is ``ADD UNIQUE INDEX a (b)``.
    """
    text = uncommented(sql).strip().rstrip(";")
    reader = Reader(text, mysql_words(text))
    try:
        read = {"ALTER": _alter, "CREATE": _create_index, "DROP": _drop_index}.get(reader.take().upper)
        return tuple(clause for clause in read(reader) if clause) if read else ()
    except NotRead:
        return ()


def _alter(reader: Reader) -> tuple[str, ...]:
    while reader.any_of("ONLINE", "IGNORE", "OFFLINE"):
        pass
    reader.expect("TABLE")
    reader.accept("IF", "EXISTS")
    reader.name()
    _patience(reader)
    return tuple(_said(part.words) for part in reader.rest())


def _create_index(reader: Reader) -> tuple[str, ...]:
    reader.accept("OR", "REPLACE")
    reader.any_of("ONLINE", "OFFLINE")
    kind = reader.any_of("UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR")
    reader.expect("INDEX")
    begun = reader.at
    while reader.peek() != "ON":
        reader.take()
    name = _said(reader.words[begun : reader.at])
    reader.take()
    reader.name()
    _patience(reader)
    return (" ".join(filter(None, ["ADD", kind, "INDEX", name, _said(reader.words[reader.at :])])),)


def _drop_index(reader: Reader) -> tuple[str, ...]:
    reader.expect("INDEX")
    exists = "IF EXISTS " if reader.accept("IF", "EXISTS") else ""
    name = reader.take().text
    reader.expect("ON")
    return (f"DROP INDEX {exists}{name}",)


def _patience(reader: Reader) -> None:
    """MariaDB's WAIT n and NOWAIT."""
    if reader.accept("WAIT"):
        reader.take()
    reader.accept("NOWAIT")


def _said(words: tuple[Word, ...]) -> str:
    """The words with one space where there were some, or a comment."""
    told, end = "", None
    for word in _without_wishes(words):
        gap = " " if end is not None and word.start > end else ""
        told, end = told + gap + word.text, word.end
    return told


def _without_wishes(words: tuple[Word, ...]) -> list[Word]:
    """The words without ``ALGORITHM = x`` and ``LOCK = x``, which may follow other options without a comma."""
    kept: list[Word] = []
    at = 0
    while at < len(words):
        width = 2 if at + 1 < len(words) and words[at + 1].text == "=" else 1
        value = words[at + width].upper if at + width < len(words) else ""
        if value in _WISHES.get(words[at].upper, ()):
            at += width + 1
        else:
            kept.append(words[at])
            at += 1
    return kept
