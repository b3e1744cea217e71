"""Version modules that only a build writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect._version_files import write


@pytest.mark.parametrize(
    "text",
    [
        '[tool.setuptools_scm]\nversion_file = "shop/_version.py"\n',
        '[tool.setuptools_scm]\nwrite_to = "shop/_version.py"\n',
        '[tool.hatch.build.hooks.vcs]\nversion-file = "shop/_version.py"\n',
        '[tool.pdm.version]\nsource = "scm"\nwrite_to = "shop/_version.py"\n',
    ],
)
def test_a_version_module_that_a_build_would_write_is_there(tmp_path: Path, text: str) -> None:
    """Also in a folder of a repository with several packages."""
    for folder in (tmp_path, tmp_path / "libs" / "core"):
        (folder / "shop").mkdir(parents=True)
        (folder / "pyproject.toml").write_text(text)
    write(tmp_path)
    for folder in (tmp_path, tmp_path / "libs" / "core"):
        names: dict[str, object] = {}
        exec((folder / "shop" / "_version.py").read_text(), names)
        assert (names["version"], names["__version__"], names["version_tuple"]) == ("0.0.0", "0.0.0", (0, 0, 0))


def test_what_is_there_stays_and_nothing_is_written_outside(tmp_path: Path) -> None:
    """A module of the repository is its own; a path out of the copy, a broken file or an odd value is left alone."""
    tree = tmp_path / "tree"
    (tree / "shop").mkdir(parents=True)
    (tree / "shop" / "_version.py").write_text("version = '7'\n")
    (tree / "pyproject.toml").write_text(
        '[tool.setuptools_scm]\nversion_file = "shop/_version.py"\nwrite_to = "../x.py"\n'
    )
    (tree / "shop" / "pyproject.toml").write_text("[tool]\nsetuptools_scm = 1\nhatch = []\n")
    write(tree)
    assert (tree / "shop" / "_version.py").read_text() == "version = '7'\n"
    assert not (tmp_path / "x.py").exists()
