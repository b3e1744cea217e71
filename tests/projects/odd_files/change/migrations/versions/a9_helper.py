"""Named like a revision, and none."""

NAMES = ["a", "b"]
