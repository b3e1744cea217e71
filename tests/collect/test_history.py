"""Revision files read without importing them, and what is wrong with their graph."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.collect import _revision_files
from gate.collect.history import graph
from gate.facts.history import GraphProblem, Revision
from tests.running import gate, repository, revision


def read(text: str) -> Revision | GraphProblem | None:
    return _revision_files.read("versions/x.py", text.encode())


HEADERS = {
    "plain": ('revision = "b"\ndown_revision = "a"\n', "b", ("a",)),
    "none": ("revision = 'b'\ndown_revision = None\n", "b", ()),
    "annotated": ('revision: str = "b"\ndown_revision: Union[str, None] = "a"  # the parent\n', "b", ("a",)),
    "merge": ('revision = "b"\ndown_revision = ("a", "c")\n', "b", ("a", "c")),
    "several lines": ('revision = "b"\ndown_revision = (\n    "a",\n    "c",\n)\n', "b", ("a", "c")),
    "joined": ('revision = "b" "2"\ndown_revision = "a"\n', "b2", ("a",)),
    "twice": ('revision = "x"\nrevision = "b"\ndown_revision = "a"\n', "b", ("a",)),
    "in the docstring": ('"""\nrevision = "z"\n"""\nrevision = "b"\ndown_revision = "a"\n', "b", ("a",)),
    "after a long text": ('"""' + "x" * 9000 + '"""\nrevision = "b"\ndown_revision = "a"\n', "b", ("a",)),
    "carriage returns": ('revision = "b"\r\ndown_revision = "a"\r\n', "b", ("a",)),
    "behind a name": ('PARENT = "a"\nrevision = "b"\ndown_revision = PARENT\n', "b", ("a",)),
    "added up": ('NUMBER = "12"\nrevision = "r" + NUMBER\ndown_revision = f"r{11}"\n', "r12", ("r11",)),
    "names in a tuple": ('A: str = "a"\nrevision = "b"\ndown_revision = (A, "c")\n', "b", ("a", "c")),
    "at once": ('revision, down_revision = "b", "a"\n', "b", ("a",)),
    "set by a function": ('X = "a"\ndef f():\n    X = 2\nrevision = "b"\ndown_revision = ("a")\n', "b", ("a",)),
    "coding line": ('# -*- coding: latin-1 -*-\nrevision = "b"\ndown_revision = "a"\n', "b", ("a",)),
}


@pytest.mark.parametrize("name", HEADERS)
def test_identifiers_are_read_as_python_would(name: str) -> None:
    """Whatever way a revision file spells its identifiers."""
    text, id, parents = HEADERS[name]
    found = read(text)
    assert isinstance(found, Revision)
    assert (found.id, found.parents) == (id, parents)


@pytest.mark.parametrize(
    "text",
    [
        "HEAD = newest()\nrevision = 'b'\ndown_revision = HEAD\n",
        "HEAD = 'a'\nif cond:\n    HEAD = 'z'\nrevision = 'b'\ndown_revision = HEAD\n",
        "HEAD = 'a'\nHEAD += 'z'\nrevision = 'b'\ndown_revision = HEAD\n",
        "N = 1\nrevision = 'b'\ndown_revision = f'{N:04d}'\n",
        "from .base import HEAD\nrevision = 'b'\ndown_revision = HEAD\n",
    ],
)
def test_a_computed_identifier_is_a_problem_not_a_guess(text: str) -> None:
    """What only a run would tell is said at its line, with what to write in its place."""
    found = read(text)
    assert isinstance(found, GraphProblem)
    assert "cannot be read: line" in found.message
    assert "down_revision is computed" in found.message
    assert (found.line, found.advice) == (text.count("\n"), 'Write it out: down_revision = "<id>".')


def test_a_mistake_of_syntax_is_told_with_its_line() -> None:
    found = read('revision = "b"\ndown_revision = "a"\ndef upgrade()\n    pass\n')
    assert isinstance(found, GraphProblem)
    assert (found.message, found.line) == (
        "versions/x.py cannot be read: not readable as Python: line 3: expected ':'",
        3,
    )


def test_a_label_behind_an_imported_name_leaves_the_revision_in_the_graph() -> None:
    """``branch_labels = (cli.EXPAND,)``: what is written out is taken, the graph needs no more."""
    found = read('revision = "b"\ndown_revision = "a"\nbranch_labels = (cli.EXPAND, "core")\n')
    assert isinstance(found, Revision)
    assert (found.id, found.branch_labels) == ("b", ("core",))


def test_a_module_without_revision_is_none() -> None:
    """A helper beside the revisions is not one of them."""
    assert read("def helper():\n    pass\n") is None


@pytest.mark.parametrize("raw", [b'revision = "\xff"\ndown_revision = None\n', b"def broken(:\n", b"\x00"])
def test_what_python_cannot_read_is_said(raw: bytes) -> None:
    """Not UTF-8, not Python, not text."""
    found = _revision_files.read("versions/x.py", raw)
    assert isinstance(found, GraphProblem)
    assert found.kind == "unreadable"


def test_ten_megabytes_are_refused() -> None:
    """A revision file that large is data."""
    found = _revision_files.read("versions/x.py", b"x = 1\n" * 2_000_000)
    assert isinstance(found, GraphProblem)
    assert "12,000,000 bytes" in found.message


@settings(max_examples=150)
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
def test_no_bytes_make_the_reader_fail(raw: bytes) -> None:
    """Whatever lies in the folder: a revision, a problem, or nothing."""
    assert isinstance(_revision_files.read("versions/x.py", raw), (Revision, GraphProblem, type(None)))


@settings(max_examples=60)
@given(
    st.from_regex(r"[a-z0-9_.]{1,12}", fullmatch=True),
    st.lists(st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True), max_size=3),
)
def test_the_pattern_agrees_with_the_syntax_tree(id: str, parents: list[str]) -> None:
    """The fast reader and ``ast`` say the same."""
    value = repr(tuple(parents)) if len(parents) > 1 else repr(parents[0]) if parents else "None"
    text = f'"""m"""\nrevision = "{id}"\ndown_revision = {value}\n'
    fast = _revision_files._by_pattern(text)
    slow = _revision_files._by_tree(_revision_files._tree(text))
    assert slow is not None
    if fast is not None:
        assert (fast.values, fast.lines) == (slow.values, slow.lines)


BODIES = {
    "present": ("def upgrade():\n    op.x()\ndef downgrade():\n    op.y()\n", "present", False),
    "empty": ('def upgrade():\n    pass\ndef downgrade():\n    """Nothing."""\n', "empty", True),
    "raises": (
        "def upgrade():\n    op.x()\ndef downgrade():\n    raise NotImplementedError('no way back')\n",
        "raises",
        False,
    ),
    "missing": ("def upgrade():\n    op.x()\n", "missing", False),
}


@pytest.mark.parametrize("name", BODIES)
def test_the_way_back_is_classified(name: str) -> None:
    """Present, empty, raising, missing."""
    body, kind, empty = BODIES[name]
    found = read('revision = "b"\ndown_revision = "a"\n' + body)
    assert isinstance(found, Revision)
    assert (found.downgrade, found.upgrade_is_empty) == (kind, empty)


def test_formatting_does_not_change_the_digest() -> None:
    """Comments, blank lines, docstrings and annotations are no edit; another argument is."""
    one = read('revision = "b"\ndown_revision = "a"\ndef upgrade():\n    op.x(1)\n')
    two = read(
        '"""Doc."""\nrevision: str = "b"\n\ndown_revision: str = "a"  # c\n\ndef upgrade() -> None:\n    """Up."""\n    op.x( 1 )\n'
    )
    three = read('revision = "b"\ndown_revision = "a"\ndef upgrade():\n    op.x(2)\n')
    assert isinstance(one, Revision)
    assert isinstance(two, Revision)
    assert isinstance(three, Revision)
    assert one.digest == two.digest != three.digest


def test_broken_graphs_are_explained() -> None:
    """Missing parent, duplicate id, cycle: each once, with what to do."""
    found = graph(
        [
            Revision("a", "a.py"),
            Revision("b", "b.py", ("gone",), down_line=4),
            Revision("a", "a2.py"),
            Revision("c", "c.py", ("d",)),
            Revision("d", "d.py", ("c",)),
            Revision("e", "e.py", ("d",)),
        ],
        ["versions"],
    )
    assert [(one.kind, one.revisions) for one in found.problems] == [
        ("duplicate-id", ("a",)),
        ("missing-parent", ("b", "gone")),
        ("cycle", ("c", "d")),
    ]


def test_partial_ids_and_labels_are_resolved() -> None:
    """``down_revision`` may name a branch label or the start of an id, as Alembic allows."""
    found = graph(
        [
            Revision("abcdef12", "a.py", branch_labels=("core",)),
            Revision("b", "b.py", ("abcdef",)),
            Revision("c", "c.py", ("core@head",)),
        ],
        [],
    )
    assert [one.parents for one in found.revisions] == [(), ("abcdef12",), ("abcdef12",)]


def test_the_graph_is_the_one_that_alembic_loads(tmp_path: Path) -> None:
    """Against ``alembic heads`` on real files: merges, branches, depends_on."""
    texts = {
        "a": revision("a", None),
        "b": revision("b", "a"),
        "c": revision("c", "a"),
        "d": revision("d", ("b", "c")),  # type: ignore[arg-type]
        "e": revision("e", "d"),
        "f": revision("f", None).replace(
            "down_revision = None", "down_revision = None\nbranch_labels = ('x',)\ndepends_on = ('b',)"
        ),
    }
    repo = repository(tmp_path / "r", texts)
    theirs = subprocess.run(
        [sys.executable, "-m", "alembic", "heads"], cwd=repo, capture_output=True, text=True, check=True
    ).stdout
    ours = gate(repo, "--only", "single-head", "--base", "none").project["heads"]
    assert sorted(ours) == sorted(line.split()[0] for line in theirs.splitlines() if line.strip())


def test_one_file_that_cannot_be_read_is_named_and_the_rest_is_judged(tmp_path: Path) -> None:
    """A link that leads to itself, and one that leads nowhere: findings of their files, and the heads are known."""
    repo = repository(tmp_path / "r", {"a": revision("a", None), "b": revision("b", "a")})
    folder = repo / "migrations" / "versions"
    (folder / "loop.py").symlink_to("loop.py")
    (folder / "nowhere.py").symlink_to("gone.py")
    done = gate(repo, "--only", "single-head", "--base", "none")
    told = {one["path"]: one["message"] for one in done.project["findings"]}
    assert (done.code, done.verdicts()["single-head"], done.project["heads"]) == (1, "fail", ["b"])
    assert told == {
        "migrations/versions/loop.py": "migrations/versions/loop.py cannot be read: it is a link that leads to itself",
        "migrations/versions/nowhere.py": "migrations/versions/nowhere.py cannot be read: No such file or directory",
    }
