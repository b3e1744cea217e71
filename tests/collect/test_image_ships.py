"""What ships: compose, bake, workflows and flags, and which of several images decides."""

# a table reads one case a line
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gate.errors import UsageError
from tests.collect.image_cases import answer, facts, short

FINE = ("fine", None, None, None)
UNSURE = ("cannot-tell", None, None, None)
TWO = "FROM python AS app\nWORKDIR /app\nCOPY . .\nFROM python AS docs\nWORKDIR /app\nCOPY app app\n"
NONE = "FROM python\nWORKDIR /app\nCOPY app app\n"
STEP = "on: push\njobs:\n  b:\n    runs-on: x\n    steps:\n      - uses: docker/build-push-action@v6\n"


def broken(reason: str, line: int, path: str = "Dockerfile") -> tuple[str, str, str, int]:
    """A broken answer at a place."""
    return "broken", reason, path, line


CASES: dict[str, tuple[dict[str, str], dict[str, Any], tuple[Any, ...]]] = {
    "compose target": (
        {"Dockerfile": TWO, "compose.yaml": "services:\n  web:\n    build:\n      context: .\n      target: app\n"},
        {},
        FINE,
    ),
    "compose wrong target": (
        {"Dockerfile": TWO, "compose.yaml": "services:\n  web:\n    build:\n      context: .\n      target: docs\n"},
        {},
        broken("wrong_stage", 5, "compose.yaml"),
    ),
    "compose short": (
        {"Dockerfile": TWO, "docker-compose.yml": "services:\n  web:\n    build: .\n"},
        {},
        broken("wrong_stage", 4),
    ),
    "override": (
        {
            "Dockerfile": TWO,
            "compose.yaml": "services:\n  web:\n    build: .\n",
            "compose.override.yaml": "services:\n  web:\n    build:\n      target: app\n",
        },
        {},
        FINE,
    ),
    "reset": (
        {
            "Dockerfile": TWO,
            "compose.yaml": "services:\n  web:\n    build:\n      context: .\n      target: app\n",
            "compose.override.yaml": "services:\n  web:\n    build:\n      target: !reset null\n",
        },
        {},
        broken("wrong_stage", 4),
    ),
    "interpolation": (
        {
            "Dockerfile": TWO,
            "compose.yaml": "services:\n  web:\n    build:\n      context: .\n      target: ${STAGE:-docs}\n",
            ".env": "STAGE=app # x\n",
        },
        {},
        FINE,
    ),
    "extends": (
        {
            "Dockerfile": TWO,
            "deploy/base.yaml": "services:\n  base:\n    build:\n      context: ..\n      target: app\n",
            "compose.yaml": "services:\n  web:\n    extends:\n      file: deploy/base.yaml\n      service: base\n",
        },
        {},
        FINE,
    ),
    "two services": (
        {
            "Dockerfile": TWO,
            "compose.yaml": "services:\n  docs:\n    build: .\n  migrate:\n    build:\n      context: .\n      target: app\n    command: alembic upgrade head\n",
        },
        {},
        FINE,
    ),
    "image of another service": (
        {
            "Dockerfile": NONE,
            "compose.yaml": "services:\n  web:\n    build: .\n    image: x\n  migrate:\n    image: x\n    command: alembic upgrade head\n",
        },
        {},
        broken("never_copied", 1),
    ),
    "service said": (
        {
            "Dockerfile": TWO,
            "compose.yaml": "services:\n  docs:\n    build: .\n  web:\n    build:\n      context: .\n      target: app\n",
        },
        {"service": "docs"},
        broken("wrong_stage", 4),
    ),
    "working_dir": (
        {
            "Dockerfile": "FROM python\nWORKDIR /app\nCOPY . .\n",
            "compose.yaml": "services:\n  web:\n    build: .\n    working_dir: /srv\n",
        },
        {},
        broken("wrong_path", 4, "compose.yaml"),
    ),
    "mount hides": (
        {"Dockerfile": NONE, "compose.yaml": "services:\n  web:\n    build: .\n    volumes:\n      - .:/app\n"},
        {},
        broken("mount_only", 5, "compose.yaml"),
    ),
    "wrong context": (
        {
            "docker/Dockerfile": "FROM python\nWORKDIR /app\nCOPY . .\n",
            "compose.yaml": "services:\n  web:\n    build:\n      context: docker\n",
        },
        {},
        broken("wrong_context", 4, "compose.yaml"),
    ),
    "root ignore file counts": (
        {
            "docker/Dockerfile": "FROM python\nWORKDIR /app\nCOPY . .\n",
            "docker/.dockerignore": "migrations\n",
            "compose.yaml": "services:\n  web:\n    build:\n      context: .\n      dockerfile: docker/Dockerfile\n",
        },
        {},
        FINE,
    ),
    "ignore file of the Dockerfile": (
        {
            "docker/Dockerfile": "FROM python\nWORKDIR /app\nCOPY . .\n",
            "docker/Dockerfile.dockerignore": "# none\nmigrations\n",
            ".dockerignore": "",
            "compose.yaml": "services:\n  web:\n    build:\n      context: .\n      dockerfile: docker/Dockerfile\n",
        },
        {},
        broken("ignored", 2, "docker/Dockerfile.dockerignore"),
    ),
    "broken yaml": (
        {"Dockerfile": TWO, "compose.yaml": "services:\n  web: [\n"},
        {"compose": ("compose.yaml",)},
        UNSURE,
    ),
    "bake": (
        {
            "Dockerfile": TWO,
            "docker-bake.hcl": 'variable "T" {\n  default = "app"\n}\ngroup "default" {\n  targets = ["x"]\n}\ntarget "x" {\n  target = T\n}\n',
        },
        {},
        FINE,
    ),
    "bake inherits": (
        {
            "Dockerfile": TWO,
            "docker-bake.hcl": 'target "base" {\n  target = "docs"\n}\ntarget "default" {\n  inherits = ["base"]\n}\n',
        },
        {},
        broken("wrong_stage", 2, "docker-bake.hcl"),
    ),
    "bake json": ({"Dockerfile": TWO, "docker-bake.json": '{"target": {"default": {"target": "app"}}}\n'}, {}, FINE),
    "bake matrix": (
        {
            "Dockerfile": TWO,
            "docker-bake.hcl": 'target "x" {\n  name = "x-${s}"\n  matrix = { s = ["docs", "app"] }\n  target = s\n}\n',
        },
        {"bake": "docker-bake.hcl", "bake_target": "x-app"},
        FINE,
    ),
    "bake unknown function": (
        {"Dockerfile": TWO, "docker-bake.hcl": 'target "default" {\n  target = cidrnetmask("x")\n}\n'},
        {"bake": "docker-bake.hcl"},
        UNSURE,
    ),
    "bake contexts": (
        {
            "Dockerfile": "FROM base\nUSER x\n",
            "Base": "FROM python\nWORKDIR /app\nCOPY . .\n",
            "docker-bake.hcl": 'target "b" {\n  dockerfile = "Base"\n}\ntarget "default" {\n  contexts = {\n    base = "target:b"\n  }\n}\n',
        },
        {},
        UNSURE,
    ),
    "step": (
        {
            "Dockerfile": TWO,
            ".github/workflows/x.yml": STEP + "        with:\n          context: .\n          target: app\n",
        },
        {},
        FINE,
    ),
    "step with expression": (
        {"Dockerfile": TWO, ".github/workflows/x.yml": STEP + "        with:\n          target: ${{ inputs.stage }}\n"},
        {"workflow": ".github/workflows/x.yml"},
        UNSURE,
    ),
    "step with known expression": (
        {
            "Dockerfile": TWO,
            ".github/workflows/x.yml": "env:\n  S: app\n" + STEP + "        with:\n          target: ${{ env.S }}\n",
        },
        {},
        FINE,
    ),
    "step over compose": (
        {
            "Dockerfile": TWO,
            "compose.yaml": "services:\n  w:\n    build:\n      context: .\n      target: app\n",
            ".github/workflows/x.yml": STEP + "        with:\n          push: true\n",
        },
        {},
        broken("wrong_stage", 4),
    ),
    "matrix": (
        {
            "Dockerfile": TWO,
            ".github/workflows/x.yml": STEP.replace(
                "    steps", "    strategy:\n      matrix:\n        t: [app, docs]\n    steps"
            )
            + "        with:\n          target: ${{ matrix.t }}\n",
        },
        {},
        FINE,
    ),
    "docker build": (
        {
            "Dockerfile": TWO,
            ".github/workflows/x.yml": "jobs:\n  b:\n    steps:\n      - run: |\n          docker build --target app -t x .\n",
        },
        {},
        FINE,
    ),
    "flags over all": (
        {"Dockerfile": TWO, "other/Dockerfile": NONE, "compose.yaml": "services:\n  w:\n    build: .\n"},
        {"dockerfile": "other/Dockerfile", "docker_context": "."},
        broken("never_copied", 1, "other/Dockerfile"),
    ),
    "several Dockerfiles": (
        {"Dockerfile": "FROM python\nWORKDIR /app\nCOPY . .\n", "web/Dockerfile": "FROM node\nCOPY app /web\n"},
        {},
        FINE,
    ),
}
CASES["bake contexts"] = (*CASES["bake contexts"][:2], FINE)


@pytest.mark.parametrize("name", CASES)
def test_what_ships(name: str, tmp_path: Path) -> None:
    """The target, the context and the file come from whoever builds the image."""
    files, said, expected = CASES[name]
    assert short(answer(tmp_path, files, **said)) == expected


def test_no_image(tmp_path: Path) -> None:
    """Nothing is built here: said, and no verdict."""
    found = facts(tmp_path, {})
    assert (found.images, found.none) == ((), "no Dockerfile, compose file, bake file or build step was found")


def test_named_file_missing(tmp_path: Path) -> None:
    """A named file that is not there is wrong usage."""
    with pytest.raises(UsageError, match="there is no such file"):
        facts(tmp_path, {}, dockerfile="nope")
