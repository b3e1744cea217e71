"""A server lives as long as the gate and no longer, however the gate ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gate._reach import passable
from gate.databases._process import Identity, runtime_folder

ROOT = Path(__file__).parents[2]
OWNER = """
import sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from gate.databases import open_server
server = open_server({kind!r}, None, None, cache_dir=Path({cache!r}), workdir=Path({work!r}), progress=lambda _: None)
database = server.create("crash")
database.execute("CREATE TABLE t (id INTEGER)")
keeper = (getattr(server, "_cluster", None) or getattr(server, "_own", None) or server)
folder = keeper.folder
pid = keeper.keeper.pid if hasattr(keeper, "keeper") else 0
print(pid, folder, flush=True)
time.sleep(60)
"""


def gone(pid: int, folder: Path) -> bool:
    """Neither the process nor its files are there any more."""
    running = False
    if pid:
        try:
            running = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            running = False
    return not running and not folder.exists()


@pytest.mark.parametrize("kind", ["postgresql", "mariadb", "mysql", "sqlite"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_dead_gate_leaves_no_server(kind: str, how: signal.Signals, cache_dir: Path, tmp_path: Path) -> None:
    """Killed outright or by a signal nobody handles: processes and data are gone within five seconds."""
    script = OWNER.format(root=str(ROOT), kind=kind, cache=str(cache_dir), work=str(tmp_path))
    owner = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert owner.stdout is not None
    line = owner.stdout.readline().split()
    if not line:
        assert owner.stderr is not None
        said = owner.stderr.read()
        assert "ServerUnavailable" in said, said
        pytest.skip(said.strip().splitlines()[-1])
    pid, folder = int(line[0]), Path(line[1])
    assert not gone(pid, folder)
    os.killpg(owner.pid, how)
    owner.wait()
    deadline = time.monotonic() + 5
    while not gone(pid, folder) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert gone(pid, folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand a folder to somebody else")
def test_a_private_folder_is_not_reachable_for_the_servers_user(tmp_path: Path) -> None:
    """A folder that only root may enter cannot hold a server's data; the next place is taken."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    nobody = Identity(65534, 65534)
    assert not passable(private, nobody.uid)
    assert passable(private, Identity().uid)
    folder = runtime_folder(private, nobody, room=1 << 62)
    try:
        assert not folder.is_relative_to(private)
        assert folder.stat().st_uid == 65534
        assert folder.stat().st_mode & 0o777 == 0o700
    finally:
        folder.rmdir()
