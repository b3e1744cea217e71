"""Migrations that travel inside a Python package: what each backend takes, and what an install leaves behind."""

# a table reads one case a line
from __future__ import annotations

from pathlib import Path

import pytest

from tests.collect.image_cases import answer, short

FINE = ("fine", None, None, None)
UNSURE = ("cannot-tell", None, None, None)
INI = "[alembic]\nscript_location = app:db\n"
VERSION = 'revision = "{0}"\ndown_revision = {1}\ndef upgrade(): pass\n'
FLAT = {
    "alembic.ini": INI,
    "app/__init__.py": "",
    "app/models.py": "",
    "app/db/__init__.py": "",
    "app/db/env.py": "from app import models\n",
    "app/db/versions/__init__.py": "",
    "app/db/versions/a.py": VERSION.format("a", "None"),
    "app/db/versions/b.py": VERSION.format("b", '"a"'),
}
SRC = {name if name == "alembic.ini" else f"src/{name}": text for name, text in FLAT.items()}
BARE = {name: text for name, text in FLAT.items() if "db/__init__" not in name and "versions/__init__" not in name}
BUILD = '[build-system]\nrequires = []\nbuild-backend = "{0}"\n'
NAME = '[project]\nname = "app"\nversion = "1"\n'
TWO = "FROM python:3.12 AS b\nWORKDIR /src\nCOPY . .\nRUN {0}\nFROM python:3.12\nWORKDIR /srv\nCOPY alembic.ini .\n"
SITE = "COPY --from=b /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages\n"
PIP = TWO.format("pip install .") + SITE
SETUPTOOLS = NAME + BUILD.format("setuptools.build_meta")
HATCH = NAME + BUILD.format("hatchling.build")


def broken(reason: str, line: int, path: str = "pyproject.toml") -> tuple[str, str, str, int]:
    """A broken answer at a place."""
    return "broken", reason, path, line


CASES = {
    "setuptools, one package listed": (
        FLAT,
        {"Dockerfile": PIP, "pyproject.toml": SETUPTOOLS + '[tool.setuptools]\npackages = ["app"]\n'},
        broken("not_packaged", 8),
    ),
    "setuptools, all listed": (
        FLAT,
        {
            "Dockerfile": PIP,
            "pyproject.toml": SETUPTOOLS + '[tool.setuptools]\npackages = ["app", "app.db", "app.db.versions"]\n',
        },
        FINE,
    ),
    "setuptools, found": (
        BARE,
        {"Dockerfile": PIP, "pyproject.toml": SETUPTOOLS + '[tool.setuptools.packages.find]\ninclude = ["app*"]\n'},
        FINE,
    ),
    "setuptools, found without namespaces": (
        BARE,
        {
            "Dockerfile": PIP,
            "pyproject.toml": SETUPTOOLS + '[tool.setuptools.packages.find]\ninclude = ["app*"]\nnamespaces = false\n',
        },
        broken("not_packaged", 7),
    ),
    "setuptools, excluded": (
        FLAT,
        {
            "Dockerfile": PIP,
            "pyproject.toml": SETUPTOOLS + '[tool.setuptools.packages.find]\nexclude = ["*.versions"]\n',
        },
        broken("not_packaged", 7),
    ),
    "setuptools, flat": (FLAT, {"Dockerfile": PIP, "pyproject.toml": SETUPTOOLS}, FINE),
    "setuptools, src": (SRC, {"Dockerfile": PIP, "pyproject.toml": SETUPTOOLS}, FINE),
    "setup.cfg find": (
        BARE,
        {
            "Dockerfile": PIP,
            "setup.cfg": "[metadata]\nname = app\n[options]\npackages = find:\n",
            "setup.py": "from setuptools import setup\nsetup()\n",
        },
        broken("not_packaged", 4, "setup.cfg"),
    ),
    "setup.py": (
        FLAT,
        {
            "Dockerfile": PIP,
            "setup.py": "from setuptools import setup, find_packages\nsetup(name='app', packages=find_packages())\n",
        },
        FINE,
    ),
    "setup.py computed": (
        FLAT,
        {"Dockerfile": PIP, "setup.py": "from setuptools import setup\nsetup(name='app', packages=mine())\n"},
        UNSURE,
    ),
    "hatchling": (FLAT, {"Dockerfile": PIP, "pyproject.toml": HATCH}, FINE),
    "hatchling, src": (SRC, {"Dockerfile": PIP, "pyproject.toml": HATCH}, FINE),
    "hatchling, excluded": (
        FLAT,
        {"Dockerfile": PIP, "pyproject.toml": HATCH + '[tool.hatch.build.targets.wheel]\nexclude = ["versions"]\n'},
        broken("not_packaged", 8),
    ),
    "hatchling, git-ignored": (
        FLAT,
        {"Dockerfile": PIP, "pyproject.toml": HATCH, ".gitignore": "app/db/versions/b.py\n"},
        broken("not_packaged", 6),
    ),
    "hatchling, packages": (
        SRC,
        {"Dockerfile": PIP, "pyproject.toml": HATCH + '[tool.hatch.build.targets.wheel]\npackages = ["src/app"]\n'},
        FINE,
    ),
    "flit": (FLAT, {"Dockerfile": PIP, "pyproject.toml": NAME + BUILD.format("flit_core.buildapi")}, FINE),
    "poetry": (
        FLAT,
        {
            "Dockerfile": PIP,
            "pyproject.toml": '[tool.poetry]\nname = "app"\n' + BUILD.format("poetry.core.masonry.api"),
        },
        FINE,
    ),
    "poetry, excluded": (
        FLAT,
        {
            "Dockerfile": PIP,
            "pyproject.toml": '[tool.poetry]\nname = "app"\nexclude = ["app/db/versions"]\n'
            + BUILD.format("poetry.core.masonry.api"),
        },
        broken("not_packaged", 3),
    ),
    "pdm": (SRC, {"Dockerfile": PIP, "pyproject.toml": NAME + BUILD.format("pdm.backend")}, FINE),
    "uv": (SRC, {"Dockerfile": PIP, "pyproject.toml": NAME + BUILD.format("uv_build")}, FINE),
    "uv, flat": (
        FLAT,
        {
            "Dockerfile": PIP,
            "pyproject.toml": NAME + BUILD.format("uv_build") + '[tool.uv.build-backend]\nmodule-root = ""\n',
        },
        FINE,
    ),
    "unknown backend": (FLAT, {"Dockerfile": PIP, "pyproject.toml": NAME + BUILD.format("maturin")}, UNSURE),
    "editable, source left behind": (
        FLAT,
        {"Dockerfile": TWO.format("pip install -e .") + SITE, "pyproject.toml": HATCH},
        broken("earlier_stage_only", 3, "Dockerfile"),
    ),
    "editable, in place": (
        FLAT,
        {
            "Dockerfile": "FROM python:3.12\nWORKDIR /src\nCOPY . .\nRUN pip install -e .\nWORKDIR /\nCOPY alembic.ini .\n",
            "pyproject.toml": HATCH,
        },
        FINE,
    ),
    "uv sync, editable, venv only": (
        FLAT,
        {
            "Dockerfile": TWO.format("uv sync --locked")
            + "COPY --from=b /src/.venv /src/.venv\nENV PATH=/src/.venv/bin:$PATH\n",
            "pyproject.toml": HATCH,
        },
        broken("earlier_stage_only", 3, "Dockerfile"),
    ),
    "uv sync, not editable, venv only": (
        FLAT,
        {
            "Dockerfile": TWO.format("uv sync --locked --no-editable")
            + "COPY --from=b /src/.venv /src/.venv\nENV PATH=/src/.venv/bin:$PATH\n",
            "pyproject.toml": HATCH,
        },
        FINE,
    ),
    "wheel of a stage": (
        FLAT,
        {
            "Dockerfile": TWO.format("pip wheel --no-deps -w /w .") + "COPY --from=b /w /w\nRUN pip install /w/*.whl\n",
            "pyproject.toml": HATCH,
        },
        FINE,
    ),
    "wheel of a mount": (
        FLAT,
        {
            "Dockerfile": TWO.format("python -m build")
            + "RUN --mount=type=bind,from=b,source=/src/dist,target=/d pip install /d/*.whl\n",
            "pyproject.toml": HATCH,
        },
        FINE,
    ),
    "wheel from outside": (
        FLAT,
        {
            "Dockerfile": "FROM python:3.12\nCOPY alembic.ini *.whl /w/\nRUN pip install /w/*.whl\nWORKDIR /w\n",
            "pyproject.toml": HATCH,
        },
        UNSURE,
    ),
    "venv": (
        FLAT,
        {
            "Dockerfile": TWO.format("python -m venv /opt/v && /opt/v/bin/pip install .")
            + 'COPY --from=b /opt/v /opt/v\nENV PATH="/opt/v/bin:$PATH"\n',
            "pyproject.toml": HATCH,
        },
        FINE,
    ),
    "prefix": (
        FLAT,
        {
            "Dockerfile": TWO.format("pip install --prefix=/install .") + "COPY --from=b /install /usr/local\n",
            "pyproject.toml": HATCH,
        },
        FINE,
    ),
    "from the index": (
        FLAT,
        {"Dockerfile": "FROM python:3.12\nRUN pip install app==1.0\n", "pyproject.toml": HATCH},
        UNSURE,
    ),
    "requirements name the folder": (
        FLAT,
        {
            "Dockerfile": "FROM python:3.12\nWORKDIR /s\nCOPY . .\nRUN pip install -r r.txt\nWORKDIR /x\nCOPY alembic.ini .\n",
            "r.txt": "six\n.\n",
            "pyproject.toml": HATCH,
        },
        FINE,
    ),
    "dependencies only": (
        FLAT,
        {
            "Dockerfile": TWO.format("uv sync --no-install-project") + "COPY --from=b /src/.venv /srv/.venv\n",
            "pyproject.toml": HATCH,
        },
        broken("earlier_stage_only", 3, "Dockerfile"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_packages(name: str, tmp_path: Path) -> None:
    """The package's files against the project's, at the place where the process finds the package."""
    base, files, expected = CASES[name]
    assert short(answer(tmp_path, files, base)) == expected
