"""A GitHub that keeps state, over real HTTP on loopback: comments with authors and pages, pull requests, faults.

It answers what the product asks for, by the rules that GitHub's manual and OpenAPI description give, and remembers
every request. A fault is armed before the request that shall meet it. Git over HTTP is git's own ``http-backend``.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ACTIONS_TOKEN = "ghs_actionsCanaryToken0000000000000001"
PERSONAL_TOKEN = "ghp_personalCanaryToken000000000000002"
APP_TOKEN = "ghs_otherAppCanaryToken000000000000003"
READ_ONLY_TOKEN = "ghs_readOnlyCanaryToken00000000000004"
BODY_LIMIT = 65_536


def user(login: str, id: int, kind: str = "User") -> dict[str, Any]:
    """A simple-user as the API gives it."""
    base = f"https://api.github.com/users/{login}"
    names = (
        "followers",
        "following",
        "gists",
        "starred",
        "subscriptions",
        "organizations",
        "repos",
        "events",
        "received_events",
    )
    return {
        "login": login,
        "id": id,
        "node_id": f"U_{id}",
        "avatar_url": "https://avatars.githubusercontent.com/u/1",
        "gravatar_id": "",
        "url": base,
        "html_url": f"https://github.com/{login}",
        "type": kind,
        "site_admin": False,
        **{f"{name}_url": f"{base}/{name}" for name in names},
    }


def app(slug: str, id: int) -> dict[str, Any]:
    """An integration as the API gives it."""
    return {
        "id": id,
        "slug": slug,
        "node_id": f"A_{id}",
        "owner": user("github", 9919, "Organization"),
        "name": slug,
        "description": "",
        "external_url": "https://example.com",
        "html_url": f"https://github.com/apps/{slug}",
        "created_at": "2018-07-30T09:30:17Z",
        "updated_at": "2019-12-10T19:04:12Z",
        "permissions": {"issues": "write"},
        "events": [],
    }


ACTIONS = {
    "user": user("github-actions[bot]", 41898282, "Bot"),
    "performed_via_github_app": app("github-actions", 15368),
}
PERSON = {"user": user("alice", 7), "performed_via_github_app": None}
STRANGER = {"user": user("mallory", 666), "performed_via_github_app": None}
OTHER_APP = {"user": user("my-app[bot]", 4242, "Bot"), "performed_via_github_app": app("my-app", 99)}
TOKENS = {ACTIONS_TOKEN: ACTIONS, PERSONAL_TOKEN: PERSON, APP_TOKEN: OTHER_APP, READ_ONLY_TOKEN: ACTIONS}


@dataclass(frozen=True)
class Seen:
    """One request that arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    at: float


@dataclass
class Fault:
    """What happens to the next ``times`` requests that match, after ``skip`` of them went well.

    ``before`` runs first (to change state). ``store`` lets the request take effect before the answer is spoilt.
    """

    method: str
    path: str
    status: int | None = None
    body: bytes = b'{"message": "injected"}'
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    skip: int = 0
    store: bool = False
    drop: bool = False
    hang: float = 0.0
    before: Callable[[], None] | None = None

    def matches(self, method: str, path: str) -> bool:
        """Whether this request meets the fault; counts down."""
        if self.times <= 0 or method != self.method or not re.search(self.path, path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass
class Reply:
    """What the fake answers."""

    status: int
    payload: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class FakeGitHub:
    """The state. ``url`` is the API's base; ``server_url`` where the pages and git live."""

    def __init__(self, prefix: str = "", repository: str = "octo/shop") -> None:
        self.prefix, self.repository = prefix, repository
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.pulls: dict[int, dict[str, Any]] = {}
        self.files: dict[int, list[dict[str, Any]]] = {}
        self.contents: dict[tuple[str, str], bytes] = {}
        self.compares: dict[str, dict[str, Any]] = {}
        self.statuses: list[dict[str, Any]] = []
        self.reviews: list[dict[str, Any]] = []
        self.faults: list[Fault] = []
        self.requests: list[Seen] = []
        self.git_requests: list[Seen] = []
        self.check: Callable[[Seen, int, Any], None] | None = None
        self.broken: list[str] = []
        self.git_root: Path | None = None
        self.foreign_next = ""
        self.locked: set[int] = set()
        self.next_id = 1000
        self.lock = threading.RLock()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.prefix}"

    @property
    def server_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def writes(self) -> list[Seen]:
        return [one for one in self.requests if one.method != "GET"]

    def bodies(self, number: int = 7) -> list[str]:
        return [one["body"] for one in self.comments.get(number, [])]

    def add_comment(self, body: str | None, author: dict[str, Any] = STRANGER, number: int = 7) -> dict[str, Any]:
        with self.lock:
            self.next_id += 1
            root = f"https://api.github.com/repos/{self.repository}"
            comment = {
                "id": self.next_id,
                "node_id": f"IC_{self.next_id}",
                "body": body,
                **author,
                "url": f"{root}/issues/comments/{self.next_id}",
                "issue_url": f"{root}/issues/{number}",
                "html_url": f"https://github.com/{self.repository}/pull/{number}#issuecomment-{self.next_id}",
                "created_at": "2026-11-22T08:00:00Z",
                "updated_at": "2026-11-22T08:00:00Z",
                "author_association": "NONE",
            }
            self.comments.setdefault(number, []).append(comment)
            return comment

    def add_pull(
        self,
        number: int,
        *,
        head_sha: str = "a" * 40,
        base: str = "main",
        base_sha: str = "b" * 40,
        state: str = "open",
        head_repository: str | None = "octo/shop",
        title: str = "A change",
    ) -> dict[str, Any]:
        def side(ref: str, sha: str, repository: str | None) -> dict[str, Any]:
            repo = (
                None
                if repository is None
                else {"id": len(repository) if repository != self.repository else 1, "full_name": repository}
            )
            return {"ref": ref, "sha": sha, "label": ref, "repo": repo}

        self.pulls[number] = {
            "number": number,
            "state": state,
            "title": title,
            "html_url": f"https://github.com/{self.repository}/pull/{number}",
            "head": side("topic", head_sha, head_repository),
            "base": side(base, base_sha, self.repository),
            "draft": False,
            "updated_at": "2026-11-22T08:00:00Z",
            "user": user("alice", 7),
        }
        return self.pulls[number]

    def answer(self, seen: Seen) -> Reply:
        """GitHub's answer to a request, by its path."""
        author = TOKENS.get(seen.headers.get("authorization", "").removeprefix("Bearer "))
        if author is None:
            return Reply(401, {"message": "Bad credentials"})
        if "user-agent" not in seen.headers:
            return Reply(403, {"message": "Request forbidden by administrative rules"})
        if seen.method != "GET" and seen.headers["authorization"].endswith(READ_ONLY_TOKEN):
            return Reply(403, {"message": "Resource not accessible by integration"})
        for method, pattern, handler in ROUTES:
            found = re.fullmatch(pattern, seen.path)
            if found and method == seen.method:
                if found.groups() and f"{found[1]}" != self.repository:
                    return Reply(404, {"message": "Not Found"})
                return handler(self, seen, author, *found.groups()[1:])
        return Reply(404, {"message": "Not Found"})

    def page(self, seen: Seen, items: list[Any]) -> Reply:
        """One page, with the ``Link`` header to the next."""
        size = min(int(seen.query.get("per_page", "30")), 100)
        number = int(seen.query.get("page", "1"))
        part = items[(number - 1) * size : number * size]
        if number * size >= len(items):
            return Reply(200, part)
        query = urllib.parse.urlencode({**seen.query, "page": number + 1})
        origin = self.foreign_next or self.url
        return Reply(
            200,
            part,
            {"Link": f'<{origin}/{seen.path}?{query}>; rel="next", <{origin}/{seen.path}?page=9>; rel="last"'},
        )

    # one method per endpoint

    def get_user(self, seen: Seen, author: dict[str, Any]) -> Reply:
        if author["user"]["type"] == "Bot":
            return Reply(403, {"message": "Resource not accessible by integration"})
        return Reply(200, author["user"])

    def list_comments(self, seen: Seen, author: dict[str, Any], number: str) -> Reply:
        if int(number) not in self.pulls:
            return Reply(404, {"message": "Not Found"})
        return self.page(seen, self.comments.get(int(number), []))

    def create_comment(self, seen: Seen, author: dict[str, Any], number: str) -> Reply:
        if int(number) not in self.pulls:
            return Reply(404, {"message": "Not Found"})
        if int(number) in self.locked:
            return Reply(403, {"message": "Unable to create comment because issue is locked."})
        refused = self.refuse_body(seen)
        return refused or Reply(201, dict(self.add_comment(seen.body["body"], author, int(number))))

    def refuse_body(self, seen: Seen) -> Reply | None:
        body = seen.body.get("body") if isinstance(seen.body, dict) else None
        if not isinstance(body, str) or not body.strip():
            return Reply(422, {"message": "Validation Failed"})
        if len(body) > BODY_LIMIT:
            return Reply(
                422,
                {"message": "Validation Failed", "errors": [f"body is too long (maximum is {BODY_LIMIT} characters)"]},
            )
        return None

    def find_comment(self, id: str) -> tuple[int, dict[str, Any]] | None:
        for number, comments in self.comments.items():
            for comment in comments:
                if comment["id"] == int(id):
                    return number, comment
        return None

    def get_comment(self, seen: Seen, author: dict[str, Any], id: str) -> Reply:
        found = self.find_comment(id)
        return Reply(200, dict(found[1])) if found else Reply(404, {"message": "Not Found"})

    def update_comment(self, seen: Seen, author: dict[str, Any], id: str) -> Reply:
        found = self.find_comment(id)
        if found is None:
            return Reply(404, {"message": "Not Found"})
        if found[0] in self.locked:
            return Reply(403, {"message": "locked"})
        refused = self.refuse_body(seen)
        if refused:
            return refused
        found[1]["body"] = seen.body["body"]
        return Reply(200, dict(found[1]))

    def delete_comment(self, seen: Seen, author: dict[str, Any], id: str) -> Reply:
        found = self.find_comment(id)
        if found is None:
            return Reply(404, {"message": "Not Found"})
        self.comments[found[0]].remove(found[1])
        return Reply(204)

    def list_pulls(self, seen: Seen, author: dict[str, Any]) -> Reply:
        state, base = seen.query.get("state", "open"), seen.query.get("base")
        chosen = [one for one in self.pulls.values() if one["state"] == state and base in (None, one["base"]["ref"])]
        return self.page(seen, sorted(chosen, key=lambda one: -one["number"]))

    def get_pull(self, seen: Seen, author: dict[str, Any], number: str) -> Reply:
        return (
            Reply(200, self.pulls[int(number)]) if int(number) in self.pulls else Reply(404, {"message": "Not Found"})
        )

    def pull_files(self, seen: Seen, author: dict[str, Any], number: str) -> Reply:
        return self.page(seen, self.files.get(int(number), []))

    def pulls_of_commit(self, seen: Seen, author: dict[str, Any], sha: str) -> Reply:
        return self.page(seen, [one for one in self.pulls.values() if one["head"]["sha"] == sha])

    def get_contents(self, seen: Seen, author: dict[str, Any], path: str) -> Reply:
        data = self.contents.get((seen.query.get("ref", ""), urllib.parse.unquote(path)))
        if data is None:
            return Reply(404, {"message": "Not Found"})
        return Reply(
            200, {"type": "file", "encoding": "base64", "path": path, "content": base64.encodebytes(data).decode()}
        )

    def get_compare(self, seen: Seen, author: dict[str, Any], basehead: str) -> Reply:
        found = self.compares.get(urllib.parse.unquote(basehead))
        return Reply(200, found) if found else Reply(404, {"message": "Not Found"})

    def create_status(self, seen: Seen, author: dict[str, Any], sha: str) -> Reply:
        self.statuses.append({"sha": sha, **seen.body})
        return Reply(201, {"id": 1, **seen.body})

    def list_reviews(self, seen: Seen, author: dict[str, Any], number: str) -> Reply:
        return self.page(seen, [one for one in self.reviews if one["number"] == int(number)])

    def create_review(self, seen: Seen, author: dict[str, Any], number: str) -> Reply:
        self.reviews.append({"number": int(number), **author, **seen.body})
        return Reply(200, {"id": len(self.reviews), **seen.body})

    def list_review_comments(self, seen: Seen, author: dict[str, Any], number: str) -> Reply:
        every = [
            {
                "id": index,
                "body": one["body"],
                "path": one["path"],
                **{k: review[k] for k in ("user", "performed_via_github_app")},
            }
            for review in self.reviews
            if review["number"] == int(number)
            for index, one in enumerate(review.get("comments", []), 1)
        ]
        return self.page(seen, every)


_REPO = r"repos/([^/]+/[^/]+)"
ROUTES: list[tuple[str, str, Callable[..., Reply]]] = [
    ("GET", r"user", FakeGitHub.get_user),
    ("GET", rf"{_REPO}/issues/(\d+)/comments", FakeGitHub.list_comments),
    ("POST", rf"{_REPO}/issues/(\d+)/comments", FakeGitHub.create_comment),
    ("GET", rf"{_REPO}/issues/comments/(\d+)", FakeGitHub.get_comment),
    ("PATCH", rf"{_REPO}/issues/comments/(\d+)", FakeGitHub.update_comment),
    ("DELETE", rf"{_REPO}/issues/comments/(\d+)", FakeGitHub.delete_comment),
    ("GET", rf"{_REPO}/pulls", FakeGitHub.list_pulls),
    ("GET", rf"{_REPO}/pulls/(\d+)", FakeGitHub.get_pull),
    ("GET", rf"{_REPO}/pulls/(\d+)/files", FakeGitHub.pull_files),
    ("GET", rf"{_REPO}/pulls/(\d+)/reviews", FakeGitHub.list_reviews),
    ("POST", rf"{_REPO}/pulls/(\d+)/reviews", FakeGitHub.create_review),
    ("GET", rf"{_REPO}/pulls/(\d+)/comments", FakeGitHub.list_review_comments),
    ("GET", rf"{_REPO}/commits/([0-9a-f]+)/pulls", FakeGitHub.pulls_of_commit),
    ("GET", rf"{_REPO}/contents/(.+)", FakeGitHub.get_contents),
    ("GET", rf"{_REPO}/compare/(.+)", FakeGitHub.get_compare),
    ("POST", rf"{_REPO}/statuses/([0-9a-f]+)", FakeGitHub.create_status),
]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: FakeGitHub

    def log_message(self, *_: Any) -> None:
        """Nothing: the tests read ``requests``."""

    def handle_any(self) -> None:
        fake = self.fake
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urllib.parse.urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        if ".git/" in parts.path:
            fake.git_requests.append(Seen(self.command, parts.path, {}, headers, None, time.monotonic()))
            self.git(parts, raw, headers)
            return
        path = (
            parts.path.removeprefix(fake.prefix).lstrip("/")
            if parts.path.startswith(fake.prefix)
            else "outside" + parts.path
        )
        query = dict(urllib.parse.parse_qsl(parts.query))
        seen = Seen(self.command, path, query, headers, json.loads(raw) if raw else None, time.monotonic())
        with fake.lock:
            fake.requests.append(seen)
            fault = next((one for one in fake.faults if one.matches(seen.method, seen.path)), None)
        if fault is not None:
            self.spoil(seen, fault)
            return
        with fake.lock:
            reply = fake.answer(seen)
        self.say(seen, reply)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = handle_any

    def spoil(self, seen: Seen, fault: Fault) -> None:
        if fault.before is not None:
            fault.before()
        reply = None
        if fault.store:
            with self.fake.lock:
                reply = self.fake.answer(seen)
        time.sleep(fault.hang)
        if fault.drop:
            self.close_connection = True
            self.connection.close()
        elif fault.status is not None:
            self.raw(fault.status, fault.body, {"Content-Type": "application/json", **fault.headers})
        else:
            self.say(seen, reply or self.fake.answer(seen))

    def say(self, seen: Seen, reply: Reply) -> None:
        if self.fake.check is not None:
            self.fake.check(seen, reply.status, reply.payload)
        body = b"" if reply.payload is None else json.dumps(reply.payload).encode()
        self.raw(reply.status, body, {"Content-Type": "application/json; charset=utf-8", **reply.headers})

    def raw(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def git(self, parts: urllib.parse.SplitResult, raw: bytes, headers: dict[str, str]) -> None:
        """git's own server; only for a bearer of one of our tokens, by basic authentication as GitHub wants it."""
        login = base64.b64decode(headers.get("authorization", "").removeprefix("Basic ") or b"").decode()
        if self.fake.git_root is None or login.partition(":")[2] not in TOKENS:
            self.raw(401 if self.fake.git_root else 404, b"", {"WWW-Authenticate": 'Basic realm="GitHub"'})
            return
        environ = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.fake.git_root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(raw)),
            "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
            "GIT_PROTOCOL": headers.get("git-protocol", ""),
            "REMOTE_USER": "x",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        }
        done = subprocess.run(["git", "http-backend"], input=raw, env=environ, capture_output=True, check=False)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        self.raw(int(fields.pop("Status", "200").split()[0]), body, fields)


@contextmanager
def running(fake: FakeGitHub | None = None) -> Iterator[FakeGitHub]:
    """Serve ``fake`` on a free port of loopback until the block ends."""
    fake = fake or FakeGitHub()
    handler = type("Handler", (_Handler,), {"fake": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    fake.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
