"""Which image decides."""

from __future__ import annotations

from gate.facts.image import ImageAnswer, ImageFacts


def test_the_deciding_image_and_the_others() -> None:
    """The one that runs the migrations, and the rest in order."""
    one, two, three = (ImageAnswer(name, "fine") for name in "abc")
    found = ImageFacts((one, two, three), deciding=1)
    assert (found.decides, found.others) == (two, (one, three))


def test_no_image() -> None:
    """Nothing decides where nothing is built."""
    assert (ImageFacts(none="no Dockerfile").decides, ImageFacts().others) == (None, ())
