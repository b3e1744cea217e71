"""The comment: what it says, and that it always fits with verdict and counts whole."""

from __future__ import annotations

import dataclasses
import re
from html import unescape

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.model import (
    CheckResult,
    Evidence,
    EvidenceKind,
    ProjectReport,
    Remedy,
    Report,
    Severity,
    Step,
    Suppression,
    Verdict,
)
from gate.render import markdown
from tests.render.sample import BAD, GOOD, NOT_NULL, PREDEPLOY, PROJECT, SECTIONS

EVIL = "# `x` | <b>@everyone</b> #1 --> </details> ```\n~~~\n<!-- alembic-gate:v1 --> \u202e "


def with_findings(number: int, **changes: object) -> Report:
    many = tuple(dataclasses.replace(NOT_NULL, column=f"c{at}", **changes) for at in range(number))
    return dataclasses.replace(BAD, projects=(dataclasses.replace(PROJECT, findings=many),))


def whole(comment: str) -> str:
    """The rendered page of a comment whose fences and details all close."""
    page = cmarkgfm.github_flavored_markdown_to_html(comment, options=Options.CMARK_OPT_UNSAFE)
    outside = re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL)
    assert outside.count("<details>") == outside.count("</details>")
    assert page.rstrip().endswith("</sub></p>"), "the last line is outside any fence"
    tags = "h3 h4 p code pre table thead tbody tr th td strong sub br ul li details summary blockquote"
    assert set(re.findall(r"</?([a-z0-9]+)", page)) <= set(tags.split())
    return page


@pytest.mark.parametrize("number", [1, 20, 300, 50_000])
def test_many_findings_fit(number):
    """With 50,000 findings the comment fits, counts them all and says how many are not shown."""
    comment = markdown.render(with_findings(number))
    assert len(comment) <= 60_000
    assert comment.startswith(f"### ❌ alembic-gate check · fail: {number:,} error")
    whole(comment)
    shown = comment.count("adding-not-nullable-column")
    assert shown >= min(number, 3)
    if number > 200:
        assert re.search(r"\*\*[\d,]+ more findings\*\* not shown here", comment)


@pytest.mark.parametrize("size", [100, 100_000])
def test_enormous_texts_fit(size):
    """A revision message, SQL, an advice and a table name of 100 KB of Markdown leave the comment whole."""
    text = EVIL * (size // len(EVIL) + 1)
    finding = dataclasses.replace(NOT_NULL, message=text, id=text, revision=text, table=text, precondition_sql=text)
    nodes = [{"id": text + str(at), "message": text, "new": True, "head": True} for at in range(12)]
    sections = {
        **SECTIONS,
        "graph": {"nodes": nodes, "edges": []},
        "world": text,
        "plan": [{"revision": text, "sql": text}] * 12,
        "schema_diff": {"operations": [text], "code": text},
    }
    checks = tuple(CheckResult(f"{at}{text}", Verdict.UNDECIDED, text, text) for at in range(12))
    project = ProjectReport(text, checks=checks, findings=(finding,) * 12, sections=sections)
    report = dataclasses.replace(BAD, projects=(project, project), notices=(text,) * 12)
    comment = markdown.render(report)
    assert len(comment) <= 60_000
    assert comment.startswith("### ❌ alembic-gate check · fail: 24 errors, 0 warnings, 0 notes, 24 checks undecided\n")
    outside = re.sub(r"<(pre|code)[^>]*>.*?</\1>", "", whole(comment), flags=re.DOTALL)
    assert not re.search(r"@everyone|#1\b|<!--|\u202e", outside)
    assert "<!--" not in comment


TEXT = st.text(alphabet=st.one_of(st.sampled_from(list("`~|<>!-[]()#@$*_\\\n\r \t:1a")), st.characters()), max_size=40)


@settings(max_examples=30)
@given(TEXT, TEXT, TEXT)
def test_any_text_anywhere_leaves_the_comment_whole(one, two, three):
    """Whatever stands in messages, SQL, remedies, reasons and sections, every fence and every block closes."""
    remedy = Remedy(one, (Step(1, two, three), Step(2, three, two)))
    finding = dataclasses.replace(
        NOT_NULL, message=one, id=two, revision=three, table=one, column=two, remedy=remedy, precondition_sql=three,
        depends_on_data=True, suggestion=one, related=(two,), evidence=(Evidence(EvidenceKind.OBSERVED, three),),
    )  # fmt: skip
    allowed = dataclasses.replace(finding, suppressed=Suppression(one, two, three))
    target = {**PREDEPLOY.projects[0].sections["target"], "state": one, "unknowns": [two], "upgrade_to": three}
    lock = {"revision": one, "table": two, "mode": three, "statement": one, "blocks": two, "held_ms": 1}
    image = {"verdict": one, "reason": two, "path": three, "line": 1, "missing": [one], "target": two}
    sections = {
        **SECTIONS,
        "target": target,
        "locks": [lock],
        "image": image,
        "images": [{"name": two, "verdict": three}],
        "world": three,
        "plan": [{"revision": one, "message": two, "sql": three, "locks": [one], "way_back": two}],
    }
    checks = (CheckResult(one, Verdict.UNDECIDED, two, three),)
    project = ProjectReport(one, config=two, checks=checks, findings=(finding, allowed), sections=sections)
    page = whole(markdown.render(dataclasses.replace(BAD, projects=(project, project), notices=(one, two))))
    outside = unescape(re.sub(r"<(pre|code)[^>]*>.*?</\1>", "", page, flags=re.DOTALL))
    assert not re.search(r"@[\w-]|#\d|https?://|www\.", outside)


def test_what_goes_first():
    """Room is made by leaving out statements, then passing checks, then findings, in this order."""
    sql = "ALTER TABLE users ADD COLUMN country VARCHAR(2) NOT NULL"
    little = markdown.render(BAD)
    assert sql in little
    assert "`history-intact`" in little
    some = markdown.render(with_findings(60, message="long " * 200))
    assert f"statement: `{sql}`" not in some
    assert "`history-intact`" not in some
    assert some.count("adding-not-nullable-column") >= 60
    assert "more findings in short" in some
    assert "✅ 1 check passed." in some


def test_several_projects_lead_with_an_overview():
    """The project that fails comes first and open; the passing one is folded."""
    both = dataclasses.replace(BAD, projects=(*GOOD.projects, dataclasses.replace(PROJECT, name="billing")))
    comment = markdown.render(both)
    whole(comment)
    assert "| `billing` | ❌ fail | 3 errors, 1 warning |\n| `shop` | ✅ pass | no findings |" in comment
    assert comment.index("### ❌ fail `billing`") < comment.index("<details><summary>✅ pass <code>shop</code>")


def test_a_cut_report_keeps_its_full_counts():
    """A report cut to size on its way says the counts it came with."""
    cut = dataclasses.replace(BAD, sections={"counts": {"errors": 50_000, "warnings": 2, "notes": 0}})
    assert markdown.render(cut).startswith(
        "### ❌ alembic-gate check · fail: 50,000 errors, 2 warnings, 0 notes, 1 check"
    )


def test_undecided_is_never_green():
    """An undecided check shows its reason and advice, with no tick beside it."""
    line = next(line for line in markdown.render(BAD).splitlines() if "image-contents" in line)
    assert line == "| `image-contents` | ❔ undecided | no Dockerfile was found → Name it with --dockerfile. |"


def test_severities_sort_worst_first():
    """Notes never push an error out of sight."""
    notes = tuple(dataclasses.replace(NOT_NULL, severity=Severity.NOTE, column=f"n{at}") for at in range(500))
    report = dataclasses.replace(BAD, projects=(dataclasses.replace(PROJECT, findings=(*notes, NOT_NULL)),))
    assert "#### ❌ error · `adding-not-nullable-column`" in markdown.render(report)
