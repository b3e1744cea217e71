"""One publishing: every destination in order, and what became of each.

Nothing that goes wrong here changes a verdict: each destination that fails is a warning, and the others go on. The
order is deliberate: files, summary and annotations need no network, so they are there whatever the API does.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from gate.errors import UNDECIDED, GateError
from gate.github import context as contexts
from gate.github.client import TOTAL_SECONDS, Client
from gate.github.clock import Clock
from gate.github.event import Event, read_event
from gate.github.inputs import HANDED_ON
from gate.model import Finding, Report, Verdict
from gate.publish import _merge, _report, _secrets, comment, files, outputs, stale, status, suggestions, summary
from gate.publish._marker import Marker, encode_key
from gate.publish._text import comment_text, has_problems
from gate.publish.annotations import note, show, warn
from gate.publish.comment import Outcome
from gate.settings import Settings

NO_TOKEN = "there is no token"  # noqa: S105  # a reason, not a secret
_NONE = "no report was named: name the files that `alembic-gate check --write json=FILE` made, or their folder"
MATTERS = ("forbidden", "failed")


class Publication:
    """One publishing: what is known, and what became of each destination."""

    def __init__(
        self, settings: Settings, environ: Mapping[str, str], paths: list[str], clock: Clock | None = None
    ) -> None:
        self.settings, self.environ, self.paths = settings, environ, paths
        self.clock = clock or Clock()
        self.event: Event = read_event(environ)
        self.context = contexts.read(Path(settings.context)) if settings.context else contexts.of_event(self.event)
        handed = environ.get(HANDED_ON) == "-"
        self.own = handed and settings.mode != "publish"  # the report of our own check, in the same container
        self.confined = handed and settings.mode == "publish"
        self.inside = environ.get("GITHUB_ACTIONS") == "true"
        self.token = settings.token or environ.get("GITHUB_TOKEN", "") or environ.get("GH_TOKEN", "")
        self.values: dict[str, str] = {}
        self.talk: Client | None = None
        self.problems: list[str] = []

    def run(self) -> int:
        """Everything, in order; the last line names the verdict."""
        report = self.report()
        self.values.update(outputs.of_report(report))
        if self.inside:
            report = self.inside_github(report)
        for problem in self.problems:
            note(f"alembic-gate: {problem}")
        note(f"alembic-gate: verdict {report.verdict}, exit code {report.exit_code}")
        return report.exit_code

    def report(self) -> Report:
        """The merged report without any secret."""
        roots = [
            self.settings.path(),
            *([Path(self.environ["RUNNER_TEMP"])] if self.environ.get("RUNNER_TEMP") else []),
        ]
        limit = _report.OWN_LIMIT if self.own else _report.FOREIGN_LIMIT
        named = [] if self.confined else [Path(one).resolve().parent for one in self.paths]
        legs = _merge.read_legs(self.paths, [*roots, *named], limit)
        self.problems = [f"{leg.name}: {leg.problem}" for leg in legs if leg.problem] or ([] if legs else [_NONE])
        merged = _merge.merge(legs, self.settings.expect)
        secrets = _secrets.of_settings(self.settings)
        return _report.build(_secrets.hide(merged.to_json(), secrets)) if secrets else merged

    def inside_github(self, report: Report) -> Report:
        """All destinations. Outputs come last and always."""
        try:
            self.quietly(
                "the result files were not written",
                lambda: self.values.update(
                    files.write(self.environ.get("RUNNER_TEMP", ""), report, self.settings.sarif)
                ),
            )
            if self.environ.get("GITHUB_STEP_SUMMARY"):
                self.quietly(
                    "the job summary was not written",
                    lambda: summary.append(self.environ["GITHUB_STEP_SUMMARY"], report),
                )
            self.quietly("the annotations were not printed", lambda: show(report))
            outcome = self.over_the_api(report)
            report = self.judged(report, outcome)
        finally:
            if self.environ.get("GITHUB_OUTPUT"):
                self.quietly(
                    "the outputs were not written", lambda: outputs.write(self.environ["GITHUB_OUTPUT"], self.values)
                )
        return report

    def quietly(self, what: str, do: Callable[[], object]) -> None:
        """Run one destination; its trouble is a warning."""
        try:
            do()
        except GateError as error:
            warn(f"{what}: {error}")
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            warn(f"{what}: {type(error).__name__}: {error}")

    def over_the_api(self, report: Report) -> Outcome:
        """Comment, status and suggestions, over one client."""
        outcome = Outcome("skipped")
        try:
            outcome = self.settle_comment(report)
            self.set_status(report)
            self.suggest(report, outcome)
            self.tell_stale(report)
        except GateError as error:
            outcome = Outcome("failed", detail=str(error))
        if outcome.status in MATTERS:
            warn(f"comment {outcome.status}: {outcome.detail}")
        elif outcome.detail:
            note(f"alembic-gate: comment {outcome.status}: {outcome.detail}")
        self.values["comment-status"] = outcome.status
        if outcome.id is not None and self.context.pull_request is not None:
            self.values["comment-id"] = str(outcome.id)
            self.values["comment-url"] = f"{self.event.pull_url(self.context.pull_request)}#issuecomment-{outcome.id}"
        return outcome

    def client(self) -> Client:
        """The one client of this process; its time is what ``prepare`` left of two minutes."""
        if self.talk is None:
            left = max(TOTAL_SECONDS - self.context.api_seconds, TOTAL_SECONDS / 2)
            self.talk = Client(self.event.api_url, self.token, user_agent=user_agent(), budget=left, clock=self.clock)
        return self.talk

    def settle_comment(self, report: Report) -> Outcome:
        """The comment, unless there is nothing to comment on or nobody wants one."""
        why = self.why_no_comment()
        if why is not None:
            lost = why == NO_TOKEN and self.settings.require_comment
            return Outcome("failed" if lost else "skipped", detail=why)
        number, repository = self.context.pull_request, self.context.repository
        assert number is not None
        assert repository is not None
        problems = has_problems(report)
        quiet = self.settings.comment == "on-problems"
        text = comment_text(report, self.event.run_url, resolved=quiet and not problems)
        text += suggestions.hidden_line(self.mends(report))
        marker = Marker(encode_key(self.key()), (self.context.run_id, self.context.run_attempt))
        wanted = comment.Wanted(repository, number, marker, text, create=problems or not quiet)
        return comment.post(self.client(), wanted)

    def why_no_comment(self) -> str | None:
        """Said once; the exit code does not change (requirement 13)."""
        if self.settings.comment == "off":
            return "comments are off"
        if self.context.no_comment:
            return self.context.no_comment
        if self.context.pull_request is None or self.context.repository is None:
            return f"the event {self.context.event or 'of this run'} has no pull request to comment on"
        return None if self.token else NO_TOKEN

    def key(self) -> str:
        """Which comment: the input, else workflow, job and working directory."""
        folder = re.sub(r"^(\./)+|/+$", "", self.settings.working_directory) or "."
        return self.settings.key or f"{self.event.workflow}/{self.event.job}/{folder}"

    def set_status(self, report: Report) -> None:
        """The commit status, for those who asked."""
        sha, repository = self.context.head_sha, self.context.repository
        if self.settings.status and self.token and sha and repository:
            name = f"alembic-gate ({self.key()})"
            said = status.post(self.client(), f"{repository}/statuses/{sha}", name, report, self.event.run_url)
            if said:
                warn(said)

    def mends(self, report: Report) -> dict[str, Finding]:
        """Findings whose mend can be suggested in the diff."""
        known = self.context.head_sha and self.context.hunks and self.settings.suggestions
        return suggestions.wanted(report, self.context.hunks) if known else {}

    def suggest(self, report: Report, outcome: Outcome) -> None:
        """Review suggestions that the comment does not remember yet."""
        if outcome.status not in ("created", "updated"):
            return
        known = suggestions.remembered(outcome.before)
        fresh = [finding for mark, finding in self.mends(report).items() if mark not in known]
        if fresh:
            pull = f"{self.context.repository}/pulls/{self.context.pull_request}"
            said = suggestions.post(self.client(), pull, str(self.context.head_sha), fresh)
            if said:
                note(f"alembic-gate: {said}")

    def tell_stale(self, report: Report) -> None:
        """On a push to the base, for those who asked: the open pull requests that it made stale."""
        how = self.settings.warn_stale
        if self.context.event == "push" and how != "off" and self.token and self.context.open_pulls:
            for said in stale.tell(self.client(), how, self.context, report, self.event.run_url):
                warn(said)

    def judged(self, report: Report, outcome: Outcome) -> Report:
        """``require-comment`` makes a lost comment an undecided run; findings outrank it."""
        if not self.settings.require_comment or outcome.status not in MATTERS or report.verdict is not Verdict.PASS:
            return report
        self.values["verdict"] = str(Verdict.UNDECIDED)
        return dataclasses.replace(report, verdict=Verdict.UNDECIDED, exit_code=UNDECIDED)


def user_agent() -> str:
    """How we name ourselves to the API."""
    from gate import __version__

    return f"alembic-gate/{__version__}"
