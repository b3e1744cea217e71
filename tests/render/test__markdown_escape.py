"""Untrusted text in Markdown, judged by GitHub's own renderer (cmark-gfm)."""

from __future__ import annotations

import re
from html import unescape

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.render._markdown_escape import cell, code, code_cell, details, fence, html, prose, table, text

NASTY = st.text(
    alphabet=st.one_of(
        st.sampled_from(list("`*_[]()<>!|\\#@~$&;:-+=.'\"\n\r\t /x1\u202e\u200b\x00\x1b\u2028\ud800")),
        st.characters(),
    ),
    max_size=60,
)
ATTACKS = (
    "@everyone", "see #123 and GH-7, a/b#9", "http://evil.example/x", "www.evil.example", "me@evil.example",
    "me@.evil", "@_x",
    "[click](javascript:alert(1))", "![x](http://e/x.png)", "<script>alert(1)</script>", "<img src=x onerror=y>",
    "--> gone", "<!-- alembic-gate:v1 key=x -->", "a | b || c \\| d \\\\| e", "# title", "- item", "1. item",
    "> quote", "```\nfence\n```",
    "`tick", "``two`` `one`", "**bold** _it_ ~~no~~", "a\n\nb", "a\r\n---", "=====", "\u202eevil\u202c",
    "$x$ and $$y$$", "&lt;b&gt; &#64;x", "##[error]x", "::error::x", "mailto:me@x", "</details>", "\\", "`a\\",
    "`\\`|`",
)  # fmt: skip


def shown(markdown: str) -> str:
    return cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE)


def harmless(page: str, allowed: str) -> None:
    """Nothing but the tags that we write ourselves, and no reference that GitHub would turn into a link."""
    assert set(re.findall(r"</?([a-z0-9]+)", page)) <= set(allowed.split())
    # Code parts words: GitHub looks for references in each text by itself.
    words = re.sub(r"<(code|pre)[^>]*>.*?</\1>", " ", page, flags=re.DOTALL)
    assert "<!--" not in words
    assert not re.search(r"@[\w-]|#\d|\bgh-\d|https?://|www\.", unescape(words), re.IGNORECASE)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f]", page)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("escape", [text, prose])
def test_attack_is_words(escape, attack):
    """An attack shows as the words it is made of, in one paragraph."""
    page = shown(escape(attack))
    harmless(page, "p code")
    assert page.count("<p>") == 1


@settings(max_examples=150)
@given(NASTY)
def test_any_text_is_one_paragraph(raw):
    """Whatever comes in, one paragraph of plain words comes out."""
    harmless(shown("x " + text(raw)), "p")
    page = shown(prose(raw))
    harmless(page, "p code")
    assert page.count("<p>") <= 1


@settings(max_examples=150)
@given(NASTY, NASTY)
def test_any_text_stays_in_its_cell(left, right):
    """A table keeps its columns, whatever its cells hold."""
    page = shown(table(("a", "b", "c"), [(cell(left), code_cell(right), "end")]))
    harmless(page, "table thead tbody tr th td code")
    assert page.count("<td>") == 3
    assert "<td>end</td>" in page


@settings(max_examples=150)
@given(NASTY)
def test_any_text_stays_in_its_code(raw):
    """Inline code and fences close where we close them."""
    page = shown(f"before {code(raw)} after\n\n{fence(raw, 'sql')}\n\nlast")
    harmless(page, "p pre code")
    assert page.startswith("<p>before <code>")
    assert page.rstrip().endswith("<p>last</p>")
    assert page.count("<pre") == 1


@settings(max_examples=150)
@given(NASTY)
def test_any_text_stays_in_its_summary(raw):
    """A summary element holds one line of words, and the block closes."""
    page = shown(details(html(raw), "body") + "\n\nlast")
    harmless(page, "details summary code p")
    assert page.count("</details>") == 1
    assert page.rstrip().endswith("<p>last</p>")


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_workflow_command(attack):
    """Markdown printed to a log holds no workflow command."""
    for said in (text(attack), prose(attack), code(attack), fence(attack), f"<b>{html(attack)}", cell(attack)):
        assert not re.search(r"^\s*::|##\[", said, re.MULTILINE)


def test_our_own_words_stay_readable():
    """Code spans of our messages stay code; ordinary sentences are left as they are."""
    assert prose("`users.age` is added NOT NULL.") == "`users.age` is added NOT NULL."
    assert html("`a<b` is wrong") == "<code>a&lt;b</code> is wrong"
    assert code("a`b") == "``a`b``"
    assert fence("a\n```\nb") == "````\na\n```\nb\n````"


def test_long_text_is_cut_inside_its_limits():
    """A text of 100 KB ends with an ellipsis; a block says how much is left out."""
    assert prose("x" * 100_000, 10) == "xxxxxxxxx…"
    assert fence("line\n" * 3, "", 9) == "```\nline\n… 11 more characters\n```"
