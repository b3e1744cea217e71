"""COPY and ADD lines: their words and flags, and the trees behind ``--from``."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

from gate.docker.build import Context, Stage
from gate.docker.copy_job import Copying, Options
from gate.docker.copying import copy
from gate.docker.dockerfile import Instruction, shell_pieces
from gate.docker.evaluation import Evaluation, word
from gate.docker.modes import Change, change_of
from gate.docker.paths import clean
from gate.docker.tree import Dir, File, Fog, Place, Tree
from gate.docker.variables import expand_document

# Folders that every image of the Docker library brings with files of its own.
SYSTEM = tuple(
    f"/{name}" for name in ("bin", "etc", "home", "lib", "lib64", "opt", "root", "sbin", "tmp", "usr", "var")
)


def tree_of(made: Evaluation, stage: Stage, name: str, line: int) -> Tree:
    """The tree behind ``--from``: an earlier stage, a named context, or an image whose files are not known."""
    if "$" in name:
        raise made.stop("variable expansion is not supported for --from, define a new stage instead", line)
    earlier = [number for number in range(stage.index) if made.names[number] == name.lower()]
    if not earlier and name.isascii() and name.isdigit() and name:
        if int(name) >= stage.index:
            raise made.stop(f"invalid from flag value {name}: there is no such earlier stage", line)
        earlier = [int(name)]
    if earlier:
        return _tree_of_stage(stage, made.stage(earlier[-1]))
    context = named(made, name)
    if isinstance(context, Context):
        return context.tree()
    if isinstance(context, Stage):
        return context.tree
    place = Place(made.dockerfile.path, line)
    unknown = [] if name == "scratch" else [Fog("/", f"the files of the image {name} are not known", place)]
    return Tree(fogs=unknown)


def _tree_of_stage(stage: Stage, other: Stage) -> Tree:
    """What an earlier stage holds, with what of it is not known; taking from it is noted."""
    stage.uses |= {other.index} | other.uses
    stage.foreign = stage.foreign or other.foreign
    unknown = Fog("/", f"the files of the image {other.base} are not known", Place())
    tree = other.tree
    return Tree(tree.root, tree.journal, [*([unknown] if other.opaque else _beyond(other)), *tree.fogs])


def _beyond(other: Stage) -> list[Fog]:
    """What a stage holds beyond what is modelled: the system folders of its base, and what unfollowed commands made."""
    where = ["/"] if other.generates else [*SYSTEM] if other.base not in ("", "scratch") else []
    return [Fog(path, f"not all files of stage {other.label} are known", Place()) for path in where]


def named(made: Evaluation, name: str) -> Context | Stage | str | None:
    """A named context: a folder, another build's last stage, or the text of an image."""
    found = made.build.contexts.get(name) or made.build.contexts.get(name.lower())
    return found() if callable(found) else found


def copy_line(made: Evaluation, stage: Stage, one: Instruction) -> None:
    """Follow one COPY or ADD. Raises ``BuildError`` where the build stops."""
    place = Place(made.dockerfile.path, one.line, stage.name or str(stage.index))
    values = stage.variables
    words = [word(made, raw, values, one.line) for raw in (one.words if one.json else _plain_words(one))]
    if len(words) + len(one.heredocs) < 2 or not words:
        raise made.stop(f"{one.name} requires at least two arguments", one.line)
    *sources, dest = words
    note_unset(stage, dest if one.json else one.rest)
    name = one.flag("from")
    tree = made.context if name is None else tree_of(made, stage, name, one.line)
    folder = stage.at(dest)
    if dest in (".", "") or dest.endswith(("/", "/.")):
        folder = folder.rstrip("/") + "/"
    stage.goals.add(clean(folder))
    unpack = made.build.unpack if one.name == "ADD" and one.flag("unpack") != "false" else lambda path: None
    job = Copying(tree, stage.tree, _options(made, one, values), place, made.build.needs.names, unpack)
    local = [source for source in sources if not _is_remote(source)]
    stage.copied = stage.copied or bool(local)
    for source in sources:
        if _is_remote(source):
            if one.name == "COPY":
                raise made.stop("source can't be a URL for COPY", one.line)
            stage.tree.fogs.append(Fog(clean(folder), f"ADD {source} comes from outside", place))
    stage.empty_globs += [(source, one.line) for source in copy(job, local, folder)]
    _documents(job, one, values, folder)


def note_unset(stage: Stage, text: str) -> None:
    """Variables that nobody set here; a base image that is not known may have set them."""
    if stage.opaque and "$" in text:
        stage.unset |= set(re.findall(r"\$\{?([A-Za-z_]\w*)\}?(?![:+-])", text)) - stage.variables.keys()


def _plain_words(one: Instruction) -> list[str]:
    """Words without the heredoc marks."""
    if not one.heredocs:
        return list(one.words)
    return [word for word in shell_pieces(one.rest) if "<<" not in word]


def _is_remote(source: str) -> bool:
    return source.startswith(("http://", "https://", "git@", "git://", "ssh://"))


def _options(made: Evaluation, one: Instruction, values: Mapping[str, str]) -> Options:
    mode = word(made, one.flag("chmod") or "", values, one.line)
    return Options(
        _change(made, mode, one.line) if mode else None,
        int(mode, 8) & 0o777 if re.fullmatch("[0-7]+", mode) else 0o755,
        _owner(made, one, values),
        tuple(word(made, text, values, one.line) for text in one.flag_values("exclude")),
        one.flag_is_on("parents"),
        one.flag_is_on("link") and not mode,
    )


def _change(made: Evaluation, mode: str, line: int) -> Change:
    try:
        change = change_of(mode)
    except ValueError:
        change = None
    if change is None or (mode.isdigit() and int(mode, 8) > 0o7777):
        raise made.stop(f"invalid chmod parameter: {mode}. it should be octal string and between 0 and 07777", line)
    return change


def _owner(made: Evaluation, one: Instruction, values: Mapping[str, str]) -> str | None:
    text = one.flag("chown")
    return word(made, text, values, one.line).partition(":")[0] or None if text else None


def _documents(job: Copying, one: Instruction, values: Mapping[str, str], folder: str) -> None:
    """``COPY <<name dest``: files that only the Dockerfile has."""
    for document in one.heredocs:
        text = expand_document(document.content, values) if document.expand else document.content
        source = Tree(Dir({document.name: File(data=text.encode())}))
        copy(dataclasses.replace(job, source=source), [document.name], folder)
