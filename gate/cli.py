"""The command line: parse, call, exit code. Flags come from the settings table, formats from the folder of renderers."""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from gate import __version__, render, settings
from gate.errors import UNDECIDED, USAGE, GateError, UsageError, writing
from gate.github.inputs import handed_on
from gate.model import CheckResult, ProjectReport, Report, Verdict
from gate.render._clean import visible
from gate.settings import Settings

COMMANDS: Mapping[str, str] = {
    "check": "judge the working tree (or a pull request's checkout)",
    "predeploy": "judge a release against its target database, read-only",
    "verify": "after the deploy: target at head, no drift, nothing invalid",
    "prepare": "collect what needs the GitHub token",
    "publish": "send reports (one or several, merged) to GitHub",
    "split": "write the safe revisions for an unsafe one",
    "rules": "list rules; with an id: explain it, with examples",
    "init": "write workflow and settings for this repository",
    "action": "what the container runs: prepare, check or predeploy, publish",
    "projects": "list the Alembic environments found",
    "known-diffs": "record today's differences as known, so that only new ones fail",
}
JUDGING = ("check", "predeploy", "verify")


class Cancelled(BaseException):
    """SIGINT or SIGTERM came: unwind, close everything, leave with 128 + signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code. Expected errors are a sentence on stderr, never a traceback."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _fill_standard_streams()
    _listen_to_signals()
    try:
        code = _dispatch(words)
        sys.stdout.flush()
        return code
    except UsageError as error:
        _complain(error)
        return USAGE
    except GateError as error:
        _complain(error)
        return error.exit_code
    except Cancelled as cancelled:
        _say(f"alembic-gate: cancelled by {signal.Signals(cancelled.exit_code - 128).name}; everything started is gone")
        return cancelled.exit_code
    except BrokenPipeError:
        _drop_stdout()
        return UNDECIDED
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            return _bug()
        _drop_stdout()
        _say(f"alembic-gate: {error.filename or 'stdout'}: cannot be written: {error.strerror}\n  Make room there.")
        return UNDECIDED
    except Exception:  # noqa: BLE001  # a bug of ours: say so with a report to paste, and fail closed
        return _bug()


def _bug() -> int:
    _say(f"alembic-gate {__version__}: internal error, please report this:\n{traceback.format_exc()}")
    return UNDECIDED


def _dispatch(words: list[str]) -> int:
    if words[:1] == ["action"]:
        return int(importlib.import_module("gate.action").main(os.environ))
    command, flags = parse(words)
    if command in JUDGING:
        return judge(command, flags)
    chosen = settings.read({**flags, "command": command}, handed_on(os.environ))
    if command == "publish":
        return int(importlib.import_module("gate.publish").main(chosen, list(chosen.arguments)))
    return int(importlib.import_module(_home(command)).main(chosen))


def _home(command: str) -> str:
    """Where a command lives: its own module, else ``<command>_command``."""
    name = command.replace("-", "_")
    return "gate.prepare" if command == "prepare" else "gate.init" if command == "init" else f"gate.{name}_command"


def judge(command: str, flags: Mapping[str, Any]) -> int:
    """Run the gate and say the report. Exit 2 leaves stdout empty; exit 3 still prints a whole report."""
    chosen = settings.read({**flags, "command": command}, handed_on(os.environ))
    _known_formats(chosen)
    _can_be_written(chosen)
    from gate import runner

    progress = _progress(chosen)
    try:
        report = runner.run(chosen, progress)
    except UsageError:
        raise
    except GateError as error:
        _complain(error)
        report = undecided(command, error)
    progress("")
    report = without_secrets(report, chosen)
    say(report, chosen)
    return report.exit_code


def without_secrets(report: Report, chosen: Settings) -> Report:
    """Project code knows the scratch server's login and may print or raise it; no format shows a password."""
    if not (chosen.database_url or chosen.target_url or chosen.env):
        return report
    from gate import reports
    from gate.publish import _secrets

    told = report.to_json()
    hidden = _secrets.hide(told, _secrets.of_settings(chosen))
    return report if hidden == told else reports.build(hidden)


def undecided(command: str, error: GateError) -> Report:
    """A report for a run that could not even begin."""
    row = CheckResult(command, Verdict.UNDECIDED, str(error), error.advice)
    project = ProjectReport("unknown", checks=(row,))
    return Report(command, Verdict.UNDECIDED, UNDECIDED, __version__, projects=(project,))


def say(report: Report, chosen: Settings) -> None:
    """Write the files that ``--write`` names, then the chosen format to stdout, and nothing else there."""
    for name, path in chosen.write.items():
        target = _target(chosen, path)
        with writing(target):
            target.write_text(render.formats()[name](report), encoding="utf-8")
    text = _in_colour(report) if _coloured(chosen) else render.formats()[chosen.format](report)
    sys.stdout.write(text if text.endswith("\n") or not text else text + "\n")


def _in_colour(report: Report) -> str:
    from gate.render import text

    return text.render(report, colour=True)


def _drop_stdout() -> None:
    """What is left in the buffer goes nowhere, so that the interpreter's own flush at the end does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fill_standard_streams() -> None:
    """A stream that the caller closed leads nowhere, else its number went to the next file or socket that is opened."""
    while (number := os.open(os.devnull, os.O_RDWR)) < 3:
        os.set_inheritable(number, True)
    os.close(number)
    closed: bool = sys.stdout is None
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115  # lives as long as the process
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115  # the same
    if closed:
        _say("alembic-gate: stdout is closed: what would be printed there is lost")


def _target(chosen: Settings, path: str) -> Path:
    return Path(path) if Path(path).is_absolute() else chosen.path(path)


def _can_be_written(chosen: Settings) -> None:
    """A path that cannot work is said before the run, which may take minutes, and not after it."""
    for name, path in chosen.write.items():
        target = _target(chosen, path)
        nearest = next(each for each in (target, *target.parents) if os.path.exists(each))  # noqa: PTH110  # raises not
        if target == nearest and target.is_dir():
            raise UsageError(f"{target} is a folder", where=f"--write {name}", advice="Name a file in it.")
        if not os.access(nearest, os.W_OK) or (nearest != target and not nearest.is_dir()):
            advice = "Name a file in a folder that this user may write to."
            raise UsageError(f"{target} cannot be written", where=f"--write {name}", advice=advice)


def _coloured(chosen: Settings) -> bool:
    """Colour when asked for, and by itself only on a terminal that wants it (https://no-color.org)."""
    if chosen.format != "text" or chosen.colour != "auto":
        return chosen.format == "text" and chosen.colour == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _known_formats(chosen: Settings) -> None:
    for name in (chosen.format, *chosen.write):
        if name not in render.formats():
            raise UsageError(
                f"unknown format {name!r}", where="--format/--write", advice=f"Known: {', '.join(render.formats())}."
            )


def parse(words: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The command and the flags that were given, typed, by attribute of ``Settings``."""
    given = vars(_parser(words).parse_args(words))
    command = given.pop("command")
    flags: dict[str, Any] = {}
    for row in settings.options("flag"):
        if row.attribute in given:
            flags[row.attribute] = _value(row, given[row.attribute])
    if given.get("write_files"):
        flags["arguments"] = (*given.get("arguments", ()), "--write")
    elif given.get("arguments"):
        flags["arguments"] = tuple(given["arguments"])
    return command, flags


def _value(row: settings.Option, raw: Any) -> Any:
    if row.kind in (bool, int) and not isinstance(raw, str):
        return raw
    text = "\n".join(raw) if isinstance(raw, list) else raw
    return settings.parse(row.name, text, f"--{row.name}")


class _Parser(argparse.ArgumentParser):
    """Usage errors become our own, so that stdout stays empty and the advice has one shape."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, where=self.prog.partition(" ")[2] or None, advice=f"See {self.prog} --help.")


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The flags of the commands that the words name: those of all commands take longer than a static run's work."""
    parser = _Parser(
        prog="alembic-gate",
        description="Judge Alembic migrations before the merge and before the deploy.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"alembic-gate {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for name, meaning in COMMANDS.items():
        one = commands.add_parser(
            name, help=meaning, description=meaning, allow_abbrev=False, argument_default=argparse.SUPPRESS
        )
        if name in words:
            _flags(one, name)
    return parser


def _flags(parser: argparse.ArgumentParser, command: str) -> None:
    if command in ("split", "rules", "publish"):
        parser.add_argument(
            "arguments",
            nargs="*" if command != "split" else 1,
            metavar={"split": "REVISION", "rules": "ID"}.get(command, "REPORT.json"),
        )
    for row in settings.options("flag"):
        if row.name == "write" and command in ("split", "init", "known-diffs"):
            parser.add_argument("--write", dest="write_files", action="store_true", help="write the files")
        else:
            _flag(parser, row)


def _flag(parser: argparse.ArgumentParser, row: settings.Option) -> None:
    names = [f"--{row.name}"] + ([row.short] if row.short else [])
    meaning = row.meaning.replace("%", "%%")
    if row.kind is bool:
        no = row.default is True
        parser.add_argument(
            f"--no-{row.name}" if no else names[0],
            dest=row.attribute,
            action="store_false" if no else "store_true",
            help=meaning,
        )
    elif row.name == "verbose":
        parser.add_argument(*names, dest=row.attribute, action="count", help=meaning)
    elif row.kind is str or row.kind is int:
        parser.add_argument(*names, dest=row.attribute, help=meaning, metavar=row.metavar or row.name.upper())
    else:
        parser.add_argument(*names, dest=row.attribute, action="append", help=meaning, metavar=row.metavar or "VALUE")


def _progress(chosen: Settings) -> Callable[[str], None]:
    """Progress on stderr: a line that renews itself on a terminal, plain lines elsewhere, silence on request."""
    if not chosen.progress:
        return lambda _: None
    terminal = sys.stderr.isatty()

    def show(text: str) -> None:
        text = " ".join(visible(text).split())
        if terminal:
            sys.stderr.write(f"\r\x1b[2K{text[:110]}")
        elif text:
            sys.stderr.write(f"· {text}\n")
        sys.stderr.flush()

    return show


def _complain(error: GateError) -> None:
    _say(f"alembic-gate: {error}" + (f"\n  {error.advice}" if error.advice else ""))


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        sys.stderr.write(visible(text) + "\n")
        sys.stderr.flush()


def _listen_to_signals() -> None:
    """The first signal unwinds; further ones are ignored so that the cleaning-up is not interrupted."""

    def cancel(number: int, _frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        raise Cancelled(number)

    with contextlib.suppress(ValueError):  # not the main thread: whoever embeds us handles signals
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, cancel)
