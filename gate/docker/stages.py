"""A Dockerfile evaluated: each stage's file tree, with the origin of every file, and how its process starts.

Semantics are BuildKit's (``dockerfile2llb``); see https://docs.docker.com/reference/dockerfile/ for the instructions.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gate.docker import mounts
from gate.docker.bases import is_rooted, python_of
from gate.docker.build import Build, Context, Stage
from gate.docker.copying import Copying, Options, copy
from gate.docker.dockerfile import Dockerfile, Instruction, parse
from gate.docker.errors import BuildError
from gate.docker.files import symbolic_mode
from gate.docker.packages import install
from gate.docker.paths import clean
from gate.docker.run import Machine, run_script, run_words
from gate.docker.tree import Dir, File, Fog, Place, Tree
from gate.docker.unpacking import unpack
from gate.docker.variables import BadWordError, expand, expand_document

# https://docs.docker.com/build/building/variables/#multi-platform-build-arguments
PLATFORM = {
    "TARGETPLATFORM": "linux/amd64",
    "TARGETOS": "linux",
    "TARGETARCH": "amd64",
    "TARGETVARIANT": "",
    "BUILDPLATFORM": "linux/amd64",
    "BUILDOS": "linux",
    "BUILDARCH": "amd64",
    "BUILDVARIANT": "",
    "TARGETSTAGE": "default",
}
# Folders that every image of the Docker library brings with files of its own.
SYSTEM = tuple(
    f"/{name}" for name in ("bin", "etc", "home", "lib", "lib64", "opt", "root", "sbin", "tmp", "usr", "var")
)


@dataclass
class Evaluation:
    """All stages of one Dockerfile for one build, evaluated when asked for."""

    dockerfile: Dockerfile
    build: Build
    heads: list[Instruction] = field(default_factory=list)
    bodies: list[list[Instruction]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    globals: dict[str, str] = field(default_factory=dict)
    done: dict[int, Stage] = field(default_factory=dict)
    source: Tree | None = None

    def stop(self, what: str, line: int) -> BuildError:
        """The builder's refusal, at a line of this Dockerfile."""
        return BuildError(what, self.dockerfile.path, line)

    @property
    def context(self) -> Tree:
        """The context's tree, made once and never changed."""
        if self.source is None:
            self.source = self.build.context.tree()
        return self.source

    def index(self, name: str | None) -> int:
        """The stage of a name or number; the last one when none is said."""
        if name is None or name == "":
            return len(self.heads) - 1
        if name.lower() in self.names:
            return len(self.names) - 1 - self.names[::-1].index(name.lower())
        if name.isascii() and name.isdigit() and int(name) < len(self.heads):
            return int(name)
        raise self.stop(f"target stage {name!r} could not be found", self.heads[-1].line)

    def stage(self, index: int) -> Stage:
        """The evaluated stage of this number. Raises ``BuildError`` where the build does."""
        if index not in self.done:
            self.done[index] = _evaluate(self, index)
        return self.done[index]


def evaluate(dockerfile: Dockerfile, build: Build) -> Evaluation:
    """The stages of a Dockerfile, still to be asked for. Raises ``BuildError`` for what stops every build."""
    made = Evaluation(dockerfile, build)
    for one in dockerfile.instructions:
        if one.name == "FROM":
            made.heads.append(one)
            made.bodies.append([])
            made.names.append(_stage_name(made, one))
        elif made.heads:
            made.bodies[-1].append(one)
        elif one.name == "ARG":
            _declare(made, made.globals, one, PLATFORM.get)
        else:
            raise made.stop("no build stage in current context: an instruction before the first FROM", one.line)
    if not made.heads:
        raise made.stop("no build stage in current context: there is no FROM", 1)
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


def _word(made: Evaluation, text: str, values: Mapping[str, str], line: int) -> str:
    try:
        return expand(text, values, made.dockerfile.escape)
    except BadWordError as error:
        raise made.stop(f"failed to process {text!r}: {error}", line) from error


def _declare(made: Evaluation, into: dict[str, str], one: Instruction, inherited: Callable[[str], str | None]) -> None:
    """ARG: the build's value, else the default, else what the name means outside."""
    if not one.words:
        raise made.stop("ARG requires at least one argument", one.line)
    for word in _pairs(one.rest):
        name, equals, default = word.partition("=")
        if name in made.build.args:
            into[name] = made.build.args[name]
        elif equals:
            into[name] = _word(made, default, into, one.line)
        elif (value := inherited(name)) is not None:
            into[name] = value


def _pairs(rest: str) -> list[str]:
    from gate.docker.dockerfile import shell_pieces

    return shell_pieces(rest)


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
    image = _word(made, head.words[0], {**PLATFORM, **made.globals}, head.line)
    if not image:
        raise made.stop("base name should not be blank", head.line)
    earlier = [number for number in range(index) if made.names[number] == image.lower()]
    if earlier:
        parent = made.stage(earlier[-1])
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
    named = _named(made, image)
    if isinstance(named, Context):
        return Stage("", index, head.line, image, named.tree())
    if isinstance(named, Stage):
        return dataclasses.replace(
            named, tree=named.tree.copy(), parents=(), uses=frozenset(), env=dict(named.env), args={}
        )
    image = named if isinstance(named, str) else image
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


def _from(made: Evaluation, stage: Stage, name: str, line: int) -> Tree:
    """The tree behind ``--from``: an earlier stage, a named context, or an image whose files are not known."""
    if "$" in name:
        raise made.stop("variable expansion is not supported for --from, define a new stage instead", line)
    earlier = [number for number in range(stage.index) if made.names[number] == name.lower()]
    if not earlier and name.isascii() and name.isdigit() and name:
        if int(name) >= stage.index:
            raise made.stop(f"invalid from flag value {name}: there is no such earlier stage", line)
        earlier = [int(name)]
    if earlier:
        other = made.stage(earlier[-1])
        stage.uses |= {other.index} | other.uses
        tree = other.tree
        stage.foreign = stage.foreign or other.foreign
        if other.opaque:
            return Tree(
                tree.root,
                tree.journal,
                [Fog("/", f"the files of the image {other.base} are not known", Place()), *tree.fogs],
            )
        return Tree(tree.root, tree.journal, [*_beyond(other), *tree.fogs])
    named = _named(made, name)
    if isinstance(named, Context):
        return named.tree()
    if isinstance(named, Stage):
        return named.tree
    if name == "scratch":
        return Tree()
    tree = Tree()
    tree.fogs.append(Fog("/", f"the files of the image {name} are not known", Place(made.dockerfile.path, line)))
    return tree


def _beyond(other: Stage) -> list[Fog]:
    """What a stage holds beyond what is modelled: the system folders of its base, and what unfollowed commands made."""
    where = ["/"] if other.generates else [*SYSTEM] if other.base not in ("", "scratch") else []
    return [Fog(path, f"not all files of stage {other.label} are known", Place()) for path in where]


def _named(made: Evaluation, name: str) -> Context | Stage | str | None:
    """A named context: a folder, another build's last stage, or the text of an image."""
    found = made.build.contexts.get(name) or made.build.contexts.get(name.lower())
    return found() if callable(found) else found


def _copy(made: Evaluation, stage: Stage, one: Instruction) -> None:
    place = Place(made.dockerfile.path, one.line, stage.name or str(stage.index))
    values = stage.variables
    words = [_word(made, word, values, one.line) for word in (one.words if one.json else _plain_words(one))]
    if len(words) + len(one.heredocs) < 2 or not words:
        raise made.stop(f"{one.name} requires at least two arguments", one.line)
    *sources, dest = words
    _unset(stage, dest if one.json else one.rest)
    name = one.flag("from")
    tree = made.context if name is None else _from(made, stage, name, one.line)
    folder = stage.at(dest)
    if dest in (".", "") or dest.endswith(("/", "/.")):
        folder = folder.rstrip("/") + "/"
    stage.goals.add(clean(folder))
    options = Options(
        _mode(made, one, values),
        _owner(made, one, values),
        tuple(_word(made, text, values, one.line) for text in one.flag_values("exclude")),
        one.flag_is_on("parents"),
        one.flag_is_on("link") and not one.flag("chmod"),
    )
    job = Copying(tree, stage.tree, options, place)
    local = [source for source in sources if not _is_remote(source)]
    stage.copied = stage.copied or bool(local)
    for source in sources:
        if _is_remote(source):
            if one.name == "COPY":
                raise made.stop("source can't be a URL for COPY", one.line)
            stage.tree.fogs.append(Fog(clean(folder), f"ADD {source} comes from outside", place))
    if one.name == "ADD" and one.flag("unpack") != "false":
        local = unpack(job, local, folder, made.build.unpack)
    stage.empty_globs += [(source, one.line) for source in copy(job, local, folder)]
    _documents(job, one, values, folder)


def _unset(stage: Stage, text: str) -> None:
    """Variables that nobody set here; a base image that is not known may have set them."""
    if stage.opaque and "$" in text:
        stage.unset |= set(re.findall(r"\$\{?([A-Za-z_]\w*)\}?(?![:+-])", text)) - stage.variables.keys()


def _plain_words(one: Instruction) -> list[str]:
    """Words without the heredoc marks."""
    from gate.docker.dockerfile import shell_pieces

    if not one.heredocs:
        return list(one.words)
    return [word for word in shell_pieces(one.rest) if "<<" not in word]


def _is_remote(source: str) -> bool:
    return source.startswith(("http://", "https://", "git@", "git://", "ssh://"))


def _mode(made: Evaluation, one: Instruction, values: Mapping[str, str]) -> int | None:
    text = one.flag("chmod")
    if not text:
        return None
    text = _word(made, text, values, one.line)
    try:
        mode = int(text, 8)
    except ValueError:
        return symbolic_mode(text)(0o644, False) | (0o111 if "X" in text else 0)
    if not 0 <= mode <= 0o7777:
        raise made.stop(f"invalid chmod parameter: {text}. it should be octal string and between 0 and 07777", one.line)
    return mode


def _owner(made: Evaluation, one: Instruction, values: Mapping[str, str]) -> str | None:
    text = one.flag("chown")
    return _word(made, text, values, one.line).partition(":")[0] or None if text else None


def _documents(job: Copying, one: Instruction, values: Mapping[str, str], folder: str) -> None:
    """``COPY <<name dest``: files that only the Dockerfile has."""
    for document in one.heredocs:
        text = expand_document(document.content, values) if document.expand else document.content
        target = job.target
        goal = target.resolve(clean(folder)) or clean(folder)
        if folder.endswith("/") or isinstance(target.at(goal), Dir):
            goal = f"{goal.rstrip('/')}/{document.name}"
        made = File(None, job.place, job.options.mode or 0o644, job.options.owner or "0", text.encode())
        if not target.put(goal, made, job.place):
            raise job.stop(f"cannot replace to directory {goal} with file")


def _run(made: Evaluation, stage: Stage, one: Instruction) -> None:
    place = Place(made.dockerfile.path, one.line, stage.name or str(stage.index))
    grafted = mounts.graft(
        stage,
        one,
        place,
        lambda name: made.context if name is None else _from(made, stage, name, one.line),
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
    pieces = _pairs(one.rest)
    if not pieces:
        raise made.stop("ENV requires at least one argument", one.line)
    before = stage.variables
    if "=" not in pieces[0]:
        name, _, value = one.rest.partition(pieces[0])[2].strip(), "", ""
        value = name
        if len(pieces) < 2:
            raise made.stop("ENV must have two arguments", one.line)
        stage.env[pieces[0]] = _word(made, value, before, one.line)
        return
    for piece in pieces:
        name, equals, value = piece.partition("=")
        if not equals:
            raise made.stop(f"can't find = in {piece!r}. Must be of the form: name=value", one.line)
        stage.env[_word(made, name, before, one.line)] = _word(made, value, before, one.line)


def _arg(made: Evaluation, stage: Stage, one: Instruction) -> None:
    values = dict(stage.variables)
    _declare(made, values, one, lambda name: made.globals.get(name, PLATFORM.get(name)))
    for word in _pairs(one.rest):
        name = word.partition("=")[0]
        if name in values:
            stage.args[name] = values[name]


def _workdir(made: Evaluation, stage: Stage, one: Instruction) -> None:
    path = _word(made, one.rest, stage.variables, one.line)
    _unset(stage, one.rest)
    if not path:
        raise made.stop("WORKDIR requires exactly one argument", one.line)
    stage.workdir = stage.at(path)
    stage.workdir_line = one.line
    stage.tree.mkdirs(stage.workdir, Place(made.dockerfile.path, one.line))


def _user(made: Evaluation, stage: Stage, one: Instruction) -> None:
    stage.user = _word(made, one.rest, stage.variables, one.line).partition(":")[0]


def _entrypoint(made: Evaluation, stage: Stage, one: Instruction) -> None:
    stage.entrypoint, stage.command = (one.words if one.json else ("/bin/sh", "-c", one.rest)), ()
    stage.run_line = one.line


def _cmd(made: Evaluation, stage: Stage, one: Instruction) -> None:
    stage.command = one.words if one.json else ("/bin/sh", "-c", one.rest)
    stage.run_line = stage.run_line or one.line


def _on_build(made: Evaluation, stage: Stage, one: Instruction) -> None:
    if one.rest.split(" ")[0].upper() in ("ONBUILD", "FROM", "MAINTAINER"):
        raise made.stop(f"{one.rest.split(' ')[0]} isn't allowed as an ONBUILD trigger", one.line)
    stage.on_build = (*stage.on_build, one.rest)


_HANDLERS: dict[str, Callable[[Evaluation, Stage, Instruction], None]] = {
    "COPY": _copy,
    "ADD": _copy,
    "RUN": _run,
    "ENV": _env,
    "ARG": _arg,
    "WORKDIR": _workdir,
    "USER": _user,
    "ENTRYPOINT": _entrypoint,
    "CMD": _cmd,
    "ONBUILD": _on_build,
}
