"""The values that checks and rules are asked about. One theme per file; all frozen; no I/O."""
