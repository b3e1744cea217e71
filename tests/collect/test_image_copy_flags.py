"""The flags of COPY and ADD, heredocs and archives, as BuildKit of Docker 28.5 was seen to treat them."""

# a table reads one case a line
from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from gate.collect._tar import zstd
from tests.collect.image_cases import INI, PROJECT, REVISIONS, answer, short

FINE = ("fine", None, None, None)
HEAD = "FROM python:3.12-slim\nWORKDIR /app\n"
REST = "COPY alembic.ini .\nCOPY app app\n"


def broken(reason: str, line: int, path: str = "Dockerfile") -> tuple[str, str, str, int]:
    """A broken answer at a place."""
    return "broken", reason, path, line


MODES = {
    "folders on the way": (
        "FROM python\nCOPY --chmod=644 alembic.ini /app/\nCOPY app /app/app\nCOPY migrations /app/migrations\nWORKDIR /app\nUSER 7\n",
        broken("unreadable", 2),
    ),
    "not with a symbolic mode": (
        "FROM python\nCOPY --chmod=u=rw,go=r alembic.ini /app/\nCOPY app /app/app\nCOPY migrations /app/migrations\nWORKDIR /app\nUSER 7\n",
        FINE,
    ),
    "taken away": (HEAD + "COPY --chmod=go-r . .\nUSER 7\n", broken("unreadable", 3)),
    "given": (HEAD + "COPY --chmod=a+rX . .\nUSER 7\n", FINE),
    "copied from the group": (HEAD + "COPY --chmod=o=g,g= . .\nUSER 7\n", FINE),
    "none": (HEAD + "COPY --chmod=9 . .\n", broken("build_fails", 3)),
    "nothing like it": (HEAD + "COPY --chmod=all . .\n", broken("build_fails", 3)),
    "too much": (HEAD + "COPY --chmod=77777 . .\n", broken("build_fails", 3)),
}


@pytest.mark.parametrize("name", MODES)
def test_chmod(name: str, tmp_path: Path) -> None:
    """An octal mode is also that of folders made on the way, a symbolic one changes each file's own."""
    text, expected = MODES[name]
    assert short(answer(tmp_path, {"Dockerfile": text})) == expected


def test_a_new_folder_has_its_own_mode(tmp_path: Path) -> None:
    """The folder that COPY makes is open to all whatever its source; those inside keep theirs."""
    answer(tmp_path, {"Dockerfile": HEAD + REST + "COPY migrations migrations\nUSER 7\n"})
    (tmp_path / "migrations").chmod(0o700)
    assert answer(tmp_path, {}).verdict == "fine"
    (tmp_path / "migrations/versions").chmod(0o700)
    assert short(answer(tmp_path, {})) == broken("unreadable", 5)


EXCLUDES = {
    "by name": ("--exclude=versions", broken("never_copied", 5)),
    "a leading slash matches nothing": ("--exclude=/versions", FINE),
    "so does a dot after the bang": ("--exclude=versions --exclude=!./versions", broken("never_copied", 5)),
    "comes back": ("--exclude=versions --exclude=!versions/*.py", FINE),
    "only one comes back": ("--exclude=** --exclude=!env.py --exclude=!versions/0001*", broken("never_copied", 5)),
    "not seen from the context": ("--exclude=migrations", FINE),
    "bare bang": ("--exclude=!", broken("build_fails", 5)),
    "open class": ("--exclude=[", broken("build_fails", 5)),
}


@pytest.mark.parametrize("name", EXCLUDES)
def test_exclude(name: str, tmp_path: Path) -> None:
    """Patterns are cleaned less than those of an ignore file."""
    flags, expected = EXCLUDES[name]
    assert short(answer(tmp_path, {"Dockerfile": f"{HEAD}{REST}COPY {flags} migrations migrations\n"})) == expected


def test_parents_with_exclude(tmp_path: Path) -> None:
    """``--parents`` keeps the folders, ``--exclude`` counts from the pivot."""
    line = "COPY --parents --exclude=**/0002* ./migrations/**/*.py ./app alembic.ini .\n"
    found = answer(tmp_path, {"Dockerfile": HEAD + line})
    assert (short(found), found.missing) == (broken("never_copied", 3), (REVISIONS[1],))
    (tmp_path / "Dockerfile").write_text(HEAD + line.replace("--exclude=**/0002* ", ""))
    assert short(answer(tmp_path, {})) == FINE


HEREDOCS = {
    "in a trigger": (
        "FROM python AS base\nWORKDIR /app\nONBUILD COPY <<-EOF alembic.ini\n\t[alembic]\n\tscript_location = migrations\n\tprepend_sys_path = .\n\tEOF\nFROM base\nCOPY app app\nCOPY migrations migrations\n",
        FINE,
    ),
    "in a layer of its own": (f"{HEAD}COPY --link <<EOF /app/alembic.ini\n{INI}EOF\nCOPY app app\nCOPY migrations migrations\n", FINE),
    "with a mode": (f"{HEAD}COPY --chmod=600 <<EOF alembic.ini\n{INI}EOF\nCOPY app app\nCOPY migrations migrations\nUSER 7\n", broken("unreadable", 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", HEREDOCS)
def test_heredoc(name: str, tmp_path: Path) -> None:
    """A config that only the Dockerfile has."""
    text, expected = HEREDOCS[name]
    assert short(answer(tmp_path, {"Dockerfile": text, "alembic.ini": None, ".dockerignore": "x\n"}, {**PROJECT, "pyproject.toml": "[tool.alembic]\nscript_location = 'migrations'\n"})) == expected  # fmt: skip


def packed(*, owner: int = 0, mode: int = 0o644, leave_out: str = "none") -> bytes:
    """The project as a tar."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, text in PROJECT.items():
            if leave_out not in name:
                member = tarfile.TarInfo(name)
                member.size, member.mode, member.uid = len(text), mode, owner
                archive.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


ARCHIVES = {
    "whole": (packed(), "", FINE),
    "lacks one": (packed(leave_out="0002"), "", broken("never_copied", 3)),
    "of another user": (packed(owner=8, mode=0o600), "USER 7\n", broken("unreadable", 3)),
    "of this user": (packed(owner=7, mode=0o600), "USER 7\n", FINE),
    "left whole": (packed(), "--unpack=false", broken("never_copied", 3)),
    "empty": (b"\0" * 10240, "", broken("never_copied", 3)),
}


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("compressed", [False, True])
def test_archive(name: str, compressed: bool, tmp_path: Path) -> None:
    """ADD takes an archive apart, zstd too; owners and modes are the archive's."""
    raw, more, expected = ARCHIVES[name]
    flag, user = (more, "") if more.startswith("--") else ("", more)
    (tmp_path / "all.tar").write_bytes(zstd.compress(raw) if compressed else raw)
    assert short(answer(tmp_path, {"Dockerfile": f"{HEAD}ADD {flag} all.tar .\n{user}"}))[:2] == expected[:2]
