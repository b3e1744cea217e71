"""The boundary from the trusted side: environment, deadline, nonsense, and what is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate._family import kill_marked
from gate.errors import ProjectBroken, TimedOut
from gate.sandbox import Launch, Probe, copy_workspace, environment, harmless, probe_uid


def launch(tmp_path: Path, timeout: float = 20, **variables: str) -> Launch:
    folder = tmp_path / "tree"
    folder.mkdir(exist_ok=True)
    return Launch(sys.executable, folder, ".", variables, tmp_path, timeout)


def test_the_environment_is_an_allow_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the job but what the list names; the user's own names, unless they could be a token's."""
    for name in ("GITHUB_TOKEN", "INPUT_TOKEN", "ACTIONS_RUNTIME_TOKEN", "DATABASE_URL", "LD_PRELOAD", "PYTHONPATH"):
        monkeypatch.setenv(name, "x")
    told = environment(launch(tmp_path, SECRET_KEY="s", GITHUB_TOKEN="t"), tmp_path / "home", "m")
    assert told["SECRET_KEY"] == "s"
    assert not {
        "GITHUB_TOKEN",
        "INPUT_TOKEN",
        "ACTIONS_RUNTIME_TOKEN",
        "DATABASE_URL",
        "LD_PRELOAD",
        "PYTHONPATH",
    } & set(told)


def test_the_probe_answers_and_is_gone(tmp_path: Path) -> None:
    """Alembic's and SQLAlchemy's versions of that interpreter; no file of it stays."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/migrations/versions").mkdir(parents=True)
    (tmp_path / "tree/migrations/env.py").write_text("")
    project = {"kind": "script-location", "script_location": "migrations"}
    with Probe(launch(tmp_path), lambda event: None) as probe:
        told = probe.call("load", project=project, url="sqlite://")
    assert told["alembic"].split(".")[0] == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["tree"]


def test_a_probe_that_hangs_is_ended_at_its_deadline(tmp_path: Path) -> None:
    """With the last thing that it printed."""
    folder = tmp_path / "tree/migrations/versions"
    folder.mkdir(parents=True)
    (tmp_path / "tree/migrations/env.py").write_text("import time\nprint('waiting for godot')\ntime.sleep(600)\n")
    project = {"kind": "script-location", "script_location": "migrations"}
    with Probe(launch(tmp_path, timeout=6), lambda event: None) as probe:
        probe.call("load", project=project, url="sqlite://")
        with pytest.raises(TimedOut, match="compare took longer than 6 s(.|\n)*waiting for godot"):
            probe.call("compare")


def test_what_leaves_the_process_group_is_killed_too(tmp_path: Path) -> None:
    """A double fork with a session of its own still carries the marker."""
    marker = "m" * 16
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(300)"],
        start_new_session=True,
        env={"ALEMBIC_GATE_PROBE": marker, "PATH": os.environ["PATH"]},
    )
    time.sleep(0.3)
    assert kill_marked(marker) == 1
    assert child.wait(5) == -9


def test_what_a_revision_leaves_running_is_gone_with_the_probe(tmp_path: Path) -> None:
    """A daemon with a session of its own, an empty environment, and our pipe in its hands."""
    folder = tmp_path / "tree/migrations/versions"
    folder.mkdir(parents=True)
    left = "import subprocess, sys\nprint(subprocess.Popen(['sleep', '299'], start_new_session=True, env={}).pid, flush=True)\n"
    (tmp_path / "tree/migrations/env.py").write_text(left)
    project = {"kind": "script-location", "script_location": "migrations"}
    with Probe(launch(tmp_path), lambda event: None) as probe:
        probe.call("load", project=project, url="sqlite://")
        probe.call("compare")
        time.sleep(0.5)
        pid = int(probe.tail.splitlines()[-1])
        assert Path(f"/proc/{pid}").exists()
    assert not Path(f"/proc/{pid}").exists() or " Z " in Path(f"/proc/{pid}/stat").read_text()


def test_a_python_that_is_none(tmp_path: Path) -> None:
    """An advice, not an OSError."""
    broken = Launch(str(tmp_path / "python"), tmp_path, ".", {}, tmp_path, 5)
    with pytest.raises(ProjectBroken, match="cannot be started"):
        Probe(broken, lambda event: None)


def test_the_private_copy_leaves_caches_and_links_alone(tmp_path: Path) -> None:
    """No .git, no environments, links stay links, sockets and dangling links do not stop it."""
    repo = tmp_path / "repo"
    for name in ("app", ".git", "node_modules/x", "env"):
        (repo / name).mkdir(parents=True)
    (repo / "env/pyvenv.cfg").touch()
    (repo / "app/models.py").write_text("x")
    (repo / "link").symlink_to("app")
    (repo / "loop").symlink_to("loop")
    os.mkfifo(repo / "pipe")
    copy = copy_workspace(repo, tmp_path, None)
    assert sorted(path.name for path in copy.iterdir()) == ["app", "link", "loop"]
    assert (copy / "link").is_symlink()


@given(st.text(max_size=200))
def test_no_output_is_a_workflow_command(text: str) -> None:
    """Neither form that the runner reads, and no control character."""
    clean = harmless(text)
    assert "::" not in clean
    assert "##[" not in clean
    assert all(char.isprintable() or char in "\t\u200b�" for char in clean)


def test_project_code_runs_under_another_uid_where_we_are_root() -> None:
    """As root an account that can run the interpreter, or nobody's; else our own."""
    uid = probe_uid("/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable)
    assert (uid is None) == (os.geteuid() != 0)


def speaking(tmp_path: Path, code: str, timeout: float = 20) -> Probe:
    """A probe whose env.py is ``code``; ``say(text)`` writes on the gate's own channel."""
    folder = tmp_path / "tree/migrations/versions"
    folder.mkdir(parents=True)
    say = (
        "import gc, os\n"
        "talk = next(one for one in gc.get_objects() if type(one).__name__ == 'Channel')\n"
        "say = lambda text: os.write(talk._out.fileno(), text)\n"
    )
    (tmp_path / "tree/migrations/env.py").write_text(say + code)
    probe = Probe(launch(tmp_path, timeout), lambda event: {} if event.get("wait") else None)
    probe.call("load", project={"kind": "script-location", "script_location": "migrations"}, url="sqlite://")
    return probe


def test_who_never_reads_the_replies_is_ended_at_the_deadline(tmp_path: Path) -> None:
    """The pipe to the probe fills up; the gate does not wait for room for ever."""
    code = 'while True:\n    say(b\'{"event": "statement", "wait": true}\\n\' * 500)\n'
    with speaking(tmp_path, code, timeout=5) as probe, pytest.raises(TimedOut, match="took longer than 5 s"):
        probe.call("compare")


def test_a_flood_of_events_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small messages without end do not fill the gate's memory."""
    monkeypatch.setattr("gate.sandbox.MOST_SAID", 1 << 20)
    code = 'while True:\n    say(b\'{"event": "revision", "revision": "a"}\\n\' * 1000)\n'
    with speaking(tmp_path, code) as probe, pytest.raises(ProjectBroken, match="more than the gate reads"):
        probe.call("compare")


def test_a_forged_answer_of_the_wrong_shape_is_nonsense(tmp_path: Path) -> None:
    """Project code can write to the channel; it gains an undecided run."""
    with speaking(tmp_path, "say(b'{\"answer\": NaN}\\n')\n") as probe, pytest.raises(ProjectBroken, match="nonsense"):
        probe.call("compare")


def test_descriptors_are_closed_once(tmp_path: Path) -> None:
    """Their numbers belong to somebody else after a time-out; closing twice would hit that one."""
    with speaking(tmp_path, "import time\ntime.sleep(60)\n", timeout=5) as probe:
        with pytest.raises(TimedOut):
            probe.call("compare")
        others = [os.open(os.devnull, os.O_RDONLY) for _ in range(8)]
        with pytest.raises(TimedOut):
            probe.call("compare")
    for one in others:
        os.close(one)


def test_project_code_gets_no_descriptor_of_ours(tmp_path: Path) -> None:
    """Standard streams, the two pipes, and what Python itself opened: no socket, no file of the gate's."""
    with open(tmp_path / "canary", "w") as canary:  # noqa: PTH123  # a plain descriptor
        os.set_inheritable(canary.fileno(), True)
        listing = "for n in os.listdir('/proc/self/fd'):\n    try: print(os.readlink('/proc/self/fd/' + n))\n    except OSError: pass\nprint('end', flush=True)\n"
        with speaking(tmp_path, listing) as probe:
            probe.call("compare")
            for _ in range(100):  # the reader of its output is a thread
                if "pipe" in probe.tail and "end" in probe.tail.splitlines():
                    break
                time.sleep(0.1)
            assert "canary" not in probe.tail
            assert "socket" not in probe.tail
            assert "pipe" in probe.tail


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can lose its rights")
def test_in_the_image_project_code_never_runs_as_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that the account may not run is refused there, and run as it is on a machine of the user's own."""
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    (hidden / "python").symlink_to("/usr/bin/python3")
    assert probe_uid(str(hidden / "python")) is None
    monkeypatch.setenv("ALEMBIC_GATE_IMAGE", "1")
    with pytest.raises(ProjectBroken, match="cannot be run by the account"):
        probe_uid(str(hidden / "python"))
