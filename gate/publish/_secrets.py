"""Passwords of the databases: masked in the log before anything prints, and removed from everything that is sent.

The runner's masking covers the log only, not what goes to the API or into files (requirement 10).
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import Any

from gate.settings import Settings

HIDDEN = "***"
_URL_LOGIN = re.compile(r"://[^/\s:@]*:([^\s]*)@")
_SECRET_NAME = re.compile(r"PASS|SECRET|TOKEN|(?:API|ACCESS|PRIVATE|ENCRYPTION)_?KEY|CREDENTIAL", re.IGNORECASE)
_WEAK = re.compile(r"[A-Za-z]{1,10}|.{1,5}", re.DOTALL)
"""Passwords of service containers (``postgres``, ``root``, ``test``) are words: hidden as whole words only."""

_WORDS = frozenset(
    {"schema", "verdict", "mode", "severity", "category", "kind", "state", "result", "base_found_by", "exit_code"}
)
"""Keys whose values are our own words: a password that is one of them does not make a report unreadable."""


_OUR_KEY = re.compile(r"[a-z_]{1,20}")
"""Keys as the report's own format has them: a password that is called ``name`` must not unmake the report."""


def of_settings(settings: Settings) -> tuple[str, ...]:
    """Every spelling of every secret that the settings hold, longest first."""
    urls = [settings.database_url, settings.target_url, *settings.env.values()]
    plain = [password for url in urls for password in passwords(url)]
    plain += [value for name, value in settings.env.items() if _SECRET_NAME.search(name) and "{" not in value]
    return spellings(plain)


def passwords(url: str) -> list[str]:
    """The password of a URL as it stands there, its ``@`` encoded or not, and ``password=`` in the query."""
    found = [match[1] for match in _URL_LOGIN.finditer(url)]
    try:
        query = urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query)
    except ValueError:
        query = []
    return [one for one in found if one] + [
        value for name, value in query if name.lower() in ("password", "passwd", "pwd")
    ]


def spellings(secrets: Iterable[str]) -> tuple[str, ...]:
    """Each secret as given, decoded and encoded, and each of its lines; longest first."""
    every: dict[str, None] = {}
    for secret in secrets:
        plain = urllib.parse.unquote(secret)
        forms = [
            secret,
            plain,
            urllib.parse.unquote_plus(secret),
            urllib.parse.quote(plain, safe=""),
            urllib.parse.quote(plain),
        ]
        forms += [urllib.parse.quote_plus(plain), *plain.splitlines()]
        every.update(dict.fromkeys(form for form in forms if form.strip()))
    return tuple(sorted(every, key=lambda one: (-len(one), one)))


def mask_commands(secrets: Iterable[str]) -> str:
    """``::add-mask::`` for each secret; a value is one line, its percent signs escaped for the runner."""
    lines = [line.strip() for secret in secrets for line in secret.splitlines() if line.strip()]
    return "".join(f"::add-mask::{line.replace('%', '%25')}\n" for line in dict.fromkeys(lines))


def hide(value: Any, secrets: tuple[str, ...]) -> Any:
    """``value`` (JSON) with every secret in every text replaced."""
    if not secrets:
        return value
    if isinstance(value, str):
        return _pattern(secrets).sub(HIDDEN, value)
    if isinstance(value, Mapping):
        return {
            key if _OUR_KEY.fullmatch(key) else hide(key, secrets): item if key in _WORDS else hide(item, secrets)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [hide(item, secrets) for item in value]
    return value


def _pattern(secrets: tuple[str, ...]) -> re.Pattern[str]:
    parts = [rf"(?<!\w){re.escape(one)}(?!\w)" if _WEAK.fullmatch(one) else re.escape(one) for one in secrets]
    return re.compile("|".join(parts))
