"""The schema before the first new revision, where the revisions alone do not give it: ``bootstrap:``.

``base-ref`` builds it from the base branch's models and stamps the base's heads. A command of the project's own
(``python manage.py create_db``, ``flask init-db``) runs in the base's tree, inside the probe, so that its connections
are redirected like all others. Afterwards only the new revisions are applied.
"""

from __future__ import annotations

import io
import shlex
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gate.collect import _loading
from gate.collect._git import Git
from gate.errors import CannotDecide, ProjectBroken
from gate.facts.base_commit import BaseCommit
from gate.facts.rehearsal import Failure
from gate.sandbox import Launch, Probe, ProjectFailure, copy_workspace, hand_over

if TYPE_CHECKING:
    from gate.collect._stage import Stage


def wanted(bootstrap: str) -> bool:
    """True when the base is built in another way than by its revisions (a ``.sql`` file only stands before them)."""
    return bootstrap not in ("", "none") and not bootstrap.endswith(".sql")


def build(stage: Stage, heads: tuple[str, ...]) -> Failure | None:
    """Bring the scratch database to the base's heads. Raises CannotDecide or ProjectBroken with an advice."""
    bootstrap = stage.context.settings.bootstrap
    stage.snapshot = {"used": False, "reason": f"bootstrap: {bootstrap}"}
    tree = base_tree(stage)
    stage.start_afresh()  # loading the project may have left a version table, which a program makes for itself
    with Probe(launch(stage, tree), redirecting(stage, tree)) as probe:
        try:
            if bootstrap == "base-ref":
                told = _loading.told(stage.project, stage.environment, tree, stage.context.repo)
                probe.call("load", project=told, url=stage.url)
                made = probe.call("create", heads=list(heads))
            else:
                made = probe.call("program", words=shlex.split(bootstrap), paths=_paths(stage, tree))
        except ProjectFailure as failure:
            what = f"bootstrap ({bootstrap}) failed: {failure.type}: {failure.message or failure.text}"
            advice = "Run it by hand on an empty database to see the same error."
            raise ProjectBroken(what, where="bootstrap", advice=advice) from failure
    stage.notes.append(_note(bootstrap, made))
    stage.probe.call("move")
    return _rest(stage, heads)


def _note(bootstrap: str, made: object) -> str:
    tables = made.get("tables") if isinstance(made, dict) else None
    if bootstrap == "base-ref":
        return f"the base's schema was built from the base branch's models ({tables} tables) and stamped"
    return f"the base's schema was built by the project's own command: {bootstrap}"


def _rest(stage: Stage, heads: tuple[str, ...]) -> Failure | None:
    """What the bootstrap left to do: nothing when it stamped the base's heads, else their upgrade."""
    stands = stage.version_rows
    if set(stands) == set(heads):
        return None
    beyond = set(stands) - stage.history.ancestors(heads)
    if beyond:
        raise CannotDecide(
            f"the bootstrap stamps {', '.join(sorted(beyond))}, which the base does not have",
            where="bootstrap", advice="It must give the base branch's schema: use `bootstrap: base-ref`.",
        )  # fmt: skip
    return stage.upgrade(heads, None)


def redirecting(stage: Stage, tree: Path) -> Callable[[dict[str, Any]], dict[str, Any] | None]:
    """The handler of a probe that runs in the base's tree: a file there stands for the same file in the working tree's copy."""

    def handle(event: dict[str, Any]) -> dict[str, Any] | None:
        named = str(event.get("database") or "")
        return stage.handle({**event, "database": named.replace(str(tree), str(stage.tree))} if named else event)

    return handle


def base_tree(stage: Stage) -> Path:
    """The base branch's files in a private folder; without a base the working tree. Raises CannotDecide."""
    commit = stage.context.fact(BaseCommit)
    if commit.sha is None:
        if stage.context.settings.bootstrap == "base-ref":
            raise CannotDecide(
                "there is no base to build the schema from", where="bootstrap", advice="Name it: --base REF."
            )
        return copy_workspace(stage.context.repo, stage.context.workdir, stage.uid)
    packed = Git(stage.context.repo).run("archive", "--format=tar", commit.sha, seconds=300)
    if packed is None:
        raise CannotDecide(f"the base {commit.sha[:12]} cannot be read from git", where="bootstrap",
                           advice="Fetch it whole: fetch-depth: 0, without a filter.")  # fmt: skip
    tree = stage.context.workdir / f"base-{commit.sha[:12]}-{stage.project.name.replace('/', '-')[:40]}"
    tree.mkdir(exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(tree, filter="tar")
    hand_over(tree, stage.uid)
    return tree


def launch(stage: Stage, tree: Path) -> Launch:
    context = stage.context
    return Launch(
        stage.environment.python, tree, stage.project.directory, stage.variables(), context.workdir,
        float(context.settings.timeout), stage.uid,
    )  # fmt: skip


def _paths(stage: Stage, tree: Path) -> list[str]:
    told = _loading.told(stage.project, stage.environment, tree, stage.context.repo)
    return [*told["pythonpath"], *told["prepend_sys_path"]]
