"""One head, the expected heads, and the union with today's base branch."""

from __future__ import annotations

import pytest

from gate.checks.single_head import ask
from gate.facts.history import Base, GraphProblem, History, NewRevisions, Revision
from gate.settings import Settings

A, B, C = (
    Revision("a", "a.py", message="start"),
    Revision("b", "b.py", ("a",), message="left", down_line=7),
    Revision("c", "c.py", ("a",), message="right", down_line=9),
)


def messages(history: History, base: Base | None = None, heads: str = "", new: tuple[str, ...] = ()) -> list[str]:
    return [one.message for one in ask(history, base or Base(), NewRevisions(new), Settings(heads=heads)).findings]


def test_one_head_passes() -> None:
    """Silence."""
    assert messages(History((A, B))) == []


def test_two_heads_name_both_and_the_line_to_change() -> None:
    """The newer branch is re-parented, a merge revision is the second way."""
    finding = ask(History((A, B, C)), Base(), NewRevisions(("c",)), Settings()).findings[0]
    assert (
        finding.message == "2 heads: b (left), c (right). `alembic upgrade head` refuses to choose, so the deploy stops"
    )
    assert (finding.location.path, finding.location.line, finding.suggestion) == ("c.py", 9, 'down_revision = "b"')  # type: ignore[union-attr]
    assert [step.code for step in finding.remedy.steps] == ['down_revision = "b"', 'alembic merge -m "merge heads" b c']  # type: ignore[union-attr]


def test_the_lowest_new_revision_of_the_branch_is_re_parented() -> None:
    """With a chain of new revisions, the first of them."""
    history = History((A, B, C, Revision("d", "d.py", ("c",))))
    finding = ask(history, Base(), NewRevisions(("c", "d")), Settings()).findings[0]
    assert (finding.revision, finding.location.path) == ("c", "c.py")  # type: ignore[union-attr]


EXPECTED = {
    "number": ("2", []),
    "ids": ("b, c", []),
    "labels": ("expand,contract", []),
    "wrong number": ("3", ["2 heads"]),
    "an id that is no head": ("b,a", ["2 heads"]),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_intended_heads(name: str) -> None:
    """A number, ids or branch labels; anything else is a finding."""
    setting, begins = EXPECTED[name]
    history = History(
        (
            A,
            Revision("b", "b.py", ("a",), branch_labels=("expand",)),
            Revision("c", "c.py", ("a",), branch_labels=("contract",)),
        )
    )
    found = messages(history, heads=setting)
    assert [text[:7] for text in found] == begins


CORE = Revision("a", "a.py", (), branch_labels=("core",))
PLUGIN = Revision("p", "p.py", (), depends_on=("a",), branch_labels=("plugin",))


def test_labelled_branches_that_the_base_has_stay_apart() -> None:
    """One head for each is what the team has: a revision on one of them adds none."""
    base, grown = Base(History((CORE, PLUGIN))), History((CORE, PLUGIN, Revision("b", "b.py", ("a",))))
    told = ask(grown, base, NewRevisions(("b",)), Settings())
    assert (told.findings, told.notes) == ((), ("heads: one for each of the base's labelled branches (core, plugin)",))


@pytest.mark.parametrize(
    "revisions",
    [
        (CORE, PLUGIN, Revision("b", "b.py", ("a",)), Revision("c", "c.py", ("a",))),
        (CORE, PLUGIN, Revision("b", "b.py", (), branch_labels=("search",))),
        (CORE, Revision("p2", "p2.py", ())),
    ],
    ids=["two heads of one branch", "a third branch", "a branch lost its label"],
)
def test_any_other_head_than_those_of_the_bases_branches_is_told(revisions: tuple[Revision, ...]) -> None:
    new = tuple(one.id for one in revisions if one not in (CORE, PLUGIN))
    assert len(messages(History(revisions), Base(History((CORE, PLUGIN))), new=new)) == 1


def test_heads_of_which_one_has_no_label_are_told_though_the_base_has_them() -> None:
    every = (CORE, Revision("p", "p.py", ()))
    assert len(messages(History(every), Base(History(every)))) == 1


def test_a_first_labelled_branch_is_told_how_it_may_stay() -> None:
    finding = ask(History((CORE, PLUGIN)), Base(History((CORE,))), NewRevisions(("p",)), Settings()).findings[0]
    assert finding.remedy.steps[-1].code == "heads: core, plugin"  # type: ignore[union-attr]


def test_a_moved_base_branch_is_merged_in_thought() -> None:
    """The union with the base's tip has two heads."""
    base = Base(History((A,)), "1" * 40, "main", "merge-base", History((A, C)))
    assert messages(History((A, B)), base, new=("b",)) == ["merging into main as it is today makes 2 heads: b, c"]


def test_a_base_that_already_has_the_change_is_silent() -> None:
    """Near miss: the base moved on, and this branch has followed."""
    base = Base(History((A,)), "1" * 40, "main", "merge-base", History((A, C)))
    after = Revision("b", "b.py", ("c",))
    assert messages(History((A, C, after)), base, new=("b",)) == []


def test_problems_of_the_graph_are_findings() -> None:
    """They stand beside the heads."""
    problem = GraphProblem(
        "missing-parent", "revision b names x as its parent, and no file has it", "b.py", 3, ("b", "x"), "Restore x."
    )
    found = ask(History((A,), (problem,)), Base(), NewRevisions(), Settings()).findings[0]
    assert (found.message, found.category, found.location.line) == (problem.message, "graph", 3)  # type: ignore[union-attr]


def test_nothing_found_is_undecided() -> None:
    """Zero revisions is never a pass."""
    assert ask(History(), Base(), NewRevisions(), Settings()).undecided == "no revision was found"
