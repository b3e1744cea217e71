"""The model against a real builder: no disagreement outside of the documented constructs.

Runs in CI (``ALEMBIC_GATE_CI``), or where ``ALEMBIC_GATE_BUILDER`` names docker or buildah; ``ALEMBIC_GATE_CASES`` says
how many builds.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docker.differential import builder as real
from tests.docker.differential.builder import Files, write
from tests.docker.differential.cases import Case, copy_case, ignore_case, modern_case
from tests.docker.differential.model import predict

COUNT = int(os.environ.get("ALEMBIC_GATE_CASES", "150"))
BUILDER = real.find()
pytestmark = pytest.mark.skipif(
    BUILDER is None, reason="no builder: set ALEMBIC_GATE_BUILDER to docker (with BuildKit) or buildah"
)

# What these builders read otherwise than the reference (BuildKit of Docker 28), seen with each of them.
DOCUMENTED: dict[str, Callable[[Case], bool]] = {
    "docker": lambda case: False,
    "docker without layers": lambda case: "--link" in case.dockerfile,
    # 20.10 looks for exceptions below an excluded folder only where they are plain, takes `! name` and `**name`
    # literally, and compares a parent folder only with patterns of its own depth.
    "docker 20": lambda case: bool(re.search(r"^! |^!.*[*?\[]|\*\*[^/\n]|\*\*/.*\*\*", case.ignore, re.MULTILINE)),
    "buildah": lambda case: bool(re.search(r"^!|\*\*[^/\n]|^\ufeff", case.ignore, re.MULTILINE)),
}


def disagreement(case: Case, folder: Path, *, folders: bool = True) -> str | None:
    """What differs between the model and the builder; without ``folders`` only files and links count."""
    assert BUILDER is not None
    context = folder / "context"
    context.mkdir()
    write(case, context)
    expected, found = predict(case, context), BUILDER.build(case, context, folder)
    if not folders:
        expected, found = _no_folders(expected), _no_folders(found)
    if expected == found:
        return None
    told = _difference(expected, found)
    return f"case {case.number}\n{case.ignore!r}\n{case.dockerfile}\n{told}"


def _no_folders(files: Files | None) -> Files | None:
    return None if files is None else {path: text for path, text in files.items() if not text.startswith("folder")}


def _difference(expected: Files | None, found: Files | None) -> str:
    if expected is None or found is None:
        words = {True: "stops", False: "builds"}
        return f"the model {words[expected is None]}, the builder {words[found is None]}"
    names = sorted(path for path in expected.keys() | found.keys() if expected.get(path) != found.get(path))
    return "\n".join(f"{path}: model {expected.get(path)}, builder {found.get(path)}" for path in names[:12])


@pytest.mark.parametrize("number", range(COUNT))
def test_ignore_file(number: int, tmp_path: Path) -> None:
    """What a random ignore file lets into the context."""
    case = ignore_case(number)
    if BUILDER is not None and DOCUMENTED[BUILDER.kind](case):
        pytest.skip(f"{BUILDER.kind} is known to read this ignore file otherwise")
    assert disagreement(case, tmp_path, folders=False) is None


@pytest.mark.parametrize("number", range(COUNT * 2 // 3))
def test_what_current_builders_know(number: int, tmp_path: Path) -> None:
    """Links, exclusions, heredocs, archives, triggers, modes, build arguments and named contexts."""
    case = modern_case(number)
    if BUILDER is not None and BUILDER.kind in ("docker 20", "buildah"):
        pytest.skip(f"{BUILDER.kind} does not know these constructs, or builds them otherwise")
    if BUILDER is not None and DOCUMENTED[BUILDER.kind](case):
        pytest.skip("an engine without containerd's image store ignores --link")
    assert disagreement(case, tmp_path) is None


@pytest.mark.parametrize("number", range(COUNT))
def test_copies(number: int, tmp_path: Path) -> None:
    """Where random COPY and ADD lines put files."""
    case = copy_case(number)
    if BUILDER is not None and BUILDER.kind == "buildah":
        pytest.skip("buildah spells copies, links and globs otherwise; only its ignore files are compared")
    assert disagreement(case, tmp_path) is None
