"""Requirements 1 to 3: action.yml agrees with the settings, the outputs, the schema and the linters."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gate import settings
from gate.publish.outputs import DEFAULTS

ROOT = Path(__file__).resolve().parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
INPUTS: dict[str, Any] = ACTION["inputs"]
WORKFLOWS = sorted((ROOT / "docs/workflows").glob("*.yml"))


def tool(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).parent / words[0]), *words[1:]], capture_output=True, text=True, check=False
    )


def test_req_1_name_author_description_and_branding() -> None:
    """The icon and the colour are from the Marketplace's list: check-jsonschema holds them against it below."""
    assert {"name", "author", "description", "branding", "runs"} <= set(ACTION)
    assert len(ACTION["description"]) <= 125
    assert set(ACTION["branding"]) == {"icon", "color"}
    assert ACTION["runs"] == {"using": "docker", "image": "Dockerfile"}


def test_req_1_inputs_are_the_settings() -> None:
    assert sorted(INPUTS) == sorted(row.name for row in settings.options("input"))


def test_req_1_every_input_has_a_description_and_a_default() -> None:
    for name, about in INPUTS.items():
        assert about["description"].strip(), name
        assert about["required"] is False, name
        assert "default" in about, name


def test_req_1_an_input_left_alone_says_nothing() -> None:
    """A default here would outrank the settings file, so only inputs that no file may say have one."""
    rows = {row.name: row for row in settings.options("input")}
    for name, about in INPUTS.items():
        if "file" in rows[name].places or "docker" in rows[name].places:
            assert about["default"] == "", name


def test_req_1_choices_stand_in_the_description() -> None:
    for row in settings.options("input"):
        for choice in row.choices:
            assert choice in INPUTS[row.name]["description"], row.name


def test_req_1_outputs_are_those_that_are_written() -> None:
    assert list(ACTION["outputs"]) == list(DEFAULTS)
    assert all(about["description"].strip() for about in ACTION["outputs"].values())


def test_req_3_at_most_25_inputs_with_dashes() -> None:
    assert len(INPUTS) <= 25
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in INPUTS)


def test_req_4_the_token_defaults_to_the_jobs_own() -> None:
    assert INPUTS["token"]["default"] == "${{ github.token }}"


def test_req_2_the_image_starts_python_itself() -> None:
    """Exec form and absolute: a shell would lose every dashed input and both signals. No USER, VOLUME or WORKDIR."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    words = [line.split()[0] for line in lines if line and line[0].isalpha()]
    entry = next(line for line in lines if line.startswith("ENTRYPOINT"))
    assert re.fullmatch(r'ENTRYPOINT \["/[^"]+", "-I", "-m", "gate", "action"\]', entry)
    assert not {"USER", "VOLUME", "WORKDIR", "CMD"} & set(words)


def test_req_1_the_schema_accepts_it() -> None:
    done = tool("check-jsonschema", "--builtin-schema", "vendor.github-actions", str(ROOT / "action.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_req_1_zizmor_finds_nothing(tmp_path: Path) -> None:
    """A release writes its own commit where the documentation names its version."""
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / "action.yml").write_text((ROOT / "action.yml").read_text())
    for path in WORKFLOWS:
        pinned = re.sub(r"(alembic-gate/alembic-gate)@(v[\d.]+)", rf"\1@{'0' * 39}1 # \2", path.read_text())
        (tmp_path / ".github/workflows" / path.name).write_text(pinned)
    done = tool("zizmor", "--persona", "pedantic", "--offline", "--no-progress", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_ready_workflows() -> None:
    assert {"pull-request", "fork-check", "fork-publish", "release", "manual", "monorepo"} <= {
        path.stem for path in WORKFLOWS
    }


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_req_30_workflows_pass_schema_and_actionlint(path: Path, tmp_path: Path) -> None:
    """actionlint reads the local action.yml, so wrong inputs and outputs are found too."""
    done = tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    (tmp_path / "action.yml").write_text((ROOT / "action.yml").read_text())
    (tmp_path / "Dockerfile").touch()
    local = re.sub(r"uses: alembic-gate/alembic-gate@\S+", "uses: ./", path.read_text())
    (folder / path.name).write_text(local)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    done = subprocess.run(
        [str(Path(sys.executable).parent / "actionlint"), "-no-color", str(folder / path.name)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_req_30_workflows_ask_for_least(path: Path) -> None:
    """No rights on top, a timeout, every use pinned by its commit, no credentials left in the checkout."""
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {}
    assert "concurrency" in workflow
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        assert "permissions" in job
        for step in job.get("steps", []):
            uses = step.get("uses", "")
            if uses and not uses.startswith("alembic-gate/"):
                assert re.search(r"@[0-9a-f]{40}$", uses), uses
            if "actions/checkout@" in uses:
                assert step["with"]["persist-credentials"] is False


def release(image: str) -> str:
    """The action.yml that scripts/release-action writes."""
    spaces: dict[str, Any] = {"__name__": "release_action", "__file__": str(ROOT / "scripts/release-action")}
    exec((ROOT / "scripts/release-action").read_text(), spaces)
    return str(spaces["released"]((ROOT / "action.yml").read_text(), image))


def test_req_2_a_release_names_the_image_by_digest(tmp_path: Path) -> None:
    """Everything else stays as it is, and the linters agree with it too."""
    image = f"ghcr.io/alembic-gate/alembic-gate@sha256:{'a1' * 32}"
    (tmp_path / "action.yml").write_text(release(image))
    made = yaml.safe_load((tmp_path / "action.yml").read_text())
    assert made == {**ACTION, "runs": {"using": "docker", "image": f"docker://{image}"}}
    done = tool("zizmor", "--persona", "pedantic", "--offline", "--no-progress", str(tmp_path / "action.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "image", ["ghcr.io/a/b:latest", "ghcr.io/a/b@sha256:short", "b@sha256:" + "a" * 64, "x\n  image: y"]
)
def test_req_2_a_tag_is_no_digest(image: str) -> None:
    with pytest.raises(ValueError, match="a digest cannot|no single line"):
        release(image)


def test_every_requirement_has_a_test_that_names_its_number() -> None:
    """The 41 numbered requirements of the action; a test names its number as ``test_req_N_...``."""
    names = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    named = {int(number) for number in re.findall(r"def test_req_(\d+)_", names)}
    assert set(range(1, 42)) - named == set()
