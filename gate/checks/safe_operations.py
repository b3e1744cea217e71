"""Is each new operation safe to run on live tables and for the release still running? All rules answer together."""

from __future__ import annotations

from gate.check import Answer, Check
from gate.checks._asking import answer
from gate.facts.rehearsal import Deploy
from gate.facts.rulebook import Rulebook


def ask(deploy: Deploy, rules: Rulebook) -> Answer:
    return answer(deploy, rules, "safe-operations")


check = Check(
    title="operations are safe",
    question="Is each new operation safe to run on live tables and for the release still running?",
    ask=ask,
    modes=("check", "predeploy"),
    runs_project_code=True,
)
