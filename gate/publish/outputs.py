"""The step's outputs: every name is set in every outcome (requirements 1 and 31).

Format: https://docs.github.com/actions/reference/workflow-commands-for-github-actions#multiline-strings. A delimiter
that nobody can guess keeps a value from ending early; its line always ends with a newline, or the step would fail.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gate.model import Report, Severity

LIMIT = 1024
"""Bytes of one value."""
DEFAULTS: Mapping[str, str] = {
    "verdict": "undecided",
    "errors": "0",
    "warnings": "0",
    "notes": "0",
    "heads": "",
    "new-revisions": "",
    "pending": "",
    "upgrade-to": "",
    "result-file": "",
    "sarif-file": "",
    "plan-file": "",
    "comment-id": "",
    "comment-url": "",
    "comment-status": "skipped",
}


def of_report(report: Report) -> dict[str, str]:
    """The outputs that a report decides."""
    targets = [_target(project.sections) for project in report.projects]
    counts = report.sections.get("counts") or {f"{one}s": report.count(one) for one in Severity}
    return {
        "verdict": str(report.verdict),
        **{f"{one}s": str(int(counts[f"{one}s"])) for one in Severity},
        "heads": _joined(head for project in report.projects for head in project.heads),
        "new-revisions": _joined(one for project in report.projects for one in project.new_revisions),
        "pending": _joined(_revision(one) for target in targets for one in _list(target.get("pending"))),
        "upgrade-to": _joined(str(target.get("upgrade_to") or "") for target in targets),
    }


def write(path: str, values: Mapping[str, str]) -> None:
    """Append all outputs to the runner's file. Raises OSError when it cannot be written."""
    text = "".join(_entry(name, values.get(name, default)) for name, default in DEFAULTS.items())
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(text)


def _entry(name: str, value: str) -> str:
    line = _fit(re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", value.encode("utf-8", "replace").decode()))
    delimiter = f"gate_{secrets.token_hex(16)}"
    return f"{name}<<{delimiter}\n{line}\n{delimiter}\n"


def _fit(value: str) -> str:
    """At most ``LIMIT`` bytes; a list is cut between its items and says so."""
    if len(value.encode()) <= LIMIT:
        return value
    kept = value.encode()[: LIMIT - 4].decode("utf-8", "ignore")
    return (kept.rpartition(",")[0] or kept) + ",..."


def _joined(ids: Iterable[str]) -> str:
    return ",".join(dict.fromkeys(one for one in ids if one))


def _target(sections: Mapping[str, Any]) -> Mapping[str, Any]:
    target = sections.get("target")
    return target if isinstance(target, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _revision(pending: Any) -> str:
    return str(pending.get("revision") or "") if isinstance(pending, Mapping) else ""
