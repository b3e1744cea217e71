"""What an installer's output says went wrong."""

from __future__ import annotations

import pytest

from gate.collect._install_advice import explained, is_unreachable


@pytest.mark.parametrize(
    ("output", "what", "advice"),
    [
        (
            "error: No interpreter found for Python 3.14 in managed installations or search path",
            "asks for Python 3.14",
            "--python PATH",
        ),
        (
            "cause: Failed to download `https://x/cpython-3.15.2%2B2026-x86_64`",
            "asks for cpython-3.15.2",
            "python-version",
        ),
        (
            "Because acme-core was not found in the package registry and you require acme-core",
            "package acme-core is not on the package index",
            "UV_INDEX",
        ),
        ("ERROR: No matching distribution found for acme-core==1", "package acme-core==1 is not on", "private"),
        ("error: Failed to fetch: `https://x`\n401 Unauthorized", "refused us (401)", "credentials"),
        ("× Failed to build `mysqlclient==2.1.0`", "package mysqlclient 2.1.0 could not be built", "libmariadb-dev"),
        ("Failed to build odd-thing\nerror: subprocess", "package odd-thing could not be built", "compiler or headers"),
        ("error: Git operation failed", "a dependency from git", "credentials"),
        (
            "× No solution found when resolving dependencies:\n  ╰─▶ Because a depends on b<1 and you require "
            "b>2,\n  unsatisfiable.",
            "do not fit together: Because a",
            "mend",
        ),
        ("cause: dns error", "the package index cannot be reached", "proxy"),
        ("No space left on device", "no space left", "--cache-dir"),
        ("something new\nlast words", "something new / last words", "install: <command>"),
    ],
)
def test_the_package_and_what_to_add(output: str, what: str, advice: str) -> None:
    """One sentence that names it, one that says what to do."""
    said = explained(output, "3.12")
    assert what in said[0]
    assert advice in said[1]


def test_only_an_index_that_cannot_be_reached_is_nobodys_fault() -> None:
    """Then our own Python may stand in; a missing package or Python may not."""
    assert is_unreachable("cause: dns error")
    assert not is_unreachable("Failed to download `https://x/cpython-3.15.2`\ndns error")
    assert not is_unreachable("Failed to build `x`")
