"""A Dockerfile evaluated: each stage's file tree, with the origin of every file, and how its process starts.

Semantics are BuildKit's (``dockerfile2llb``); see https://docs.docker.com/reference/dockerfile/ for the instructions.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

from gate.docker import mounts
from gate.docker.bases import is_rooted, python_of
from gate.docker.build import Build, Context, Stage
from gate.docker.copy_lines import copy_line, named, note_unset, tree_of
from gate.docker.dockerfile import Dockerfile, Instruction, parse
from gate.docker.errors import UnknownError
from gate.docker.evaluation import PLATFORM, Evaluation, declare, pairs, word
from gate.docker.machine import Machine
from gate.docker.packages import install
from gate.docker.run import run_script, run_words
from gate.docker.tree import Place

MOST_STAGES = 150


def evaluate(dockerfile: Dockerfile, build: Build) -> Evaluation:
    """The stages of a Dockerfile, still to be asked for. Raises ``BuildError`` for what stops every build."""
    made = Evaluation(dockerfile, build, _evaluate)
    for one in dockerfile.instructions:
        if one.name == "FROM":
            made.heads.append(one)
            made.bodies.append([])
            made.names.append(_stage_name(made, one))
        elif made.heads:
            made.bodies[-1].append(one)
        elif one.name == "ARG":
            declare(made, made.globals, one, PLATFORM.get)
        else:
            raise made.stop("no build stage in current context: an instruction before the first FROM", one.line)
    if not made.heads:
        raise made.stop("no build stage in current context: there is no FROM", 1)
    if len(made.heads) > MOST_STAGES:
        raise UnknownError(
            "the Dockerfile has more stages than are followed", dockerfile.path, made.heads[MOST_STAGES].line
        )
    return made


def _stage_name(made: Evaluation, head: Instruction) -> str:
    words = head.words
    if len(words) == 1:
        made.written.append("")
        return ""
    if len(words) == 3 and words[1].lower() == "as":
        made.written.append(words[2])
        return words[2].lower()
    raise made.stop("FROM requires either one or three arguments", head.line)


def _evaluate(made: Evaluation, index: int) -> Stage:
    head = made.heads[index]
    stage = _base(made, index, head)
    stage.name, stage.index, stage.line = made.written[index], index, head.line
    triggers, stage.on_build = stage.on_build, ()
    for text in triggers:
        for one in parse(text, made.dockerfile.path).instructions:
            _step(made, stage, dataclasses.replace(one, line=head.line))
    for one in made.bodies[index]:
        _step(made, stage, one)
    return stage


def _base(made: Evaluation, index: int, head: Instruction) -> Stage:
    """The stage as its FROM leaves it: a copy of an earlier stage, nothing, or an image whose files are not known."""
    image = word(made, head.words[0], {**PLATFORM, **made.globals}, head.line)
    if not image:
        raise made.stop("base name should not be blank", head.line)
    earlier = [number for number in range(index) if made.names[number] == image.lower()]
    if earlier:
        return _grown(made.stage(earlier[-1]))
    context = named(made, image)
    if isinstance(context, Context):
        return Stage("", index, head.line, image, context.tree())
    if isinstance(context, Stage):
        return dataclasses.replace(
            context, tree=context.tree.copy(), parents=(), uses=frozenset(), env=dict(context.env), args={}
        )
    return _of_image(made, index, head, context if isinstance(context, str) else image)


def _grown(parent: Stage) -> Stage:
    """A stage that begins where another one ends."""
    return dataclasses.replace(
        parent,
        tree=parent.tree.copy(),
        env=dict(parent.env),
        args=dict(parent.args),
        users=dict(parent.users),
        mounts=list(parent.mounts),
        empty_globs=list(parent.empty_globs),
        notes=list(parent.notes),
        goals=set(parent.goals),
        unset=set(parent.unset),
        installs=list(parent.installs),
        parents=(*parent.parents, parent.index),
        uses=parent.uses | {parent.index},
    )


def _of_image(made: Evaluation, index: int, head: Instruction, image: str) -> Stage:
    image = image.removeprefix("docker-image://")
    rooted = image == "scratch" or is_rooted(image)
    stage = Stage("", index, head.line, image, workdir="/" if rooted else made.build.start, opaque=not rooted)
    if image != "scratch":
        stage.tree.mkdirs("/root", mode=0o700)  # as in every image with a shell: only root may enter
    return stage


def _step(made: Evaluation, stage: Stage, one: Instruction) -> None:
    handler = _HANDLERS.get(one.name)
    if handler is not None:
        handler(made, stage, one)


def _run(made: Evaluation, stage: Stage, one: Instruction) -> None:
    place = Place(made.dockerfile.path, one.line, stage.name or str(stage.index))
    grafted = mounts.graft(
        stage,
        one,
        place,
        lambda name: made.context if name is None else tree_of(made, stage, name, one.line),
        made.build.needs.origins,
    )
    machine = Machine(
        stage.tree,
        stage.workdir,
        stage.variables,
        place,
        made.build.needs,
        made.build.text,
        install,
        stage.users,
        python=python_of(stage.base) or _python(made),
    )
    if one.json:
        run_words(machine, one.words)
    elif one.heredocs:
        _run_documents(machine, one)
    else:
        run_script(machine, one.rest)
    stage.generates = stage.generates or machine.generates
    stage.installs += machine.installs
    stage.args.update(machine.values_kept)
    stage.foreign = stage.foreign or machine.foreign
    mounts.take_off(stage, grafted)


def _python(made: Evaluation) -> str:
    """The Python that the Dockerfile's paths speak of, for bases whose tag does not say it."""
    for one in made.dockerfile.instructions:
        match = re.search(r"python(3\.\d+)", one.rest)
        if match:
            return match[1]
    return "3"


def _run_documents(machine: Machine, one: Instruction) -> None:
    """``RUN <<EOF``: the body is the script; after another command it is that command's input."""
    first = one.rest.split("<<")[0].strip()
    if first in ("", "sh", "bash", "/bin/sh", "/bin/bash", "sh -e", "bash -e", "sh -ex", "bash -ex"):
        for document in one.heredocs:
            run_script(machine, document.content)
        return
    run_script(machine, one.rest)
    for document in one.heredocs:
        run_script(machine, "unfollowed-input " + " ".join(document.content.split()))


def _env(made: Evaluation, stage: Stage, one: Instruction) -> None:
    """Later pairs of one line see the values from before the line."""
    pieces = pairs(one.rest)
    if not pieces:
        raise made.stop("ENV requires at least one argument", one.line)
    before = stage.variables
    if "=" not in pieces[0]:
        name, _, value = one.rest.partition(pieces[0])[2].strip(), "", ""
        value = name
        if len(pieces) < 2:
            raise made.stop("ENV must have two arguments", one.line)
        stage.env[pieces[0]] = word(made, value, before, one.line)
        return
    for piece in pieces:
        name, equals, value = piece.partition("=")
        if not equals:
            raise made.stop(f"can't find = in {piece!r}. Must be of the form: name=value", one.line)
        stage.env[word(made, name, before, one.line)] = word(made, value, before, one.line)


def _arg(made: Evaluation, stage: Stage, one: Instruction) -> None:
    values = dict(stage.variables)
    declare(made, values, one, lambda name: made.globals.get(name, PLATFORM.get(name)))
    for piece in pairs(one.rest):
        name = piece.partition("=")[0]
        if name in values:
            stage.args[name] = values[name]


def _workdir(made: Evaluation, stage: Stage, one: Instruction) -> None:
    path = word(made, one.rest, stage.variables, one.line)
    note_unset(stage, one.rest)
    if not path:
        raise made.stop("WORKDIR requires exactly one argument", one.line)
    stage.workdir = stage.at(path)
    stage.workdir_line = one.line
    stage.tree.mkdirs(stage.workdir, Place(made.dockerfile.path, one.line), owner=stage.user)


def _user(made: Evaluation, stage: Stage, one: Instruction) -> None:
    stage.user = word(made, one.rest, stage.variables, one.line).partition(":")[0]


def _entrypoint(made: Evaluation, stage: Stage, one: Instruction) -> None:
    stage.entrypoint, stage.command = (one.words if one.json else ("/bin/sh", "-c", one.rest)), ()
    stage.run_line = one.line


def _cmd(made: Evaluation, stage: Stage, one: Instruction) -> None:
    stage.command = one.words if one.json else ("/bin/sh", "-c", one.rest)
    stage.run_line = stage.run_line or one.line


def _on_build(made: Evaluation, stage: Stage, one: Instruction) -> None:
    if one.rest.split(" ")[0].upper() in ("ONBUILD", "FROM", "MAINTAINER"):
        raise made.stop(f"{one.rest.split(' ')[0]} isn't allowed as an ONBUILD trigger", one.line)
    documents = "".join(f"\n{document.content}{document.name}" for document in one.heredocs)
    stage.on_build = (*stage.on_build, one.rest + documents)


_HANDLERS: dict[str, Callable[[Evaluation, Stage, Instruction], None]] = {
    "COPY": copy_line,
    "ADD": copy_line,
    "RUN": _run,
    "ENV": _env,
    "ARG": _arg,
    "WORKDIR": _workdir,
    "USER": _user,
    "ENTRYPOINT": _entrypoint,
    "CMD": _cmd,
    "ONBUILD": _on_build,
}
