"""The first line of our comment: which comment it is, and which run wrote it.

``<!-- alembic-gate:v1 key=ci/gate/. run=123 attempt=1 -->``. The key is percent-encoded, so no name of a workflow can
end the HTML comment. A later (run, attempt) is greater; an older run's result never replaces a newer one's.
"""

from __future__ import annotations

import hashlib
import re
import urllib.parse
from dataclasses import dataclass

NAME = "alembic-gate"
KEY_LIMIT = 160
"""Characters of an encoded key; a longer one is cut and told apart by its hash."""
_LINE = re.compile(
    rf"<!-- {NAME}:v1 key=(\S{{1,{KEY_LIMIT}}})(?: app=([\w-]{{1,60}}))?(?: run=(\d{{1,18}}) attempt=(\d{{1,9}}))? -->"
)
_DURATION = re.compile(r"\b\d[\d,.]* (?:ms|s|min)\b")
_RUN_LINK = re.compile(r"/actions/runs/\d+(?:/attempts/\d+)?")


@dataclass(frozen=True)
class Marker:
    """What the first line says. ``app`` is the GitHub App that wrote it when it is not GitHub Actions."""

    key: str
    order: tuple[int, int] = (0, 0)
    app: str | None = None

    def line(self) -> str:
        """The marker as it stands in the comment."""
        app = f" app={self.app}" if self.app else ""
        return f"<!-- {NAME}:v1 key={self.key}{app} run={self.order[0]} attempt={self.order[1]} -->"


def encode_key(text: str) -> str:
    """A key for the marker: one word, without ``--`` or ``>``."""
    encoded = urllib.parse.quote(text.strip() or "default", safe="/._~").replace("--", "-%2D") or "default"
    if len(encoded) <= KEY_LIMIT:
        return encoded
    return f"{encoded[: KEY_LIMIT - 17]}~{hashlib.sha256(encoded.encode()).hexdigest()[:16]}"


def read_marker(body: object) -> Marker | None:
    """The marker in the first line of a comment's body; None when it has none. A marker quoted further down is text."""
    if not isinstance(body, str):
        return None
    found = _LINE.fullmatch(body.split("\n", 1)[0].strip())
    if found is None:
        return None
    order = (int(found[3]), int(found[4])) if found[3] else (0, 0)
    return Marker(found[1], order, found[2])


def same_content(one: str, other: str) -> bool:
    """Whether two bodies differ in nothing but the run that wrote them: marker, link, how long things took."""
    return _content(one) == _content(other)


def _content(body: str) -> str:
    plain = body.replace("\r\n", "\n")
    head, _, rest = plain.partition("\n")
    text = rest if read_marker(head) else plain
    return _DURATION.sub("…", _RUN_LINK.sub("/actions/runs/", text)).strip()
