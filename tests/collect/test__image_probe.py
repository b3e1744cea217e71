"""The context probe against the real daemon: no disagreement with the model, and what happens where there is none."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from gate import settings
from gate.collect import _image_probe
from gate.collect._image_files import Repository
from gate.collect._image_probe import ContextProbe, ProbeError, listing, server_version
from gate.collect._image_ships import context_of
from gate.docker.build import Build, Context, Entry
from gate.docker.errors import BuildError
from gate.docker.ignore import parse
from tests.collect.image_cases import answer, short
from tests.docker.differential.builder import write
from tests.docker.differential.cases import ignore_case
from tests.docker.differential.test_builder import DOCUMENTED

CASES = 24
WHOLE = {"Dockerfile": "FROM python\nWORKDIR /app\nCOPY . .\n"}
Notes = list[tuple[str, int, str]]


def _client(folder: Path) -> str | None:
    """The PATH under which a docker client builds with BuildKit, or why there is none as the text after a ``!``."""
    (folder / "Dockerfile").write_text(_image_probe.DOCKERFILE)
    (folder / "context").mkdir()
    path, why = os.environ.get("PATH", ""), "!no docker client is installed"
    named = Path(os.environ.get("ALEMBIC_GATE_BUILDER", "")).parent  # CI's newest engine
    for one in [str(named), *path.split(os.pathsep)]:
        if not shutil.which("docker", path=one):
            continue
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PATH", f"{one}{os.pathsep}{path}")
            try:
                server_version()
                listing(folder / "Dockerfile", folder / "context")
                return f"{one}{os.pathsep}{path}"
            except ProbeError as error:
                why = f"!{error}"
    return why


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    found = _client(tmp_path_factory.mktemp("trial")) or ""
    if found.startswith("!"):
        assert os.environ.get("ALEMBIC_GATE_CI") != "1", found[1:]
        pytest.skip(f"no docker daemon with BuildKit: {found[1:]}")
    return found


@pytest.fixture
def daemon(path: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """``docker``, or ``docker 20`` for an engine from before 23.0."""
    monkeypatch.setenv("PATH", path)
    return "docker 20" if server_version() < _image_probe.CURRENT else "docker"


def probed(folder: Path, dockerfile: str = "Dockerfile") -> tuple[Context, Notes]:
    repository = Repository(folder)
    build = Build(context_of(repository, ".", dockerfile, frozenset()))
    found, notes = ContextProbe(repository).probed(build, dockerfile)
    return found.context, notes


@pytest.mark.parametrize("number", range(CASES))
def test_the_daemon_and_the_model_agree(number: int, tmp_path: Path, daemon: str) -> None:
    """Random ignore files: the same list, outside of what an old engine is known to read otherwise."""
    case = ignore_case(number)
    write(case, tmp_path)
    try:
        context, notes = probed(tmp_path)
    except BuildError:
        (tmp_path.parent / f"Dockerfile{number}").write_text(_image_probe.DOCKERFILE)
        with pytest.raises(ProbeError, match="build of the context failed"):
            listing(tmp_path.parent / f"Dockerfile{number}", tmp_path)
        return
    if DOCUMENTED[daemon](case):
        assert context.listed is not None or "too old to judge" in notes[0][2]
    else:
        assert (context.listed is not None, notes) == (True, [])


def test_the_ignore_file_of_the_dockerfile_wins(tmp_path: Path, daemon: str) -> None:
    """The builder is given ``<Dockerfile>.dockerignore``, in whatever folder; else it reads the context's own."""
    for name in ("a.py", "b.py", "deploy/Dockerfile"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / ".dockerignore").write_text("a.py\n")
    assert sorted(probed(tmp_path, "deploy/Dockerfile")[0].listed or ()) == [
        ".dockerignore",
        "b.py",
        "deploy",
        "deploy/Dockerfile",
    ]
    (tmp_path / "deploy/Dockerfile.dockerignore").write_text("b.py\n.dockerignore\ndeploy\n")
    assert sorted(probed(tmp_path, "deploy/Dockerfile")[0].listed or ()) == ["a.py"]


def test_a_named_context_has_its_own_ignore_file(tmp_path: Path, daemon: str) -> None:
    """Each context is listed on its own; one that fails leaves the whole build to the model."""
    (tmp_path / "lib").mkdir()
    for name in ("a.py", "lib/b.py", "lib/c.py"):
        (tmp_path / name).write_text("x")
    (tmp_path / "lib/.dockerignore").write_text("b.py\n")
    repository = Repository(tmp_path)
    named = context_of(repository, "lib", None, frozenset())
    build = Build(context_of(repository, ".", "Dockerfile", frozenset()), contexts={"lib": named, "base": "python"})
    found, notes = ContextProbe(repository).probed(build, "Dockerfile")
    lib = found.contexts["lib"]
    assert isinstance(lib, Context)
    assert (sorted(lib.listed or ()), found.contexts["base"], notes) == ([".dockerignore", "c.py"], "python", [])
    gone = Build(build.context, contexts={"lib": Context("nowhere", ())})
    found, notes = ContextProbe(repository).probed(gone, "Dockerfile")
    assert (found.context.listed, [text for *_, text in notes]) == (
        None,
        ["no context probe: the context nowhere is no folder of the repository; the static answer stands"],
    )


def test_the_answer_says_its_level(tmp_path: Path, daemon: str) -> None:
    """Verdict, reason and deciding line as by the model; the level says who listed the context."""
    files = {**WHOLE, ".dockerignore": "docs\nmigrations/versions/0002*\n"}
    found = answer(tmp_path, files, docker_probe=True)
    assert (*short(found), found.level, found.notes) == ("broken", "ignored", ".dockerignore", 2, "context probe", ())
    (tmp_path / ".dockerignore").write_text("docs\n")
    found = answer(tmp_path, {}, docker_probe=True)
    assert (found.verdict, found.level) == ("fine", "context probe")
    assert answer(tmp_path, {}).level == "static"


def test_an_old_matcher_does_not_judge(tmp_path: Path, daemon: str) -> None:
    """Where an engine of before 23.0 reads a wildcard exception otherwise, the static answer stands, with the reason."""
    found = answer(tmp_path, {**WHOLE, ".dockerignore": "migrations\n!**/*.py\n"}, docker_probe=True)
    said = [note.text for note in found.notes if note.text.startswith("no context probe")]
    assert found.verdict == "fine"
    if daemon == "docker 20":
        assert (found.level, len(said), "too old to judge" in "".join(said)) == ("static", 1, True)
    else:
        assert (found.level, said) == ("context probe", [])


def test_a_context_that_is_too_large(tmp_path: Path, daemon: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is sent by size; while it is listed by members and bytes."""
    for number in range(5):
        (tmp_path / f"{number}.py").write_text("x" * 1000)
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(_image_probe.DOCKERFILE)
    monkeypatch.setattr(_image_probe, "MOST_BYTES", 4000)
    assert "no context probe: the context holds more than" in probed(tmp_path)[1][0][2]
    with pytest.raises(ProbeError, match="too large to be listed"):
        listing(dockerfile, tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(_image_probe, "MOST_FILES", 3)
    with pytest.raises(ProbeError, match="too large|failed"):
        listing(dockerfile, tmp_path)


def _client_that(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that no machine has at hand: one of an old engine, or one that hangs."""
    folder.mkdir()
    (folder / "docker").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo 19.03.15", "docker engine 19.03 is too old; at least 20.10 is needed"),
        ("echo 'Cannot connect' >&2; exit 1", "no docker daemon answers (Cannot connect)"),
        ("[ $1 = version ] && echo 28.5.2 && exit; echo boom >&2; exit 3", "the build of the context failed (boom)"),
        ("[ $1 = version ] && echo 28.5.2 && exit; echo no tar", "the build of the context failed (it wrote no tar)"),
        ("[ $1 = version ] && echo 28.5.2 && exit; exec sleep 60", "the build of the context took more than 1 s"),
    ],
)
def test_no_probe_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, why: str) -> None:
    """Missing, too old, failing or hanging: a note with the reason, and the static answer stands."""
    monkeypatch.setattr(_image_probe, "SECONDS", 1)
    _client_that(tmp_path / "bin", script, monkeypatch)
    found = answer(tmp_path / "repo", WHOLE, docker_probe=True)
    assert (found.verdict, found.level) == ("fine", "static")
    said = [(note.path, note.line, note.text) for note in found.notes]
    assert said == [("Dockerfile", 1, f"no context probe: {why}; the static answer stands")]


def test_no_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a docker client at all."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProbeError, match="docker does not answer"):
        server_version()


def test_the_list_counts_and_the_line_is_the_models() -> None:
    """What the builder saw replaces the matcher's answer; the deciding line still comes from the ignore file."""
    entries = (Entry("a", folder=True), Entry("a/x.py"), Entry("b.py"))
    context = Context(".", entries, parse("a\n"), listed=frozenset({"a", "a/x.py"}))
    assert [path for path, _ in context.tree().files()] == ["/a/x.py"]
    ruling = context.ruling("a/x.py")
    assert (ruling.excluded, ruling.pattern and ruling.pattern.line, context.ruling("b.py").excluded) == (
        False,
        1,
        True,
    )


def test_the_setting(tmp_path: Path) -> None:
    """Off by default; ``probe`` under ``docker:`` switches it on."""
    assert settings.read({"repo": str(tmp_path)}).docker_probe is False
    (tmp_path / ".alembic-gate.yml").write_text("docker:\n  probe: true\n")
    assert settings.read({"repo": str(tmp_path)}).docker_probe is True
