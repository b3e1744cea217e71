"""Whether a text names something: a table, a column, as a word of its own."""

from __future__ import annotations

import re


def mentions(text: str, name: str) -> bool:
    """Whether ``name`` stands in ``text`` as a whole word, in upper or lower case."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None
