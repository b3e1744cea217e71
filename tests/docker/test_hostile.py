"""Hostile input: the answer is a verdict or a refusal with a line, never another exception."""

# a table reads one case a line

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.docker import bake, compose, workflow
from gate.docker.build import Build, Context, Entry
from gate.docker.dockerfile import parse
from gate.docker.errors import BuildError
from gate.docker.ignore import parse as parse_ignore
from gate.docker.judgement import BROKEN, CANNOT_TELL, FINE
from gate.docker.lookup import Run
from gate.docker.machine import Needs
from gate.docker.project import Hints, describe
from gate.docker.shell import commands
from gate.docker.verdict import judge

FILES = {
    "alembic.ini": "[alembic]\nscript_location = migrations\n", "migrations/env.py": "import app\n", "app.py": "",
    "migrations/versions/a.py": "revision = 'a'\n", "pyproject.toml": "[project]\nname = 'x'\n", "x.sh": "rm -rf $1\n",
}  # fmt: skip
PROJECT = describe(FILES, FILES.get, Hints("alembic.ini"))
CONTEXT = Context(".", tuple(Entry(name) for name in FILES))
WORDS = (
    "FROM python", "FROM a AS b", "FROM scratch as a", "COPY . .", "COPY --from=a / /", "ADD x* y/", "WORKDIR $A", "ARG A=/x", "ENV A=b C=$A",
    "RUN rm -rf migrations", "RUN --mount=type=bind,target=. cp -r . /y", "RUN <<E\nmv x y\nE", "COPY <<E /z\n$A\nE", "USER x", "ONBUILD COPY . /o",
    "RUN pip install .", "RUN uv sync", "RUN find . -name '[' -delete", "RUN ln -s . migrations/loop && rm -rf migrations/loop/loop/app.py",
    "CMD x", "\\", "'", '"', "${", "}", "[", "]", "<<", "--", "#", "\t", "&&", "|", "$(", ")", "`", ";", "\0", "é", "*", "?", "..", "~",
)  # fmt: skip
BITS = st.lists(st.sampled_from(WORDS), max_size=12).map("\n".join)
GLUED = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(
        BITS, GLUED, BITS.map(lambda text: "FROM python\n" + text), GLUED.map(lambda text: "FROM python\nRUN " + text)
    )
)
def test_dockerfiles(text: str) -> None:
    """Any text is judged or refused."""
    try:
        dockerfile = parse(text)
    except BuildError as stop:
        assert stop.line >= 1  # both outcomes are right
        return
    build = Build(CONTEXT, needs=Needs(frozenset(PROJECT.files)), read=FILES.get)
    judged = judge(dockerfile, build, PROJECT, lambda stage: Run(stage.workdir))
    assert judged.verdict in (FINE, BROKEN, CANNOT_TELL)
    assert (judged.verdict == BROKEN) == (judged.reason is not None)


BAKE = st.lists(
    st.sampled_from(["target", '"x"', "{", "}", "=", "a", "[", "]", "(", ")", "${", '"', "\n", ",", "?", ":", "1", "+", "f", "<<E\n", "E\n", "!", ".", "for", "null", "matrix"]),
    max_size=25,
).map(" ".join)  # fmt: skip


@settings(max_examples=150)
@given(BAKE)
def test_bake_files(text: str) -> None:
    """Any HCL is read or refused."""
    try:
        bake.ships(["docker-bake.hcl"], {"docker-bake.hcl": text}.get)
    except BuildError as stop:
        assert stop.line >= 1  # both outcomes are right


YAML = st.lists(
    st.sampled_from(["services:", " web:", "  build:", "   context: .", "   target: ${X:?}", " - a", "&a", "*a", "<<: *a", "? x", "!reset", "{", "[", "]", "}", "'", "jobs:", " b:", "  steps:", "   - uses: docker/build-push-action@v6", "     with: x", "\t", "extends: web"]),
    max_size=14,
).map("\n".join)  # fmt: skip


@settings(max_examples=150)
@given(YAML)
def test_yaml_files(text: str) -> None:
    """Any YAML is read or refused, as compose file and as workflow."""
    asks: tuple[Callable[[], object], ...] = (
        lambda: compose.ships(["compose.yaml"], {"compose.yaml": text}.get), lambda: workflow.steps(text, "x.yml"),
    )  # fmt: skip
    for ask in asks:
        try:
            ask()
        except BuildError as stop:
            assert stop.line >= 1  # both outcomes are right


@settings(max_examples=150)
@given(GLUED)
def test_shell(text: str) -> None:
    """Any shell text gives commands."""
    assert isinstance(commands(text, {"A": "b"}), list)


@pytest.mark.parametrize(
    "make",
    [
        lambda: parse("FROM a\nRUN " + "x \\\n" * 100_000),
        lambda: parse_ignore("**/" * 3000 + "x\n").excludes("a/" * 500 + "y"),
        lambda: commands("(" * 20_000 + "x" + ")" * 20_000, {}),
        lambda: commands('"$(' * 20_000, {}),
        lambda: commands("if " * 20_000, {}),
    ],
)
def test_deep_and_long_texts_end(make: Callable[[], object]) -> None:
    """Nesting and length cost time in proportion, not more."""
    started = time.monotonic()
    make()
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 5000,
        "x = " + "[" * 5000,
        "a {\n" * 5000,
        'x = "' + "${" * 2000,
        "x = " + "!" * 5000,
        "x = 1 ? " * 3000,
    ],
)
def test_deep_bake_files_are_refused(text: str) -> None:
    """Recursion is bounded."""
    with pytest.raises(BuildError):
        bake.ships(["docker-bake.hcl"], {"docker-bake.hcl": text}.get)


def test_yaml_bomb_is_refused() -> None:
    """Aliases count as often as they are used."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(BuildError, match="too many values"):
        compose.ships(["compose.yaml"], {"compose.yaml": "\n".join(lines)}.get)
