"""An installer's words taken apart into flags with their values, and operands."""

from __future__ import annotations

VALUED = frozenset(
    [
        "-r",
        "--requirement",
        "-c",
        "--constraint",
        "-i",
        "--index-url",
        "--extra-index-url",
        "-t",
        "--target",
        "--prefix",
        "--root",
        "-f",
        "--find-links",
        "--python",
        "-p",
        "-w",
        "--wheel-dir",
        "--cache-dir",
        "--extra",
        "--group",
        "--only",
        "--with",
        "--without",
        "--package",
        "--directory",
        "--project",
        "-C",
        "--config-settings",
        "--python-version",
        "-o",
        "--outdir",
        "--out-dir",
        "--no-install-package",
        "--no-binary",
        "--only-binary",
        "-E",
        "--extras",
        "-G",
        "--timeout",
        "--retries",
        "--trusted-host",
        "--default-index",
        "--index",
        "--link-mode",
    ]
)


class Arguments:
    """Flags with their values, and operands."""

    def __init__(self, words: list[str]) -> None:
        self.flags: dict[str, list[str]] = {}
        self.operands: list[str] = []
        position = 0
        while position < len(words):
            flag, equals, value = words[position].partition("=")
            if words[position].startswith("-") and len(words[position]) > 1:
                if not equals and flag in VALUED and position + 1 < len(words):
                    position += 1
                    value = words[position]
                self.flags.setdefault(flag, []).append(value)
            else:
                self.operands.append(words[position])
            position += 1

    def last(self, *names: str) -> str | None:
        """The value of the first of these flags that is there."""
        return next((self.flags[name][-1] for name in names if name in self.flags), None)
