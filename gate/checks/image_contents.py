"""Will the image that ships hold every revision, ``env.py`` and config where Alembic will look.

From where it will run?.
"""

from __future__ import annotations

from typing import Any

from gate.check import Answer, Check
from gate.facts.image import ImageAnswer, ImageFacts
from gate.model import Category, Evidence, EvidenceKind, Finding, Location, Remedy, Severity, Step

ID = "image-contents"
NEXT = {
    "ignored": "Let the ignore file keep the migrations",
    "never_copied": "Copy the migrations into the image",
    "earlier_stage_only": "Take the migrations over from the stage that has them",
    "wrong_stage": "Build the stage that has the migrations",
    "wrong_path": "Put the files where Alembic looks, or start the upgrade where they are",
    "overwritten": "Keep the later instruction from replacing the file",
    "removed": "Do not delete or move the migrations in the image",
    "mount_only": "Copy the files: a mount leaves nothing in the image",
    "config_missing": "Copy the Alembic config into the image",
    "env_import_missing": "Copy the code that env.py imports into the image",
    "not_packaged": "Let the package carry its migrations",
    "unreadable": "Give the image's user the right to read them",
    "symlink_outside": "Copy the goal of the symbolic link, too",
    "wrong_context": "Build with the folder that holds the migrations as context",
    "build_fails": "Mend the build",
}


def ask(image: ImageFacts) -> Answer:
    """Broken is an error, cannot-tell is undecided; the images beside the deciding one are only told."""
    decides = image.decides
    if decides is None:
        return Answer(skipped=image.none or "no image is built here")
    sections: dict[str, Any] = {"image": _section(decides), "images": [_section(one) for one in image.others]}
    remarks = tuple(_note(note.path, note.line, note.text) for note in (*decides.notes, *image.notes))
    notes = (f"image {decides.name}: {decides.verdict} by {decides.level}",)
    if decides.verdict == "broken":
        return Answer((_finding(decides), *remarks), reason=decides.message, sections=sections, notes=notes)
    if decides.verdict == "cannot-tell":
        return Answer(remarks, undecided=decides.message, advice=decides.settle, sections=sections, notes=notes)
    return Answer(remarks, reason=decides.message, sections=sections, notes=notes)


def _section(one: ImageAnswer) -> dict[str, Any]:
    """The report's ``image`` object."""
    return {
        "name": one.name,
        "verdict": one.verdict,
        "reason": one.reason,
        "path": one.path,
        "line": one.line,
        "missing": list(one.missing),
        "present": dict(one.present),
        "target": one.target,
        "message": one.message,
        "settle": one.settle or None,
        "mend": one.mend or None,
        "level": one.level,
        "source": one.source,
        "dockerfile": one.dockerfile,
        "context": one.context,
        "notes": [{"path": note.path, "line": note.line, "text": note.text} for note in one.notes],
    }


def _finding(one: ImageAnswer) -> Finding:
    reason = one.reason or "build_fails"
    count = len(one.missing)
    listed = ", ".join(one.missing[:5]) + (f" and {count - 5} more" if count > 5 else "")
    message = f"The image {one.name} will not hold its migrations ({reason}): {one.message}."
    evidence = [Evidence(EvidenceKind.READ, one.message)]
    if listed:
        evidence.append(Evidence(EvidenceKind.READ, f"missing where Alembic looks: {listed}"))
    evidence += [
        Evidence(EvidenceKind.READ, f"{path} lands at {where}")
        for path, where in list(one.present.items())[:5]
        if path in one.missing
    ]
    steps = (Step(1, NEXT.get(reason, "Mend the image"), one.mend),) if one.mend else ()
    return Finding(
        ID,
        ID,
        Category.IMAGE,
        Severity.ERROR,
        message,
        Location(one.path, max(one.line or 1, 1)) if one.path else None,
        evidence=tuple(evidence),
        remedy=Remedy(NEXT.get(reason, "Mend the image"), steps),
    )


def _note(path: str, line: int, text: str) -> Finding:
    return Finding(ID, ID, Category.IMAGE, Severity.NOTE, text, Location(path, max(line, 1)))


check = Check(
    title="The image holds its migrations",
    question="Will the image that ships hold every revision, env.py and config at the place where Alembic will look?",
    ask=ask,
    modes=("check", "predeploy"),
    on_undecided="warn",
)
