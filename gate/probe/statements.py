"""The statements of one text for PostgreSQL: which of them a transaction can hold, and which of them end one.

A text may hold several (``SET lock_timeout = '2s'; ALTER TABLE ...``), and words that look like commands may stand in
comments and strings. Lexical structure: https://www.postgresql.org/docs/current/sql-syntax-lexical.html.
"""

import collections
import re

# What is no code; none of these can fail once begun, so the time is linear in the text's length.
_OTHER = re.compile(
    r"""(?P<comment>--[^\n]*)|(?P<nested>/\*)|(?P<escaped>\bE'(?:[^'\\]|\\.)*(?:'|\\?\Z))|(?P<string>'[^']*(?:'|\Z))"""
    r"""|(?P<name>"[^"]*(?:"|\Z))|(?P<tag>\$(?:[A-Za-z_]\w*)?\$)|(?P<end>;)""",
    re.IGNORECASE | re.DOTALL,
)
_EDGE = re.compile(r"/\*|\*/")

# Code without comments and strings, and what stood in the strings (the body of a DO block is one).
Part = collections.namedtuple("Part", "code strings")


def _pattern(text):
    return re.compile(text, re.IGNORECASE | re.DOTALL)


# Nothing that touches a table.
_QUIET = _pattern(r"(?:SET|RESET|SHOW|LISTEN|UNLISTEN|NOTIFY|DISCARD)\b")
_BACK_TO = _pattern(r"ROLLBACK\s+(?:WORK\s+|TRANSACTION\s+)?TO\b")
_ENDS = _pattern(r"(?:COMMIT|END|ABORT|ROLLBACK(?!\s+(?:WORK\s+|TRANSACTION\s+)?TO\b)|PREPARE\s+TRANSACTION)\b")
_BEGINS = _pattern(r"(?:BEGIN|START\s+TRANSACTION)\b")
_WITHIN = _pattern(r"(?:SAVEPOINT|RELEASE)\b")
_OF_TRANSACTION = _pattern(r"SET\s+(?:SESSION\s+|LOCAL\s+)?TRANSACTION\b")
_FORGETS = _pattern(r"(?:DEALLOCATE|DISCARD)\b")
# What PreventInTransactionBlock refuses: the page of each of these commands says so.
_OUTSIDE = _pattern(
    r"(?:CREATE|DROP)\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\b|REINDEX\b(?=.*\bCONCURRENTLY\b)"
    r"|REINDEX\s*(?:\([^)]*\)\s*)?(?:SCHEMA|DATABASE|SYSTEM)\b|CLUSTER\s*(?:\([^)]*\)\s*)?(?:VERBOSE\s*)?\Z"
    r"|VACUUM\b|DISCARD\s+ALL\b|ALTER\s+SYSTEM\b|(?:CREATE|DROP)\s+(?:DATABASE|TABLESPACE)\b"
    r"|ALTER\s+DATABASE\b.*\bSET\s+TABLESPACE\b|(?:CREATE|ALTER|DROP)\s+SUBSCRIPTION\b"
    r"|ALTER\s+TABLE\s.*\sDETACH\s+PARTITION\s.*\sCONCURRENTLY\b"
)
# Refused of a partitioned relation only.
_WHOLE = _pattern(
    r"(?:REINDEX\s*(?:\([^)]*\)\s*)?(?:TABLE|INDEX)|CLUSTER\s*(?:\([^)]*\)\s*)?(?:VERBOSE\s+)?)\s*([^\s;]+)"
)
_ADDS_LABEL = _pattern(r"ALTER\s+TYPE\s.*\sADD\s+VALUE\b")  # refused before 12
_CALL = _pattern(r"CALL\b")
_DO = _pattern(r"DO\b")
# A procedure or a block that ends transactions of its own.
_COMMITS = _pattern(r"\b(?:COMMIT|ROLLBACK)\s*(?:AND\s+(?:NO\s+)?CHAIN\s*)?;|\bCALL\s")


def parts(text):
    """The statements of a text, in order; empty ones are left out."""
    found, code, strings, at = [], [], [], 0
    while True:
        other = _OTHER.search(text, at)
        code.append(text[at : other.start() if other else len(text)])
        if other is None or other.lastgroup == "end":
            part = Part("".join(code).strip(), strings)
            found += [part] if part.code else []
            code, strings = [], []
        if other is None:
            return found
        at, shown, inner = _passed(text, other)
        code.append(shown)
        strings += inner


def _passed(text, other):
    """Where what is no code ends, what stands for it in the code, and the string that it was."""
    kind, at = other.lastgroup, other.end()
    if kind == "nested":
        return _after_comment(text, at), " ", []
    if kind == "tag":
        end = text.find(other.group(), at)
        return (len(text), "''", [text[at:]]) if end < 0 else (end + len(other.group()), "''", [text[at:end]])
    if kind in ("string", "escaped"):
        return at, "''", [other.group().partition("'")[2].rstrip("'")]
    return at, other.group() if kind == "name" else " ", []


def _after_comment(text, at):
    """Comments nest."""
    depth = 1
    while depth:
        edge = _EDGE.search(text, at)
        if edge is None:
            return len(text)
        depth += 1 if edge.group() == "/*" else -1
        at = edge.end()
    return at


class Text(object):
    """What the observer has to know of a text before it runs."""

    def __init__(self, text):
        self.parts = parts(text)
        codes = [one.code for one in self.parts]
        # A lone way back to a savepoint: locks and file nodes are what they were there.
        self.goes_back = len(codes) == 1 and _BACK_TO.match(codes[0]) is not None
        self.ends = any(_ENDS.match(code) for code in codes)
        self.is_quiet = all(
            any(one.match(code) for one in (_QUIET, _ENDS, _BEGINS, _WITHIN, _BACK_TO)) for code in codes
        )
        # What a driver has prepared is gone.
        self.forgets = any(_FORGETS.match(code) for code in codes)
        # No query of ours may come right after: it would be the next transaction's first, or this one's (SET TRANSACTION).
        self.is_unasked = self.ends or any(_OF_TRANSACTION.match(code) for code in codes)

    def stands_outside(self, is_partitioned, version):
        """Would the server refuse it, or do something else, if it ran in a transaction that we begin for it?

        ``is_partitioned`` tells it of a relation by name, ``version`` is a function that gives the server's major version.
        """
        return any(self._refused(one, is_partitioned, version) for one in self.parts)

    def _refused(self, part, is_partitioned, version):
        if any(one.match(part.code) for one in (_OUTSIDE, _CALL, _ENDS, _BEGINS, _WITHIN, _BACK_TO)):
            return True
        if _DO.match(part.code):
            return any(_COMMITS.search(_code(string)) for string in part.strings)
        if _ADDS_LABEL.match(part.code):
            return version() < 12
        whole = _WHOLE.match(part.code)
        return whole is not None and is_partitioned(whole.group(1))


def _code(text):
    """A body without its comments and strings, each statement closed."""
    return "".join(one.code + ";" for one in parts(text))
