"""Pure: what an installer's output says went wrong, in one sentence that names the package, with what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_OTHER = "Install it in an earlier step and pass --python PATH, or say how: `install: <command>`."
_Row = tuple[str, Callable[[re.Match[str]], tuple[str, str]]]

_HEADERS = {
    "mysqlclient": "libmariadb-dev and a compiler (or PyMySQL instead)",
    "psycopg2": "libpq-dev and a compiler (or psycopg2-binary instead)",
    "python-ldap": "libldap2-dev, libsasl2-dev and a compiler",
    "mod-wsgi": "apache2-dev",
    "mariadb": "libmariadb-dev and a compiler",
    "lxml": "libxml2-dev, libxslt1-dev and a compiler",
}

_ROWS: Sequence[_Row] = (
    (
        r"No interpreter found for (?P<what>Python[^\n]*?|[^\n]*?) in|No download found for request: (?P<other>\S+)",
        lambda found: (
            f"the project asks for {found['what'] or found['other']}, which is not on this machine",
            "Install that Python and pass --python PATH, or set python-version to one that is here.",
        ),
    ),
    (
        r"Failed to download `\S*?(?P<what>cpython-[\d.]+)",
        lambda found: (
            f"the project asks for {found['what']}, which is not on this machine and could not be downloaded",
            "Install that Python and pass --python PATH, or set python-version to one that is here.",
        ),
    ),
    (
        r"(?:Because (?P<what>[\w.-]+)(?:[\[\]\w,]*)? was not found in (?:the package registry|the provided package))"
        r"|No matching distribution found for (?P<other>\S+)",
        lambda found: (
            f"package {found['what'] or found['other']} is not on the package index",
            "Is it private? Give the installer its index: PIP_EXTRA_INDEX_URL or UV_INDEX in the step's environment. "
            + _OTHER,
        ),
    ),
    (
        r"(?P<code>401|403) (?:Unauthorized|Forbidden)|lack of valid authentication credentials \((?P<other>[^)]*)\)",
        lambda found: (
            f"the package index refused us ({found['code'] or found['other']})",
            "Give the installer credentials: UV_INDEX_<NAME>_USERNAME/_PASSWORD, PIP_EXTRA_INDEX_URL, or a NETRC file.",
        ),
    ),
    (
        r"Failed to (?:download and )?build `?(?P<what>[\w.-]+?)(?:==(?P<version>[^`\s]+?))?`?(?:\s|$)",
        lambda found: (f"package {found['what']}{_version(found)} could not be built", _build_advice(found["what"])),
    ),
    (
        r"Git operation failed|fatal: (?:could not read|repository|unable to access)[^\n]*",
        lambda found: (
            f"a dependency from git could not be fetched: {found[0]}",
            "Check that the repository is reachable from here and public, or that git has credentials for it.",
        ),
    ),
    (
        r"No solution found when resolving dependencies:?[^\n]*(?P<why>(?:\n[^\n]+){1,4})",
        lambda found: (
            "the dependencies do not fit together: " + " ".join(found["why"].replace("╰─▶", "").split()),
            "Set python-version to the project's, or mend the requirement that is named.",
        ),
    ),
    (
        r"dns error|Could not connect|Connection refused|Failed to fetch: `(?P<what>[^`]*)`|error sending request",
        lambda found: (
            f"the package index cannot be reached{': ' + found['what'] if found['what'] else ''}",
            "Check the network and the proxy variables. " + _OTHER,
        ),
    ),
    (
        r"No space left on device",
        lambda _: ("there is no space left for the project's packages", "Free space, or point --cache-dir elsewhere."),
    ),
)


def is_unreachable(output: str) -> bool:
    """True when nothing is known against the packages: the index could not be reached at all."""
    known = next((number for number, (pattern, _) in enumerate(_ROWS) if re.search(pattern, output)), None)
    return known is not None and _ROWS[known][0].startswith("dns error")


def explained(output: str, python: str) -> tuple[str, str]:
    """What failed and what to do. The end of the output stands in for an error that is not known."""
    for pattern, say in _ROWS:
        match = re.search(pattern, output)
        if match:
            what, advice = say(match)
            return f"the project could not be installed: {what}", advice
    last = [line.strip() for line in output.splitlines() if line.strip()][-6:]
    said = " / ".join(last)[:1500] or "the command failed and said nothing"
    return f"the project could not be installed with Python {python}: {said}", _OTHER


def _version(found: re.Match[str]) -> str:
    return f" {found['version']}" if found["version"] else ""


def _build_advice(package: str) -> str:
    needed = _HEADERS.get(package.lower().replace("_", "-"))
    first = f"It needs {needed}. " if needed else "It has no wheel for this Python: a compiler or headers are missing. "
    return first + _OTHER
