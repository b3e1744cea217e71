"""What a dialect's reader gives: the value, and the small protocol each dialect module follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from gate.facts.changes import Change

Dialect = Literal["postgresql", "mysql", "mariadb", "sqlite"]


@dataclass(frozen=True)
class Parsed:
    """The changes that a text means, in order.

    ``understood`` is false when any part of the text was not read in full: then ``changes`` holds what could be read,
    and the rest is for the observation to tell. It never means "harmless".
    """

    changes: tuple[Change, ...] = ()
    understood: bool = True


class Reader(Protocol):
    """A dialect module: ``gate/sql/<dialect>.py``. Neither function ever raises, whatever the text is."""

    def parse(self, sql: str) -> Parsed:
        """Every change that the text means; a text may hold several statements."""

    def split(self, text: str) -> tuple[str, ...]:
        """The statements of a script, without the closing semicolons, empty ones and lone comments left out."""
