"""Bake files as ``docker buildx bake --print`` evaluates them: what is read here is read alike, or said to be unknown.

Needs the buildx client, no daemon. Runs where ``test_builder`` does.
"""

# a table reads one case a line
from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gate.docker import bake
from gate.docker.shipping import Ship
from tests.collect.image_cases import answer

EXPRESSIONS = (
    "1.5", "10 / 4", "7 % 3", "-1", "2 * 3 + 1", "1e3", "true", "!false", '"${1 + 2}"', '"a${true}b"', '1 == 1 ? "y" : "n"', 'P != "x" && P == "prod"',
    '"$${x}"', '"a\\"b\\u0041\\t\\\\"', "join(\",\", [for x in L : upper(x)])", "join(\",\", [for i, x in L : \"${i}${x}\" if i > 0])",
    '{for x in L : x => upper(x)}["b"]', "join(\",\", {for o in O : o.t => o.n...}[\"p\"])", "join(\",\", [for k, v in M : \"${k}=${v}\"])",
    'join(",", O[*].n)', "O.0.n", "length(O[*])", 'M["z"]', "M.z", "[for x in L : [for y in L : \"${x}${y}\"]][1][0]",
    'equal(P, "prod")', 'notequal(P, "x")', "not(true)", "and(true, false)", "or(true, false)", 'lower("AB")', 'upper("ab")', 'title("ab cd")',
    'replace("a.b.c", ".", "-")', 'trimspace(" a ")', 'trimprefix("v1", "v")', 'trimsuffix("a.b", ".b")', 'trim("xxaxx", "x")', 'split(",", "a,b")[1]',
    'join("-", concat(["a"], ["b"]))', 'coalesce("", "z")', "coalesce(null, 3)", "length(L)", 'strlen("añb")', 'format("%s-%d", "x", 3)', 'format("%v %q", 1, "a")',
    'format("%03d|%5s|%%", 7, "x")', 'contains(L, "a")', "element(L, 3)", 'substr("hello", 1, 3)', 'substr("hello", -3, -1)', "merge({a = 1}, {a = 2, b = 3}).a",
    "keys({b = 1, a = 2})[0]", "values({b = 1, a = 2})[0]", 'lookup({a = "b"}, "a", "c")', 'lookup({a = "b"}, "x", "c")', 'try(L[7], "fallback")', 'join("", compact(["a", "", "b"]))',
    "add(1, 2)", 'join("", distinct(["a", "a", "b"]))', 'join("", flatten([["a"], ["b", ["c"]]]))', 'dirname("a/b")', 'basename("a/b")', 'regex_replace("a1", "[0-9]", "_")',
    "max(1, 3)", 'chomp("a\\n")', 'sha1("x")', "jsonencode({a = 1})", 'hasindex(L, 0)', 'reverselist(L)[0]', 'indexof(L, "b")', 'twice("a", "b", "c")', 'twice("a")', "null == null", '"a" == "b"',
)  # fmt: skip
# Said to be unknown, so that bake itself is asked.
UNREAD = (
    "regex_replace",
    "max",
    "chomp",
    "sha1",
    "jsonencode",
    "hasindex",
    "reverselist",
    "indexof",
    "try",
    'format("%0',
    'format("%v',
)
HEAD = """
variable "P" { default = "prod" }
variable "L" { default = ["a", "b"] }
variable "M" { default = { z = 1, y = "two" } }
variable "O" { default = [{ n = "x", t = "p" }, { n = "y", t = "p" }] }
function "twice" {
  params = [a]
  variadic_params = more
  result = length(more) > 0 ? "${a}${more[0]}" : a
}
"""
FILES = {
    "types": ("docker-bake.hcl", 'target "default" {\n dockerfile = "docker/D"\n context = "./sub/"\n args = { A = "1", B = 2, C = true, N = null }\n}\n'),
    "inherits": ("docker-bake.hcl", 'target "c" {\n args = { A = "1", B = "2" }\n contexts = { x = "./x" }\n target = "c"\n}\ntarget "d" {\n args = { B = "3" }\n dockerfile = "D"\n}\ntarget "default" {\n inherits = ["c", "d"]\n args = { C = "4" }\n contexts = { y = "docker-image://alpine", z = "target:c" }\n}\n'),
    "inherits in order": ("docker-bake.hcl", 'target "a" {\n target = "a"\n}\ntarget "b" {\n inherits = ["a"]\n target = "b"\n}\ntarget "default" {\n inherits = ["b", "a"]\n}\n'),
    "groups": ("docker-bake.hcl", 'group "default" { targets = ["a", "g"] }\ngroup "g" { targets = ["b", "a"] }\ntarget "a" { target = "a" }\ntarget "b" { target = "b" }\ntarget "c" {}\n'),
    "matrix": ("docker-bake.hcl", 'target "default" {\n name = "app-${replace(v, ".", "-")}-${t}"\n matrix = { v = ["3.1", "3.2"], t = ["x", "y"] }\n args = { V = v }\n target = t\n}\n'),
    "matrix of objects": ("docker-bake.hcl", 'target "default" {\n name = item.n\n matrix = { item = [{ n = "a", t = "one" }, { n = "b", t = "two" }] }\n target = item.t\n}\n'),
    "blocks laid over": ("docker-bake.hcl", 'target "default" { target = "a" }\ntarget "default" { args = { A = "b" } }\n'),
    "variables of variables": ("docker-bake.hcl", 'variable "B" { default = "${A}x" }\nvariable "A" { default = "a" }\nC = "${B}y"\ntarget "default" { args = { B = B, C = C } }\n'),
    "typed and validated": ("docker-bake.hcl", 'variable "A" {\n type = list(string)\n default = ["x"]\n validation {\n condition = length(A) > 0\n error_message = "no"\n }\n}\ntarget "default" { target = A[0] }\n'),
    "null": ("docker-bake.hcl", 'variable "T" { default = null }\ntarget "default" {\n target = T\n dockerfile = T == null ? "N" : "M"\n}\n'),
    "heredocs": ("docker-bake.hcl", 'target "default" {\n dockerfile-inline = <<-EOT\n    FROM scratch\n    COPY . /x\n      X\n    EOT\n target = <<EOT\nx\nEOT\n}\n'),
    "comments and keys": ("docker-bake.hcl", '# c\n// d\n/* e\n f */\ntarget default {\n target = "a" // b\n args = { "A" : "1", "a.b" = "2", (upper("k")) = "3" }\n}\n'),
    "paths": ("docker-bake.hcl", 'target "default" {\n dockerfile = "../D"\n context = "a/b"\n contexts = { a = "b/c", w = "." }\n}\n'),
    "a directive": ("docker-bake.hcl", 'variable "A" { default = "a" }\ntarget "default" {\n target = "%{ if A == "a" }yes%{ else }no%{ endif }"\n}\n'),
    "json": ("docker-bake.json", '{"variable": {"V": {"default": "z"}}, "target": {"default": {"dockerfile": "D.${V}", "args": {"A": "${V}", "E": "$${V}", "B": true}, "contexts": {"c": "../c"}}}}'),
    "json lists": ("docker-bake.json", '{"group": {"default": {"targets": ["x", "y"]}}, "target": [{"x": [{"dockerfile": "D"}]}, {"y": {"target": "t"}}]}'),
}  # fmt: skip
TWO = "FROM python AS app\nWORKDIR /app\nCOPY . .\nFROM python AS docs\nCOPY app /x\n"


@pytest.fixture(scope="module")
def client() -> Path:
    """A docker client with buildx; the reason of a skip is printed."""
    named = os.environ.get("ALEMBIC_GATE_BUILDER", "")
    if not named and not os.environ.get("ALEMBIC_GATE_CI"):
        pytest.skip("no builder: set ALEMBIC_GATE_BUILDER to docker (with buildx)")
    found = shutil.which(named or "docker")
    if found is None or subprocess.run([found, "buildx", "version"], capture_output=True, check=False).returncode:
        pytest.skip(f"{named or 'docker'} has no buildx, so nothing prints a bake file's own evaluation")
    return Path(found)


def printed(client: Path, folder: Path, name: str) -> dict[str, Ship]:
    """What bake makes of a file."""
    done = subprocess.run(
        [str(client), "buildx", "bake", "--print", "--file", name],
        cwd=folder, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {one.name: one for one in bake.ships(["p.json"], {"p.json": done.stdout}.get) if not one.aside}


def told(ship: Ship) -> tuple[object, ...]:
    """What an image is built from, without the lines that say so."""
    inline = ship.inline.lstrip("\n") if ship.inline else None
    return ship.dockerfile, ship.context, ship.target, ship.args, ship.extra, inline


def test_expressions(client: Path, tmp_path: Path) -> None:
    """Each is read as bake reads it, or not at all."""
    targets = [f'target "t{n}" {{\n args = {{ X = {one} }}\n}}\n' for n, one in enumerate(EXPRESSIONS)]
    names = ", ".join(f'"t{n}"' for n in range(len(EXPRESSIONS)))
    text = HEAD + "".join(targets) + f'group "default" {{\n targets = [{names}]\n}}\n'
    (tmp_path / "docker-bake.hcl").write_text(text)
    theirs = printed(client, tmp_path, "docker-bake.hcl")
    ours = {one.name: one for one in bake.ships(["docker-bake.hcl"], {"docker-bake.hcl": text}.get)}
    apart = {
        EXPRESSIONS[n]: (ours[f"t{n}"].args, theirs[f"t{n}"].args)
        for n in range(len(EXPRESSIONS))
        if not ours[f"t{n}"].unknown and ours[f"t{n}"].args != theirs[f"t{n}"].args
    }
    assert apart == {}
    unknown = [EXPRESSIONS[n] for n in range(len(EXPRESSIONS)) if ours[f"t{n}"].unknown]
    assert unknown == [one for one in EXPRESSIONS if one.startswith(UNREAD)]


@pytest.mark.parametrize("label", FILES)
def test_files(client: Path, tmp_path: Path, label: str) -> None:
    """Targets, groups, inheritance, matrices and variables."""
    name, text = FILES[label]
    (tmp_path / name).write_text(text)
    theirs = printed(client, tmp_path, name)
    if label == "a directive":
        return
    ours = {one.name: one for one in bake.ships([name], {name: text}.get) if not one.aside}
    assert {key: told(one) for key, one in ours.items()} == {key: told(one) for key, one in theirs.items()}


@pytest.mark.parametrize("value", ['chomp("app\\n")', '"%{ if true }app%{ endif }"'])
def test_bake_is_asked(client: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """What is not read here, one value or the whole file, bake itself prints; without it that is a cannot-tell."""
    files = {"Dockerfile": TWO, "docker-bake.hcl": f'target "default" {{\n  target = {value}\n}}\n'}
    monkeypatch.setenv("PATH", "/nowhere")
    assert answer(tmp_path, files, bake="docker-bake.hcl").verdict == "cannot-tell"
    monkeypatch.setenv("PATH", f"{client.parent}{os.pathsep}/usr/bin{os.pathsep}/bin")
    found = answer(tmp_path, {}, bake="docker-bake.hcl")
    assert (found.verdict, found.target) == ("fine", "app")
