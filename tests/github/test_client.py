"""The API's manners (requirements 17, 26 to 29), against HTTP on loopback."""

from __future__ import annotations

import email.utils
import socket
import threading
import time
from collections.abc import Callable

import pytest

from gate.github import client as module
from gate.github.client import ApiError, Client, next_link
from gate.github.transport import NoAnswerError, Request, exchange
from gate.github.waiting import limit, retry_after
from tests.github.fake_api import ACTIONS_TOKEN, FakeGitHub, Fault, running
from tests.github.patience import FastClock

COMMENTS = "repos/octo/shop/issues/7/comments"


def client(fake: FakeGitHub, **more: object) -> Client:
    return Client(fake.url, ACTIONS_TOKEN, clock=FastClock(), **more)  # type: ignore[arg-type]  # test helper


def test_req_17_the_api_base_may_have_a_prefix() -> None:
    """GitHub Enterprise Server serves its API below /api/v3."""
    with running(FakeGitHub(prefix="/api/v3")) as fake:
        fake.add_pull(7)
        client(fake).get("repos/octo/shop/pulls/7")
        assert [one.path for one in fake.requests] == ["repos/octo/shop/pulls/7"]


def test_req_26_requests_name_us_and_the_version(github: FakeGitHub) -> None:
    client(github, user_agent="alembic-gate/1").get("repos/octo/shop/pulls/7")
    headers = github.requests[0].headers
    assert headers["user-agent"] == "alembic-gate/1"
    assert headers["x-github-api-version"] == "2022-11-28"
    assert headers["authorization"] == f"Bearer {ACTIONS_TOKEN}"


def test_req_26_writes_are_a_second_apart(github: FakeGitHub) -> None:
    talk = client(github)
    for text in ("one", "two", "three"):
        talk.write("POST", COMMENTS, {"body": text})
    assert talk.clock.slept == [1.0, 1.0]  # type: ignore[attr-defined]  # FastClock


def test_req_26_the_total_time_is_bounded(github: FakeGitHub) -> None:
    """Waits that would pass the budget are not begun."""
    github.faults.append(Fault("GET", "pulls/7", status=429, headers={"Retry-After": "50"}, times=99))
    talk = client(github)
    with pytest.raises(ApiError, match="429"):
        talk.get("repos/octo/shop/pulls/7")
    assert talk.clock.slept == [50.0, 50.0]  # type: ignore[attr-defined]  # FastClock


def test_req_26_a_server_that_trickles_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds for the whole answer, not for each byte."""
    server = socket.create_server(("127.0.0.1", 0))

    def trickle() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            try:
                while True:
                    connection.sendall(b" ")
                    time.sleep(0.01)
            except OSError:
                return

    thread = threading.Thread(target=trickle, daemon=True)
    thread.start()
    with pytest.raises(NoAnswerError, match="no answer within 0 s"):
        exchange(Request("GET", f"http://127.0.0.1:{server.getsockname()[1]}/"), 1, 0.3)
    thread.join(5)
    server.close()


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 502}, {"drop": True}])
def test_req_27_reading_is_tried_again(github: FakeGitHub, fault: dict[str, object]) -> None:
    github.faults.append(Fault("GET", "pulls/7", times=4, **fault))  # type: ignore[arg-type]  # chosen above
    talk = client(github)
    assert talk.get("repos/octo/shop/pulls/7")["number"] == 7
    assert talk.clock.slept == [0.375, 0.75, 1.5, 3.0]  # type: ignore[attr-defined]  # FastClock
    assert talk.count == 5


def test_req_27_reading_gives_up_after_four_more_tries(github: FakeGitHub) -> None:
    github.faults.append(Fault("GET", "pulls/7", status=503, times=99))
    talk = client(github)
    with pytest.raises(ApiError, match="answered 503: injected"):
        talk.get("repos/octo/shop/pulls/7")
    assert talk.count == 5


@pytest.mark.parametrize("status", [401, 403, 404, 410, 422])
def test_req_27_refusals_are_final(github: FakeGitHub, status: int) -> None:
    github.faults.append(Fault("GET", "pulls/7", status=status, times=99))
    talk = client(github)
    with pytest.raises(ApiError) as caught:
        talk.get("repos/octo/shop/pulls/7")
    assert (talk.count, caught.value.status, caught.value.forbidden) == (1, status, status == 403)


NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"retry-after": "7"}, 7.0),
        (403, {"retry-after": "0"}, 0.0),
        (403, {"retry-after": email.utils.formatdate(NOW + 30, usegmt=True)}, 30.0),
        (403, {"retry-after": email.utils.formatdate(NOW - 30, usegmt=True)}, 0.0),
        (403, {"retry-after": "soon"}, 60.0),
        (429, {"retry-after": "-5"}, 60.0),
        (429, {"retry-after": "1e999"}, 60.0),
        (429, {"retry-after": "9" * 400}, 60.0),
        (429, {"retry-after": "Fri, 99 Zzz 9999 99:99:99 GMT"}, 60.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW) + 20)}, 20.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "rubbish"}, 60.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW) - 20)}, 1.0),
        (429, {}, 60.0),
        (403, {}, None),
        (403, {"x-ratelimit-remaining": "17"}, None),
        (500, {"retry-after": "7"}, None),
    ],
)
def test_req_27_how_long_a_limit_lasts(status: int, headers: dict[str, str], wait: float | None) -> None:
    assert limit(status, headers, b"", NOW) == wait


def test_req_27_a_secondary_limit_may_hide_in_a_403() -> None:
    assert limit(403, {}, b'{"message": "You have exceeded a secondary rate limit."}', NOW) == 60.0


@pytest.mark.parametrize("text", ["", "\x00", "١٢", "1 2", "0x10", "nan", "inf", "Sun, 06 Nov 1994"])
def test_req_27_rubbish_in_retry_after_is_survived(text: str) -> None:
    assert retry_after(text, NOW) in (None, 0.0)


def test_req_27_a_limit_is_waited_for_by_writes_too(github: FakeGitHub) -> None:
    """A refused write did not happen, so it may be repeated."""
    github.faults.append(Fault("POST", "comments", status=403, headers={"Retry-After": "3"}))
    talk = client(github)
    talk.write("POST", COMMENTS, {"body": "x"})
    assert talk.clock.slept == [3.0]  # type: ignore[attr-defined]  # FastClock
    assert len(github.bodies()) == 1


def test_req_27_a_long_limit_is_not_waited_for(github: FakeGitHub) -> None:
    github.faults.append(Fault("GET", "pulls/7", status=403, headers={"Retry-After": "61"}))
    talk = client(github)
    with pytest.raises(ApiError) as caught:
        talk.get("repos/octo/shop/pulls/7")
    assert talk.clock.slept == []  # type: ignore[attr-defined]  # FastClock
    assert not caught.value.forbidden


@pytest.mark.parametrize("body", [b"<html>proxy login</html>", b"", b"\xff\xfe", b"[" * 100_000, b'"text"', b"17"])
def test_req_27_garbage_with_status_200_is_an_error(github: FakeGitHub, body: bytes) -> None:
    github.faults.append(Fault("GET", "comments", status=200, body=body))
    with pytest.raises(ApiError, match="answered 200 with"):
        list(client(github).pages(COMMENTS))


def test_req_28_reading_follows_redirects_and_the_token_stays(github: FakeGitHub) -> None:
    with running() as other:
        other.add_pull(7)
        github.faults.append(
            Fault("GET", "pulls/7", status=301, headers={"Location": f"{other.url}/repos/octo/shop/pulls/7"})
        )
        with pytest.raises(ApiError, match="401"):
            client(github).get("repos/octo/shop/pulls/7")
        assert "authorization" not in other.requests[0].headers
        assert ACTIONS_TOKEN not in repr(other.requests)


def test_req_28_a_way_back_does_not_bring_the_token_back(github: FakeGitHub) -> None:
    with running() as other:
        other.faults.append(
            Fault("GET", "away", status=302, headers={"Location": f"{github.url}/repos/octo/shop/pulls/7"})
        )
        github.faults.append(Fault("GET", "pulls/7", status=302, headers={"Location": f"{other.url}/away"}))
        with pytest.raises(ApiError, match="401"):
            client(github).get("repos/octo/shop/pulls/7")
    assert "authorization" not in github.requests[1].headers


def test_req_28_a_redirect_on_the_same_origin_is_followed_with_the_token(github: FakeGitHub) -> None:
    github.faults.append(Fault("GET", "pulls/7", status=301, headers={"Location": "/repos/octo/shop/pulls/7?moved=1"}))
    assert client(github).get("repos/octo/shop/pulls/7")["number"] == 7


def test_req_28_redirects_end(github: FakeGitHub) -> None:
    github.faults.append(
        Fault("GET", "pulls/7", status=302, headers={"Location": "/repos/octo/shop/pulls/7"}, times=99)
    )
    talk = client(github)
    with pytest.raises(ApiError, match="more than 5 redirects"):
        talk.get("repos/octo/shop/pulls/7")
    assert talk.count == 6


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_req_28_writes_are_never_redirected(github: FakeGitHub, status: int) -> None:
    with running() as other:
        github.faults.append(Fault("POST", "comments", status=status, headers={"Location": f"{other.url}/{COMMENTS}"}))
        with pytest.raises(ApiError, match=f"answered {status}"):
            client(github).write("POST", COMMENTS, {"body": "x"})
        assert other.requests == []


def test_req_28_a_page_on_another_origin_is_not_asked_for(github: FakeGitHub) -> None:
    """``next`` leads away: the listing goes on by its number, on the API's own origin."""
    for number in range(150):
        github.add_comment(f"comment {number}")
    with running() as other:
        github.foreign_next = other.url
        pages = list(client(github).pages(COMMENTS))
        assert other.requests == []
    assert [len(page) for page in pages] == [100, 50]


def test_a_listing_that_points_to_itself_ends(github: FakeGitHub) -> None:
    own = f"{github.url}/{COMMENTS}?per_page=100"
    github.faults.append(
        Fault("GET", "comments", status=200, body=b"[]", headers={"Link": f'<{own}>; rel="next"'}, times=99)
    )
    assert list(client(github).pages(COMMENTS)) == [[]]


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ('<https://a/?page=2>; rel="next", <https://a/?page=5>; rel="last"', "https://a/?page=2"),
        ('<https://a/?page=1>; rel="prev", <https://a/?page=3>; rel="next"', "https://a/?page=3"),
        ("<https://a/?page=2>; rel=next", "https://a/?page=2"),
        ('<https://a/?page=2>; title="x"; rel="next"', "https://a/?page=2"),
        ('<https://a/?rel="next">; rel="last"', None),
        ("", None),
        ("rubbish <<<>>> ;;; rel", None),
    ],
)
def test_next_link(header: str, target: str | None) -> None:
    assert next_link(header) == target


@pytest.mark.parametrize("token", ["", "  ", "a\nb", "a b", "é"])
def test_a_token_that_no_header_can_carry_is_never_said(github: FakeGitHub, token: str) -> None:
    with pytest.raises(ApiError, match="the token is empty or holds characters") as caught:
        Client(github.url, token)
    assert not token.strip() or token not in str(caught.value)


def test_the_token_is_in_no_representation(github: FakeGitHub) -> None:
    assert ACTIONS_TOKEN not in repr(client(github))


def test_nobody_listening_is_an_error_that_did_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    talk = Client(f"http://127.0.0.1:{port}", ACTIONS_TOKEN, clock=FastClock())
    with pytest.raises(ApiError, match="Connection refused") as caught:
        talk.write("POST", COMMENTS, {"body": "x"})
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "nonsense", "http://", "http://[::1", "http://127.0.0.1:99999"])
def test_an_api_address_that_is_none(url: str) -> None:
    with pytest.raises(ApiError):
        Client(url, ACTIONS_TOKEN, clock=FastClock()).get("user")


def test_proxies_of_the_environment_are_used(github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """An http proxy gets the absolute address; NO_PROXY leaves it out."""
    monkeypatch.setenv("http_proxy", github.url.replace("http://", "http://me:pass@"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    talk = Client("http://api.example.invalid", ACTIONS_TOKEN, clock=FastClock())
    assert talk.get("repos/octo/shop/pulls/7")["number"] == 7
    assert github.requests[0].headers["host"] == "api.example.invalid"
    assert github.requests[0].headers["proxy-authorization"].startswith("Basic ")
    monkeypatch.setenv("no_proxy", "api.example.invalid")
    with pytest.raises(ApiError):
        talk.get("repos/octo/shop/pulls/7")


@pytest.mark.parametrize(
    ("how", "unknown"),
    [
        (lambda: Fault("POST", "comments", drop=True), True),
        (lambda: Fault("POST", "comments", status=502), True),
        (lambda: Fault("POST", "comments", status=201, body=b"<html>"), True),
        (lambda: Fault("POST", "comments", status=422), False),
        (lambda: Fault("POST", "comments", status=403), False),
    ],
)
def test_req_20_whether_a_write_happened_is_said(github: FakeGitHub, how: Callable[[], Fault], unknown: bool) -> None:
    github.faults.append(how())
    talk = client(github)
    with pytest.raises(ApiError) as caught:
        talk.write("POST", COMMENTS, {"body": "x"})
    assert (caught.value.outcome_unknown, talk.count) == (unknown, 1)


def test_the_manners_are_the_documented_ones() -> None:
    """The reference's table of budgets."""
    assert (module.CONNECT_SECONDS, module.READ_SECONDS, module.TOTAL_SECONDS) == (10, 30, 120)
    assert (module.REDIRECTS, module.PER_PAGE, module.PAUSE_BETWEEN_WRITES) == (5, 100, 1)
