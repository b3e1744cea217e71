"""The mending line as a diff: the smallest change of one file that lets the missing files reach their place."""

from __future__ import annotations

import re
from collections.abc import Callable

from gate.docker.build import UNKNOWN_FOLDER
from gate.docker.judgement import Gap, Judgement
from gate.docker.paths import inside
from gate.docker.project import Project

Read = Callable[[str], str | None]
COPIED = frozenset(
    {"never_copied", "config_missing", "wrong_path", "mount_only", "overwritten", "earlier_stage_only", "removed"}
)


def mend(judgement: Judgement, project: Project, context: str, read: Read) -> str:
    """A unified diff of one file, or an empty text where no single line mends it."""
    place = (judgement.reason, judgement.path, judgement.line)
    gap = next((one for one in judgement.gaps if (one.reason, one.path, one.line) == place), None)
    if gap is None or judgement.path is None or judgement.line is None:
        return ""
    folder = folder_of(gap, project)
    if judgement.reason == "ignored":
        return _kept(judgement.path, read, inside(context, folder) or folder)
    if judgement.reason == "wrong_stage":
        return _target(judgement.path, judgement.line, gap, read)
    if judgement.reason == "removed" and (dropped := _dropped(judgement.path, judgement.line, read)):
        return dropped
    return _copied(judgement, gap, folder, context, read) if judgement.reason in COPIED else ""


def folder_of(gap: Gap, project: Project) -> str:
    """What to name: the whole script folder for scripts, else the file itself."""
    if gap.role in ("revision", "env", "beside") and inside(project.script, gap.origin) is not None:
        return project.script
    return gap.origin


def _kept(path: str, read: Read, name: str) -> str:
    """An exception at the end of the ignore file; the last matching line wins."""
    lines = (read(path) or "").split("\n")
    return _added(path, lines, len(lines) - (lines[-1] == ""), f"!{name}")


def _target(path: str, line: int, gap: Gap, read: Read) -> str:
    """Another stage where the target is said; a default target is said nowhere."""
    lines = (read(path) or "").split("\n")
    old = lines[line - 1] if line <= len(lines) else ""
    match = re.match(r"(\s*\"?target\"?\s*[:=]\s*\"?)[^\"#,\s]+(.*)", old)
    if gap.carrier is None or match is None:
        return ""
    return f"--- a/{path}\n+++ b/{path}\n@@ -{line},1 +{line},1 @@\n-{old}\n+{match[1]}{gap.carrier[0]}{match[2]}\n"


def _dropped(path: str, line: int, read: Read) -> str:
    """A RUN that does nothing but delete goes away as a whole."""
    lines = (read(path) or "").split("\n")
    old = lines[line - 1] if line <= len(lines) else ""
    if not re.fullmatch(r"RUN\s+rm\s[^&|;\\<]*", old.strip(), re.IGNORECASE):
        return ""
    return f"--- a/{path}\n+++ b/{path}\n@@ -{line},1 +{line - 1},0 @@\n-{old}\n"


def _copied(judgement: Judgement, gap: Gap, folder: str, context: str, read: Read) -> str:
    """A COPY near the end of the built stage that puts the files where Alembic looks."""
    text = read(judgement.dockerfile)
    goal = _folder_path(gap.expected, folder, gap.origin)
    source = _folder_path(gap.carrier[1], folder, gap.origin) if gap.carrier else inside(context, folder)
    if text is None or source is None or goal is None or UNKNOWN_FOLDER in goal:
        return ""
    flag = f"--from={gap.carrier[0]} " if gap.carrier else ""
    plain = " " not in source + goal
    line = f"COPY {flag}{source} {goal}" if plain else f'COPY {flag}["{source}", "{goal}"]'
    lines = text.split("\n")
    return _added(judgement.dockerfile, lines, _end_of_stage(lines, judgement.stage_line), line)


def _folder_path(path: str | None, folder: str, origin: str) -> str | None:
    """The path of the folder when ``path`` is that of a file below it."""
    below = inside(folder, origin)
    if path is None or below in (None, "."):
        return path
    return path[: -len(below or "") - 1] if path.endswith(f"/{below}") else None


def _end_of_stage(lines: list[str], start: int) -> int:
    """The number of lines before the stage's closing instructions (CMD, ENTRYPOINT, USER)."""
    ends = (number for number in range(start, len(lines)) if lines[number].strip().upper().startswith("FROM "))
    end = next(ends, len(lines))
    closing = ("CMD", "ENTRYPOINT", "USER", "EXPOSE", "#")
    while end > start and (not lines[end - 1].strip() or lines[end - 1].split(" ")[0].upper() in closing):
        end -= 1
    return end


def _added(path: str, lines: list[str], after: int, new: str) -> str:
    head = f"--- a/{path}\n+++ b/{path}\n"
    if not after:
        return f"{head}@@ -0,0 +1,1 @@\n+{new}\n"
    old = lines[after - 1]
    unended = after == len(lines)  # the file's last line has no newline, which a diff must say
    kept = f"-{old}\n\\ No newline at end of file\n+{old}\n" if unended else f" {old}\n"
    return f"{head}@@ -{after},1 +{after},2 @@\n{kept}+{new}\n"
