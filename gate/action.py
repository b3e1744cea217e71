"""What the container runs: prepare, check (or predeploy, verify), publish, each as a process of its own.

The token stays with this process, ``prepare`` and ``publish``. ``check`` is started with an environment that never
held it, and everything that ``check`` started is gone before ``publish`` begins. Whatever happens, every output is
set, groups are closed, and the last line names the verdict (requirements 1, 6, 7, 31, 34, 37 to 39).
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

from gate import __version__, settings
from gate._family import adopt_orphans
from gate.errors import UNDECIDED, USAGE, GateError, UsageError
from gate.github import context as contexts
from gate.github.inputs import HANDED_ON, Inputs, read_inputs, validate
from gate.github.processes import Child, end_rest, hide_process, shed_environment
from gate.model import CheckResult, ProjectReport, Report, Verdict
from gate.publish import _secrets, outputs, summary
from gate.publish.annotations import note, speak_utf8, warn
from gate.render import formats
from gate.settings import Settings

KEPT = frozenset({"PATH", "TZ", "CI", "TERM", "DOCKER_HOST"})
KEPT_PREFIXES = ("PIP_", "UV_", "ALEMBIC_GATE_")
NETWORK = frozenset({
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO",
})  # fmt: skip
TOLD = frozenset({
    "GITHUB_ACTIONS", "GITHUB_EVENT_NAME", "GITHUB_REPOSITORY", "GITHUB_SHA", "GITHUB_REF", "GITHUB_BASE_REF",
    "GITHUB_HEAD_REF", "GITHUB_SERVER_URL",
})  # fmt: skip
"""GitHub's variables that ``check`` may know: no path of a command file, no token, no address of a service."""
GRACE = 2.5
"""Seconds that a cancelled process gets for cleaning up; everything must be over within five."""
BEYOND_TIMEOUT = 30
"""Seconds for reporting, beyond ``timeout`` for the project's code."""
ALLOW_UNSAFE = "ALEMBIC_GATE_ALLOW_UNSAFE_FORK_CODE"


class CancelledError(BaseException):
    """SIGINT or SIGTERM came."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main(environ: Mapping[str, str]) -> int:
    """Run the action and give its exit code."""
    environ = shed_environment(environ)
    speak_utf8()
    with _listening():
        adopt_orphans()
        hide_process()
        with tempfile.TemporaryDirectory(prefix="alembic-gate-action-", ignore_cleanup_errors=True) as folder:
            try:
                return Action(dict(environ), Path(folder)).run()
            except CancelledError as late:  # while the last words were said: everything is set already
                return 128 + late.number


@contextlib.contextmanager
def _listening() -> Iterator[None]:
    """The first signal unwinds, later ones do not disturb the cleaning-up."""

    def cancel(number: int, _frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        raise CancelledError(number)

    before = {each: signal.signal(each, cancel) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


class Action:
    """One run of the action. ``folder`` is private and gone afterwards."""

    def __init__(self, environ: dict[str, str], folder: Path) -> None:
        self.environ, self.folder = environ, folder
        self.workspace = environ.get("GITHUB_WORKSPACE") or str(Path.cwd())
        self.inside = environ.get("GITHUB_ACTIONS") == "true"
        self.inputs = Inputs({})
        self.child: Child | None = None
        self.published = False
        self.context_file, self.report_file = folder / "context.json", folder / "report.json"

    def run(self) -> int:
        """All steps. Outputs are set on every way out."""
        code = UNDECIDED
        try:
            code = self.steps()
        except GateError as error:
            code = self.give_up(str(error), error.advice, error.exit_code)
        except CancelledError as cancelled:
            code = self.cancelled(cancelled.number)
        finally:
            end_rest()
            self.last_words(code)
        return code

    def steps(self) -> int:
        """Inputs, prepare, check, publish."""
        self.inputs = read_inputs(self.environ)
        self.mask()
        for warning in self.inputs.warnings:
            self.warn(warning)
        validate(self.inputs)
        mode = self.inputs.values.get("mode", "check")
        problem = self.prepare()
        if problem is not None:
            return self.publish_fallback(mode, *problem)
        context = contexts.read(self.context_file)
        repo = context.repo or self.workspace
        chosen = settings.read({"repo": repo, "command": "action"}, self.inputs.values)
        self.say_masks(chosen)
        if mode == "publish":
            return self.publish(list(chosen.reports) or ["alembic-gate"], repo)
        return self.publish(self.judge(mode, chosen, context), repo)

    def mask(self) -> None:
        """Passwords first, before anything else can print (requirement 10)."""
        values = self.inputs.values
        pairs = [line.partition("=") for line in values.get("env", "").splitlines()]
        known = Settings(
            database_url=values.get("database-url", ""),
            target_url=values.get("target-url", ""),
            env={name.strip(): value for name, _, value in pairs},
        )
        self.say_masks(known)

    def say_masks(self, known: Settings) -> None:
        """Mask what these settings hold: first the inputs', later the settings file's."""
        if self.inside:
            sys.stdout.write(_secrets.mask_commands(_secrets.of_settings(known)))
            sys.stdout.flush()

    def prepare(self) -> tuple[int, str, str | None] | None:
        """Collect what needs the token. What went wrong, or None."""
        words = ["prepare", "--repo", self.workspace, "--context", str(self.context_file)]
        child = self.start(words, self.trusted(), token=True, pumped=True)
        code = child.wait(300)
        if code is None:
            child.end(signal.SIGKILL, 1)
        if code == 0 and self.context_file.exists():
            return None
        return (USAGE if code == USAGE else UNDECIDED, _sentence(child, "prepare ended without a context"), None)

    def judge(self, mode: str, chosen: Settings, context: contexts.Context) -> list[str]:
        """Run the check without the token; the report's path."""
        words = [
            mode,
            "--repo",
            chosen.repo,
            "--context",
            str(self.context_file),
            "--write",
            f"json={self.report_file}",
        ]
        words += ["--static-only"] if context.static_only else []
        words += ["--base", context.base_sha] if context.base_found_by == "flag" and context.base_sha else []
        limit = chosen.timeout + BEYOND_TIMEOUT
        with self.group(f"alembic-gate {mode}"):
            if context.static_only_reason:
                note(f"alembic-gate: {context.static_only_reason}")
            child = self.start(words, self.untrusted(context), token=False, pumped=True)
            code = child.wait(limit)
            if code is None:
                child.end(signal.SIGINT, GRACE)
            end_rest()
        if code is None:
            said = f"the run took longer than {limit} s and was ended"
            return self.fallback(mode, UNDECIDED, said, "Raise the input timeout, or see in the log what hangs.")
        if code in (0, 1, UNDECIDED) and self.report_file.is_file():
            return [str(self.report_file)]
        what = _sentence(child, f"{mode} ended with code {code} and left no report")
        return self.fallback(mode, USAGE if code == USAGE else UNDECIDED, what)

    def publish(self, reports: list[str], repo: str | None = None) -> int:
        """Send the reports; the exit code is theirs."""
        words = ["publish", "--repo", repo or self.workspace]
        words += ["--context", str(self.context_file)] if self.context_file.exists() else []
        before = self.said()
        child = self.start([*words, "--", *reports], self.trusted(), token=True, pumped=False)
        code = child.wait(240)
        if code is None:
            child.end(signal.SIGKILL, 1)
        self.published = code is not None and code >= 0 and (self.said() > before or not self.inside)
        return code if code is not None and code in (0, 1, USAGE, UNDECIDED) else self.report_code(reports)

    def said(self) -> int:
        """Bytes of outputs so far: how we know that ``publish`` came to writing them."""
        with contextlib.suppress(OSError):
            return Path(self.environ.get("GITHUB_OUTPUT", "")).stat().st_size
        return 0

    def report_code(self, reports: list[str]) -> int:
        """The verdict's code when publishing itself was lost: the verdict stands."""
        with contextlib.suppress(OSError, ValueError, IndexError, AttributeError):
            verdict = json.loads(Path(reports[0]).read_text("utf-8")).get("verdict")
            return {"pass": 0, "fail": 1}.get(verdict, UNDECIDED)
        return UNDECIDED

    def fallback(self, mode: str, code: int, what: str, advice: str | None = None) -> list[str]:
        """A report for a run that has none, so that an older comment does not go on saying pass."""
        said = mode if mode in ("check", "predeploy", "verify") else "check"
        row = CheckResult(said, Verdict.UNDECIDED, what, advice)
        project = ProjectReport("unknown", checks=(row,))
        report = Report(said, Verdict.UNDECIDED, code, __version__, projects=(project,))
        self.report_file.write_text(formats()["json"](report), encoding="utf-8")
        return [str(self.report_file)]

    def give_up(self, what: str, advice: str | None, code: int) -> int:
        """Expected trouble of our own: said, and published as undecided."""
        sys.stderr.write(f"alembic-gate: {what}\n" + (f"  {advice}\n" if advice else ""))
        if self.inside:
            warn(f"{what} {advice or ''}".strip())
        self.publish_fallback(self.inputs.values.get("mode", "check"), code, what, advice)
        return code

    def publish_fallback(self, mode: str, code: int, what: str, advice: str | None = None) -> int:
        """Publish that nothing was judged. Wrong inputs and settings are left out: this must not fail for them too."""
        valid = {name: text for name, text in self.inputs.values.items() if _is_valid(name, text)}
        good = {name: text for name, text in valid.items() if name not in ("mode", "reports", "settings")}
        self.inputs = Inputs(good)
        return self.publish(self.fallback(mode, code, what, advice), self.home()["HOME"])

    def cancelled(self, number: int) -> int:
        """End the running process with its children in time; say in the summary how far it came."""
        if self.child is not None:
            self.child.end(number, GRACE)
        end_rest()
        if self.inside and self.environ.get("GITHUB_STEP_SUMMARY"):
            name = signal.Signals(number).name
            said = f"### ❔ alembic-gate: cancelled by {name}\n\nThe run did not finish; nothing was decided."
            with contextlib.suppress(OSError):
                summary.append_text(self.environ["GITHUB_STEP_SUMMARY"], said)
        return 128 + number

    def last_words(self, code: int) -> None:
        """Outputs and the verdict line, where ``publish`` did not come to it."""
        if self.published:
            return
        verdict = {0: "pass", 1: "fail"}.get(code, "undecided")
        if self.inside and self.environ.get("GITHUB_OUTPUT"):
            with contextlib.suppress(OSError):
                outputs.write(self.environ["GITHUB_OUTPUT"], {"verdict": verdict})
        note(f"alembic-gate: verdict {verdict}, exit code {code}")

    def start(self, words: list[str], environ: Mapping[str, str], *, token: bool, pumped: bool) -> Child:
        """Start one process and remember it for cancelling."""
        self.child = Child(words, environ, self.inputs.handed_on(token=token), pumped=pumped)
        return self.child

    def trusted(self) -> dict[str, str]:
        """For the processes that hold the token (given by stdin): GitHub's, the runner's, the network's variables."""
        mine = {
            name: value
            for name, value in self.environ.items()
            if name in KEPT or name.upper() in NETWORK or name.startswith(("GITHUB_", "RUNNER_"))
        }
        for name in ("GITHUB_TOKEN", "GH_TOKEN"):
            mine.pop(name, None)
        allowed = {ALLOW_UNSAFE: self.environ[ALLOW_UNSAFE]} if ALLOW_UNSAFE in self.environ else {}
        return {**mine, **allowed, **self.home(), HANDED_ON: "-"}

    def untrusted(self, context: contexts.Context) -> dict[str, str]:
        """For the process that starts project code: an allow-list (requirement 7)."""
        mine = {
            name: value
            for name, value in self.environ.items()
            if name in KEPT or name in TOLD or name.upper() in NETWORK or name.startswith(KEPT_PREFIXES)
        }
        objects = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": context.git_objects} if context.git_objects else {}
        return {**mine, **objects, **self.home(), HANDED_ON: "-"}

    def home(self) -> dict[str, str]:
        """A home of our own: the runner's is shared by all container steps of the job (requirement 11)."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return {"HOME": str(home), "LANG": "C.UTF-8"}

    @contextlib.contextmanager
    def group(self, title: str) -> Iterator[None]:
        """A fold in the log that is closed on every way out."""
        self.command(f"::group::{title}")
        try:
            yield
        finally:
            self.command("::endgroup::")

    def command(self, line: str) -> None:
        """One workflow command, only inside GitHub Actions."""
        if self.inside:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    def warn(self, text: str) -> None:
        """One warning, as a command only inside GitHub Actions."""
        if self.inside:
            warn(text)
        else:
            note(f"alembic-gate: {text}")


def _is_valid(name: str, text: str) -> bool:
    try:
        settings.parse(name, text, name)
    except UsageError:
        return False
    return True


def _sentence(child: Child, otherwise: str) -> str:
    """What the process said last about itself on stderr."""
    lines = [line for line in child.tail if line.strip() and not line.startswith("·")]
    own = [number for number, line in enumerate(lines) if line.startswith("alembic-gate:")]
    said = " ".join(line.strip() for line in lines[own[-1] :]) if own else ""
    return said.removeprefix("alembic-gate:").strip()[:2000] or otherwise
