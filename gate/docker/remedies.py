"""The mending line as a diff: the smallest change of one file that lets the missing files reach their place."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from gate.docker.build import UNKNOWN_FOLDER
from gate.docker.judgement import Gap, Judgement
from gate.docker.paths import inside
from gate.docker.project import Project

Read = Callable[[str], str | None]


def mend(judgement: Judgement, project: Project, context: str, read: Read) -> str:
    """A unified diff of one file, or an empty text where no single line mends it."""
    gap = judgement.gaps[0] if judgement.gaps else None
    gap = next(
        (
            one
            for one in judgement.gaps
            if (one.reason, one.path, one.line) == (judgement.reason, judgement.path, judgement.line)
        ),
        gap,
    )
    if gap is None or judgement.path is None or judgement.line is None:
        return ""
    text = read(judgement.path)
    if text is None:
        return ""
    lines = text.split("\n")
    folder = folder_of(gap, project)
    if judgement.reason == "ignored":
        return _added(
            judgement.path,
            lines,
            len(lines) - (lines[-1] == ""),
            f"!{inside(context, folder) or folder}",
        )
    if judgement.reason == "removed":
        return _dropped(judgement.path, lines, judgement.line)
    if judgement.reason in (
        "never_copied",
        "config_missing",
        "wrong_path",
        "mount_only",
        "overwritten",
        "earlier_stage_only",
        "wrong_stage",
    ):
        return _copied(judgement, gap, folder, context, lines)
    return ""


def folder_of(gap: Gap, project: Project) -> str:
    """What to name: the whole script folder for scripts, else the file itself."""
    if gap.role in ("revision", "env", "beside") and inside(project.script, gap.origin) is not None:
        return project.script
    return gap.origin


def _copied(judgement: Judgement, gap: Gap, folder: str, context: str, lines: list[str]) -> str:
    """A COPY at the end of the built stage that puts the files where Alembic looks."""
    source = inside(context, folder)
    if source is None or gap.expected is None or UNKNOWN_FOLDER in gap.expected or judgement.path is None:
        return ""
    below = inside(folder, gap.origin)
    goal = gap.expected
    if folder != gap.origin and below:
        if not goal.endswith("/" + below):
            return ""
        goal = goal[: -len(below) - 1]
    at = _end_of_stage(lines, judgement.line or 1)
    return _added(
        judgement.path,
        lines,
        at,
        f"COPY {source} {goal}" if " " not in source + goal else f'COPY ["{source}", "{goal}"]',
    )


def _end_of_stage(lines: list[str], start: int) -> int:
    """The number of lines before the last of the stage's closing instructions (CMD, ENTRYPOINT, USER)."""
    end = next(
        (number for number in range(start, len(lines)) if lines[number].strip().upper().startswith("FROM ")), len(lines)
    )
    while end > start and (
        not lines[end - 1].strip()
        or lines[end - 1].split(" ")[0].upper() in ("CMD", "ENTRYPOINT", "USER", "EXPOSE", "#")
    ):
        end -= 1
    return end


def _added(path: str, lines: list[str], after: int, new: str) -> str:
    before = f" {lines[after - 1]}\n" if after else ""
    start = max(after, 1)
    counts = (1, 2) if after else (0, 1)
    return (
        f"--- a/{path}\n+++ b/{path}\n@@ -{start if after else 0},{counts[0]} +{start},{counts[1]} @@\n{before}+{new}\n"
    )


def _dropped(path: str, lines: list[str], line: int) -> str:
    end = line
    while end < len(lines) and lines[end - 1].rstrip().endswith("\\"):
        end += 1
    gone = "".join(f"-{one}\n" for one in lines[line - 1 : end])
    return f"--- a/{path}\n+++ b/{path}\n@@ -{line},{end - line + 1} +{max(line - 1, 0)},0 @@\n{gone}"


def short(path: str) -> str:
    """A file's name for a message."""
    return posixpath.basename(path)
