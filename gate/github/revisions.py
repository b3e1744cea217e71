"""What looks like a revision file, and one file's text by the API."""

from __future__ import annotations

import base64
import re
import urllib.parse

from gate.github.client import ApiError, Client
from gate.github.event import dig

TEXT_LIMIT = 512 * 1024
"""Bytes of a revision file."""
_REVISION = re.compile(r"^down_revision\b.*=", re.MULTILINE)


def is_revision(text: str) -> bool:
    """Whether a Python file looks like a revision: it says its parents."""
    return _REVISION.search(text) is not None


def contents(client: Client, repository: str, sha: str, path: str) -> str | None:
    """A file's text at a commit; None when it is not there or no text."""
    try:
        item = client.get(f"repos/{repository}/contents/{urllib.parse.quote(path)}", ref=sha)
        return base64.b64decode(dig(item, str, "content") or "").decode("utf-8", "replace")
    except ValueError:
        return None
    except ApiError as error:
        if error.status == 404:
            return None
        raise
