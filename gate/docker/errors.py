"""What stops a build or an evaluation, as values that the verdict is made of."""

from __future__ import annotations


class BuildError(Exception):
    """The builder itself would refuse: ``what`` it says, and the file and line that make it stop."""

    def __init__(self, what: str, path: str, line: int = 1) -> None:
        super().__init__(f"{path}:{line}: {what}")
        self.what, self.path, self.line = what, path, max(line, 1)


class UnknownError(Exception):
    """Reading alone does not tell: ``what`` is not known, where, and what would settle it."""

    def __init__(self, what: str, path: str | None = None, line: int | None = None, settle: str = "") -> None:
        super().__init__(what)
        self.what, self.path, self.line, self.settle = what, path, line, settle
