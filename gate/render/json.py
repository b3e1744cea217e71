"""The report as ``report.json``: alembic-gate/report/v1, see ``gate/schemas/report-v1.json``."""

from __future__ import annotations

import json

from gate.model import Report


def render(report: Report) -> str:
    """ASCII JSON, so that no terminal, pipe or file can fail on a character.

    ``##[`` would be a workflow command anywhere in a line of a log; written as an escape it is the same JSON.
    """
    return json.dumps(report.to_json(), indent=2).replace("##[", "\\u0023\\u0023[") + "\n"
