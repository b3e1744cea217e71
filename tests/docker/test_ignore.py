"""The ignore file: cleaning, anchoring, precedence, the deciding line; and agreement with a port of moby's matcher."""

from __future__ import annotations

import re

import pytest
from e2b_dockerfile_utils import PatternMatcher
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gate.docker.errors import BuildError
from gate.docker.ignore import parse, portability

TREE = (
    "alembic.ini",
    "app/__init__.py",
    "app/db/env.py",
    "app/db/versions/0001_a.py",
    "migrations/env.py",
    "migrations/versions/0001_a.py",
    "migrations/versions/2024/0002_b.py",
    "a",
    "a/b",
    "a/b/c",
    "x",
    "b",
    "Migrations/env.py",
)


def decided(text: str, path: str) -> tuple[bool, int | None]:
    """Excluded or not, and the deciding line."""
    ruling = parse(text).ruling(path)
    return ruling.excluded, ruling.pattern.line if ruling.pattern else None


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("versions\n", "migrations/versions/0001_a.py", (False, None)),
        ("**/versions\n", "migrations/versions/0001_a.py", (True, 1)),
        ("migrations\n!migrations/env.py\n", "migrations/env.py", (False, 2)),
        ("migrations\n!migrations/env.py\n", "migrations/versions/a.py", (True, 1)),
        ("*\n!**/env.py\n", "app/db/env.py", (False, 2)),
        ("*\n!app\n", "migrations/env.py", (True, 1)),
        ("*.py\n", "migrations/env.py", (False, None)),
        ("\ufeffmigrations\n", "migrations/env.py", (True, 1)),
        ("  # x\n", "# x", (True, 1)),
        ("# migrations\n", "migrations/env.py", (False, None)),
        ("*\n! migrations\r\n", "migrations/env.py", (False, 2)),
        ("/migrations/\r\n", "migrations/env.py", (True, 1)),
        ("./a/../migrations\n", "migrations/env.py", (True, 1)),
        ("../migrations\n", "migrations/env.py", (False, None)),
        ("[!m]igrations\n", "migrations/env.py", (True, 1)),
        ("[^m]igrations\n", "migrations/env.py", (False, None)),
        ("**s\n", "migrations", (True, 1)),
        ("Migrations\n", "migrations/env.py", (False, None)),
        ("{a,b}\n", "a", (False, None)),
        ("migrations\n*\n", "migrations/env.py", (True, 2)),
        ("a\n!a/b\n*\n", "a/b", (False, 2)),
        ("migrations/**\n", "migrations/env.py", (True, 1)),
        ("migrations/**\n", "migrations", (False, None)),
    ],
)
def test_ruling(text: str, path: str, expected: tuple[bool, int | None]) -> None:
    """The last line that matches the path or a parent decides, and is named."""
    assert decided(text, path) == expected


@pytest.mark.parametrize("text", ["a\n!\n", "a\n[b\n", "a\n! \n", "a\nb\\\n"])
def test_refused(text: str) -> None:
    """A bare bang and a broken class stop the build at their line."""
    with pytest.raises(BuildError) as caught:
        parse(text)
    assert (caught.value.path, caught.value.line) == (".dockerignore", 2)


LINES = st.lists(
    st.one_of(
        st.text(alphabet="ab/*?!. [^]-mx", max_size=9),
        st.sampled_from(
            [
                "*",
                "**",
                "!**/env.py",
                "!a/b",
                "a",
                "**/*.py",
                "migrations/*/0*",
                "!migrations",
                "**s",
                "a/**/c",
                "!*/*/*",
                "\\*",
                "migration\\s",
            ]
        ),
    ),
    max_size=6,
)


@settings(max_examples=400)
@given(LINES)
@example(["a**b*c?", "!**/*/*"])
def test_agrees_with_the_port_of_moby(lines: list[str]) -> None:
    """No disagreement with the port that agreed with the real builder on 202 files.

    Left out: ``/!x``, which moby's two steps of cleaning turn into an exception and the port does not.
    """
    assume(not any(re.match(r"\s*[./]+!", line) for line in lines))
    try:
        theirs = PatternMatcher(lines)
    except ValueError:
        with pytest.raises(BuildError):
            parse("\n".join(lines))
        return
    ours = parse("\n".join(lines))
    for path in TREE:
        assert ours.excludes(path) == theirs.matches(path), (lines, path)


def test_blow_up_patterns_stay_linear() -> None:
    """Patterns that make a backtracking matcher explode end at once."""
    ignore = parse("**/" + "*a" * 60 + "b\n" + "**/**/**/**/x**y**z\n")
    assert not ignore.excludes("a" * 2000)


def test_portability_names_what_other_builders_read_otherwise() -> None:
    """The documented constructs, and only those."""
    ignore = parse("*\n!**/env.py\n**cache\n! app\nplain\n", "Dockerfile.dockerignore", for_dockerfile=True)
    assert portability(ignore) == [
        (2, "a wildcard exception below an excluded folder (`!**/env.py`)"),
        (3, "`**` without a slash (`**cache`)"),
        (4, "a blank after `!` (`! app`)"),
        (1, "an ignore file of one Dockerfile (`Dockerfile.dockerignore`)"),
    ]
