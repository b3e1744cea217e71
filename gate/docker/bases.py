"""What is known of base images without asking a registry."""

from __future__ import annotations

import re

# Images of the Docker library and of distroless that set no WORKDIR (their Dockerfiles are public) and hold no project.
ROOTED = frozenset(
    [
        "python",
        "pypy",
        "debian",
        "ubuntu",
        "alpine",
        "busybox",
        "buildpack-deps",
        "fedora",
        "rockylinux",
        "almalinux",
        "amazonlinux",
        "centos",
        "oraclelinux",
        "node",
        "nginx",
        "postgres",
        "redis",
        "mysql",
        "mariadb",
        "bash",
    ]
)
_LIBRARY = re.compile(
    r"(?:(?:docker\.io|index\.docker\.io|registry-1\.docker\.io|[\w.-]+(?::\d+)?/[\w./-]*?)/?library/)?([\w.-]+)$"
)


def name_of(image: str) -> str:
    """An image without its tag and digest."""
    image = image.partition("@")[0]
    head, slash, tail = image.rpartition("/")
    return head + slash + tail.partition(":")[0]


def is_rooted(image: str) -> bool:
    """Whether a process of this image is known to start in ``/``."""
    name = name_of(image).lower()
    if name in ("scratch", "docker.io/astral/uv", "ghcr.io/astral-sh/uv", "astral/uv") or "/distroless/" in name:
        return True
    match = _LIBRARY.fullmatch(name.removeprefix("docker.io/"))
    return match is not None and match[1] in ROOTED


def python_of(image: str) -> str | None:
    """``3.12`` for an image whose tag says its Python."""
    match = re.search(r"python:?v?(3\.\d+)", image.rpartition("/")[2])
    return match[1] if match else None
