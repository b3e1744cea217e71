"""Knows: one fact per file."""
