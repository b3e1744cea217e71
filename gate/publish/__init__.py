"""SAYS, with the token: sends reports to GitHub. One destination per file."""

from __future__ import annotations

import os

from gate.publish._publication import Publication
from gate.publish.annotations import speak_utf8
from gate.settings import Settings


def main(settings: Settings, report_paths: list[str]) -> int:
    """Publish the reports, merged; the verdict's exit code. Outside GitHub Actions it only says the verdict."""
    speak_utf8()
    return Publication(settings, os.environ, report_paths).run()
