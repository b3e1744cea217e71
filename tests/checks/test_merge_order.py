"""merge-order: two open pull requests that are fine alone and two heads together."""

from __future__ import annotations

import pytest

from gate.check import Answer
from gate.checks.merge_order import ask, check
from gate.facts.history import Base, History, Revision
from gate.facts.pull_requests import OpenPullRequests, PullRequest
from gate.model import Location, Severity, Verdict


def rev(id: str, *parents: str, path: str = "", line: int = 5, labels: tuple[str, ...] = ()) -> Revision:
    return Revision(id, path or f"migrations/versions/{id}.py", parents, down_line=line, branch_labels=labels)


MAIN = History((rev("a1"), rev("b2", "a1")))


def pull(number: int, *revisions: Revision) -> PullRequest:
    return PullRequest(number, f"change {number}", f"https://example.com/{number}", "9" * 40, revisions)


OURS = (rev("c3", "b2", line=8),)


def judge(
    *others: PullRequest, ours: tuple[Revision, ...] = OURS, main: History = MAIN, gap: str | None = None
) -> Answer:
    return ask(History((*main.revisions, *ours)), Base(main), OpenPullRequests(others, 7, "main", gap))


def test_the_earlier_pull_request_goes_first() -> None:
    """The message names both, the remedy the exact line; the later pull request is asked to change."""
    (finding,) = judge(pull(9, rev("d4", "b2", line=12))).findings
    assert finding.message == (
        "pull request #9 (change 9) adds d4 after b2, this one c3 after b2: "
        "when both are merged there are 2 heads, c3 and d4"
    )
    assert finding.severity is Severity.WARNING
    assert finding.location == Location("migrations/versions/c3.py", 8)
    assert finding.remedy is not None
    assert finding.remedy.summary == "Merge this one first; then #9, the later one, lets d4 come after c3."
    assert [(step.title, step.code) for step in finding.remedy.steps] == [
        ("in #9, if it merges second: migrations/versions/d4.py, line 12", 'down_revision = "c3"'),
        ("in this pull request, if it merges second: migrations/versions/c3.py, line 8", 'down_revision = "d4"'),
    ]


def test_the_later_pull_request_is_told_to_re_parent() -> None:
    (finding,) = judge(pull(5, rev("d4", "b2"))).findings
    assert finding.remedy is not None
    assert finding.remedy.summary == "Merge #5 first; then let c3 here come after d4."


def test_chains_are_re_parented_at_their_root_below_the_others_head() -> None:
    ours = (rev("c3", "b2", line=8), rev("c4", "c3"))
    (finding,) = judge(pull(9, rev("d4", "b2"), rev("d5", "d4")), ours=ours).findings
    assert finding.remedy is not None
    assert [step.code for step in finding.remedy.steps] == ['down_revision = "c4"', 'down_revision = "d5"']
    assert (finding.revision, finding.related) == ("c3", ("d4",))


@pytest.mark.parametrize(
    ("other", "ours"),
    [
        ((rev("d4", "c3"), rev("c3", "b2", line=8)), (rev("c3", "b2", line=8),)),
        ((rev("m1", "b2"),), ()),
        ((rev("d4", "a1"),), (rev("c3", "b2"),)),
        ((rev("d4", "c3"),), (rev("c3", "b2"),)),
    ],
)
def test_near_misses(other: tuple[Revision, ...], ours: tuple[Revision, ...]) -> None:
    """Stacked on ours, nothing of ours, already two heads by itself, continues ours."""
    assert judge(pull(9, *other), ours=ours).findings == ()


def test_branches_of_their_own_do_not_clash() -> None:
    main = History((rev("a1", labels=("one",)), rev("z1", labels=("two",))))
    assert judge(pull(9, rev("z2", "z1")), ours=(rev("a2", "a1"),), main=main).findings == ()
    assert len(judge(pull(9, rev("a3", "a1")), ours=(rev("a2", "a1"),), main=main).findings) == 1


def test_two_pull_requests_that_merge_the_same_heads() -> None:
    main = History((rev("a1"), rev("b1", "a1"), rev("b2", "a1")))
    (finding,) = judge(pull(9, rev("m2", "b1", "b2")), ours=(rev("m1", "b1", "b2"),), main=main).findings
    assert finding.revision == "m1"


def test_one_id_twice() -> None:
    (finding,) = judge(pull(9, rev("c3", "b2", path="migrations/versions/other.py"))).findings
    assert "another revision with the same id c3" in finding.message


def test_every_clashing_pull_request_is_named() -> None:
    answer = judge(pull(9, rev("d4", "b2")), pull(10, rev("e5", "b2")), pull(11, rev("f6", "c3")))
    assert [finding.message.split(" (")[0] for finding in answer.findings] == ["pull request #9", "pull request #10"]


def test_what_could_not_be_evaluated_is_undecided_beside_the_findings() -> None:
    answer = judge(pull(9, rev("d4", "b2")), gap="12 of 42 open pull requests were not read")
    assert answer.verdict(Severity.ERROR) is Verdict.UNDECIDED
    assert len(answer.findings) == 1
    assert check.on_undecided == "warn"


def test_outside_of_workflows_the_question_does_not_arise() -> None:
    answer = ask(MAIN, Base(MAIN), OpenPullRequests())
    assert answer.verdict(Severity.ERROR) is Verdict.SKIPPED


def test_against_todays_tip_of_the_base() -> None:
    """The base moved on: what it has by now is no clash of the other pull request."""
    tip = History((*MAIN.revisions, rev("t1", "b2")))
    answer = ask(
        History((*MAIN.revisions, rev("c3", "b2"))),
        Base(MAIN, tip=tip),
        OpenPullRequests((pull(9, rev("d4", "t1")),), 7, "main"),
    )
    assert answer.findings == ()


def test_on_a_push_the_pull_requests_made_stale_are_named() -> None:
    main = History((*MAIN.revisions, rev("c3", "b2")))
    answer = ask(
        main, Base(MAIN), OpenPullRequests((pull(9, rev("d4", "b2", line=4)), pull(10, rev("e5", "c3"))), None, "main")
    )
    assert [one.message for one in answer.findings] == [
        "pull request #9 (change 9) would now make a second head of main: d4 comes after b2"
    ]
    assert answer.findings[0].remedy is not None
    assert answer.findings[0].remedy.steps[0].code == 'down_revision = "c3"'
