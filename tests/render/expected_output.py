"""The expected output of every format, whole, in ``expected/``: ``python -m tests.render.expected_output`` writes it.

Look at the difference before committing it: these files are what people see.
"""

from __future__ import annotations

from pathlib import Path

from gate.model import Report
from gate.render import formats
from tests.render import sample

FOLDER = Path(__file__).parent / "expected"
CASES: dict[str, tuple[str, Report]] = {
    "bad.md": ("markdown", sample.BAD),
    "good.md": ("markdown", sample.GOOD),
    "predeploy.md": ("markdown", sample.PREDEPLOY),
    "summary.md": ("summary", sample.BAD),
    "plan.md": ("plan", sample.PREDEPLOY),
    "bad.txt": ("text", sample.BAD),
    "good.txt": ("text", sample.GOOD),
    "predeploy.txt": ("text", sample.PREDEPLOY),
    "annotations.txt": ("annotations", sample.BAD),
    "bad.sarif": ("sarif", sample.BAD),
    "bad.junit.xml": ("junit", sample.BAD),
    "bad.json": ("json", sample.BAD),
}


def produced(name: str) -> str:
    """What the format says today."""
    format_id, report = CASES[name]
    return formats()[format_id](report)


if __name__ == "__main__":
    for name in CASES:
        (FOLDER / name).write_text(produced(name), encoding="utf-8")
