"""Python packages: what an install puts into the image, read from the project's settings without running a build."""

from __future__ import annotations

import dataclasses
import posixpath
import re

from gate.docker.machine import Installed, Machine
from gate.docker.packages import backends
from gate.docker.packages.arguments import VALUED, Arguments
from gate.docker.packages.environments import POETRY, SYSTEM, active, prefix_of, site
from gate.docker.packages.settings import Source, UnclearError, read
from gate.docker.paths import clean, join
from gate.docker.shell import Command
from gate.docker.tree import File, Fog


def install(machine: Machine, command: Command) -> bool:
    """Follow an installer's command; False when the command is none."""
    words = list(command.text)
    words = words[2:] if re.fullmatch(r"python[\d.]*", posixpath.basename(words[0])) and words[1:2] == ["-m"] else words
    program = command.text[0]
    if re.fullmatch(r"python[\d.]*", posixpath.basename(program)) and words[1:2] == ["setup.py"]:
        words = ["setup.py", *words[2:]]
    name = posixpath.basename(words[0]) if words else ""
    name = "pip" if re.fullmatch(r"pip[\d.]*", name) else name
    tool = _TOOLS.get(name)
    if tool is None or (command.words[0].dynamic and name not in _TOOLS):
        return False
    if command.conditional:
        if {".", "-e", "sync"} & set(words) or name in ("poetry", "pdm", "flit"):
            machine.foreign = machine.foreign or f"`{' '.join(words)[:80]}` may not run"
        return True
    try:
        tool(machine, words, program)
    except UnclearError as unclear:
        machine.foreign = machine.foreign or str(unclear)
    return True


def _pip(machine: Machine, words: list[str], program: str) -> None:
    if words[1:2] == ["wheel"]:
        _wheels(machine, Arguments(words[2:]), "-w", "--wheel-dir", default=".")
        return
    if words[1:2] != ["install"]:
        return
    said = words[2:]
    goal = _goal(machine, Arguments(_without_editable(said)), program)
    _requirements(machine, said, goal, 0)


def _without_editable(words: list[str]) -> list[str]:
    return [word for word in words if word not in ("-e", "--editable")]


def _goal(machine: Machine, said: Arguments, program: str) -> str:
    """The folder of packages that an install fills."""
    target, prefix = said.last("-t", "--target"), said.last("--prefix")
    if target:
        return machine.path(target)
    if prefix:
        return site(machine.path(prefix), machine.python)
    if "--user" in said.flags:
        return site("/root/.local", machine.python)
    return site(prefix_of(program, machine.values, machine.cwd), machine.python)


def _requirements(machine: Machine, words: list[str], goal: str, depth: int) -> None:
    """The requirements of a command line or of a requirements file, one after the other."""
    position = 0
    while position < len(words):
        word = words[position]
        flag, equals, value = word.partition("=")
        if flag in ("-e", "--editable", "-r", "--requirement") or (flag in VALUED and not equals):
            position += not equals
            value = value if equals else words[position] if position < len(words) else ""
            if flag in ("-e", "--editable"):
                _one(machine, value, goal, editable=True)
            elif flag in ("-r", "--requirement"):
                _file(machine, value, goal, depth)
        elif not word.startswith("-"):
            _one(machine, word, goal, editable=False)
        position += 1


def _file(machine: Machine, name: str, goal: str, depth: int) -> None:
    node = machine.tree.get(machine.path(name))
    text = machine.read(node) if isinstance(node, File) else None
    if text is None or depth > 5 or len(text) > 500_000:
        return
    for line in (one.partition(" #")[0].strip() for one in text.split("\n")):
        if line.startswith(("-e ", "--editable", "-r ", "--requirement", ".", "file:", "/")) and not line.startswith(
            "#"
        ):
            _requirements(machine, line.split(), goal, depth + 1)


def _one(machine: Machine, text: str, goal: str, *, editable: bool) -> None:
    """One requirement: a folder, a wheel that lies in the image, or a name from outside."""
    path = re.sub(r"\[[^\]]*\]$", "", text.partition(" @ file://")[2] or text.removeprefix("file://"))
    if path.endswith((".whl", ".tar.gz", ".zip")) or "*" in path:
        _built(machine, path, goal)
    elif path.startswith((".", "/")) or (machine.tree.is_dir(machine.path(path)) and "/" in path):
        _project(machine, machine.path(path), goal, editable=editable)
    elif text.startswith(("git+", "http:", "https:")) or " @ " in text:
        machine.foreign = machine.foreign or f"{text} is installed from outside the repository"
    elif _is_own(machine, path):
        machine.foreign = machine.foreign or f"the package {path} is installed from an index, not from the repository"


def _is_own(machine: Machine, requirement: str) -> bool:
    name = re.split(r"[\s<>=!~;\[]", requirement)[0]
    return (
        bool(name)
        and re.sub(r"[-_.]+", "-", name).lower() == re.sub(r"[-_.]+", "-", machine.needs.name or "\0").lower()
    )


def _built(machine: Machine, path: str, goal: str) -> None:
    """Wheels and archives that lie in the image: those that were built there are known."""
    from gate.docker.files import expand

    found = [
        node for one in expand(machine.tree, machine.path(path)) if isinstance(node := machine.tree.get(one), File)
    ]
    for node in found:
        if node.wheel:
            _place(machine, dict(node.wheel), goal)
        elif node.origin:
            machine.foreign = machine.foreign or f"what {node.origin} holds is made outside of this build"
    if not found and "/" in path:
        machine.foreign = machine.foreign or f"{path} is made outside of this build"


def _source(machine: Machine, folder: str) -> Source | None:
    return read(machine.tree, folder, machine.read)


def _project(machine: Machine, folder: str, goal: str, *, editable: bool, needs_backend: bool = False) -> None:
    """Install the project of a folder: its files copied, or only a pointer to them."""
    source = _source(machine, folder)
    if source is None or (needs_backend and not _is_package(source)):
        return
    if editable:
        root = clean(f"{source.folder}/{backends.editable_root(source)}")
        machine.tree.put(
            f"{_made(machine, goal)}/__editable__.{source.name or 'project'}.pth",
            File(None, machine.place, data=f"{root}\n".encode()),
            machine.place,
        )
        machine.installs.append(Installed(machine.place, None, editable=True))
        return
    _place(machine, _taken(machine, source), goal)


def _made(machine: Machine, folder: str) -> str:
    machine.tree.mkdirs(folder, machine.place)
    return machine.tree.resolve(folder) or folder


def _taken(machine: Machine, source: Source) -> backends.Files:
    """What the package holds; what it leaves out of the needed files is remembered with the setting that decided."""
    files = backends.files(source)
    inside = {file.origin for file in source.below().values() if file.origin in machine.needs.origins}
    left_out = frozenset(origin for origin in inside - {file.origin for file in files.values()} if origin)
    machine.installs.append(Installed(machine.place, backends.deciding_line(source), left_out))
    return files


def _place(machine: Machine, files: backends.Files, goal: str) -> None:
    base = _made(machine, goal)
    for path, file in sorted(files.items()):
        machine.tree.put(
            f"{base}/{path}",
            dataclasses.replace(file, place=machine.place, mode=file.mode | 0o644, owner="0"),
            machine.place,
        )


def _is_package(source: Source) -> bool:
    """Uv installs a project only when it has a build system (or says so)."""
    said = source.tool("uv").get("package")
    return bool(said) if said is not None else "build-system" in source.toml or bool(source.setup_py)


def _wheels(machine: Machine, said: Arguments, *names: str, default: str) -> None:
    """Build wheels of local projects into a folder."""
    goal = machine.path(said.last(*names) or default)
    for operand in said.operands or ["."]:
        if operand.startswith((".", "/")):
            _wheel(machine, machine.path(re.sub(r"\[[^\]]*\]$", "", operand)), goal)


def _wheel(machine: Machine, folder: str, goal: str, *, sdist: bool = True) -> None:
    source = _source(machine, folder)
    if source is None:
        return
    try:
        files = tuple(sorted(_taken(machine, source).items()))
    except UnclearError as unclear:
        machine.foreign = str(unclear)
        machine.tree.fogs.append(Fog(goal, str(unclear), machine.place))
        return
    base = _made(machine, goal)
    for end in ("-0-py3-none-any.whl", "-0.tar.gz") if sdist else ("-0-py3-none-any.whl",):
        machine.tree.put(
            f"{base}/{source.name or 'project'}{end}", File(None, machine.place, data=b"", wheel=files), machine.place
        )


def _build(machine: Machine, words: list[str], program: str) -> None:
    """``python -m build``, ``hatch build``, ``flit build``, ``poetry build``, ``pdm build``: into ``dist``."""
    if "build" not in words:
        return
    said = Arguments([word for word in words[1:] if word != "build"])
    folder = machine.path((said.operands or ["."])[0])
    _wheel(machine, folder, join(folder, said.last("-o", "--outdir", "--out-dir", "--output") or "dist"))


def _uv(machine: Machine, words: list[str], program: str) -> None:
    rest = list(words[1:])
    while rest and rest[0].startswith("-"):
        rest = rest[2:] if rest[0] in VALUED else rest[1:]
    said = Arguments(rest[1:])
    if rest[:1] == ["build"]:
        _build(machine, ["uv", *rest], program)
    elif rest[:2] == ["pip", "install"]:
        arguments = Arguments(_without_editable(rest[2:]))
        system = "--system" in arguments.flags or machine.values.get("UV_SYSTEM_PYTHON", "") not in ("", "0", "false")
        prefix = SYSTEM if system else active(machine.values) or machine.path(".venv")
        plain = site(prefix, machine.python)
        goal = _goal(machine, arguments, "pip") if arguments.last("-t", "--target", "--prefix") else plain
        _requirements(machine, rest[2:], goal, 0)
    elif rest[:1] == ["venv"]:
        _venv(machine, rest, program)
    elif rest[:1] == ["sync"]:
        _uv_sync(machine, said)


def _uv_sync(machine: Machine, said: Arguments) -> None:
    """``uv sync``: the project and the members of its workspace, editable unless told."""
    folder = machine.path(said.last("--project", "--directory") or ".")
    goal = site(join(folder, machine.values.get("UV_PROJECT_ENVIRONMENT") or ".venv"), machine.python)
    editable = "--no-editable" not in said.flags and machine.values.get("UV_NO_EDITABLE", "") not in ("1", "true")
    _made(machine, goal)
    source = _source(machine, folder)
    if source is None or "--no-install-workspace" in said.flags:
        return
    for member in _members(source):
        _project(machine, member, goal, editable=editable, needs_backend=True)
    if "--no-install-project" not in said.flags:
        _project(machine, folder, goal, editable=editable, needs_backend=True)


def _members(source: Source) -> list[str]:
    from gate.docker.files import expand

    said = source.tool("uv", "workspace").get("members") or ()
    paths = [
        str(one["path"]) for one in source.tool("uv", "sources").values() if isinstance(one, dict) and one.get("path")
    ]
    return [path for one in (*map(str, said), *paths) for path in expand(source.tree, f"{source.folder}/{one}")]


def _poetry(machine: Machine, words: list[str], program: str) -> None:
    if words[1:2] == ["build"]:
        _build(machine, words, program)
    if words[1:4] == ["config", "virtualenvs.create", "false"]:
        machine.values["POETRY_VIRTUALENVS_CREATE"] = machine.values_kept["POETRY_VIRTUALENVS_CREATE"] = "false"
    if words[1:4] == ["config", "virtualenvs.in-project", "true"]:
        machine.values["POETRY_VIRTUALENVS_IN_PROJECT"] = machine.values_kept["POETRY_VIRTUALENVS_IN_PROJECT"] = "true"
    said = Arguments(words[1:])
    if said.operands[:1] != ["install"] or "--no-root" in said.flags:
        return
    source = _source(machine, machine.cwd)
    if source is None or source.tool("poetry").get("package-mode") is False:
        return
    prefix = active(machine.values) or f"{POETRY}/{source.name}"
    if machine.values.get("POETRY_VIRTUALENVS_CREATE", "").lower() in ("false", "0"):
        prefix = active(machine.values) or SYSTEM
    elif machine.values.get("POETRY_VIRTUALENVS_IN_PROJECT", "").lower() in ("true", "1"):
        prefix = machine.path(".venv")
    _project(machine, machine.cwd, site(prefix, machine.python), editable=True)


def _pdm(machine: Machine, words: list[str], program: str) -> None:
    said = Arguments(words[1:])
    if said.operands[:1] == ["build"]:
        _build(machine, words, program)
    elif said.operands[:1] in (["install"], ["sync"]) and not {"--no-self", "--prod-only"} & said.flags.keys():
        editable = "--no-editable" not in said.flags
        _project(
            machine,
            machine.cwd,
            site(active(machine.values) or machine.path(".venv"), machine.python),
            editable=editable,
            needs_backend=True,
        )


def _flit(machine: Machine, words: list[str], program: str) -> None:
    if words[1:2] == ["build"]:
        _build(machine, words, program)
    elif words[1:2] == ["install"]:
        editable = bool({"-s", "--symlink", "--pth-file"} & set(words))
        _project(machine, machine.cwd, site(active(machine.values) or SYSTEM, machine.python), editable=editable)


def _venv(machine: Machine, words: list[str], program: str) -> None:
    """``python -m venv DIR``, ``virtualenv DIR``, ``uv venv DIR``."""
    for operand in Arguments(words[1:]).operands[:1] or [".venv"]:
        _made(machine, site(machine.path(operand), machine.python))


def _setup(machine: Machine, words: list[str], program: str) -> None:
    """``python setup.py install`` and ``develop``."""
    if {"install", "develop"} & set(words):
        goal = site(prefix_of(program, machine.values, machine.cwd), machine.python)
        _project(machine, machine.cwd, goal, editable="develop" in words)


def _none(machine: Machine, words: list[str], program: str) -> None:
    """An installer of dependencies only."""


_TOOLS = {
    "pip": _pip,
    "uv": _uv,
    "poetry": _poetry,
    "pdm": _pdm,
    "flit": _flit,
    "build": _build,
    "hatch": _build,
    "pipenv": _none,
    "pip-compile": _none,
    "virtualenv": _venv,
    "venv": _venv,
    "setup.py": _setup,
    "pip-sync": _none,
}
