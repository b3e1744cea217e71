"""One publishing as a process would do it: files, summary, annotations, comment, outputs, exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gate.github.context import Context
from gate.model import Report, Severity, Verdict
from gate.publish._publication import Publication
from gate.publish._report import FOREIGN_LIMIT, load
from gate.render import formats
from gate.settings import Settings
from tests.github.fake_api import ACTIONS, ACTIONS_TOKEN, READ_ONLY_TOKEN, FakeGitHub, Fault
from tests.github.patience import FastClock
from tests.publish.reports import finding, report
from tests.publish.test_outputs import parse


class Run:
    """The runner's folders and variables around one publishing."""

    def __init__(self, folder: Path, fake: FakeGitHub) -> None:
        self.folder, self.fake = folder, fake
        for name in ("temp", "workspace"):
            (folder / name).mkdir()
        self.environ = {
            "GITHUB_ACTIONS": "true",
            "ALEMBIC_GATE_INPUTS": "-", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_REPOSITORY": "octo/shop", "GITHUB_API_URL": fake.url,
            "GITHUB_SERVER_URL": "https://ghes.example.com", "GITHUB_RUN_ID": "10", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_WORKFLOW": "CI",
            "GITHUB_JOB": "gate", "RUNNER_TEMP": str(folder / "temp"), "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        }  # fmt: skip
        self.context = Context(
            event="pull_request", repository="octo/shop", pull_request=7, head_sha="a" * 40, run_id=10
        )

    def publish(self, what: Report, **more: Any) -> int:
        file = self.folder / "report.json"
        file.write_text(formats()["json"](what))
        self.context.write(self.folder / "context.json")
        known = {
            "token": ACTIONS_TOKEN,
            "repo": str(self.folder / "workspace"),
            "context": str(self.folder / "context.json"),
            **more,
        }
        return Publication(Settings(**known), self.environ, [str(file)], FastClock()).run()

    @property
    def outputs(self) -> dict[str, str]:
        return parse((self.folder / "output").read_bytes().decode())


@pytest.fixture
def run(tmp_path: Path, github: FakeGitHub) -> Run:
    return Run(tmp_path, github)


BAD = report(Verdict.FAIL, finding(), finding(2, Severity.WARNING))


def test_a_failing_report_reaches_every_destination(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.publish(BAD, sarif="true") == 1
    said = run.outputs
    assert {key: said[key] for key in ("verdict", "errors", "warnings", "comment-id", "comment-url", "comment-status")} == {
        "verdict": "fail", "errors": "1", "warnings": "1", "comment-id": "1001", "comment-status": "created",
        "comment-url": "https://ghes.example.com/octo/shop/pull/7#issuecomment-1001",
    }  # fmt: skip
    temp = run.folder / "temp"
    assert load(temp / said["result-file"], FOREIGN_LIMIT)["verdict"] == "fail"
    assert json.loads((temp / said["sarif-file"]).read_text())["version"] == "2.1.0"
    assert said["plan-file"] == ""
    assert "finding 1" in (run.folder / "summary").read_text()
    (body,) = run.fake.bodies()
    assert body.startswith("<!-- alembic-gate:v1 key=CI/gate/. run=10 attempt=1 -->\n### ")
    assert "(https://ghes.example.com/octo/shop/actions/runs/10)" in body
    out = capsys.readouterr().out
    assert out.splitlines()[0].startswith("::error ")
    assert out.splitlines()[-1] == "alembic-gate: verdict fail, exit code 1"


def test_req_29_three_requests(run: Run) -> None:
    run.publish(BAD)
    assert len(run.fake.requests) == 3
    run.context = Context(event="pull_request", repository="octo/shop", pull_request=7, run_id=11)
    run.publish(report())
    assert len(run.fake.requests) <= 6


def test_req_29_a_push_asks_nothing(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """No pull request, no comment: said once, exit unaffected (requirement 13)."""
    run.context = Context(event="push", repository="octo/shop")
    assert run.publish(BAD) == 1
    assert run.fake.requests == []
    assert run.outputs["comment-status"] == "skipped"
    assert capsys.readouterr().out.count("no pull request to comment on") == 1


def test_req_19_the_same_result_twice_is_one_write(run: Run) -> None:
    """Timings and run numbers differ, what is said does not."""
    run.publish(report(timings={"total": 1.0}))
    run.context = Context(event="pull_request", repository="octo/shop", pull_request=7, run_id=11)
    run.environ["GITHUB_RUN_ID"] = "11"
    run.publish(report(timings={"total": 99.0}))
    assert run.outputs["comment-status"] == "unchanged"
    assert len(run.fake.writes()) == 1


FAULTS: list[Callable[[], Fault]] = [
    lambda: Fault("GET", "comments", status=500, times=99),
    lambda: Fault("GET", "comments", status=200, body=b"<html>login</html>", times=99),
    lambda: Fault("GET", "comments", status=401, times=99),
    lambda: Fault("GET", "comments", status=404, body=b"<html>", times=99),
    lambda: Fault("GET", "comments", status=429, times=99),
    lambda: Fault("GET", "comments", status=403, headers={"Retry-After": "9999"}, times=99),
    lambda: Fault("GET", "comments", status=302, headers={"Location": "http://127.0.0.1:1/"}, times=99),
    lambda: Fault("GET", "comments", drop=True, times=99),
    lambda: Fault("POST", "comments", status=422, body=b"<html>body is too long</html>", times=99),
    lambda: Fault("POST", "comments", status=502, times=99),
    lambda: Fault("POST", "comments", drop=True, times=99),
    lambda: Fault("POST", "comments", status=200, body=b"garbage", times=99),
]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("what", [report(), BAD])
def test_req_22_no_fault_of_the_api_changes_the_verdict(
    run: Run, fault: Callable[[], Fault], what: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    run.fake.faults.append(fault())
    assert run.publish(what) == what.exit_code
    assert run.outputs["comment-status"] == "failed"
    assert run.outputs["verdict"] == what.verdict
    assert "::warning title=alembic-gate::comment failed: " in capsys.readouterr().out
    assert run.fake.bodies() == []


def test_req_22_require_comment_makes_it_fatal(run: Run) -> None:
    """Not passed, since nobody would see it: undecided. Findings outrank that."""
    run.fake.faults.append(Fault("GET", "comments", status=500, times=99))
    assert run.publish(report(), require_comment=True) == 3
    assert run.outputs["verdict"] == "undecided"
    run.fake.faults.append(Fault("GET", "comments", status=500, times=99))
    assert run.publish(BAD, require_comment=True) == 1


def test_req_22_a_comment_that_is_required_needs_a_token(run: Run) -> None:
    assert run.publish(report(), token="", require_comment=True) == 3
    assert run.outputs["comment-status"] == "failed"


def test_req_23_a_read_only_token_ends_in_summary_and_report(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.publish(BAD, token=READ_ONLY_TOKEN) == 1
    assert run.outputs["comment-status"] == "forbidden"
    assert "finding 1" in (run.folder / "summary").read_text()
    assert (run.folder / "temp" / run.outputs["result-file"]).is_file()
    assert "publish from a second workflow" in capsys.readouterr().out


def test_req_4_without_a_token_everything_else_works(run: Run) -> None:
    assert run.publish(BAD, token="") == 1
    assert run.fake.requests == []
    assert run.outputs["comment-status"] == "skipped"
    assert "finding 1" in (run.folder / "summary").read_text()


def test_req_24_quiet_until_there_is_a_problem_and_then_resolved(run: Run) -> None:
    assert run.publish(report(), comment="on-problems") == 0
    assert (run.outputs["comment-status"], run.fake.bodies()) == ("skipped", [])
    run.publish(BAD, comment="on-problems")
    assert run.outputs["comment-status"] == "created"
    run.publish(report(), comment="on-problems")
    assert run.outputs["comment-status"] == "updated"
    (body,) = run.fake.bodies()
    assert "**Resolved.**" in body
    assert "finding 1" not in body


def test_req_24_off_asks_nothing(run: Run) -> None:
    run.publish(BAD, comment="off")
    assert run.fake.requests == []


def test_req_10_the_password_reaches_no_destination(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    url = "postgresql://app:s3cr%40t-canary@db/shop"
    leaky = report(
        Verdict.FAIL, finding(message=f"could not connect to {url}: s3cr@t-canary refused"), notices=("s3cr@t-canary",)
    )
    run.publish(leaky, target_url=url, sarif="true")
    every = [
        capsys.readouterr().out,
        *run.fake.bodies(),
        (run.folder / "summary").read_text(),
        (run.folder / "output").read_text(),
    ]
    every += [one.read_text() for one in (run.folder / "temp").rglob("*") if one.is_file()]
    assert not [text for text in every if "s3cr" in text]


def test_req_33_several_calls_append(run: Run) -> None:
    (run.folder / "summary").write_text("# earlier\n")
    run.publish(BAD)
    run.publish(report())
    text = (run.folder / "summary").read_text()
    assert text.startswith("# earlier\n\n### ")
    assert text.count("### ") >= 2


def test_req_33_the_summary_never_grows_beyond_its_limit(run: Run) -> None:
    (run.folder / "summary").write_text("x" * 995_000 + "\n")
    run.publish(BAD)
    assert (run.folder / "summary").stat().st_size <= 1_000_000


def test_req_36_the_status_is_short_and_asked_for(run: Run) -> None:
    run.publish(BAD)
    assert run.fake.statuses == []
    run.publish(BAD, status=True)
    (status,) = run.fake.statuses
    assert (status["sha"], status["state"], status["description"]) == (
        "a" * 40,
        "failure",
        "fail: 1 error, 1 warning, 0 notes",
    )
    assert status["target_url"] == "https://ghes.example.com/octo/shop/actions/runs/10"


def test_req_21_fifty_thousand_findings_stay_readable(run: Run) -> None:
    """Bodies with mentions, bidi and 100 KB messages: inside every limit, verdict and counts whole."""
    nasty = "@everyone \u202e<!-- alembic-gate:v1 --> | `x` " + "A" * 100_000
    many = [
        finding(number % 900 + 1, message=nasty if number == 0 else f"finding {number}") for number in range(50_000)
    ]
    run.publish(report(Verdict.FAIL, *many))
    (body,) = run.fake.bodies()
    assert len(body) <= 60_000
    assert "50,000 errors" in body.split("\n")[1]
    assert "@everyone" not in body
    assert body.count("<!-- alembic-gate:v1") == 1
    assert body.count("<details>") == body.count("</details>")
    assert (run.folder / "summary").stat().st_size <= 1_000_000
    result = run.folder / "temp" / run.outputs["result-file"]
    assert load(result, FOREIGN_LIMIT)["counts"]["errors"] == 50_000
    assert run.outputs["errors"] == "50000"


def test_a_report_that_is_missing_is_undecided_and_said(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run.context.write(run.folder / "context.json")
    chosen = Settings(token=ACTIONS_TOKEN, context=str(run.folder / "context.json"), repo=str(run.folder / "workspace"))
    assert Publication(chosen, run.environ, [str(run.folder / "nothing.json")], FastClock()).run() == 3
    assert run.outputs["verdict"] == "undecided"
    assert "there is no report at" in run.fake.bodies()[0]
    assert capsys.readouterr().out.splitlines()[-2:] == [
        f"alembic-gate: nothing: there is no report at {run.folder / 'nothing.json'}",
        "alembic-gate: verdict undecided, exit code 3",
    ]


def test_no_report_at_all_says_what_to_name(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    del run.environ["GITHUB_ACTIONS"]
    assert Publication(Settings(repo=str(run.folder / "workspace")), run.environ, [], FastClock()).run() == 3
    assert capsys.readouterr().out.splitlines() == [
        "alembic-gate: no report was named: name the files that `alembic-gate check --write json=FILE` made, or their folder",
        "alembic-gate: verdict undecided, exit code 3",
    ]


@pytest.mark.parametrize("name", ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "RUNNER_TEMP"])
@pytest.mark.parametrize("value", ["", "/nonexistent/folder/file", "/proc/self/mem"])
def test_runner_files_that_cannot_be_written_are_warnings(run: Run, name: str, value: str) -> None:
    run.environ[name] = value
    assert run.publish(BAD) == 1
    assert len(run.fake.bodies()) == 1


def test_req_5_outside_github_nothing_is_sent_and_no_command_printed(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    del run.environ["GITHUB_ACTIONS"]
    assert run.publish(BAD) == 1
    assert run.fake.requests == []
    assert capsys.readouterr().out == "alembic-gate: verdict fail, exit code 1\n"


@pytest.mark.parametrize(
    ("workflow", "job", "folder", "key", "marker"),
    [
        ("CI", "gate", "", "", "CI/gate/."),
        ("CI", "gate", "./services/shop/", "", "CI/gate/services/shop"),
        ("a --> b", "x", "", "", "a%20-%2D%3E%20b/x/."),
        ("CI", "gate", "", "my key", "my%20key"),
    ],
)
def test_req_18_the_key(run: Run, workflow: str, job: str, folder: str, key: str, marker: str) -> None:
    run.environ |= {"GITHUB_WORKFLOW": workflow, "GITHUB_JOB": job}
    run.publish(BAD, working_directory=folder, key=key)
    assert run.fake.bodies()[0].startswith(f"<!-- alembic-gate:v1 key={marker} run=10 attempt=1 -->\n")


def test_req_38_outputs_are_written_even_when_cancelled(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def cancel(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gate.publish.comment.post", cancel)
    with pytest.raises(KeyboardInterrupt):
        run.publish(BAD)
    assert run.outputs["verdict"] == "fail"


def test_req_18_the_old_comment_of_our_bot_is_found_among_many(run: Run) -> None:
    for number in range(120):
        run.fake.add_comment(f"chatter {number}")
    run.fake.add_comment("<!-- alembic-gate:v1 key=CI/gate/. run=1 attempt=1 -->\nold", ACTIONS)
    run.publish(BAD)
    assert run.outputs["comment-status"] == "updated"
