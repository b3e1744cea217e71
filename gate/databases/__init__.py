"""Knows: scratch servers, seeding, snapshots; one file per kind. ``open_server`` is the way in."""

from gate.databases.base import DatabaseRefused, ScratchDatabase, ScratchServer, Seeded, open_server

__all__ = ["DatabaseRefused", "ScratchDatabase", "ScratchServer", "Seeded", "open_server"]
