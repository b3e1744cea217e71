"""``alembic-gate projects``: what is found, and what a change can affect."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gate.errors import UsageError
from gate.projects_command import artifact, main
from gate.settings import Settings
from tests.github.repositories import INI, git, revision


@pytest.fixture
def monorepo(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    for name in ("shop", "billing"):
        for path, text in {
            f"services/{name}/alembic.ini": INI,
            f"services/{name}/migrations/env.py": "",
            f"services/{name}/migrations/versions/a1.py": revision("a1", None),
        }.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
    commit(tmp_path)
    return tmp_path


def commit(repo: Path, *paths: str) -> None:
    for path in paths:
        (repo / path).parent.mkdir(parents=True, exist_ok=True)
        (repo / path).write_text("x = 1\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "change")


def matrix(repo: Path, capsys: pytest.CaptureFixture[str], base: str = "HEAD~1") -> list[str]:
    assert main(Settings(repo=str(repo), format="matrix", base=base)) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1, "one line, as GITHUB_OUTPUT wants it"
    return [row["config"] for row in json.loads(out)["include"]]


SHOP, BILLING = "services/shop/alembic.ini", "services/billing/alembic.ini"


@pytest.mark.parametrize(
    ("paths", "configs"),
    [
        (["services/shop/app.py"], [SHOP]),
        (["services/billing/migrations/versions/b2.py"], [BILLING]),
        (["libs/shared/models.py"], [BILLING, SHOP]),
        (["requirements.txt"], [BILLING, SHOP]),
        (["README.md", "docs/a.png"], []),
        (["services/shop/README.md"], [SHOP]),
    ],
)
def test_a_change_affects_its_projects(
    monorepo: Path, capsys: pytest.CaptureFixture[str], paths: list[str], configs: list[str]
) -> None:
    commit(monorepo, *paths)
    assert sorted(matrix(monorepo, capsys)) == configs


def test_without_a_base_all_are_affected(monorepo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sorted(matrix(monorepo, capsys, base="none")) == [BILLING, SHOP]


def test_text_and_json(monorepo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(Settings(repo=str(monorepo)))
    assert SHOP in capsys.readouterr().out
    main(Settings(repo=str(monorepo), format="json"))
    assert {one["directory"] for one in json.loads(capsys.readouterr().out)} <= {
        "services/shop",
        "services/billing",
        ".",
    }


def test_another_format_is_a_usage_error(monorepo: Path) -> None:
    with pytest.raises(UsageError, match="unknown format 'sarif'"):
        main(Settings(repo=str(monorepo), format="sarif"))


@pytest.mark.parametrize(
    ("name", "safe"),
    [("shop", "shop"), ("services/shop:main", "services-shop-main"), ('a"b,c d', "a-b-c-d"), ("..", "project")],
)
def test_artifact_names(name: str, safe: str) -> None:
    assert artifact(name) == safe
