"""Images judged from files: the rules of BuildKit and of Alembic's look-up, by verdict, reason and deciding line."""

# a table reads one case a line
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.collect.image_cases import INI, REVISIONS, answer, short

FINE = ("fine", None, None, None)
UNSURE = ("cannot-tell", None, None, None)
HEAD = "FROM python:3.12-slim\nWORKDIR /app\n"
ALL = HEAD + "COPY . .\n"


def broken(reason: str, line: int, path: str = "Dockerfile") -> tuple[str, str, str, int]:
    """A broken answer at a place."""
    return "broken", reason, path, line


IGNORED = {
    "nothing": ("", FINE),
    "folder": ("*.md\nmigrations\n", broken("ignored", 2, ".dockerignore")),
    "anchored elsewhere": ("versions\n", FINE),
    "any depth": ("**/versions\n", broken("ignored", 1, ".dockerignore")),
    "newest only": ("migrations/versions/0002*\n", broken("ignored", 1, ".dockerignore")),
    "allow-list complete": ("*\n!app\n!migrations\n!alembic.ini\n", FINE),
    "allow-list without migrations": ("*\n!app\n!alembic.ini\n", broken("ignored", 1, ".dockerignore")),
    "below an excluded folder": ("migrations\n!migrations/env.py\n!migrations/versions\n", FINE),
    "wildcard exception": ("*\n!**/*.py\n!alembic.ini\n", FINE),
    "comment and BOM": ("\ufeff# x\n#migrations\n", FINE),
    "crlf": ("migrations\r\n", broken("ignored", 1, ".dockerignore")),
    "class with bang": ("[!x]igrations\n", FINE),
    "double star without slash": ("**ions\n", broken("ignored", 1, ".dockerignore")),
    "case": ("MIGRATIONS\n", FINE),
    "mako only": ("**/*.mako\n", FINE),
    "config": ("*.ini\n", broken("ignored", 1, ".dockerignore")),
    "module": ("app\n", broken("ignored", 1, ".dockerignore")),
    "bare bang": ("x\n!\n", broken("build_fails", 2, ".dockerignore")),
    "open class": ("[x\n", broken("build_fails", 1, ".dockerignore")),
}


@pytest.mark.parametrize("name", IGNORED)
def test_ignore_file(name: str, tmp_path: Path) -> None:
    """What the ignore file at the context's root keeps out, with the line that decides."""
    text, expected = IGNORED[name]
    assert short(answer(tmp_path, {"Dockerfile": ALL, ".dockerignore": text})) == expected


COPIES = {
    "selective": (HEAD + "COPY alembic.ini .\nCOPY migrations migrations\nCOPY app app\n", FINE),
    "spilled folder": (HEAD + "COPY alembic.ini .\nCOPY app app\nCOPY migrations .\n", broken("wrong_path", 5)),
    "spilled with file": (HEAD + "COPY app app\nCOPY migrations alembic.ini ./\n", broken("wrong_path", 4)),
    "glob spills": (
        HEAD + "COPY alembic.ini .\nCOPY app app\nCOPY migrations/* migrations/\n",
        broken("wrong_path", 5),
    ),
    "one level": (HEAD + "COPY alembic.ini .\nCOPY app app\nCOPY **/*.py migrations/\n", broken("never_copied", 5)),
    "never": (HEAD + "COPY alembic.ini .\nCOPY app app\n", broken("never_copied", 1)),
    "config": (HEAD + "COPY migrations migrations\nCOPY app app\n", broken("config_missing", 1)),
    "module": (
        HEAD + "COPY alembic.ini .\nCOPY migrations migrations\n",
        broken("env_import_missing", 2, "migrations/env.py"),
    ),
    "renamed": (HEAD + "COPY alembic.ini .\nCOPY app app\nCOPY migrations alembic\n", broken("wrong_path", 5)),
    "file renamed": (HEAD + "COPY . .\nCOPY alembic.ini conf\nRUN rm alembic.ini\n", broken("removed", 5)),
    "file into folder": (
        HEAD + "COPY migrations migrations\nCOPY app app\nRUN mkdir conf\nCOPY alembic.ini conf\n",
        broken("wrong_path", 6),
    ),
    "missing source": (HEAD + "COPY nothing .\nCOPY . .\n", broken("build_fails", 3)),
    "empty glob": (HEAD + "COPY nothing* .\nCOPY . .\n", FINE),
    "parent cut": (HEAD + "COPY ../migrations migrations\nCOPY alembic.ini .\nCOPY app app\n", FINE),
    "exclude": (
        HEAD + "COPY alembic.ini .\nCOPY app app\nCOPY --exclude=versions migrations migrations\n",
        broken("never_copied", 5),
    ),
    "exclude deep": (HEAD + "COPY --exclude=**/versions . .\n", broken("never_copied", 3)),
    "exclude elsewhere": (HEAD + "COPY --exclude=versions . .\n", FINE),
    "parents": (HEAD + "COPY --parents alembic.ini migrations app .\n", FINE),
    "parents deep": (HEAD + "COPY --parents **/*.py alembic.ini .\n", FINE),
    "json": (HEAD + 'COPY ["alembic.ini", "migrations", "/app/"]\nCOPY app app\n', broken("wrong_path", 3)),
    "chmod for another user": (HEAD + "COPY --chmod=700 . .\nUSER app\n", broken("unreadable", 3)),
    "chmod for the owner": (HEAD + "COPY --chmod=700 --chown=app . .\nUSER app\n", FINE),
    "link": (HEAD + "COPY --link . .\n", FINE),
    "link over folder": (HEAD + "COPY . .\nCOPY --link app/models.py /app\n", broken("overwritten", 4)),
    "heredoc config": (
        HEAD
        + "COPY . .\nCOPY <<E alembic.ini\n[alembic]\nscript_location = /app/migrations\nprepend_sys_path = .\nE\n",
        FINE,
    ),
    "heredoc config wrong": (
        HEAD + "COPY . .\nCOPY <<E alembic.ini\n[alembic]\nscript_location = db\nE\n",
        broken("wrong_path", 3),
    ),
    "workdir after": ("FROM python:3.12\nCOPY . /app\nWORKDIR /srv\n", broken("wrong_path", 3)),
    "workdir relative": ("FROM python:3.12\nWORKDIR /srv\nWORKDIR app\nCOPY . /srv/app\n", FINE),
    "no workdir": ("FROM python:3.12\nCOPY . .\n", FINE),
    "unknown base": ("FROM corp.example/base:1\nCOPY . .\n", FINE),
    "unknown base, absolute": ("FROM corp.example/base:1\nCOPY . /app\n", UNSURE),
    "unknown base, nothing copied": ("FROM corp.example/app:1\nCMD x\n", UNSURE),
    "removed": (HEAD + "COPY . .\nRUN apt-get update && rm -rf migrations/versions/0002* \n", broken("removed", 4)),
    "moved": (HEAD + "COPY . .\nRUN mv migrations db\n", broken("removed", 4)),
    "moved into place": (HEAD + "COPY . /src\nRUN mv /src/* /app/\n", FINE),
    "copied into place": (HEAD + "COPY . /src/\nRUN cp -r /src/. /app && rm -rf /src\n", FINE),
    "removed maybe": (HEAD + 'COPY . .\nRUN if [ -n "$X" ]; then rm -rf migrations; fi\n', UNSURE),
    "other RUN names them": (HEAD + "COPY . .\nRUN ./tool --prune migrations/versions\n", UNSURE),
    "other RUN": (
        HEAD
        + "COPY requirements.txt* .\nRUN pip install -r requirements.txt && npm ci && make build\nCOPY . .\nRUN chown -R app:app /app\n",
        FINE,
    ),
    "find deletes pyc": (HEAD + "COPY . .\nRUN find . -name '*.pyc' -delete\n", FINE),
    "find deletes versions": (
        HEAD + "COPY . .\nRUN find / -type d -name versions -exec rm -rf {} +\n",
        broken("removed", 4),
    ),
    "heredoc RUN": (HEAD + "COPY . .\nRUN <<E\nset -e\nrm -rf migrations\nE\n", broken("removed", 4)),
    "bind mount": (
        HEAD + "COPY app app\nCOPY alembic.ini .\nRUN --mount=type=bind,source=migrations,target=/m ls /m\n",
        broken("mount_only", 5),
    ),
    "copied from a mount": (
        HEAD + "COPY app app\nCOPY alembic.ini .\nRUN --mount=target=/m cp -r /m/migrations .\n",
        FINE,
    ),
    "volume": (HEAD + "COPY . .\nVOLUME /app\n", FINE),
    "overwritten": (HEAD + "COPY . .\nCOPY app/models.py migrations/env.py\n", broken("overwritten", 4)),
    "overwritten by itself": (HEAD + "COPY . .\nCOPY migrations migrations\n", FINE),
    "file in the way": (
        HEAD + "COPY . .\nCOPY alembic.ini migrations/versions\nCOPY app alembic.ini\n",
        broken("build_fails", 5),
    ),
    "args": (
        "ARG D=app\nFROM python:3.12\nARG D\nARG E=/srv/${D:-x}\nENV F=$E\nWORKDIR ${F%/*}/app\nCOPY . ${F}\n",
        FINE,
    ),
    "args undeclared": ("ARG D=app\nFROM python:3.12\nWORKDIR /srv/$D\nCOPY . /srv/app\n", broken("wrong_path", 4)),
    "config by variable": (
        "FROM python:3.12\nENV ALEMBIC_CONFIG=/x/alembic.ini\nWORKDIR /app\nCOPY . .\nCOPY alembic.ini /x/\n",
        FINE,
    ),
    "bad instruction": ("FROM python:3.12\nCOPPY . .\n", broken("build_fails", 2)),
    "circular": ("FROM python:3.12 AS a\nCOPY --from=b /x /y\nFROM a AS b\n", broken("never_copied", 3)),
    "add archive missing": (HEAD + "ADD https://x.example/a.tar.gz /app/\n", UNSURE),
    "sed on config": (HEAD + "COPY . .\nRUN sed -i s/a/b/ alembic.ini\n", UNSURE),
    "command line elsewhere": (
        HEAD + "COPY . .\nCMD alembic -c conf/alembic.ini upgrade head\n",
        broken("wrong_path", 3),
    ),
    "command line cd": ("FROM python:3.12\nCOPY . /srv\nCMD cd /srv && alembic upgrade head\n", FINE),
    "command line of root": (
        "FROM python:3.12\nCOPY . /srv\nCMD alembic -c /srv/alembic.ini upgrade head\n",
        broken("wrong_path", 2),
    ),
}


@pytest.mark.parametrize("name", COPIES)
def test_dockerfile(name: str, tmp_path: Path) -> None:
    """One Dockerfile at the root, the whole repository as context."""
    text, expected = COPIES[name]
    assert short(answer(tmp_path, {"Dockerfile": text})) == expected


STAGES = {
    "last stage is built": (
        "FROM python AS app\nWORKDIR /app\nCOPY . .\nFROM python AS docs\nCOPY app /x\n",
        "",
        broken("wrong_stage", 4),
    ),
    "target said": ("FROM python AS app\nWORKDIR /app\nCOPY . .\nFROM python AS docs\nCOPY app /x\n", "APP", FINE),
    "number": (
        "FROM python\nWORKDIR /app\nCOPY . .\nFROM python AS docs\nCOPY app /x\n",
        "0",
        broken("build_fails", 4),
    ),
    "unknown target": ("FROM python\nCOPY . .\n", "nope", broken("build_fails", 1)),
    "not taken over": (
        "FROM python AS b\nWORKDIR /s\nCOPY . .\nFROM python\nWORKDIR /app\nCOPY --from=b /s/app app\nCOPY alembic.ini .\n",
        "",
        broken("earlier_stage_only", 3),
    ),
    "taken over": (
        "FROM python AS b\nWORKDIR /s\nCOPY . .\nFROM python\nWORKDIR /app\nCOPY --from=B /s ./\n",
        "",
        FINE,
    ),
    "taken by number": (
        "FROM python\nWORKDIR /s\nCOPY . .\nFROM python\nWORKDIR /app\nCOPY --from=0 /s/ .\n",
        "",
        FINE,
    ),
    "inherited": ("FROM python AS b\nWORKDIR /app\nCOPY . .\nFROM b\nRUN true\n", "", FINE),
    "onbuild": ("FROM python AS b\nWORKDIR /app\nONBUILD COPY . .\nFROM b AS c\n", "", FINE),
    "onbuild not run": ("FROM python AS b\nWORKDIR /app\nONBUILD COPY . .\n", "", broken("never_copied", 1)),
    "removed in the base stage": (
        "FROM python AS b\nWORKDIR /app\nCOPY . .\nRUN rm -r migrations\nFROM b\nUSER x\n",
        "",
        broken("removed", 4),
    ),
    "missing in the stage": (
        "FROM scratch AS b\nCOPY app /app\nFROM python\nCOPY --from=b /nope /app\n",
        "",
        broken("build_fails", 4),
    ),
    "image with the name": (
        "FROM python AS b\nCOPY . /app\nFROM python\nCOPY --from=nginx /etc/nginx /etc/nginx\nCOPY app /app\n",
        "",
        broken("earlier_stage_only", 2),
    ),
    "built by an unknown command": (
        "FROM node AS ui\nCOPY app /ui\nRUN npm run build\nFROM python\nWORKDIR /app\nCOPY . .\nCOPY --from=ui /ui/dist static\n",
        "",
        FINE,
    ),
}


@pytest.mark.parametrize("name", STAGES)
def test_stages(name: str, tmp_path: Path) -> None:
    """Several stages: what is built, what is inherited, what is taken over."""
    text, target, expected = STAGES[name]
    assert short(answer(tmp_path, {"Dockerfile": text}, docker_target=target)) == expected


def test_missing_and_present(tmp_path: Path) -> None:
    """Missing files are the repository's paths, without the template; present files are mapped to the image."""
    found = answer(tmp_path, {"Dockerfile": HEAD + "COPY alembic.ini .\nCOPY app app\nCOPY migrations db\n"})
    assert found.missing == (*REVISIONS, "migrations/env.py")
    assert found.present == {
        "alembic.ini": "/app/alembic.ini",
        "app/__init__.py": "/app/app/__init__.py",
        "app/models.py": "/app/app/models.py",
        "migrations/env.py": "/app/db/env.py",
        REVISIONS[0]: "/app/db/versions/0001_a.py",
        REVISIONS[1]: "/app/db/versions/0002_b.py",
    }


MENDED = {
    "never": {"Dockerfile": HEAD + "COPY alembic.ini .\nCOPY app app\nUSER x\nCMD x\n"},
    "config": {"Dockerfile": HEAD + 'COPY migrations migrations\nCOPY app app\nCMD ["x"]'},
    "spilled": {"Dockerfile": HEAD + "COPY alembic.ini .\nCOPY app app\nCOPY migrations .\n"},
    "removed": {"Dockerfile": HEAD + "COPY . .\nRUN apt-get x \\\n && rm -rf migrations\nCMD x\n"},
    "removed alone": {"Dockerfile": HEAD + "COPY . .\nRUN rm -rf migrations\nCMD x\n"},
    "ignored": {"Dockerfile": HEAD + "COPY . .\n", ".dockerignore": "*\n!app\n!alembic.ini"},
    "earlier": {
        "Dockerfile": "FROM python AS b\nWORKDIR /s\nCOPY . .\nFROM python\nWORKDIR /app\n"
        "COPY --from=b /s/app app\nCOPY alembic.ini .\n"
    },
    "overwritten": {"Dockerfile": HEAD + "COPY . .\nCOPY app/models.py migrations/env.py\n"},
    "stage": {
        "Dockerfile": "FROM python AS app\nWORKDIR /app\nCOPY . .\nFROM python AS docs\nCOPY app /x\n",
        "compose.yaml": "services:\n  w:\n    build:\n      context: .\n      target: docs\n",
    },
}


@pytest.mark.parametrize("name", MENDED)
def test_the_diff_mends(name: str, tmp_path: Path) -> None:
    """The remedy applies as it stands, and the image is fine after it."""
    found = answer(tmp_path, MENDED[name])
    assert found.verdict == "broken"
    subprocess.run(["git", "apply", "--unidiff-zero", "-"], input=found.mend.encode(), cwd=tmp_path, check=True)
    assert answer(tmp_path, {}, {}).verdict == "fine"


def test_here_in_the_config(tmp_path: Path) -> None:
    """``%(here)s`` makes the folder of the process irrelevant."""
    files = {
        "Dockerfile": "FROM python\nCOPY . /app\n",
        "alembic.ini": INI.replace("= migrations", "= %(here)s/migrations").replace("= .", "= %(here)s"),
    }
    assert short(answer(tmp_path, files, run_config="/app/alembic.ini")) == FINE


def test_the_inside_of_a_package_is_on_nobodys_path(tmp_path: Path) -> None:
    """A distribution may be called like a folder of the package that holds the migrations (warehouse has `packaging`)."""
    files = {
        "Dockerfile": ALL,
        "alembic.ini": INI.replace("= migrations", "= shop/migrations"),
        "shop/__init__.py": "",
        "shop/packaging/__init__.py": "x = 1\n",
        "shop/packaging/utils.py": "x = 1\n",
        "shop/models.py": "from packaging.utils import canonicalize_name\n",
        "shop/migrations/env.py": "import shop.models\n",
        "shop/migrations/versions/0001_a.py": "revision = 'a'\ndown_revision = None\n",
    }
    found = answer(tmp_path, files)
    assert short(found) == FINE
    assert not any("packaging" in path for path in found.present)
