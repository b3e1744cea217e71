"""Variables, quotes and modifiers of Dockerfile words."""

from __future__ import annotations

import pytest

from gate.docker.variables import BadWordError, expand, expand_document

VALUES = {"A": "app", "E": "", "P": "a/b/c.tar.gz"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$A/x", "app/x"),
        ("${A}x", "appx"),
        ("$NONE", ""),
        ("${NONE:-d}", "d"),
        ("${E:-d}", "d"),
        ("${E-d}", ""),
        ("${NONE-d}", "d"),
        ("${A:+y}", "y"),
        ("${E:+y}", ""),
        ("${E+y}", "y"),
        ("${NONE:-$A}", "app"),
        ("${NONE:-${E:-z}}", "z"),
        ("${P#*/}", "b/c.tar.gz"),
        ("${P##*/}", "c.tar.gz"),
        ("${P%.*}", "a/b/c.tar"),
        ("${P%%.*}", "a/b/c"),
        ("${P/b/X}", "a/X/c.tar.gz"),
        ("${P//a/_}", "_/b/c.t_r.gz"),
        ("\\$A", "$A"),
        ("'$A'", "$A"),
        ('"$A b"', "app b"),
        ("a\\ b", "a b"),
        ("$", "$"),
        ("$(x)", "$(x)"),
        ("${A:?no}", "app"),
        ("~/x", "~/x"),
        ('"a\\"b"', 'a"b'),
    ],
)
def test_expand(text: str, expected: str) -> None:
    """Each modifier as BuildKit puts it in."""
    assert expand(text, VALUES) == expected


@pytest.mark.parametrize("text", ["${A", "'a", '"a', "${NONE:?must}", "${A^}", "${}", "${" * 80])
def test_refused(text: str) -> None:
    """What the builder refuses."""
    with pytest.raises(BadWordError):
        expand(text, VALUES)


def test_documents_keep_quotes() -> None:
    """In a heredoc variables change, quotes stay, and a backslash goes (seen with Docker 28.5.2)."""
    assert expand_document("x = \"$A\" '\\$A' \\d\\\\ \\\n\n", VALUES) == "x = \"app\" '$A' d\\ \n\n"
