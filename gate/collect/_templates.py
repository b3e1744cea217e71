"""Fills ``{url} {driver} {host} {port} {user} {password} {database}`` in values of the settings."""

from __future__ import annotations

from collections.abc import Mapping


def fill(text: str, parts: Mapping[str, str]) -> str:
    """The text with every known name in braces replaced; anything else in braces stays."""
    for name, value in parts.items():
        text = text.replace("{" + name + "}", value)
    return text
