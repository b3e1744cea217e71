"""Everything that the check of the target is asked about, each part with the reason why it may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gate.facts.image import ImageAnswer
from gate.facts.rehearsal import Deploy
from gate.facts.schema import Schema
from gate.facts.target_measurements import TargetMeasurements
from gate.facts.target_survey import TargetSurvey
from gate.model import Finding, Severity


@dataclass(frozen=True)
class Drift:
    """One object of the target that is not as its revision makes it, and how bad that is."""

    object: str
    kind: str
    expected: str | None
    actual: str | None
    severity: Severity


@dataclass(frozen=True)
class Stamp:
    """Which revisions the target's schema corresponds to, by replay of the whole history with fingerprints.

    ``candidates`` are in order of history; several when their schemas are equal. ``differences`` counts the objects in
    which the target still differs from them, ``lines`` the finer lines of their prints. ``reason`` says why there is none, ``replayed`` how far the replay came.
    """

    candidates: tuple[str, ...] = ()
    differences: int = 0
    lines: int = 0
    replayed: int = 0
    total: int = 0
    reason: str | None = None


@dataclass(frozen=True)
class Answered:
    """Did every mapped table answer a bounded SELECT of all its columns? ``failures`` are table and server's word.

    ``problem`` says why nothing was asked.
    """

    asked: int = 0
    failures: tuple[tuple[str, str], ...] = ()
    problem: str | None = None


@dataclass(frozen=True)
class TargetEvidence:
    """What was found out about the target beside its position. ``moved_to`` are its version rows at the end, if others.

    ``problem`` is the reason why the deploy could not be judged; ``drift_problem`` why schemas were not compared.
    ``compared_with`` names the revisions whose schema ``drift`` was measured against. ``unsafe`` are the findings of
    every prefix of the plan that one could stop at, by its last revision. ``unseen`` says which kinds of object could
    not be compared, with the right that the role lacks.
    """

    survey: TargetSurvey = field(default_factory=TargetSurvey)
    expected: Schema | None = None
    compared_with: tuple[str, ...] = ()
    drift: tuple[Drift, ...] = ()
    drift_problem: str | None = None
    stamp: Stamp | None = None
    deploy: Deploy | None = None
    findings: tuple[Finding, ...] = ()
    unsafe: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    problem: str | None = None
    advice: str | None = None
    measurements: TargetMeasurements = field(default_factory=TargetMeasurements)
    queries: Answered | None = None
    moved_to: tuple[str, ...] | None = None
    planned: Mapping[str, Any] | None = None
    starts_upgrades: tuple[str, ...] = ()
    image: ImageAnswer | None = None
    unseen: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
