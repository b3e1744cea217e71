"""MariaDB's statements, which the MySQL reader knows: the grammars differ in words, not in shape."""

from __future__ import annotations

from gate.sql.mysql import parse, split

__all__ = ["parse", "split"]
