"""Dockerfile text to instructions, compared with a port of BuildKit's parser."""

# a table reads one case a line
from __future__ import annotations

import pytest
from e2b_dockerfile_utils import DockerfileSyntaxError, parse_dockerfile_ast
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.docker.dockerfile import parse
from gate.docker.errors import BuildError

SAMPLES = (
    "FROM a\nCOPY . .\n",
    "\ufeff# escape=`\nFROM a\nCOPY a `\n  b c\nRUN dir \\\nUSER x\n",
    "# syntax=docker/dockerfile:1\n\n# comment\nFROM a AS b\nRUN echo 1 \\\n# c\n\n  && echo 2\nCOPY --chown=a:b --link ['x'] y\n",
    'FROM a\nCOPY --from=b --chmod=700 ["a b", "/c/"]\nENTRYPOINT ["x", "y"]\nCMD x y\n',
    "FROM a\nRUN <<EOF\nCOPY . .\nFROM b\nEOF\nCOPY <<-'X' <<Y /app/\n\tone $A\n\tX\ntwo\nY\nUSER z\n",
    'FROM a\nRUN cat <<EOF > /x && echo "<<NO"\nbody\nEOF\nRUN cat <<<word\nUSER b\n',
    "FROM a\nONBUILD COPY . .\nonbuild add x y\nVOLUME /a /b\nHEALTHCHECK NONE\n",
    "FROM a\nRUN --mount=type=bind,source=.,target=/x --network=none ls \\\\\nUSER q\n",
)


@pytest.mark.parametrize("text", SAMPLES)
def test_same_instructions_lines_and_heredocs(text: str) -> None:
    """Names, lines, flags and heredoc bodies are those of the port."""
    theirs = parse_dockerfile_ast(text).instructions
    ours = parse(text).instructions
    assert [(one.name, one.line, one.end_line) for one in ours] == [(i.name, i.start_line, i.end_line) for i in theirs]
    assert [list(one.flags) for one in ours] == [one.flags for one in theirs]
    assert [[h.name for h in one.heredocs] for one in ours] == [[h.name for h in one.heredocs] for one in theirs]
    assert [one.json for one in ours if one.name == "COPY"] == [one.json for one in theirs if one.name == "COPY"]


def test_heredoc_bodies() -> None:
    """Bodies are no instructions; ``<<-`` drops leading tabs; a quoted name switches variables off."""
    copy = parse(SAMPLES[4]).instructions[2]
    assert [(h.content, h.expand) for h in copy.heredocs] == [("one $A\n", False), ("two\n", True)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("# only\n", 1),
        ("FROM a\nCOPPY . .\n", 2),
        ("FROM a\nRUN <<EOF\nx\n", 2),
        ("# escape=x\nFROM a\n", 1),
        ('FROM a\nCOPY ["a", 1]\n', 2),
    ],
)
def test_refused(text: str, line: int) -> None:
    """What the builder refuses is named with its line."""
    with pytest.raises(BuildError) as caught:
        parse(text)
    assert caught.value.line == line


WORDS = st.lists(
    st.sampled_from(
        [
            "FROM a",
            "RUN x",
            "\\",
            "\n",
            " ",
            "<<E",
            "E",
            "#",
            "COPY a b",
            "--from=x",
            "'",
            '"',
            "[",
            "]",
            "\t",
            "\r\n",
            "ENV a=b",
        ]
    ),
    max_size=14,
)


@settings(max_examples=200)
@given(WORDS)
def test_never_crashes_and_agrees_on_lines(words: list[str]) -> None:
    """Any text is parsed or refused as the port does it; nothing else is raised."""
    text = " ".join(words).replace(" \n ", "\n")
    try:
        ours = [(one.name, one.line) for one in parse(text).instructions]
    except BuildError:
        return
    try:
        assert ours == [(one.name, one.start_line) for one in parse_dockerfile_ast(text).instructions]
    except DockerfileSyntaxError:
        return
