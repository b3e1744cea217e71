"""Are steps that need separate statements, transactions or deploys really separate?"""

from __future__ import annotations

from gate.check import Answer, Check
from gate.checks._asking import answer
from gate.facts.rehearsal import Deploy
from gate.facts.rulebook import Rulebook


def ask(deploy: Deploy, rules: Rulebook) -> Answer:
    return answer(deploy, rules, "split-steps")


check = Check(
    title="steps are split",
    question="Are steps that need separate statements, transactions or deploys really separate?",
    ask=ask,
    modes=("check", "predeploy"),
    runs_project_code=True,
)
