"""The graph: only what a person reads, and no label that ends its node."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.render._mermaid import NODES, graph, left_out
from tests.render.sample import SECTIONS


def test_two_heads_clash():
    """Two heads are marked as a clash, the base as such, and the label's quotes are entities."""
    assert graph(SECTIONS["graph"]).splitlines()[:6] == [
        "flowchart LR",
        'r0["b30e9f6c81ad<br/>orders"]:::base',
        'r1["c41f0a7d92be<br/>add country"]:::clash',
        'r2["d52e1b8ea3cf<br/>index #34;state#34;#59; end"]:::clash',
        "r0 --> r1",
        "r0 --> r2",
    ]


def test_long_histories_are_cut_around_the_heads():
    """Of a thousand revisions the heads and the newest are drawn, and the rest is counted."""
    nodes = [{"id": str(at), "new": at > 995, "head": at == 999} for at in range(1000)]
    section = {"nodes": nodes, "edges": [[str(at), str(at + 1)] for at in range(999)]}
    said = graph(section)
    assert said.count('["') == NODES
    assert '["999"]:::new' in said
    assert left_out(section) == 1000 - NODES


def test_rubbish_draws_nothing():
    """A section that is not a graph gives no block."""
    assert [graph(one) for one in (None, [], {"nodes": None}, {"nodes": ["x"], "edges": 3})] == ["", "", "", ""]


@settings(max_examples=100)
@given(st.text(max_size=30), st.text(max_size=60))
def test_any_label_stays_in_its_node(revision, message):
    """Whatever a revision is called, its line is one node."""
    said = graph({"nodes": [{"id": revision, "message": message}], "edges": [[revision, "absent"], 1, [1]]})
    assert re.fullmatch(r'r0\["[\w .,()\'/#;<>?-]+"\]', said.splitlines()[1])
    assert "```" not in said
