"""A refused ``localhost`` in a workflow's job: names the host and port of the job's services instead.

Inside a container ``localhost`` is the container; the job's services are hosts of its network, by their names and the
ports that they listen on themselves. On the runner they are at ``localhost``, on the ports that ``ports:`` maps.
https://docs.github.com/en/actions/using-containerized-services/about-service-containers
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from gate.collect._database_evidence import from_images
from gate.collect._project_files import text_of
from gate.databases._url import ServerUrl, parse
from gate.errors import ServerUnavailable, TargetUnavailable

PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}
_HERE = ("localhost", "127.0.0.1", "::1", "")
_REFUSED = re.compile(r"refused|No such file or directory|Cannot assign requested address|Can't connect", re.IGNORECASE)


@contextmanager
def named(url: str | None, repo: Path, environ: Mapping[str, str] | None = None) -> Iterator[None]:
    """Opening ``url`` in the body; when that is refused at ``localhost`` in a job, the error's advice names services."""
    try:
        yield
    except (ServerUnavailable, TargetUnavailable) as error:
        if url and _REFUSED.search(error.what):
            error.advice = advice(url, repo, os.environ if environ is None else environ) or error.advice
        raise


def advice(url: str, repo: Path, environ: Mapping[str, str]) -> str | None:
    """What to write instead of this URL's host; None outside a job and for any other host."""
    place = parse(url)
    container = bool(environ.get("ALEMBIC_GATE_IMAGE"))
    if place.kind not in PORTS or not _is_here(place) or not (container or environ.get("GITHUB_ACTIONS") == "true"):
        return None
    found = list(dict.fromkeys(services(repo, place.kind, environ.get("GITHUB_JOB", ""))))
    example = f"{'postgres' if place.kind == 'postgresql' else place.kind}:{PORTS[place.kind]}"
    known = f"the workflow has {', '.join(found)}" if found else f"such as {example}"
    if container:
        return f"Inside a container localhost is the container itself. A job's services are at SERVICE:PORT: {known}."
    mapped = "On the runner itself a service is at localhost only when `ports:` maps its port"
    return f"{mapped}; in a container (the action, `container:`) a job's services are at SERVICE:PORT: {known}."


def _is_here(place: ServerUrl) -> bool:
    socket = place.query.get("unix_socket") or place.query.get("host")
    return (place.host or "") in _HERE and not socket


def services(repo: Path, kind: str, job: str = "") -> Iterator[str]:
    """``SERVICE:PORT`` of this kind of server in the repository's workflows; of ``job`` alone where one has that name."""
    jobs = [one for path in sorted(repo.glob(".github/workflows/*.y*ml")) for one in _jobs(path)]
    mine = [body for name, body in jobs if name == job and body.get("services")]
    for body in mine or [body for _, body in jobs]:
        for name, service in _mapping(body.get("services")).items():
            if _is(kind, service):
                yield f"{name}:{_port(service, kind)}"


def _jobs(path: Path) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    try:
        document = yaml.safe_load(text_of(path) or "")
    except (yaml.YAMLError, RecursionError, ValueError):
        return
    for name, body in _mapping(_mapping(document).get("jobs")).items():
        yield str(name), _mapping(body)


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _is(kind: str, service: Any) -> bool:
    family = ("mysql", "mariadb") if kind != "postgresql" else ("postgresql",)
    return any(one.kind in family for one in from_images({"services": {"one": _mapping(service)}}, "", 0))


def _port(service: Any, kind: str) -> int:
    """The port inside the service's container: behind the colon of ``5433:5432/tcp``, else the usual one."""
    ports = _mapping(service).get("ports")
    first = str(ports[0]) if isinstance(ports, list) and ports else ""
    match = re.fullmatch(r"(?:[^/]*:)?(\d+)(?:/tcp)?", first)
    return int(match[1]) if match else PORTS[kind]
