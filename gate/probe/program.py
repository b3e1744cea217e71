"""Runs a Python program of the project inside this process, so that its connections are redirected too."""

import os
import runpy
import shutil
import sys


class NotPython(Exception):
    """The command is no Python program, so its connections could not be redirected."""


def run(words, paths):
    """``python file.py ...``, ``python -m module ...``, ``file.py ...`` or a console script of this environment."""
    sys.path[:0] = [one for one in paths if one not in sys.path]
    words = list(words)
    if words and os.path.basename(words[0]).rstrip("0123456789.") == "python":
        words = words[1:]
        if not words:
            raise NotPython("python without a program")
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        if words[0] == "-m" and len(words) > 1:
            sys.argv = [words[1]] + words[2:]
            runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        else:
            path = _script(words[0])
            sys.argv = [path] + words[1:]
            runpy.run_path(path, run_name="__main__")
    except SystemExit as end:
        if end.code not in (None, 0):
            raise
    finally:
        sys.argv = ["alembic"]


def _script(word):
    """The file behind a word: a Python file, or a console script beside this interpreter."""
    if os.path.isfile(word):
        path = os.path.abspath(word)
    else:
        path = shutil.which(word, path=os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", ""))
    if path is None:
        raise NotPython("there is no program %s in the project's environment" % word)
    with open(path, "rb") as file:
        first = file.readline()
    if not path.endswith(".py") and b"python" not in first:
        raise NotPython("%s is no Python program: only those can be kept on the scratch database" % word)
    return path
