"""alembic-gate: judges Alembic migrations before the merge and before the deploy."""

__version__ = "0.1.0"
