"""GitHub's HTTP API with its manners: one request at a time, patience with limits, and an end to patience.

Requirements 17 and 26 to 29. The token goes to the API's own origin and nowhere else. A write whose outcome is not
known is never repeated here: whoever asked for it has to look first (``ApiError.outcome_unknown``).
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gate.errors import GateError
from gate.github import waiting
from gate.github.clock import Clock
from gate.github.transport import Answer, NoAnswerError, Request, exchange

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 10.0, 30.0, 120.0
REDIRECTS = 5
PAUSE_BETWEEN_WRITES = 1.0
API_VERSION = "2022-11-28"
PER_PAGE = 100
PAGES = 100
_REDIRECTING = (301, 302, 303, 307, 308)


class ApiError(GateError):
    """The API refused or could not be asked. ``status`` is None when no whole answer came."""

    def __init__(
        self, what: str, *, status: int | None = None, outcome_unknown: bool = False, limited: bool = False
    ) -> None:
        super().__init__(what, where="GitHub API")
        self.status, self.outcome_unknown, self.limited = status, outcome_unknown, limited

    @property
    def forbidden(self) -> bool:
        """The token may not do this (a used-up rate limit is not that)."""
        return self.status == 403 and not self.limited


@dataclass
class Client:
    """One conversation with the API at ``url``. ``count`` is the number of requests so far."""

    url: str
    token: str = field(repr=False)
    user_agent: str = "alembic-gate"
    budget: float = TOTAL_SECONDS
    clock: Clock = field(default_factory=Clock)
    send: Callable[[Request, float, float], Answer] = exchange
    count: int = 0
    _started: float | None = None
    _last_write: float | None = None

    def __post_init__(self) -> None:
        self.url = self.url.rstrip("/")
        self.token = self.token.strip()
        if not re.fullmatch(r"[\x21-\x7e]+", self.token):
            raise ApiError("the token is empty or holds characters that no header can carry")

    def get(self, path: str, **query: str | int) -> Any:
        """The JSON at ``path`` (relative to the API's URL)."""
        return _json(self._ask(Request("GET", self._address(path, query))))

    def pages(self, path: str, most: int = PAGES, **query: str | int) -> Iterator[list[Any]]:
        """Every page of a list, at most ``most`` pages of 100.

        ``next`` is followed on the API's own origin only; a page that is full and points elsewhere is counted on by
        ourselves, since a listing that silently ends early would make second comments.
        """
        address: str | None = self._address(path, {**query, "per_page": PER_PAGE})
        seen: set[str] = set()
        while address is not None and address not in seen and len(seen) < most:
            seen.add(address)
            answer = self._ask(Request("GET", address))
            items = _json(answer, list)
            yield items
            address = self._next(answer, address, full=len(items) >= PER_PAGE)

    def write(self, method: str, path: str, payload: Mapping[str, Any] | None = None) -> Any:
        """Change something. Refusals by a rate limit are waited for; everything else is said, never repeated."""
        body = None if payload is None else json.dumps(payload).encode()
        self._pause()
        try:
            answer = self._ask(Request(method, self._address(path, {}), body=body))
        finally:
            self._last_write = self.clock.monotonic()
        try:
            return None if answer.status == 204 else _json(answer, dict)
        except ApiError as error:
            error.outcome_unknown = True
            raise

    def _address(self, path: str, query: Mapping[str, str | int]) -> str:
        text = urllib.parse.urlencode(query)
        return f"{self.url}/{path.lstrip('/')}" + (f"?{text}" if text else "")

    def _pause(self) -> None:
        if self._last_write is not None:
            self._wait(self._last_write + PAUSE_BETWEEN_WRITES - self.clock.monotonic())

    def _left(self) -> float:
        if self._started is None:
            self._started = self.clock.monotonic()
        return self.budget - (self.clock.monotonic() - self._started)

    def _wait(self, seconds: float) -> None:
        if seconds <= 0:
            return
        if seconds >= self._left():
            raise ApiError(f"gave up: the API's time of {self.budget:.0f} s is used up", limited=True)
        self.clock.sleep(seconds)

    def _ask(self, request: Request) -> Answer:
        """The good answer to ``request``, after waiting for limits and, when reading, for a troubled server."""
        tries, limits = 0, 0
        while True:
            trouble: ApiError
            try:
                answer = self._follow(request)
            except NoAnswerError as error:
                trouble = ApiError(str(error), outcome_unknown=error.sent and request.method != "GET")
            else:
                if 200 <= answer.status < 300:
                    return answer
                trouble = _refusal(request, answer)
                wait = waiting.limit(answer.status, answer.headers, answer.body, self.clock.now())
                if wait is not None:
                    trouble.limited = True
                    limits += 1
                    if wait > waiting.LONGEST or limits > waiting.RETRIES:
                        raise trouble
                    self._wait_or(wait, trouble)
                    continue
            if not _worth_another_try(request, trouble, tries):
                raise trouble
            self._wait_or(waiting.backoff(tries, self.clock.chance()), trouble)
            tries += 1

    def _wait_or(self, seconds: float, trouble: ApiError) -> None:
        """Wait; when that is longer than what is left, say the trouble itself."""
        if seconds >= self._left():
            raise trouble
        self._wait(seconds)

    def _follow(self, request: Request) -> Answer:
        """Send, following redirects of reading requests. Once away from the API's origin the token stays away."""
        address, trusted = request.url, True
        for _ in range(REDIRECTS + 1):
            trusted = trusted and _origin(address) == _origin(self.url)
            answer = self._once(Request(request.method, address, self._headers(trusted, request.body), request.body))
            target = answer.headers.get("location", "")
            if request.method != "GET" or answer.status not in _REDIRECTING or not target:
                return answer
            address = urllib.parse.urljoin(address, target)
        raise ApiError(f"more than {REDIRECTS} redirects")

    def _once(self, request: Request) -> Answer:
        left = self._left()
        if left <= 0:
            raise ApiError(f"gave up: the API's time of {self.budget:.0f} s is used up", limited=True)
        self.count += 1
        return self.send(request, min(CONNECT_SECONDS, left), min(READ_SECONDS, left))

    def _headers(self, trusted: bool, body: bytes | None) -> dict[str, str]:
        headers = {
            "Accept": "application/vnd.github+json",
            "User-Agent": self.user_agent,
            "X-GitHub-Api-Version": API_VERSION,
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        if trusted:
            headers["Authorization"] = f"Bearer {self.token}"
        return headers

    def _next(self, answer: Answer, address: str, *, full: bool) -> str | None:
        target = next_link(answer.headers.get("link", ""))
        if target is None:
            return None
        absolute = urllib.parse.urljoin(address, target)
        if _origin(absolute) == _origin(self.url):
            return absolute
        return _following_page(address) if full else None


def next_link(header: str) -> str | None:
    """The address of the next page in a ``Link`` header (RFC 8288); None when there is none."""
    for target, rest in re.findall(r"<([^>]*)>([^<]*)", header[:8192]):
        if re.search(r"""\brel\s*=\s*["']?[^"']*\bnext\b""", rest):
            return str(target)
    return None


def _following_page(address: str) -> str:
    parts = urllib.parse.urlsplit(address)
    query = dict(urllib.parse.parse_qsl(parts.query))
    query["page"] = str(int(query.get("page", "1")) + 1)
    return urllib.parse.urlunsplit(parts._replace(query=urllib.parse.urlencode(query)))


def _origin(address: str) -> tuple[str, str, int | None]:
    try:
        parts = urllib.parse.urlsplit(address)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return ("", address, None)
    return (parts.scheme, (parts.hostname or "").lower(), port)


def _worth_another_try(request: Request, trouble: ApiError, tries: int) -> bool:
    passing = trouble.status is None or trouble.status >= 500
    return request.method == "GET" and passing and tries < waiting.RETRIES


def _refusal(request: Request, answer: Answer) -> ApiError:
    """The answer's status in words. The body is the server's own text and decides nothing; its message is quoted."""
    path = urllib.parse.urlsplit(request.url).path
    said = _message(answer.body)
    what = f"{request.method} {path} answered {answer.status}" + (f": {said}" if said else "")
    unknown = answer.status >= 500 and request.method != "GET"
    return ApiError(what, status=answer.status, outcome_unknown=unknown)


def _message(body: bytes) -> str:
    try:
        said = json.loads(body[:65536])
    except (ValueError, RecursionError):
        return ""
    message = said.get("message") if isinstance(said, dict) else None
    return " ".join(message.split())[:200] if isinstance(message, str) else ""


def _json(answer: Answer, kind: type = object) -> Any:
    """The answer's JSON. A proxy's login page with status 200 is an error like any other."""
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise ApiError(f"answered {answer.status} with something that is not JSON", status=answer.status) from None
    if not isinstance(value, kind):
        raise ApiError(f"answered {answer.status} with JSON of another shape", status=answer.status)
    return value
