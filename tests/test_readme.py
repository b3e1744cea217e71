"""The README and the guides name what there is: commands, inputs, outputs, exit codes; their recipes are valid."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gate import cli, registry, render, settings

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
TOOLS = Path(sys.executable).parent


def rows(title: str) -> set[str]:
    """Names in the first column of the tables under a heading."""
    section = re.split(r"^##+ ", README.split(f"# {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    return {name for line in section.splitlines() for name in re.findall(r"`([\w-]+)`", first_cell(line))}


def first_cell(line: str) -> str:
    return line.split("|")[1] if line.startswith("|") else ""


def test_every_command_is_named():
    """The table of commands is the table of the command line."""
    named = {name.split()[-1] for name in re.findall(r"^\| `(alembic-gate [\w-]+)`", README, re.MULTILINE)}
    assert named == set(cli.COMMANDS)


def test_every_input_is_named():
    """The table of inputs is the settings table's, and action.yml's."""
    inputs = {one.name for one in settings.options("input")}
    assert rows("Inputs of the action") == inputs
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert inputs == set(action["inputs"])


def test_every_output_is_named():
    """The table of outputs is action.yml's."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert rows("Outputs of the action") == set(action["outputs"])


def test_every_check_and_format_is_named():
    """Checks, formats and exit codes of the README are those of the program."""
    assert rows("What it asks") == set(registry.checks())
    formats = README.split("Formats of `check`", 1)[1].split("exit code", 1)[0]
    assert set(render.formats()) <= set(re.findall(r"`([\w-]+)`", formats))


def blocks(language: str) -> list[tuple[str, str]]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [
        (f"{page.name}:{number}", body)
        for page in pages
        for number, body in enumerate(re.findall(rf"```{language}\n(.*?)```", page.read_text("utf-8"), re.DOTALL))
    ]


def test_matrix_keys_exist():
    """What the workflows read from the matrix is what ``projects --format matrix`` prints."""
    from gate.facts.history import Project
    from gate.projects_command import _cell

    pages = [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs/workflows").glob("*.yml")]
    used = {key for page in pages for key in re.findall(r"{{ matrix\.(\w+)", page.read_text("utf-8"))}
    assert used - {"include"} <= set(_cell(Project("a/b: c")))
    assert _cell(Project("a/b: c"))["artifact"] == "a-b-c"


YAML = dict(blocks("yaml"))
WORKFLOWS = {name: body for name, body in YAML.items() if "\njobs:" in body}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflows_are_valid(name, tmp_path):
    """Every workflow in the documentation passes GitHub's schema and actionlint, and pins what is not ours."""
    file = tmp_path / "workflow.yml"
    file.write_text(WORKFLOWS[name])
    schema = [TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", file]
    for command in (schema, [TOOLS / "actionlint", "-no-color", file]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    loose = re.findall(r"uses: (?!alembic-gate/)(\S+)", WORKFLOWS[name])
    assert all(re.fullmatch(r".+@[0-9a-f]{40}", one) for one in loose)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflows_use_inputs_and_outputs_that_exist(name):
    """``with:`` and ``steps.gate.outputs`` name what action.yml has."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    for job in yaml.safe_load(WORKFLOWS[name])["jobs"].values():
        for step in job["steps"]:
            if step.get("uses", "").startswith("alembic-gate/"):
                assert set(step.get("with", {})) <= set(action["inputs"])
    assert set(re.findall(r"steps\.gate\.outputs\.([\w-]+)", WORKFLOWS[name])) <= set(action["outputs"])


@pytest.mark.parametrize("name", sorted(set(YAML) - set(WORKFLOWS)))
def test_other_yaml_is_yaml(name):
    """Recipes for other systems parse; settings among them are settings."""
    said = yaml.safe_load(YAML[name])
    known = {one.name for one in settings.options("file")} | {"docker"}
    if isinstance(said, dict) and set(said) & {"allow", "world", "rules", "database"}:
        assert set(said) <= known


@pytest.mark.parametrize(("name", "body"), blocks("python"))
def test_python_compiles(name, body):
    """Every Python example is Python."""
    compile(body, name, "exec")


def test_hooks_are_hooks():
    """The pre-commit hooks call commands and flags that exist, and match revision files."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    for hook in hooks:
        words = hook["entry"].split()
        assert words[0] == "alembic-gate"
        assert cli.parse(words[1:])[0] == "check"
        assert re.search(hook["files"], "migrations/versions/0001_a.py")
        assert not re.search(hook["files"], "README.md")
