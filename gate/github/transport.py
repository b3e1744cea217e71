"""One HTTP exchange: proxies and certificates of the environment, separate limits for connecting and reading.

http.client is used because the token's way must be short and visible: no pool, no cookie, no redirect that follows
itself. Limits hold for the whole answer, so a server that trickles one byte at a time cannot hold a job.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import os
import socket
import ssl
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

BODY_LIMIT = 64 * 1024 * 1024
"""Bytes of an answer: a page of 100 comments of 65,536 characters, escaped, stays below."""
CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


@dataclass(frozen=True)
class Request:
    """What is sent. ``url`` is absolute."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class NoAnswerError(Exception):
    """No whole answer arrived. ``sent`` tells whether the server may have acted on the request."""

    def __init__(self, what: str, *, sent: bool) -> None:
        super().__init__(what)
        self.sent = sent


def exchange(request: Request, connect_seconds: float, read_seconds: float) -> Answer:
    """Send ``request`` once and read the whole answer.

    Raises ``NoAnswerError``; its text never holds a header, since http.client's own messages can quote the token.
    """
    sent = False
    connection: http.client.HTTPConnection | None = None
    try:
        connection, target, login = _connection(request.url, connect_seconds)
        connection.connect()
        with _watch(connection, read_seconds) as late:
            sent = True
            connection.request(request.method, target, body=request.body, headers={**request.headers, **login})
            return _read(connection.getresponse(), request.url)
    except (OSError, http.client.HTTPException, ValueError) as error:
        what = f"no answer within {read_seconds:.0f} s" if sent and late.is_set() else _name(error)
        raise NoAnswerError(what, sent=sent) from None
    finally:
        if connection is not None:
            connection.close()


def _name(error: Exception) -> str:
    """What went wrong in words that hold nothing of ours; the certificate's fault is worth its detail."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


def _connection(url: str, connect_seconds: float) -> tuple[http.client.HTTPConnection, str, dict[str, str]]:
    """A connection not yet opened, straight or through the environment's proxy; the target; the proxy's login."""
    parts = urllib.parse.urlsplit(url)
    host, port = parts.hostname or "", parts.port
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("no address")
    target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    secure = parts.scheme == "https"
    proxy = _proxy(parts.scheme, parts.netloc)
    if proxy is None:
        return _open(secure, host, port, connect_seconds), target, {}
    via = urllib.parse.urlsplit(proxy if "//" in proxy else f"//{proxy}")
    if not secure:
        return _open(False, via.hostname or "", via.port, connect_seconds), url, _proxy_login(via)
    connection = _open(True, via.hostname or "", via.port or 80, connect_seconds)
    connection.set_tunnel(host, port, headers=_proxy_login(via))
    return connection, target, {}


def _open(secure: bool, host: str, port: int | None, seconds: float) -> http.client.HTTPConnection:
    if secure:
        return http.client.HTTPSConnection(host, port, timeout=seconds, context=_certificates())
    return http.client.HTTPConnection(host, port, timeout=seconds)


def _proxy(scheme: str, host: str) -> str | None:
    """The environment's proxy for this host, by curl's variables (``HTTPS_PROXY``, ``NO_PROXY`` ...)."""
    proxies = urllib.request.getproxies_environment()
    found = proxies.get(scheme) or proxies.get("all")
    bare = host.rpartition("@")[2]
    return None if not found or urllib.request.proxy_bypass(bare) else found


def _proxy_login(via: urllib.parse.SplitResult) -> dict[str, str]:
    if not via.username:
        return {}
    login = f"{urllib.parse.unquote(via.username)}:{urllib.parse.unquote(via.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(login.encode()).decode()}


def _certificates() -> ssl.SSLContext:
    """The system's certificates plus the files that a company's runner names for its other tools."""
    context = ssl.create_default_context()
    for variable in CERTIFICATE_VARIABLES:
        path = os.environ.get(variable, "")
        if path and Path(path).is_file():
            with contextlib.suppress(ssl.SSLError, OSError):
                context.load_verify_locations(path)
    return context


@contextlib.contextmanager
def _watch(connection: http.client.HTTPConnection, seconds: float) -> Iterator[threading.Event]:
    """Shut the socket when the whole answer takes longer than ``seconds``; yields the event that says so."""
    late = threading.Event()
    sock = connection.sock

    def shut() -> None:
        late.set()
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    sock.settimeout(seconds + 1)
    timer = threading.Timer(seconds, shut)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def _read(response: http.client.HTTPResponse, url: str) -> Answer:
    body = response.read(BODY_LIMIT + 1)
    if len(body) > BODY_LIMIT:
        raise http.client.HTTPException("the answer is too big")
    length = response.getheader("Content-Length", "")
    if length.isdigit() and len(body) < int(length) and response.status != 204:
        raise http.client.IncompleteRead(b"", int(length) - len(body))
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, body, url)
