"""Asks: one question per file."""
