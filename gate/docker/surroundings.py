"""What lies around a judged image: compose mounts that hide a gap, and build arguments that only a run knows."""

from __future__ import annotations

import dataclasses
import re

from gate.docker.judgement import BROKEN, CANNOT_TELL, Gap, Judgement
from gate.docker.paths import clean, inside
from gate.docker.shipping import BindMount, Ship

HIDEABLE = frozenset({"never_copied", "config_missing", "env_import_missing", "wrong_path"})


def after(judged: Judgement, ship: Ship, text: str) -> Judgement:
    """The judgement seen with what is around the build."""
    used = sorted(name for name in ship.dynamic if _decides(name, text))
    if used:
        return dataclasses.replace(
            judged,
            verdict=CANNOT_TELL,
            reason=None,
            mend="",
            message=f"the build argument {', '.join(used)} is only known to a run of the workflow",
            settle=f"give it with --build-arg {used[0]}=…",
        )
    return _mounted(judged, ship)


def _decides(name: str, text: str) -> bool:
    """Whether a build argument is used where it decides about paths (an image's tag does not)."""
    used = re.compile(rf"\$\{{?{re.escape(name)}\b")
    for line in text.split("\n"):
        word = line.split(None, 1)[0].upper() if line.strip() else ""
        head = re.split(r"[:@]", line, maxsplit=1)[0] if word == "FROM" else line
        if word in ("COPY", "ADD", "WORKDIR", "FROM", "USER", "ENV") and used.search(head):
            return word != "ENV" or _is_path_variable(line, text)
    return False


def _is_path_variable(line: str, text: str) -> bool:
    """An ENV made of the argument that a COPY or WORKDIR goes on to use."""
    names = re.findall(r"([A-Za-z_]\w*)=", line)
    return any(
        re.search(rf"^\s*(COPY|ADD|WORKDIR)\b.*\$\{{?{one}\b", text, re.MULTILINE | re.IGNORECASE) for one in names
    )


def _mounted(judged: Judgement, ship: Ship) -> Judgement:
    """Files that only a compose mount shows are not in the image."""
    if not ship.binds:
        return judged
    hidden = {
        gap.origin: bind for gap in judged.gaps for bind in ship.binds if gap.reason in HIDEABLE and _shows(bind, gap)
    }
    notes = [*judged.notes]
    for bind in dict.fromkeys(hidden.values()):
        notes.append(
            (ship.path, bind.line, f"the mount of {bind.source} at {bind.target} hides what is missing in the image")
        )
    judged = dataclasses.replace(judged, notes=tuple(notes))
    deciding = [
        gap for gap in judged.gaps if (gap.reason, gap.path, gap.line) == (judged.reason, judged.path, judged.line)
    ]
    if judged.verdict != BROKEN or not deciding or deciding[0].origin not in hidden or judged.reason == "wrong_path":
        return judged
    bind = hidden[deciding[0].origin]
    message = f"{deciding[0].origin} is only there through the mount of {bind.source} at {bind.target}"
    return dataclasses.replace(judged, reason="mount_only", path=ship.path, line=bind.line, message=message)


def _shows(bind: BindMount, gap: Gap) -> bool:
    below = inside(bind.source, gap.origin)
    if below is None or gap.expected is None:
        return False
    return clean(f"{bind.target}/{below}") == gap.expected
