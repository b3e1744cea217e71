"""What goes on at the target right now, read only."""

from __future__ import annotations

from gate.collect import _target
from gate.context import RunContext
from gate.facts.target import TargetPosition
from gate.facts.target_survey import TargetSurvey


def collect(context: RunContext, position: TargetPosition) -> TargetSurvey:
    """Catalogue, sizes, sessions, locks, replicas, settings. Raises TargetUnavailable when the target is gone."""
    context.progress("looking at the target")
    with context.timed("target"), _target.connected(context) as target:
        return target.survey(_target.version_names(position))
