"""A bootstrap command as the user wrote it, run inside the probe's process so that its connections are redirected."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent.parent.parent / "gate" / "probe" / "program.py"
RUN = """\
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("program", sys.argv[1])
program = importlib.util.module_from_spec(spec)
spec.loader.exec_module(program)
words = json.loads(sys.argv[2])
try:
    program.run(words, json.loads(sys.argv[3]))
    print("done", sys.argv)
except BaseException as error:
    print(type(error).__name__, error)
"""
MAKE = "import sys, helper\nprint(__name__, sys.argv[1:], helper.NAME)\n"


def run(folder: Path, *words: str, paths: tuple[str, ...] = ("lib",)) -> list[str]:
    """What the program printed, and how it ended."""
    command = [sys.executable, "-c", RUN, str(PROGRAM), json.dumps(words), json.dumps(paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    return done.stdout.splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with a script, a package and a helper on a path of its own."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "helper.py").write_text("NAME = 'helper'\n")
    (tmp_path / "make.py").write_text(MAKE)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__main__.py").write_text(MAKE)
    (tmp_path / "ends.py").write_text("import sys\nsys.exit(int(sys.argv[1]))\n")
    (tmp_path / "make.sh").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "tool").write_text(f"#!{sys.executable}\n{MAKE}")
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ("python", "make.py", "--all"),
        ("python3.11", "make.py", "--all"),
        ("make.py", "--all"),
        ("python", "-m", "shop", "--all"),
        ("./tool", "--all"),
    ],
)
def test_every_way_to_start_a_python_program(folder: Path, words: tuple[str, ...]) -> None:
    """As a script, a module or a console script; its arguments are its own, and ``sys.argv`` is put back."""
    assert run(folder, *words) == ["__main__ ['--all'] helper", "done ['alembic']"]


def test_an_exit_code_counts(folder: Path) -> None:
    """``sys.exit(0)`` is success, everything else is not."""
    assert run(folder, "python", "ends.py", "0") == ["done ['alembic']"]
    assert run(folder, "python", "ends.py", "3") == ["SystemExit 3"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("./make.sh",), "NotPython ./make.sh is no Python program: only those can be kept on the scratch database"),
        (("python",), "NotPython python without a program"),
        (("no-such-tool",), "NotPython there is no program no-such-tool in the project's environment"),
    ],
)
def test_what_cannot_be_redirected_is_refused(folder: Path, words: tuple[str, ...], said: str) -> None:
    """A shell script would connect wherever it likes."""
    assert run(folder, *words)[0].replace(str(folder), ".") == said
