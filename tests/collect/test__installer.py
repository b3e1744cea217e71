"""Building environments: what the installer is told, what a failure leaves, what the cache keeps."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from gate.collect import _installer
from gate.collect._installer import Job, build, client_environment, digest, pretended
from gate.errors import ProjectBroken

pytestmark = pytest.mark.skipif(_installer.find_uv() is None, reason="uv is not on this machine: pip install uv")


def test_package_clients_settings_and_nothing_else() -> None:
    """pip's settings in uv's words too; no token, no variable of the runner."""
    told = {
        "PIP_INDEX_URL": "https://i",
        "PIP_EXTRA_INDEX_URL": "https://a https://b",
        "HTTPS_PROXY": "p",
        "UV_FIND_LINKS": "/w",
        "GITHUB_TOKEN": "t",
        "INPUT_TOKEN": "t",
        "SECRET": "s",
        "PATH": "/bin",
    }
    assert client_environment(told) == {
        "PIP_INDEX_URL": "https://i",
        "PIP_EXTRA_INDEX_URL": "https://a https://b",
        "HTTPS_PROXY": "p",
        "UV_FIND_LINKS": "/w",
        "PATH": "/bin",
        "UV_DEFAULT_INDEX": "https://i",
        "UV_INDEX": "https://a https://b",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_the_key_follows_contents_not_places(tmp_path: Path) -> None:
    """The same files elsewhere are the same environment."""
    for name, text in (("a", "x"), ("b", "x"), ("c", "y")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "requirements.txt").write_text(text)
    keys = [digest([tmp_path / name / "requirements.txt"]) for name in "abc"]
    assert keys[0] == keys[1] != keys[2]


def test_only_the_projects_own_packages_get_a_pretended_version(tmp_path: Path) -> None:
    """A version pretended for all made every dependency that is built from source fail."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "my.shop-api"\ndynamic = ["version"]\n')
    (tmp_path / "libs" / "core").mkdir(parents=True)
    (tmp_path / "libs" / "core" / "setup.cfg").write_text("[metadata]\nname = shop-core\n")
    names = [f"SETUPTOOLS_SCM_PRETEND_VERSION_FOR_{name}" for name in ("MY_SHOP_API", "SHOP_CORE")]
    assert pretended(tmp_path) == dict.fromkeys(names, "0.0.0")
    (tmp_path / "setup.py").write_text("setup(setup_requires=['pbr'], pbr=True)\n")
    assert pretended(tmp_path)["PBR_VERSION"] == "0.0.0"


def test_an_environment_is_built_once(tmp_path: Path) -> None:
    """With progress, in a copy, kept; the second time it is only looked up."""
    lines: list[str] = []
    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / "x.txt").write_text("x")
    job = Job(
        sys.executable,
        (("/bin/sh", "-euc", 'cat x.txt; echo made > left.txt; test -n "$VIRTUAL_ENV"'),),
        ("k",),
        Path(),
        repo,
    )
    python, cached = build(job, tmp_path / "cache", lines.append, 120)
    assert (python.is_file(), cached) == (True, False)
    assert "install: x" in lines
    assert [path.name for path in repo.iterdir()] == ["x.txt"]
    assert build(job, tmp_path / "cache", lines.append, 120) == (python, True)


def test_a_failure_leaves_nothing_half_made(tmp_path: Path) -> None:
    """The next run begins anew."""
    job = Job(sys.executable, (("/bin/sh", "-c", "echo Failed to build mysqlclient==2.1; exit 1"),), ("k",), tmp_path)
    with pytest.raises(ProjectBroken, match=r"package mysqlclient 2\.1 could not be built") as error:
        build(job, tmp_path / "cache", lambda _: None, 120)
    assert "libmariadb-dev" in str(error.value.advice)
    assert [path for path in (tmp_path / "cache" / "environments").iterdir() if path.is_dir()] == []
    shutil.rmtree(tmp_path / "cache")


def test_where_only_root_may_look_the_account_of_project_code_still_installs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cache and uv in root's own folder: the environment is made in the shared cache, by the account without rights."""
    python = "/usr/bin/python3"
    uid = _installer.account(python) if Path(python).is_file() else None
    if uid is None:
        pytest.skip("needs root, and a Python that everybody may run (Debian: apt-get install python3)")
    private, shared = tmp_path / "private", Path(tempfile.mkdtemp(prefix="alembic-gate-test-", dir="/var/tmp"))
    private.mkdir(mode=0o700)
    uv = shutil.copy(str(_installer.find_uv()), private / "uv")
    monkeypatch.setattr(_installer, "find_uv", lambda: str(uv))
    monkeypatch.setattr(_installer, "SHARED_CACHE", shared)
    job = Job(python, (("/bin/sh", "-c", "id -u > {home}/who"),), ("a", "b"), Path("/"))
    try:
        made, cached = build(job, private, lambda _: None, 120)
        assert (made.is_relative_to(shared), cached) == (True, False)
        assert int((made.parents[2] / "who").read_text()) == uid
        assert not (made.parents[2] / "uv").exists()
        assert {path.stat().st_uid for path in made.parents[2].rglob("*")} == {0}
        assert build(job, private, lambda _: None, 120) == (made, True)
    finally:
        shutil.rmtree(shared)
