"""A project failure's text as one sentence and an advice."""

from __future__ import annotations


def explain(kind: str, text: str, output: str) -> tuple[str, str]:
    """What went wrong, and what to do."""
    return f"the project cannot be loaded: {kind}: {text}", "Install the project's dependencies for the Python named by --python."
