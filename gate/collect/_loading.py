"""What the probe is told of a project: every path moved into the private copy, and a config file that can be loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gate.collect import _version_files
from gate.facts.environment import ProjectEnvironment
from gate.facts.history import Project

# Many env.py files hand ``config.config_file_name`` to ``fileConfig``, which wants a file with logging sections.
OWN_INI = """[alembic]
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = generic
[logger_root]
level = WARNING
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = generic
[formatter_generic]
format = %(levelname)s %(message)s
"""


def told(project: Project, environment: ProjectEnvironment, tree: Path, repo: Path) -> dict[str, Any]:
    """The project as the probe's ``load`` takes it.

    Writes into the copy what a checkout lacks: an ini of ours where there is none, the version modules of a build.
    """
    _version_files.write(tree)

    def moved(place: str | None) -> str | None:
        if place is None:
            return None
        path = Path(place)
        return str(tree / (path.relative_to(repo) if path.is_relative_to(repo) else path))

    scripts = moved(project.script_location)
    return {
        "kind": project.kind,
        "section": project.section,
        "entry": project.entry,
        **_config_files(project, tree),
        "own_ini": project.config is None,
        "script_location": scripts if project.kind not in ("flask", "factory") else None,
        "flask_directory": scripts,
        "options": _version_locations(project, tree),
        "prepend_sys_path": [moved(one) for one in project.prepend_sys_path],
        "pythonpath": [moved(one) for one in environment.pythonpath],
        "import": list(environment.modules),
    }


def _config_files(project: Project, tree: Path) -> dict[str, str | None]:
    """The ini and pyproject.toml that the Config is made of; an ini of ours where the project has none."""
    if project.config is None:
        own = tree / ".alembic-gate.ini"
        own.write_text(OWN_INI, "utf-8")
        own.chmod(0o644)
        return {"ini": str(own), "toml": None}
    path = tree / project.config
    if path.suffix != ".toml":
        return {"ini": str(path), "toml": None}
    beside = path.parent / "alembic.ini"
    return {"ini": str(beside) if beside.is_file() else None, "toml": str(path)}


def _version_locations(project: Project, tree: Path) -> dict[str, str]:
    """Version folders that code sets in the project itself, and that we found on disk."""
    usual = f"{project.script_location}/versions"
    if project.kind != "script-location" or project.version_locations == (usual,):
        return {}
    return {"version_locations": " ".join(str(tree / one) for one in project.version_locations)}
