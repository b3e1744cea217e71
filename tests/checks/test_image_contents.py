"""The check only phrases what the facts say."""

# a table reads one case a line
from __future__ import annotations

from gate.checks.image_contents import NEXT, check
from gate.facts.image import ImageAnswer, ImageFacts, ImageNote
from gate.model import Location, Severity, Verdict

BROKEN = ImageAnswer(
    "web", "broken", "ignored", ".dockerignore", 2, ("migrations/versions/b.py",), {"migrations/env.py": "/app/migrations/env.py"}, "app",
    "`**/versions` keeps migrations/versions/b.py out of the context", mend="--- a/.dockerignore\n+!migrations\n",
    notes=(ImageNote("Dockerfile", 3, "`x*` matches nothing"),),
)  # fmt: skip


def test_broken() -> None:
    """One error at the deciding place, with the mending line; remarks are notes."""
    answer = check.ask(ImageFacts((BROKEN, ImageAnswer("docs", "fine"))))
    error, note = answer.findings
    assert (error.severity, error.location, error.message) == (
        Severity.ERROR, Location(".dockerignore", 2),
        "The image web will not hold its migrations (ignored): `**/versions` keeps migrations/versions/b.py out of the context.",
    )  # fmt: skip
    assert error.remedy is not None
    assert error.remedy.steps[0].code == BROKEN.mend
    assert (note.severity, note.location) == (Severity.NOTE, Location("Dockerfile", 3))
    assert answer.verdict(Severity.ERROR) is Verdict.FAIL
    image = answer.sections["image"]
    assert (image["verdict"], image["reason"], image["path"], image["line"], image["missing"], image["target"]) == (
        "broken", "ignored", ".dockerignore", 2, ["migrations/versions/b.py"], "app",
    )  # fmt: skip
    assert [one["name"] for one in answer.sections["images"]] == ["docs"]


def test_fine_passes() -> None:
    """No finding, and the report's object all the same."""
    answer = check.ask(ImageFacts((ImageAnswer("web", "fine", message="all 2 revisions are where Alembic looks"),)))
    assert (answer.findings, answer.verdict(Severity.ERROR), answer.sections["image"]["verdict"]) == (
        (),
        Verdict.PASS,
        "fine",
    )


def test_cannot_tell_never_passes() -> None:
    """Undecided, with what would settle it."""
    answer = check.ask(
        ImageFacts((ImageAnswer("web", "cannot-tell", message="a RUN names them", settle="pass --image"),))
    )
    assert (answer.verdict(Severity.ERROR), answer.undecided, answer.advice) == (
        Verdict.UNDECIDED,
        "a RUN names them",
        "pass --image",
    )
    assert check.on_undecided == "warn"


def test_no_image_is_skipped() -> None:
    """The question does not arise."""
    answer = check.ask(ImageFacts(none="no Dockerfile was found"))
    assert (answer.verdict(Severity.ERROR), answer.skipped) == (Verdict.SKIPPED, "no Dockerfile was found")


def test_every_reason_has_a_next_step() -> None:
    """The fifteen reasons of the field."""
    assert sorted(NEXT) == sorted(
        [
            "ignored",
            "never_copied",
            "earlier_stage_only",
            "wrong_stage",
            "wrong_path",
            "overwritten",
            "removed",
            "mount_only",
            "config_missing",
            "env_import_missing",
            "not_packaged",
            "unreadable",
            "symlink_outside",
            "wrong_context",
            "build_fails",
        ]
    )
