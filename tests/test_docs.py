"""Documentation that comes from the modules is up to date, and links in the guides lead somewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from gate import registry, settings
from gate.catalogue import PAGES

ROOT = Path(__file__).resolve().parent.parent
GUIDES = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"]


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_up_to_date(name):
    """A page of docs/ equals what the modules say today; else run scripts/docs."""
    assert (ROOT / name).read_text(encoding="utf-8") == PAGES[name](), "run scripts/docs"


def test_the_check_finds_a_stale_page(tmp_path):
    """``scripts/docs --check`` exits 1 and names a page that differs; writing mends it."""
    (tmp_path / "gate/schemas").mkdir(parents=True)
    for part in (ROOT / "gate").iterdir():
        if part.name != "schemas":
            (tmp_path / "gate" / part.name).symlink_to(part)
    script = tmp_path / "scripts_docs"
    text = (ROOT / "scripts" / "_docs.py").read_text().replace("parent.parent", "parent")
    script.write_text(text)
    (tmp_path / "docs").mkdir()
    run = lambda *flags: subprocess.run([sys.executable, script, *flags], capture_output=True, text=True, check=False)  # noqa: E731
    stale = run("--check")
    assert (stale.returncode, stale.stderr.count("is out of date: run scripts/docs")) == (1, len(PAGES))
    assert run().returncode == 0
    assert run("--check").returncode == 0


def test_every_rule_check_and_setting_has_its_place():
    """Each id is a heading that findings can link to; each setting is a row."""
    for name, ids in (("docs/rules.md", registry.rules()), ("docs/checks.md", registry.checks())):
        headings = re.findall(r"^## (\S+)$", PAGES[name](), re.MULTILINE)
        assert set(ids) <= set(headings)
    rows = re.findall(r"^\| `([\w-]+)` \|", PAGES["docs/settings.md"](), re.MULTILINE)
    assert sorted(rows) == sorted(one.name for one in settings.options() if one.places)


def anchors(page: str) -> set[str]:
    """GitHub's anchors of a page's headings."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", page, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_links_lead_somewhere(guide):
    """Relative links name files and headings that exist."""
    page = re.sub(r"```.*?```", "", guide.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", page):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (guide.parent / path).resolve() if path else guide
        assert file.exists(), target
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_flags_in_the_guides_exist(guide):
    """Every --flag of an alembic-gate command in a guide is a flag of the settings table."""
    known = {f"--{one.name}" for one in settings.options("flag")}
    known |= {"--no-progress", "--no-cache", "--help", "--version"}
    for command in re.findall(r"alembic-gate(?: [^\n`|]*(?:\\\n[^\n`|]*)*)", guide.read_text(encoding="utf-8")):
        used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", command))
        assert used <= known, used - known


SCHEMA = json.loads((ROOT / "gate/schemas/settings-v1.json").read_text(encoding="utf-8"))


def test_the_schema_has_every_key_of_the_settings_file():
    """Editors complete what the gate reads, and nothing else."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]) == {one.name for one in settings.options("file")} | {"docker"}


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("database: postgresql:16\nrules: {missing-lock-timeout: off}\ndowngrade: off", True),
        ("env: {A: '{url}'}\ndocker: {dockerfile: D, target: t}\nheads: {expected: 2}", True),
        ("allow: [{rule: dropping-column, revision: 0042, reason: gone}]\ntimeout: 60", True),
        ("allow: [{rule: dropping-column}]", False),
        ("databse: sqlite", False),
        ("fail-on: maybe", False),
        ("docker: {dockerfil: x}", False),
    ],
)
def test_the_schema_agrees_with_the_reader(text, valid, tmp_path):
    """What the schema accepts the gate reads; what it refuses the gate refuses too, or would have ignored."""
    assert jsonschema.Draft202012Validator(SCHEMA).is_valid(yaml.safe_load(text)) is valid
    (tmp_path / ".alembic-gate.yml").write_text(text)
    if valid:
        settings.read({"repo": str(tmp_path)})
