"""Asks: one unsafe pattern per file."""
